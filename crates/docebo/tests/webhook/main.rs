//! Webhook messages and their events, proved with Docebo's own list of events and an example of each.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

mod any_json;
mod debug;
mod envelope;
mod extra;
mod kept;
mod kinds;
mod listing;
mod open_texts;
mod published;
mod round_trip;
mod strangers;
mod totality;
