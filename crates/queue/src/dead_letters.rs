//! `lua/dead_letters.lua`: walking all dead letters, oldest first.
//!
//! Unlike a list by places, a walk neither leaves one out nor shows one twice when others leave meanwhile.

use crate::{Filter, JobId, JobRecord, Queue, QueueError};

/// Dead letters looked at by one script call.
const LOOK_JOBS: u64 = 200;
/// The most jobs that are read with payload and history at once.
pub const MAX_WHOLE_JOBS: usize = 50;

/// What one look at the dead letters brought.
#[derive(Debug, Clone)]
pub struct DeadPage {
    /// Those that the filter matches, without payload and history.
    pub jobs: Vec<JobRecord>,
    /// How many were looked at.
    pub looked_at: usize,
    /// Where to go on; none at the end.
    pub next: Option<String>,
}

impl Queue {
    /// Looks at a bounded number of dead letters that died at a time or before, oldest first, from behind a cursor on.
    pub async fn dead_letters(
        &self,
        filter: &Filter,
        dead_by_ms: u64,
        after: Option<&str>,
    ) -> Result<DeadPage, QueueError> {
        let (place_ms, place_id) = after.and_then(parse_cursor).unwrap_or((0, ""));
        let mut call = self.timed(&self.shared.scripts.dead_letters);
        call.arg(dead_by_ms).arg(place_ms).arg(place_id).arg(LOOK_JOBS);
        let found: Vec<(String, u64, Vec<u8>, Vec<u8>)> = self.run(&call).await?;
        let last = found.last().filter(|_| found.len() as u64 == LOOK_JOBS);
        let next = last.map(|(id, died_ms, _, _)| format!("{died_ms}-{id}"));
        let jobs = found.iter().filter_map(|(id, died_ms, header, meta)| {
            let id: JobId = id.parse().ok()?;
            let record = JobRecord::parse(id, header, meta, b"", b"");
            let mut record = record.or_else(|| JobRecord::unreadable(id, b"unreadable"))?;
            record.payload = None;
            record.since_ms = *died_ms;
            Some(record)
        });
        let jobs = jobs.filter(|job| filter.matches(job)).collect();
        Ok(DeadPage {
            jobs,
            looked_at: found.len(),
            next,
        })
    }

    /// Several jobs at once, with payload and history; those that are gone are left out.
    pub async fn jobs_of(&self, ids: &[JobId]) -> Result<Vec<JobRecord>, QueueError> {
        let mut jobs = Vec::with_capacity(ids.len());
        for chunk in ids.chunks(MAX_WHOLE_JOBS) {
            let ids: Vec<String> = chunk.iter().map(JobId::to_string).collect();
            jobs.extend(self.read(&ids).await?);
        }
        Ok(jobs)
    }
}

/// Whether a walk over the dead letters can have given the text out.
pub fn is_dead_cursor(text: &str) -> bool {
    parse_cursor(text).is_some_and(|(_, id)| id.parse::<JobId>().is_ok())
}

/// The time and the id of the last dead letter of the look before.
fn parse_cursor(cursor: &str) -> Option<(u64, &str)> {
    let (died_ms, id) = cursor.split_once('-')?;
    Some((died_ms.parse().ok()?, id))
}
