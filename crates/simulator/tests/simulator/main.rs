//! The simulator as a client on the network sees it.

#![expect(
    clippy::unwrap_used,
    reason = "clippy allows it in test functions, not in what they share"
)]

mod control;
mod enrollment_list;
mod enrollments;
mod faults;
mod ledger;
mod lifecycle;
mod platform;
mod quota;
mod receiver;
mod token;
mod user_search;
mod webhook_control;
mod webhook_events;
mod webhooks;
mod world_files;
