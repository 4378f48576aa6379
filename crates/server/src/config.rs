//! What a server is told at its start.

use std::time::Duration;

use ipnet::IpNet;
use jiff::Timestamp;
use serde::Deserialize;
use tokio_util::sync::CancellationToken;

use crate::{Clock, Role, TlsFiles, TokenHash};

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
    /// From when on it lets nobody in; none where it has no end.
    #[serde(default)]
    pub expires_at: Option<Timestamp>,
}

/// What a server is told at its start. `Default` has the usual limits and no token.
#[derive(Debug, Clone)]
pub struct ServerConfig {
    /// Who may come in.
    pub tokens: Vec<TokenEntry>,
    /// The largest JSON body; a batch has its own limits.
    pub max_body_bytes: usize,
    /// The largest body of a webhook.
    pub max_webhook_body_bytes: usize,
    /// How long a body may keep us waiting: the whole of a JSON body, each piece of a batch.
    pub body_timeout_ms: u64,
    /// Requests worked on at once; more are sent away after a moment.
    pub max_concurrent_requests: usize,
    /// Requests that may wait for a check's answer at once; more are answered `waiting` at once.
    pub max_waiting_requests: usize,
    /// Requests of one token in a second, in the long run, at this server; twice as many at once. 0: no limit.
    pub max_requests_per_second_per_token: u32,
    /// Webhooks of one connector in a second, in the same way.
    pub max_webhooks_per_second_per_connector: u32,
    /// Dead letters that one export looks at; the next one goes on from there.
    pub max_exported_dead_letters: usize,
    /// What time it is.
    pub clock: Clock,
    /// Report ready although Redis may forget or evict jobs.
    pub allow_unsafe_redis: bool,
    /// How long after its acceptance a result that is not at its end counts as overdue.
    pub overdue_after: Duration,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Origins whose pages may call the API from a browser: `https://console.example.org`.
    pub cors_origins: Vec<String>,
    /// The certificate of a server that ends TLS itself; none where a proxy does, or nobody.
    pub tls: Option<TlsFiles>,
    /// Cancelled when the server is to stop: requests that wait for an answer stop waiting.
    pub closing: CancellationToken,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            tokens: Vec::new(),
            max_body_bytes: 64 * 1024,
            max_webhook_body_bytes: 4 * 1024 * 1024,
            body_timeout_ms: 10_000,
            max_concurrent_requests: 2_048,
            max_waiting_requests: 1_024,
            max_requests_per_second_per_token: 500,
            max_webhooks_per_second_per_connector: 1_000,
            max_exported_dead_letters: 10_000_000,
            clock: Clock::system(),
            allow_unsafe_redis: false,
            overdue_after: Duration::from_hours(24),
            trusted_proxies: Vec::new(),
            cors_origins: Vec::new(),
            tls: None,
            closing: CancellationToken::new(),
        }
    }
}
