//! The queue's time is Redis' time, unless a test sets it.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use crate::{housekeeping::WORKER_SILENCE, queue::millis};

/// What the scripts are told about the time.
#[derive(Debug, Clone, Default)]
pub enum Clock {
    /// Redis `TIME`: the one clock that all workers share.
    #[default]
    Redis,
    /// A clock that stands until it is moved; for tests.
    Manual(ManualClock),
}

impl Clock {
    /// Uptime below which Redis itself may be why nobody was heard; a manual clock knows nothing of uptime.
    pub(crate) fn young_redis_ms(&self) -> u64 {
        match self {
            Self::Redis => millis(WORKER_SILENCE),
            Self::Manual(_) => 0,
        }
    }

    /// The scripts' first argument: 0 means Redis `TIME`.
    pub(crate) fn argument(&self) -> u64 {
        match self {
            Self::Redis => 0,
            Self::Manual(clock) => clock.now_ms(),
        }
    }
}

/// A clock that only moves when told to.
#[derive(Debug, Clone)]
pub struct ManualClock(Arc<AtomicU64>);

impl ManualClock {
    /// Starts at a time in milliseconds since 1970; more than 0.
    pub fn starting_at(unix_ms: u64) -> Self {
        Self(Arc::new(AtomicU64::new(unix_ms.max(1))))
    }

    /// The time it shows.
    pub fn now_ms(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }

    /// Moves it forward.
    pub fn advance_ms(&self, by: u64) {
        self.0.fetch_add(by, Ordering::SeqCst);
    }
}
