//! The producer through its public door, on a Redis of its own.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test ends where its ground does not hold"
)]

mod batches;
mod catalogue;
mod checks;
mod connecting;
mod fields;
mod fixture;
mod result_views;
mod results;
mod standing;
mod validation;
