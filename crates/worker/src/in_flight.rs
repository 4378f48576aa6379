//! Which leases of a lane this worker knows of: from the claim's answer to the settlement's.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use passback_queue::JobId;

/// The leases of one lane that are known here. Clones share them.
#[derive(Debug, Clone, Default)]
pub(crate) struct InFlight {
    // A count: a job may come back while the news of its last settlement is still on its way.
    leases: Arc<Mutex<HashMap<JobId, u32>>>,
}

/// Keeps one lease known until it is dropped.
#[derive(Debug)]
pub(crate) struct KnownLease {
    job: JobId,
    all: InFlight,
}

impl InFlight {
    pub(crate) fn enter(&self, job: JobId) -> KnownLease {
        *self.lock().entry(job).or_default() += 1;
        KnownLease { job, all: self.clone() }
    }

    pub(crate) fn jobs(&self) -> Vec<JobId> {
        self.lock().keys().copied().collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<JobId, u32>> {
        self.leases.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for KnownLease {
    fn drop(&mut self) {
        let mut leases = self.all.lock();
        if let Some(count) = leases.get_mut(&self.job) {
            *count -= 1;
            if *count == 0 {
                leases.remove(&self.job);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use passback_queue::JobId;

    use super::InFlight;

    #[test]
    fn a_job_is_known_until_its_last_lease_is_dropped() {
        let in_flight = InFlight::default();
        let job = JobId::from_parts(1, 1);
        let first = in_flight.enter(job);
        let second = in_flight.enter(job);
        drop(first);
        assert_eq!(in_flight.jobs(), [job]);
        drop(second);
        assert!(in_flight.jobs().is_empty());
    }
}
