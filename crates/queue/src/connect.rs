//! Connections to Redis that come back by themselves.

use std::time::Duration;

use redis::{
    Client, IntoConnectionInfo,
    aio::{ConnectionManager, ConnectionManagerConfig},
    io::tcp::{TcpSettings, socket2::TcpKeepalive},
};

use crate::QueueError;

/// Silence on a connection after which, and then between, probes are sent.
const KEEPALIVE: Duration = Duration::from_secs(5);
/// How long what was sent may stay unacknowledged by the other side's kernel.
#[cfg(target_os = "linux")]
const UNACKNOWLEDGED: Duration = Duration::from_secs(10);

/// How to reach Redis.
#[derive(Debug, Clone)]
pub struct RedisOptions {
    /// `redis://`, `rediss://` or `unix://`; may hold a password, so it is never logged.
    pub url: String,
    /// How long a connection may take to stand.
    pub connect_timeout: Duration,
    /// How long one call may take. A busy Redis is slow, not gone.
    pub response_timeout: Duration,
}

impl RedisOptions {
    /// The usual time-outs: 2 s to connect, 5 s to answer.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            connect_timeout: Duration::from_secs(2),
            response_timeout: Duration::from_secs(5),
        }
    }

    /// A connection shared by all callers, which reconnects after any outage. No call is made yet.
    pub fn manager(&self) -> Result<ConnectionManager, QueueError> {
        self.manager_with(self.response_timeout)
    }

    /// The same, for a call that blocks on purpose for up to `blocks_for`.
    pub(crate) fn blocking(&self, blocks_for: Duration) -> Result<ConnectionManager, QueueError> {
        self.manager_with(blocks_for + self.response_timeout)
    }

    fn manager_with(&self, response_timeout: Duration) -> Result<ConnectionManager, QueueError> {
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(self.connect_timeout))
            .set_response_timeout(Some(response_timeout))
            // Each caller decides how long to go on; here one try, soon.
            .set_number_of_retries(1)
            .set_min_delay(Duration::from_millis(20))
            .set_max_delay(Duration::from_millis(200));
        Ok(ConnectionManager::new_lazy_with_config(self.client()?, config)?)
    }

    /// A plain client, for subscriptions.
    pub(crate) fn client(&self) -> Result<Client, QueueError> {
        // The provider may stand already, set by another crate; either is the same ring.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let bad_url = |error: redis::RedisError| QueueError::BadUrl {
            detail: error.detail().unwrap_or("it cannot be parsed").to_owned(),
        };
        // A host that vanishes without a word would otherwise hold a connection for a quarter of an hour.
        let keepalive = TcpKeepalive::new()
            .with_time(KEEPALIVE)
            .with_interval(KEEPALIVE)
            .with_retries(3);
        let tcp = TcpSettings::default().set_nodelay(true).set_keepalive(keepalive);
        #[cfg(target_os = "linux")]
        let tcp = tcp.set_user_timeout(UNACKNOWLEDGED);
        let info = self.url.as_str().into_connection_info().map_err(bad_url)?;
        Client::open(info.set_tcp_settings(tcp)).map_err(bad_url)
    }
}
