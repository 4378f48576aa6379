//! How often the worker does what no job asks for. Fixed in production, changed by tests.

use std::time::Duration;

use crate::retry_delay::Spread;

/// The intervals of a worker.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tempo {
    /// Between two beats.
    pub(crate) beat: Duration,
    /// Between two tries of a beat that failed.
    pub(crate) beat_retry: Spread,
    /// How long after the last beat its jobs are dropped: just before others may take them.
    pub(crate) unheard_after: Duration,
    /// The longest time between two looks at what is due, and at lost workers.
    pub(crate) housekeeping: Duration,
    /// Between two looks whether connectors have other limits.
    pub(crate) sync_limits: Duration,
    /// Between two tries of a call to Redis that failed.
    pub(crate) redis_retry: Spread,
    /// Between two attempts of a push.
    pub(crate) push_retry: Spread,
    /// Between two tries of a check.
    pub(crate) check_retry: Spread,
    /// How long the last calls to Redis may take after the grace of a shutdown, or after one at once.
    pub(crate) farewell: Duration,
    /// After a claim without an answer: when to look a second time for jobs that it leased. Redis may get to a call
    /// that nobody waits for any more only when it has read all that was sent before.
    pub(crate) late_claim: Duration,
}

impl Default for Tempo {
    fn default() -> Self {
        Self {
            beat: Duration::from_secs(5),
            beat_retry: Spread::new(Duration::from_millis(200), Duration::from_secs(1)),
            unheard_after: Duration::from_secs(14),
            housekeeping: Duration::from_secs(1),
            sync_limits: Duration::from_mins(1),
            redis_retry: Spread::new(Duration::from_millis(20), Duration::from_secs(1)),
            push_retry: Spread::new(Duration::from_secs(1), Duration::from_mins(15)),
            check_retry: Spread::new(Duration::from_millis(200), Duration::from_secs(2)),
            farewell: Duration::from_secs(2),
            late_claim: Duration::from_secs(10),
        }
    }
}
