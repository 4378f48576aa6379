//! The client against small servers: one test per documented answer, and one per way to get none.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

mod answers;
mod course;
mod doubles;
mod guard;
mod network;
mod search;
mod shelf;
mod stub;
mod tokens;
mod user;
