//! How a loop bears with Redis: longer and longer waits, one line in the log per outage.

use std::time::Duration;

use passback_queue::QueueError;

use crate::retry_delay::Spread;

/// The failures in a row of one loop.
#[derive(Debug)]
pub(crate) struct Patience {
    /// What the loop does, for the log.
    what: &'static str,
    waits: Spread,
    failures: u32,
}

impl Patience {
    pub(crate) fn new(what: &'static str, waits: Spread) -> Self {
        Self {
            what,
            waits,
            failures: 0,
        }
    }

    /// Notes a failure and says how long to wait before the next try.
    pub(crate) fn failed(&mut self, error: &QueueError) -> Duration {
        self.failures = self.failures.saturating_add(1);
        if self.failures == 1 {
            tracing::warn!(doing = self.what, %error, "Redis does not do as asked; going on trying");
        } else {
            tracing::debug!(doing = self.what, failures = self.failures, %error, "Redis still does not do as asked");
        }
        self.waits.full_jitter(self.failures, fastrand::u64(..))
    }

    /// Notes a success.
    pub(crate) fn succeeded(&mut self) {
        if self.failures > 0 {
            tracing::info!(doing = self.what, failures = self.failures, "Redis is back");
            self.failures = 0;
        }
    }

    /// Failures since the last success.
    pub(crate) fn failures(&self) -> u32 {
        self.failures
    }
}
