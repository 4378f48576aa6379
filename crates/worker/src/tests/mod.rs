//! The worker as a whole, on a real Redis, with the simulator in Docebo's place.

mod checks;
mod corrections;
mod delivery;
mod gate_tables;
mod gates;
mod herald;
mod interleavings;
mod learner;
mod oracle;
mod outages;
mod pauses;
mod perils;
mod proofs;
mod random_moves;
mod random_play;
mod random_worlds;
mod runtime;
mod shared_tokens;
pub(crate) mod stage;
mod tables;
mod town;
mod verify_ways;
mod webhook_meanwhile;
mod webhook_orders;
mod webhook_people;
mod webhook_proofs;
mod webhooks;
