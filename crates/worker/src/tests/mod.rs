//! The worker as a whole, on a real Redis, with the simulator in Docebo's place.

mod delivery;
mod gate_tables;
mod gates;
mod outages;
mod pauses;
mod runtime;
mod shared_tokens;
pub(crate) mod stage;
mod tables;
mod town;
