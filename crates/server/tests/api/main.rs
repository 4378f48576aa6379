//! The API as its callers see it, over a real Redis. No worker runs; where one is needed, the test plays it.
#![expect(clippy::unwrap_used, reason = "a test's own helpers may stop it")]

mod bad_input;
mod batch;
mod batch_clients;
mod browsers;
mod checks;
mod conditions;
mod conventions;
mod dead_letter_wholes;
mod dead_letters;
mod decisions;
mod door;
mod dry_runs;
mod endings;
mod erasing;
mod event_streams;
mod events;
mod metrics;
mod open_results;
mod outage;
mod pausing;
mod plans;
mod reconcile;
mod registry;
mod results;
mod serving;
mod serving_tls;
mod standing;
mod tokens;
mod tokens_lifetime;
mod webhooks;
mod world;
