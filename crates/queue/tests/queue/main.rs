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
mod dead_letter_pages;
mod decisions;
mod docebo_pages;
mod explain;
mod explain_worlds;
mod fairness;
mod feed;
mod feed_trimming;
mod gate_ramps;
mod gates;
mod interventions;
mod late_answers;
mod marks;
mod model;
mod model_claims;
mod model_connectors;
mod model_results;
mod model_world;
mod notes;
mod open_results;
mod outages;
mod pauses;
mod payloads;
mod plan_room;
mod plans;
mod quota;
mod quota_claims;
mod quota_learning;
mod reactions;
mod reading;
mod results;
mod settling;
mod shard;
mod subjects;
mod sweep;
mod tenants;
mod timing;
mod webhooks;
