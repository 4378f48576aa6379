//! `lua/wake.lua`, `lua/redrive.lua`, `lua/discard.lua`: what events and people do to jobs.

use crate::{AttemptRecord, JobId, Name, Queue, QueueError, keys, queue::millis};

/// The most jobs released by one script call.
const WAKE_JOBS: u64 = 200;
/// Jobs per script call; more are split.
const CHUNK_JOBS: usize = 200;

/// Who does something to jobs, and why.
#[derive(Debug, Clone)]
pub struct Intervention {
    /// Who.
    pub actor: String,
    /// Why.
    pub reason: String,
    /// When, milliseconds since 1970.
    pub at_ms: u64,
}

impl Intervention {
    pub(crate) fn line(&self, outcome: &str) -> String {
        AttemptRecord {
            outcome: outcome.to_owned(),
            started_ms: self.at_ms,
            actor: Some(self.actor.clone()),
            reason: Some(self.reason.clone()),
            ..AttemptRecord::default()
        }
        .to_line()
    }
}

/// What became of a redrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Redriven {
    /// It is ready again.
    Ready,
    /// It is not dead; nothing changed.
    NotDead,
    /// No such job.
    Unknown,
}

/// What became of a discard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Discarded {
    /// It has ended.
    Discarded,
    /// A worker has it at this moment; nothing changed.
    Running,
    /// It is not dead; nothing changed.
    NotDead,
    /// It had ended already.
    Ended,
    /// No such job.
    Unknown,
}

impl Queue {
    /// Releases every job parked under a wake key; returns how many.
    pub async fn wake(&self, wake: &Name) -> Result<u64, QueueError> {
        self.release(wake, true).await
    }

    /// The same for those that are parked at this moment, and for nobody else: an attempt that runs does not hear of it.
    pub async fn release_parked(&self, wake: &Name) -> Result<u64, QueueError> {
        self.release(wake, false).await
    }

    async fn release(&self, wake: &Name, is_heard: bool) -> Result<u64, QueueError> {
        // Those that wait now: a job that parks again at once is not released again by the same event.
        let index = keys::key_of(keys::WAKE, wake.as_str());
        let waiting: u64 = redis::cmd("ZCARD")
            .arg(index)
            .query_async(&mut self.connection())
            .await?;
        let mut released = 0;
        loop {
            let mut call = self.timed(&self.shared.scripts.wake);
            call.arg(wake.as_str()).arg(WAKE_JOBS).arg(u8::from(is_heard));
            let batch: u64 = self.run(&call).await?;
            released += batch;
            if batch < WAKE_JOBS || released >= waiting {
                return Ok(released);
            }
        }
    }

    /// Gives dead jobs a new life.
    pub async fn redrive(&self, jobs: &[JobId], by: &Intervention) -> Result<Vec<Redriven>, QueueError> {
        let mut verdicts = Vec::with_capacity(jobs.len());
        for chunk in jobs.chunks(CHUNK_JOBS) {
            let mut call = self.timed(&self.shared.scripts.redrive);
            call.arg(by.line("redriven"));
            for id in chunk {
                call.arg(id.to_string());
            }
            let words: Vec<String> = self.run(&call).await?;
            verdicts.extend(words.iter().map(|word| match word.as_str() {
                "redriven" => Redriven::Ready,
                "not_dead" => Redriven::NotDead,
                _ => Redriven::Unknown,
            }));
        }
        Ok(verdicts)
    }

    /// Ends dead jobs for good.
    pub async fn discard(&self, jobs: &[JobId], by: &Intervention) -> Result<Vec<Discarded>, QueueError> {
        self.end(jobs, by, "discarded", true).await
    }

    /// Ends jobs that are not running, wherever they are.
    pub async fn cancel(&self, jobs: &[JobId], by: &Intervention) -> Result<Vec<Discarded>, QueueError> {
        self.end(jobs, by, "discarded", false).await
    }

    /// Ends jobs that are not running because what they carry must go.
    pub async fn erase(&self, jobs: &[JobId], by: &Intervention) -> Result<Vec<Discarded>, QueueError> {
        self.end(jobs, by, "erased", false).await
    }

    async fn end(
        &self,
        jobs: &[JobId],
        by: &Intervention,
        code: &str,
        only_dead: bool,
    ) -> Result<Vec<Discarded>, QueueError> {
        let mut verdicts = Vec::with_capacity(jobs.len());
        for chunk in jobs.chunks(CHUNK_JOBS) {
            let mut call = self.timed(&self.shared.scripts.discard);
            call.arg(millis(self.shared.retention.finished))
                .arg(by.line(code))
                .arg(u8::from(only_dead))
                .arg(code);
            for id in chunk {
                call.arg(id.to_string());
            }
            let words: Vec<String> = self.run(&call).await?;
            verdicts.extend(words.iter().map(|word| match word.as_str() {
                "discarded" => Discarded::Discarded,
                "running" => Discarded::Running,
                "not_dead" => Discarded::NotDead,
                "ended" => Discarded::Ended,
                _ => Discarded::Unknown,
            }));
        }
        Ok(verdicts)
    }
}
