//! What can go wrong between us and Redis, named by what happened.

use redis::{ErrorKind, RedisError, ServerErrorKind};

/// A call to Redis that did not give an answer we can use.
#[derive(Debug, Clone, thiserror::Error)]
pub enum QueueError {
    /// No connection, or it broke; what was sent may or may not have been done.
    #[error("Redis cannot be reached: {0}")]
    Unreachable(#[source] RedisError),
    /// No answer in time; what was sent may or may not have been done.
    #[error("Redis did not answer in time")]
    TimedOut,
    /// Redis has no memory left for new jobs; nothing was stored.
    #[error("Redis is full: it refuses writes because it reached its maxmemory")]
    Full,
    /// Redis answers but takes no writes: a replica, or its disk fails; nothing was stored.
    #[error("Redis takes no writes: {0}")]
    ReadOnly(#[source] RedisError),
    /// Redis is starting and reads its data; nothing was stored.
    #[error("Redis is still loading its data")]
    Loading,
    /// Redis answers but cannot serve at the moment: another script holds it, or a cluster reorders; nothing was stored.
    #[error("Redis is busy: {0}")]
    Busy(#[source] RedisError),
    /// Redis refuses the user or password.
    #[error("Redis refuses the credentials in its URL")]
    Refused(#[source] RedisError),
    /// The URL is none.
    #[error("the Redis URL is not valid; it looks like redis://host:6379 ({detail})")]
    BadUrl {
        /// What is wrong with it, without the URL, which may hold a password.
        detail: String,
    },
    /// Anything else Redis said.
    #[error("Redis answered with an error: {0}")]
    Other(#[source] RedisError),
    /// What a script returned is not what it should be.
    #[error("Redis holds something this version cannot read: {0}")]
    Unreadable(String),
}

impl QueueError {
    /// Whether the same call may succeed later without anybody changing it.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::TimedOut | Self::Full | Self::ReadOnly(_) | Self::Loading | Self::Busy(_) => {
                true
            }
            Self::Refused(_) | Self::BadUrl { .. } | Self::Other(_) | Self::Unreadable(_) => false,
        }
    }

    /// Whether the call may have been carried out although no answer came.
    pub fn is_ambiguous(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::TimedOut => true,
            Self::Full
            | Self::ReadOnly(_)
            | Self::Loading
            | Self::Busy(_)
            | Self::Refused(_)
            | Self::BadUrl { .. }
            | Self::Other(_)
            | Self::Unreadable(_) => false,
        }
    }
}

impl From<RedisError> for QueueError {
    fn from(error: RedisError) -> Self {
        if error.is_timeout() {
            return Self::TimedOut;
        }
        if error.is_io_error() || error.is_connection_dropped() || error.is_connection_refusal() {
            return Self::Unreachable(error);
        }
        match error.code() {
            Some("OOM") => return Self::Full,
            Some("MISCONF" | "NOREPLICAS") => return Self::ReadOnly(error),
            Some("BUSY" | "TRYAGAIN" | "CLUSTERDOWN") => return Self::Busy(error),
            Some("NOAUTH" | "WRONGPASS") => return Self::Refused(error),
            Some(_) | None => {}
        }
        let kind = error.kind();
        if kind == ErrorKind::Server(ServerErrorKind::BusyLoading) {
            Self::Loading
        } else if matches!(
            kind,
            ErrorKind::Server(ServerErrorKind::ReadOnly | ServerErrorKind::MasterDown)
        ) {
            Self::ReadOnly(error)
        } else if matches!(
            kind,
            ErrorKind::AuthenticationFailed | ErrorKind::Server(ServerErrorKind::NoPerm)
        ) {
            Self::Refused(error)
        } else if kind == ErrorKind::InvalidClientConfig {
            Self::BadUrl {
                detail: "it cannot be parsed".to_owned(),
            }
        } else {
            Self::Other(error)
        }
    }
}
