//! `lua/dead_letters.lua`: walking all dead letters, oldest first.
//!
//! Unlike a list by ranks, a walk neither leaves one out nor shows one twice when others leave meanwhile.

use crate::{Filter, JobId, JobRecord, Page, Queue, QueueError};

/// Dead letters looked at by one script call.
const LOOK_JOBS: u64 = 200;
/// The most looks of a page, so that a filter that matches nothing stays bounded.
const MAX_LOOKS: usize = 25;
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
        let next = last.map(|(id, died_ms, _, _)| dead_cursor(*died_ms, id));
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

    /// A page of dead letters, oldest first, from behind a cursor on: each that is dead all the while is on one page,
    /// whatever leaves meanwhile. A page may be short or empty although there is a next one.
    pub(crate) async fn dead_page(
        &self,
        filter: &Filter,
        after: Option<&str>,
        most: usize,
    ) -> Result<Page, QueueError> {
        let (mut jobs, mut next) = (Vec::new(), after.map(str::to_owned));
        for _ in 0..MAX_LOOKS {
            let look = self.dead_letters(filter, u64::MAX, next.as_deref()).await?;
            let room = most.max(1) - jobs.len();
            let cut = look.jobs.get(room).and(look.jobs.get(room - 1));
            next = cut.map_or(look.next, |last| Some(last.dead_cursor()));
            let ids: Vec<JobId> = look.jobs.iter().take(room).map(|job| job.id).collect();
            let whole = self.jobs_of(&ids).await?;
            jobs.extend(whole.into_iter().filter(|job| filter.matches(job)));
            if next.is_none() || jobs.len() >= most {
                break;
            }
        }
        Ok(Page { jobs, next })
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

impl JobRecord {
    /// The place of a dead letter that a walk has found: the cursor to go on with behind it.
    pub fn dead_cursor(&self) -> String {
        dead_cursor(self.since_ms, &self.id.to_string())
    }
}

fn dead_cursor(died_ms: u64, id: &str) -> String {
    format!("{died_ms}-{id}")
}

/// Whether a walk over the dead letters can have given the text out.
pub fn is_dead_cursor(text: &str) -> bool {
    let digits = |(ms, _): &(&str, &str)| ms.bytes().all(|byte| byte.is_ascii_digit());
    let plain = text.split_once('-').is_some_and(|parts| digits(&parts));
    plain && parse_cursor(text).is_some_and(|(_, id)| id.parse::<JobId>().is_ok())
}

/// The time and the id of the last dead letter of the look before.
fn parse_cursor(cursor: &str) -> Option<(u64, &str)> {
    let (died_ms, id) = cursor.split_once('-')?;
    Some((died_ms.parse().ok()?, id))
}
