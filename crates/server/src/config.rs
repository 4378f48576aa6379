//! What a server is told at its start.

use std::time::Duration;

use serde::Deserialize;
use tokio_util::sync::CancellationToken;

use crate::{Role, TokenHash};

/// A bearer token as the configuration knows it: never the token itself.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenEntry {
    /// Who uses it; stands in the audit trail.
    pub name: String,
    /// What its bearer may do.
    pub role: Role,
    /// SHA-256 of the token, in hex.
    pub sha256: TokenHash,
}

/// What a server is told at its start. `Default` has the usual limits and no token.
#[derive(Debug, Clone)]
pub struct ServerConfig {
    /// Who may come in.
    pub tokens: Vec<TokenEntry>,
    /// The largest JSON body; a batch has its own limits.
    pub max_body_bytes: usize,
    /// How long a body may keep us waiting: the whole of a JSON body, each piece of a batch.
    pub body_timeout_ms: u64,
    /// Requests worked on at once; more wait for their turn.
    pub max_concurrent_requests: usize,
    /// Requests that may wait for a check's answer at once; more are answered `waiting` at once.
    pub max_waiting_requests: usize,
    /// Report ready although Redis may forget or evict jobs.
    pub allow_unsafe_redis: bool,
    /// How long after its acceptance a result that is not at its end counts as overdue.
    pub overdue_after: Duration,
    /// Cancelled when the server is to stop: requests that wait for an answer stop waiting.
    pub closing: CancellationToken,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            tokens: Vec::new(),
            max_body_bytes: 64 * 1024,
            body_timeout_ms: 10_000,
            max_concurrent_requests: 2_048,
            max_waiting_requests: 1_024,
            allow_unsafe_redis: false,
            overdue_after: Duration::from_hours(24),
            closing: CancellationToken::new(),
        }
    }
}
