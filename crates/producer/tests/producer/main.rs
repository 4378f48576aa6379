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
mod connector_news;
mod connector_standing;
mod erasing;
mod erasing_events;
mod exam_checks;
mod explanations;
mod feed;
mod fields;
mod fixture;
mod forecast;
mod open_results;
mod previews;
mod reference_page;
mod resealing;
mod result_views;
mod results;
mod standing;
mod validation;
mod webhooks;
