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
        let (_, leased) = self.lease(lane, worker, most, lease).await?;
        self.open(leased).await
    }

    /// The first half of a claim: who gets what, and whether there was nothing because of a pause.
    ///
    /// The second half, [`Queue::open`], may go on beside the next claim.
    pub async fn lease(
        &self,
        lane: Lane,
        worker: &Name,
        most: usize,
        lease: Duration,
    ) -> Result<(Service, Leased), QueueError> {
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
        let mut flat: Vec<Vec<u8>> = self.run(&call).await?;
        let jobs = flat.split_off(flat.len().min(2));
        let service = match flat.first().map(Vec::as_slice) {
            Some(b"lane_paused") => Service::LanePaused,
            Some(b"worker_paused") => Service::WorkerPaused,
            Some(_) | None => Service::Open,
        };
        let now_ms = flat
            .get(1)
            .and_then(|text| std::str::from_utf8(text).ok()?.parse().ok());
        let leased = Leased {
            worker: worker.clone(),
            since_ms: now_ms.unwrap_or(0),
            due_ms: now_ms.unwrap_or(0) + millis(lease),
            jobs,
        };
        Ok((service, leased))
    }

    /// The second half of a claim: reads what was leased, which is not the script's to read. What this version cannot
    /// read goes to a person.
    pub async fn open(&self, leased: Leased) -> Result<Vec<Claimed>, QueueError> {
        let ids: Vec<&[u8]> = leased.jobs.iter().map(|lease| id_of(lease)).collect();
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut read = redis::cmd("HMGET");
        read.arg(keys::key(keys::DATA)).arg(&ids);
        let datas: Vec<Vec<u8>> = read.query_async(&mut self.connection()).await?;
        let mut claimed = Vec::with_capacity(ids.len());
        let mut unreadable = Vec::new();
        for (lease, data) in leased.jobs.iter().zip(&datas) {
            match leased.read(lease, data) {
                Some(job) => claimed.push(job),
                None => unreadable.push(id_of(lease)),
            }
        }
        if !unreadable.is_empty() {
            let mut call = self.timed(&self.shared.scripts.unreadable);
            call.arg(leased.worker.as_str());
            for id in unreadable {
                call.arg(id);
            }
            let _: u64 = self.run(&call).await?;
        }
        Ok(claimed)
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

/// Jobs under lease that have not been read yet.
#[derive(Debug)]
pub struct Leased {
    worker: Name,
    since_ms: u64,
    due_ms: u64,
    /// Per job its id and, if it ran before, its meta and its history, a line feed before each.
    jobs: Vec<Vec<u8>>,
}

impl Leased {
    /// How many jobs there are.
    pub fn len(&self) -> usize {
        self.jobs.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.jobs.is_empty()
    }

    /// Their ids.
    pub fn ids(&self) -> impl Iterator<Item = JobId> + '_ {
        let id = |lease: &Vec<u8>| std::str::from_utf8(id_of(lease)).ok()?.parse().ok();
        self.jobs.iter().filter_map(id)
    }

    fn read(&self, lease: &[u8], data: &[u8]) -> Option<Claimed> {
        let mut parts = lease.splitn(3, |byte| *byte == b'\n');
        let (id, meta, history) = (parts.next()?, parts.next(), parts.next());
        let job: JobId = std::str::from_utf8(id).ok()?.parse().ok()?;
        let mut record = JobRecord::parse(job, data, meta.unwrap_or_default(), history.unwrap_or_default(), b"")?;
        if meta.is_none() {
            record.state = State::Running;
            record.claims = 1;
            record.worker = Some(self.worker.as_str().to_owned());
            record.since_ms = self.since_ms;
            record.due_ms = Some(self.due_ms);
        }
        let claim = record.claims;
        Some(Claimed {
            token: ClaimToken { job, claim },
            record,
        })
    }
}

/// The id that a lease begins with.
fn id_of(lease: &[u8]) -> &[u8] {
    lease.split(|byte| *byte == b'\n').next().unwrap_or_default()
}
