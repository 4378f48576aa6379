//! `lua/open_results.lua`: results of which something is left to be done, oldest first.

use crate::{Queue, QueueError, keys};

/// The most results of one page.
const MAX_PAGE: usize = 10_000;

/// A page of open results.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenPage {
    /// Their ids, and when each was accepted or opened again, milliseconds since 1970 by Redis' clock.
    pub results: Vec<(String, u64)>,
    /// Where to go on; none at the end.
    pub next: Option<String>,
}

impl Queue {
    /// Results that were accepted before a time and are not at their end, oldest first.
    ///
    /// What ends or comes while somebody turns the pages moves nothing else from one page to another.
    pub async fn open_results(
        &self,
        accepted_before_ms: u64,
        after: Option<&str>,
        limit: usize,
    ) -> Result<OpenPage, QueueError> {
        let (score, id) = after.and_then(parse_cursor).unwrap_or((0, ""));
        let limit = limit.min(MAX_PAGE);
        let mut call = self.timed(&self.shared.scripts.open_results);
        call.arg(accepted_before_ms).arg(score).arg(id).arg(limit);
        let results: Vec<(String, u64)> = self.run(&call).await?;
        let last = results.last().filter(|_| results.len() >= limit);
        let next = last.map(|(id, score)| format!("{score}-{id}"));
        Ok(OpenPage { results, next })
    }

    /// How many results were accepted before a time and are not at their end.
    pub async fn count_open_results(&self, accepted_before_ms: u64) -> Result<u64, QueueError> {
        let mut count = redis::cmd("ZCOUNT");
        count
            .arg(keys::key(keys::RESULTS_OPEN))
            .arg("-inf")
            .arg(format!("({accepted_before_ms}"));
        Ok(count.query_async(&mut self.connection()).await?)
    }
}

/// The time and the id of the last result of the page before.
fn parse_cursor(cursor: &str) -> Option<(u64, &str)> {
    let (score, id) = cursor.split_once('-')?;
    Some((score.parse().ok()?, id))
}
