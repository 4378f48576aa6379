//! The queue against a real Redis: every script, every guarantee, and a model.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod accepting;
mod checks_beside_pushes;
mod checks_on_hold;
mod claiming;
mod crashes;
mod explain;
mod explain_worlds;
mod fairness;
mod gate_ramps;
mod gates;
mod interventions;
mod model;
mod model_claims;
mod model_connectors;
mod model_world;
mod outages;
mod pauses;
mod quota;
mod quota_claims;
mod quota_learning;
mod reading;
mod settling;
mod shard;
mod tenants;
mod timing;
