//! The worker as a whole, on a real Redis, with the simulator in Docebo's place.

mod delivery;
mod outages;
mod runtime;
mod stage;
mod tables;
