//! `lua/enqueue.lua`: new jobs in.

use futures::{StreamExt, TryStreamExt, stream};
use redis::ScriptInvocation;

use crate::{Name, NewJob, Queue, QueueError};

/// Jobs per script call; more are split.
pub(crate) const CHUNK_JOBS: usize = 100;
/// Script calls of one enqueue that are under way at once.
const CHUNKS_AT_ONCE: usize = 4;

/// Ten years: what is due later is due then. Times must fit the digits that Lua writes.
pub(crate) const MAX_WAIT_MS: u64 = 10 * 365 * 24 * 3_600 * 1_000;

/// What became of an enqueue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Enqueued {
    /// It is in Redis.
    Stored,
    /// A job of this id was stored before, and may have ended since.
    Duplicate,
}

impl Queue {
    /// Stores one job. Callers at the same moment share a script call.
    ///
    /// After an error it may be stored; repeating the call with the same id is safe.
    pub async fn enqueue(&self, job: &NewJob) -> Result<Enqueued, QueueError> {
        self.shared.gathering.enqueue(job.clone()).await
    }

    /// Stores a job that looks after a result which another job carries: its own way is noted in the result's row only
    /// where it waits for a decision about it.
    pub async fn enqueue_for(&self, job: &NewJob, result_id: &Name) -> Result<Enqueued, QueueError> {
        let mut call = self.timed(&self.shared.scripts.enqueue);
        add_job(&mut call, job, result_id.as_str());
        let stored: Vec<u8> = self.run(&call).await?;
        let stored = stored.first() == Some(&1);
        Ok(if stored { Enqueued::Stored } else { Enqueued::Duplicate })
    }

    /// Stores many jobs and says for each what became of it.
    ///
    /// After an error some may be stored; repeating the call with the same ids is safe.
    pub async fn enqueue_all(&self, jobs: &[NewJob]) -> Result<Vec<Enqueued>, QueueError> {
        // In order within each chunk; jobs of different chunks of one call may be stored in any order. Collected first, or
        // the compiler cannot see that the future may be spawned.
        let calls: Vec<_> = jobs.chunks(CHUNK_JOBS).map(|chunk| self.enqueue_chunk(chunk)).collect();
        let verdicts: Vec<Vec<Enqueued>> = stream::iter(calls).buffered(CHUNKS_AT_ONCE).try_collect().await?;
        Ok(verdicts.concat())
    }

    /// Stores as many jobs as one script call takes.
    pub(crate) async fn enqueue_chunk(&self, jobs: &[NewJob]) -> Result<Vec<Enqueued>, QueueError> {
        let mut call = self.timed(&self.shared.scripts.enqueue);
        for job in jobs {
            add_job(&mut call, job, "");
        }
        let stored: Vec<u8> = self.run(&call).await?;
        if stored.len() != jobs.len() {
            return Err(QueueError::Unreadable("the verdicts of an enqueue".to_owned()));
        }
        let verdict = |one: &u8| {
            if *one == 1 {
                Enqueued::Stored
            } else {
                Enqueued::Duplicate
            }
        };
        Ok(stored.iter().map(verdict).collect())
    }
}

/// The eight arguments of one new job. What the script need not know goes as text around the times that it sets.
pub(crate) fn add_job(call: &mut ScriptInvocation<'_>, job: &NewJob, result_id: &str) {
    let (about, trace) = (text(job.about.as_ref()), text(job.trace.as_ref()));
    job_arguments(call, job, &format!("|{result_id}|{about}|{trace}\n"));
}

/// The same with what stands in its header behind the time that the script sets.
pub(crate) fn job_arguments(call: &mut ScriptInvocation<'_>, job: &NewJob, tail: &str) {
    let middle = format!("|{}|{}|{}|", job.lane, job.connector, job.kind);
    let mut rest = Vec::with_capacity(tail.len() + job.payload.len());
    rest.extend_from_slice(tail.as_bytes());
    rest.extend_from_slice(&job.payload);
    call.arg(job.id.to_string())
        .arg(job.delay_ms.min(MAX_WAIT_MS))
        .arg(job.ttl_ms.unwrap_or(0).min(MAX_WAIT_MS))
        .arg(job.lane.as_str())
        .arg(job.connector.as_str())
        .arg(text(job.key.as_ref()))
        .arg(middle)
        .arg(rest);
}

fn text(name: Option<&Name>) -> &str {
    name.map_or("", AsRef::as_ref)
}
