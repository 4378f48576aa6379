//! Talks to Docebo: REST client, webhook events, errors named by what happened.
//!
//! [`Client`] is the door: one per connector, cheap to clone. Each method says in its [`Calls`] argument what it
//! called, and fails with an [`Error`] that names the endpoint and what happened there. Docebo's answers are read
//! leniently (numbers or strings, objects or empty arrays, with or without the `data` wrapper), and what cannot be
//! read is a failure, never a guess.

mod answer;
mod call;
mod client;
mod config;
mod enrollment;
mod enrollment_update;
mod failure;
mod ids;
mod lenient;
mod redact;
mod retry_after;
mod status;
mod token;
mod transport;
mod user;

#[cfg(test)]
mod any_json;

pub use call::{Call, Calls, Endpoint};
pub use client::Client;
pub use config::{BuildError, ClientConfig, Credentials};
pub use enrollment::Enrollment;
pub use enrollment_update::EnrollmentUpdate;
pub use failure::{Error, Failure};
pub use ids::{CourseId, UserId};
pub use status::EnrollmentStatus;
pub use user::User;
