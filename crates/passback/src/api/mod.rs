//! The command line as a client of the HTTP API.

mod client;
mod problem;
mod reach;
#[cfg(test)]
pub(crate) mod stub;
mod target;

pub(crate) use client::{Answer, Api, Login, items};
pub(crate) use problem::{field_errors, refusal_of};
pub(crate) use target::{ADMIN_TOKEN_FILE, API_URL_FILE, DEFAULT_DATA_DIR, WEBHOOK_PASSWORD_FILE, data_file};
