//! The queue against a real Redis: every script, every guarantee, and a model.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod accepting;
mod claiming;
mod crashes;
mod interventions;
mod model;
mod outages;
mod reading;
mod settling;
mod shard;
mod timing;
