//! `lua/claim.lua` and `lua/unclaim.lua`: leases out, and back if their news was lost.

use std::time::Duration;

use redis::aio::ConnectionManager;

use crate::{
    ClaimToken, JobId, JobRecord, Lane, Name, Queue, QueueError, State, keys, queue::millis, quota::CALL_COUNTS_FOR,
};

/// How long an idle worker listens before it looks by itself.
const LISTEN: Duration = Duration::from_secs(5);
/// The most jobs one claim may take.
pub const MAX_CLAIM_JOBS: usize = 100;

/// Whether a worker may take jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// It may.
    Open,
    /// A person has paused the lane.
    LanePaused,
    /// A person has paused this worker.
    WorkerPaused,
}

/// A job under lease.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// The right to settle it.
    pub token: ClaimToken,
    /// The job as it was leased.
    pub record: JobRecord,
}

impl Queue {
    /// Leases up to `most` ready jobs of a lane to a worker, for `lease` at the longest.
    ///
    /// After an ambiguous error the worker may hold leases it has not heard of: see [`Queue::unclaim`].
    pub async fn claim(
        &self,
        lane: Lane,
        worker: &Name,
        most: usize,
        lease: Duration,
    ) -> Result<Vec<Claimed>, QueueError> {
        Ok(self.claim_unless_paused(lane, worker, most, lease).await?.1)
    }

    /// The same, and whether there was nothing because of a pause.
    pub async fn claim_unless_paused(
        &self,
        lane: Lane,
        worker: &Name,
        most: usize,
        lease: Duration,
    ) -> Result<(Service, Vec<Claimed>), QueueError> {
        let egress = &self.shared.egress;
        let mut call = self.timed(&self.shared.scripts.claim);
        call.arg(lane.as_str())
            .arg(worker.as_str())
            .arg(most.min(MAX_CLAIM_JOBS))
            .arg(millis(lease))
            .arg(millis(self.shared.retention.finished))
            .arg(egress.name.as_str())
            .arg(egress.calls_per_hour.unwrap_or(0))
            .arg(millis(CALL_COUNTS_FOR));
        let flat: Vec<Vec<u8>> = self.run(&call).await?;
        let (first, jobs) = flat.split_at(flat.len().min(1));
        let service = match first.first().map(Vec::as_slice) {
            Some(b"lane_paused") => Service::LanePaused,
            Some(b"worker_paused") => Service::WorkerPaused,
            _ => Service::Open,
        };
        // A record that only Rust cannot read keeps its lease, which runs out: three times, and a person looks at it.
        Ok((service, jobs.chunks_exact(4).filter_map(read_claimed).collect()))
    }

    /// Gives back what `worker` holds in a lane without knowing of it. Burns nothing.
    pub async fn unclaim(&self, lane: Lane, worker: &Name, known: &[JobId]) -> Result<u64, QueueError> {
        let mut call = self.timed(&self.shared.scripts.unclaim);
        call.arg(worker.as_str()).arg(lane.as_str()).arg(MAX_CLAIM_JOBS);
        for id in known {
            call.arg(id.to_string());
        }
        self.run(&call).await
    }

    /// Whether a lease is still the worker's: the last look before something that cannot be undone.
    pub async fn holds(&self, worker: &Name, token: ClaimToken) -> Result<bool, QueueError> {
        let record = self.job(token.job).await?;
        Ok(record.is_some_and(|record| {
            record.state == State::Running
                && record.claims == token.claim
                && record.worker.as_deref() == Some(worker.as_str())
        }))
    }

    /// A listener for new work in a lane, on a connection of its own.
    pub fn listen(&self, lane: Lane) -> Result<LaneSignal, QueueError> {
        let connection = self.shared.options.blocking(LISTEN)?;
        Ok(LaneSignal {
            connection,
            key: keys::key_of(keys::SIGNAL, lane.as_str()),
        })
    }
}

/// Wakes an idle worker when its lane has work.
pub struct LaneSignal {
    connection: ConnectionManager,
    key: String,
}

impl std::fmt::Debug for LaneSignal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LaneSignal")
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

impl LaneSignal {
    /// Returns when there may be work: at a signal, or after a few seconds in case one was lost.
    pub async fn wait(&mut self) -> Result<(), QueueError> {
        let _: Option<(String, String)> = redis::cmd("BLPOP")
            .arg(&self.key)
            .arg(LISTEN.as_secs())
            .query_async(&mut self.connection)
            .await?;
        Ok(())
    }
}

fn read_claimed(parts: &[Vec<u8>]) -> Option<Claimed> {
    let [id, data, meta, history] = parts else { return None };
    let job: JobId = std::str::from_utf8(id).ok()?.parse().ok()?;
    let record = JobRecord::parse(job, data, meta, history, b"")?;
    let claim = record.claims;
    Some(Claimed {
        token: ClaimToken { job, claim },
        record,
    })
}
