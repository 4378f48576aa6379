//! Talks to Docebo: REST client, webhook events, errors named by what happened.
//!
//! [`Client`] is the door: one per connector, cheap to clone. Each method says in its [`Calls`] argument what it
//! called, and fails with an [`Error`] that names the endpoint and what happened there. Docebo's answers are read
//! leniently (numbers or strings, objects or empty arrays, with or without the `data` wrapper), and what cannot be
//! read is a failure, never a guess.
//!
//! Two hooks let processes share what Docebo counts per platform. A [`Guard`], given by [`Client::guarded_by`], is
//! asked before every HTTP call and hears what each exchange meant: the place for a gate and a quota. A
//! [`TokenShelf`], given by [`ClientConfig::shelf`], holds the token for all processes and lets one at a time ask for
//! a new one. A client with neither asks nobody and has a token of its own.

mod answer;
mod call;
mod client;
mod config;
mod course_glance;
mod enrollment;
mod enrollment_fields;
mod enrollment_update;
mod failure;
mod guard;
mod ids;
mod lenient;
mod redact;
mod retry_after;
mod status;
mod token;
mod token_shelf;
mod transport;
mod user;
mod user_standing;
pub mod webhook;

#[cfg(test)]
mod any_json;

pub use call::{Call, Calls, Endpoint};
pub use client::Client;
pub use config::{BuildError, ClientConfig, Credentials};
pub use course_glance::CourseGlance;
pub use enrollment::Enrollment;
pub use enrollment_update::EnrollmentUpdate;
pub use failure::{Error, Failure};
pub use guard::{Guard, Held};
pub use ids::{CourseId, UserId};
pub use status::EnrollmentStatus;
pub use token_shelf::{ShelvedToken, TokenShelf, Turn, TurnTicket};
pub use user::User;
pub use user_standing::UserStanding;
