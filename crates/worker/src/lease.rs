//! A claimed job on its way through this process.

use std::sync::Arc;
use std::time::Duration;

use passback_docebo::Calls;
use passback_queue::Claimed;
use tokio::sync::{Mutex, OwnedSemaphorePermit};
use tokio::time::Instant;

use crate::in_flight::KnownLease;
use crate::retry_delay::whole_ms;

/// A claimed job and what its attempt has done so far.
#[derive(Debug)]
pub(crate) struct Lease {
    /// The job and the right to settle it.
    pub(crate) claimed: Claimed,
    /// When its claim was answered, on this process' clock.
    pub(crate) received: Instant,
    /// What it called. Outside the handler, so that a handler that panics or is cut leaves it behind.
    pub(crate) calls: Mutex<Calls>,
}

/// A lease with the worker's slot it takes; what apalis carries.
#[derive(Debug)]
pub(crate) struct Running {
    /// The lease.
    pub(crate) lease: Arc<Lease>,
    /// The slot; given back when the attempt has ended.
    pub(crate) slot: OwnedSemaphorePermit,
    /// Given back when its settlement is in Redis.
    pub(crate) known: KnownLease,
}

impl Lease {
    pub(crate) fn new(claimed: Claimed, received: Instant) -> Self {
        Self {
            claimed,
            received,
            calls: Mutex::default(),
        }
    }

    /// How long it has been running.
    pub(crate) fn elapsed(&self) -> Duration {
        self.received.elapsed()
    }

    /// Redis' time now: when it was claimed by Redis' clock, and what has passed since by ours.
    pub(crate) fn now_ms(&self) -> u64 {
        self.claimed.record.since_ms + whole_ms(self.elapsed())
    }
}
