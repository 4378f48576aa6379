//! How many jobs there are and how they ended, between two looks.

use std::collections::BTreeMap;

use passback_queue::{Counts, Queue, State};

use crate::exit::Failure;

const DONE: &str = "done";

/// What the queue counted up to a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Jobs that have not ended.
    living: u64,
    /// Those of them that wait for their time, such as the looks back at what was written.
    later: u64,
    counters: BTreeMap<String, u64>,
}

impl Tally {
    pub(crate) async fn of(queue: &Queue) -> Result<Self, Failure> {
        let counts = queue.counts().await;
        counts
            .map(Self::from)
            .map_err(|error| Failure::unavailable(format!("jobs cannot be counted: {error}")))
    }

    /// Whether the queue never had a job, as far as it can tell.
    pub(crate) fn is_untouched(&self) -> bool {
        self.living == 0 && self.counters.values().all(|count| *count == 0)
    }

    /// Jobs that have not ended and may run now.
    pub(crate) fn pending(&self) -> u64 {
        self.living.saturating_sub(self.later)
    }

    /// Jobs that were done since an earlier look.
    pub(crate) fn done_since(&self, earlier: &Self) -> u64 {
        let done = |tally: &Self| tally.counters.get(DONE).copied().unwrap_or(0);
        done(self).saturating_sub(done(earlier))
    }

    /// What else was counted since an earlier look: ends, crashes, fenced settlements. Nothing, if all went well.
    fn others_since(&self, earlier: &Self) -> BTreeMap<&str, u64> {
        let others = self.counters.iter().filter(|(name, _)| *name != DONE);
        others
            .map(|(name, count)| {
                (
                    name.as_str(),
                    *count - earlier.counters.get(name).unwrap_or(&0).min(count),
                )
            })
            .filter(|(_, count)| *count > 0)
            .collect()
    }

    /// Fails unless exactly so many jobs were done since an earlier look, and nothing else happened or is left.
    pub(crate) fn expect_done(&self, earlier: &Self, jobs: u64) -> Result<(), Failure> {
        let (done, others) = (self.done_since(earlier), self.others_since(earlier));
        if done == jobs && self.pending() == 0 && others.is_empty() {
            return Ok(());
        }
        Err(Failure::failed(format!(
            "{done} of {jobs} jobs were done, {} are left, and besides: {others:?}; the figures would mean nothing",
            self.pending()
        )))
    }
}

impl From<Counts> for Tally {
    fn from(counts: Counts) -> Self {
        Self {
            living: counts.living.values().sum(),
            later: counts.living.get(&State::Scheduled).copied().unwrap_or(0),
            counters: counts.counters,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(living: u64, counters: &[(&str, u64)]) -> Tally {
        Tally {
            living,
            later: 0,
            counters: counters
                .iter()
                .map(|(name, count)| ((*name).to_owned(), *count))
                .collect(),
        }
    }

    #[test]
    fn only_all_jobs_done_and_nothing_else_passes() {
        let before = tally(0, &[("done", 5), ("fenced", 1)]);
        let passes = |after: &Tally| after.expect_done(&before, 10).is_ok();
        assert!(passes(&tally(0, &[("done", 15), ("fenced", 1)])));
        assert!(!passes(&tally(0, &[("done", 14), ("fenced", 1)])));
        assert!(!passes(&tally(0, &[("done", 15), ("fenced", 2)])));
        assert!(!passes(&tally(1, &[("done", 15), ("fenced", 1)])));
    }

    #[test]
    fn a_queue_that_ever_ended_a_job_is_not_untouched() {
        assert!(tally(0, &[("done", 0)]).is_untouched());
        assert!(!tally(0, &[("done", 1)]).is_untouched());
        assert!(!tally(1, &[]).is_untouched());
    }
}
