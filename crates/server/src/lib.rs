//! HTTP: intake, operator API, health.
//!
//! [`app`] is the whole API as one axum `Router`, [`serve`] runs it. Every refusal is an RFC 9457 problem whose words
//! come from the message catalogue; every change is in the audit trail under the name of the token that made it.

mod age;
mod app;
mod audit;
mod auth;
mod batch;
mod body;
mod body_lines;
mod checks;
mod chunks;
mod config;
mod connectors;
mod context;
mod dead_letters;
mod decisions;
mod dry_run;
mod entry_plan;
mod erasure;
mod event_stream;
mod events;
mod exams;
mod failure;
mod health;
mod intervention;
mod job_view;
mod jobs;
mod json;
mod lanes;
mod lines;
mod list;
mod parameters;
mod path_id;
mod pause_request;
mod pausing;
mod problem;
mod readiness;
mod reconcile;
mod reconcile_document;
mod reconcile_stream;
mod results;
mod role;
mod scan_cursor;
mod secrets;
mod security_headers;
mod serve;
mod serve_connection;
mod serve_deadlines;
mod serve_tls;
mod state;
mod stats;
mod time;
mod token;
mod verdict;
mod wait;
mod workers;

pub use app::app;
pub use config::{ServerConfig, TokenEntry};
pub use role::{InvalidRole, Role};
pub use serve::{ConnectionLimits, ServeOptions, serve, serve_with};
pub use token::{InvalidTokenHash, TokenHash};
pub use serve_tls::{Tls, TlsError, TlsFiles};
