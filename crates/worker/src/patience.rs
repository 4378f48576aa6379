//! How a loop bears with Redis: longer and longer waits, one line in the log per outage.

use std::time::Duration;

use backoff::{ExponentialBackoff, ExponentialBackoffBuilder, backoff::Backoff};
use passback_queue::QueueError;

use crate::retry_delay::Spread;

/// The failures in a row of one loop.
#[derive(Debug)]
pub(crate) struct Patience {
    /// What the loop does, for the log.
    what: &'static str,
    waits: ExponentialBackoff,
    longest: Duration,
    failures: u32,
}

impl Patience {
    pub(crate) fn new(what: &'static str, bounds: Spread) -> Self {
        let waits = ExponentialBackoffBuilder::new()
            .with_initial_interval(bounds.least())
            .with_max_interval(bounds.most())
            .with_multiplier(2.0)
            .with_max_elapsed_time(None)
            .build();
        Self {
            what,
            waits,
            longest: bounds.most(),
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
        // It has no limit on the time in all, so it always has a next wait.
        self.waits.next_backoff().unwrap_or(self.longest)
    }

    /// Notes a success.
    pub(crate) fn succeeded(&mut self) {
        if self.failures > 0 {
            tracing::info!(doing = self.what, failures = self.failures, "Redis is back");
            self.failures = 0;
            self.waits.reset();
        }
    }

    /// Failures since the last success.
    pub(crate) fn failures(&self) -> u32 {
        self.failures
    }
}
