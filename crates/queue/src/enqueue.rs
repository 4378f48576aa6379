//! `lua/enqueue.lua`: new jobs in.

use redis::ScriptInvocation;

use crate::{NewJob, Queue, QueueError};

/// Jobs per script call; more are split.
const CHUNK_JOBS: usize = 100;

/// What became of an enqueue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Enqueued {
    /// It is in Redis.
    Stored,
    /// A job of this id was stored before, and may have ended since.
    Duplicate,
}

impl Queue {
    /// Stores one job.
    pub async fn enqueue(&self, job: &NewJob) -> Result<Enqueued, QueueError> {
        let verdicts = self.enqueue_all(std::slice::from_ref(job)).await?;
        verdicts
            .first()
            .copied()
            .ok_or_else(|| QueueError::Unreadable("enqueue gave no verdict".to_owned()))
    }

    /// Stores many jobs and says for each what became of it.
    ///
    /// After an error some may be stored; repeating the call with the same ids is safe.
    pub async fn enqueue_all(&self, jobs: &[NewJob]) -> Result<Vec<Enqueued>, QueueError> {
        let mut verdicts = Vec::with_capacity(jobs.len());
        for chunk in jobs.chunks(CHUNK_JOBS) {
            let mut call = self.timed(&self.shared.scripts.enqueue);
            for job in chunk {
                add_job(&mut call, job, "");
            }
            let stored: Vec<u8> = self.run(&call).await?;
            verdicts.extend(stored.iter().map(|one| {
                if *one == 1 {
                    Enqueued::Stored
                } else {
                    Enqueued::Duplicate
                }
            }));
        }
        Ok(verdicts)
    }
}

/// The eleven arguments of one new job.
pub(crate) fn add_job(call: &mut ScriptInvocation<'_>, job: &NewJob, result_id: &str) {
    call.arg(job.id.to_string())
        .arg(job.delay_ms)
        .arg(job.lane.as_str())
        .arg(job.connector.as_str())
        .arg(job.key.as_ref().map_or("", AsRef::as_ref))
        .arg(job.kind.as_str())
        .arg(job.ttl_ms.unwrap_or(0))
        .arg(result_id)
        .arg(job.about.as_ref().map_or("", AsRef::as_ref))
        .arg(job.trace.as_ref().map_or("", AsRef::as_ref))
        .arg(job.payload.as_slice());
}
