//! `lua/promote.lua` and `lua/reclaim.lua`: what time and lost workers bring about. Safe in every worker at once.

use std::time::Duration;

use crate::{Name, Queue, QueueError, queue::millis};

/// Silence after which a worker counts as lost.
pub const WORKER_SILENCE: Duration = Duration::from_secs(15);
/// Lost workers under one job after which it is buried.
pub const MAX_CRASHES: u32 = 3;
/// The most jobs of each kind that one call moves.
const BATCH_JOBS: usize = 200;

/// What a look at the clock brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Promoted {
    /// Jobs made ready.
    pub ready: u64,
    /// Jobs expired unrun.
    pub expired: u64,
    /// When the next one is due; none if nothing waits.
    pub next_in: Option<Duration>,
}

/// What a look at the leases brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reclaimed {
    /// Jobs made ready again.
    pub ready: u64,
    /// Jobs buried as `crashed_workers`.
    pub buried: u64,
}

impl Queue {
    /// Makes ready what is due and expires what is past its deadline, a bounded batch at a time.
    pub async fn promote(&self) -> Result<Promoted, QueueError> {
        let mut call = self.timed(&self.shared.scripts.promote);
        let keep = self.shared.retention;
        call.arg(BATCH_JOBS)
            .arg(millis(keep.finished))
            .arg(millis(keep.ledger))
            .arg(millis(keep.events))
            .arg(millis(keep.docebo_events));
        let (ready, expired, next_ms): (u64, u64, i64) = self.run(&call).await?;
        Ok(Promoted {
            ready,
            expired,
            next_in: u64::try_from(next_ms).ok().map(Duration::from_millis),
        })
    }

    /// Takes back the jobs of lost workers and of leases that ran out, a bounded batch at a time.
    pub async fn reclaim(&self, caller: &Name) -> Result<Reclaimed, QueueError> {
        let mut call = self.timed(&self.shared.scripts.reclaim);
        call.arg(caller.as_str())
            .arg(millis(WORKER_SILENCE))
            .arg(BATCH_JOBS)
            .arg(MAX_CRASHES)
            .arg(self.shared.clock.young_redis_ms());
        let (ready, buried): (u64, u64) = self.run(&call).await?;
        Ok(Reclaimed { ready, buried })
    }
}
