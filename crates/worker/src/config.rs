//! What a worker is told at its start.

use std::collections::BTreeMap;
use std::time::Duration;

use passback_queue::Lane;

/// How much a worker does at once, and how long it goes on with one job.
#[derive(Debug, Clone)]
pub struct WorkerConfig {
    /// Slots per lane; a lane that is left out or has 0 slots is not served.
    pub concurrency: BTreeMap<Lane, usize>,
    /// How long jobs may go on after a shutdown was asked for.
    pub shutdown_grace: Duration,
    /// How long one attempt of a push may take; a check has its own deadline.
    pub push_deadline: Duration,
    /// When a job has been tried enough.
    pub limits: Limits,
    /// How long after its acceptance a result that is not at its end is worth a warning.
    pub overdue_after: Duration,
}

/// When a job has been tried enough, or waited enough.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Attempts after which a job is buried.
    pub max_attempts: u32,
    /// Age after which a job is buried instead of waiting on.
    pub max_age: Duration,
    /// When a parked job is looked at again although nothing released it.
    pub look_again: Duration,
}

impl Default for WorkerConfig {
    fn default() -> Self {
        Self {
            concurrency: BTreeMap::from([(Lane::Check, 32), (Lane::Push, 32), (Lane::Background, 8)]),
            shutdown_grace: Duration::from_secs(25),
            push_deadline: Duration::from_secs(90),
            limits: Limits::default(),
            overdue_after: Duration::from_hours(24),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_attempts: 25,
            max_age: Duration::from_hours(14 * 24),
            look_again: Duration::from_hours(6),
        }
    }
}
