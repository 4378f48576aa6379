//! The feed of final answers: what has become of results and checks, in the order in which it happened.
//!
//! At least once: whoever reads on from the cursor of the last event it has dealt with misses nothing, and may see an
//! event again after a failure. Cursors survive restarts of every process; events are kept for a week by default.

use std::time::Duration;

use futures::{StreamExt, TryStreamExt, stream};
use passback_queue::{Event, EventOf, JobId, Name, QueueError};
use tokio::time::Instant;

use crate::{AcceptedRow, CheckEvent, FeedEvent, FeedSubject, Producer, ResultEvent, StoreError, public_time};

/// A waiter looks for itself this often, in case news were lost.
const LOOK_AGAIN: Duration = Duration::from_secs(5);
/// Rows and jobs that are looked at side by side.
const LOOKS: usize = 32;

/// A page of the feed.
#[derive(Debug, Clone, PartialEq)]
pub struct FeedPage {
    /// The events, oldest first.
    pub events: Vec<FeedEvent>,
    /// Where to read on; none while the feed was never written to and none was given.
    pub next_cursor: Option<String>,
    /// Whether there are more events already.
    pub more: bool,
    /// Whether events behind the cursor are kept no more: some were lost to who asks.
    pub gap: bool,
}

impl Producer {
    /// Events behind a cursor, oldest first; without one, from the oldest that is kept.
    pub async fn feed(&self, after: Option<&str>, limit: usize) -> Result<FeedPage, StoreError> {
        let page = self.queue.events(after, limit).await?;
        let told = page.events.into_iter().map(|event| self.tell(event));
        Ok(FeedPage {
            events: stream::iter(told).buffered(LOOKS).try_collect().await?,
            next_cursor: page.next.or_else(|| after.map(str::to_owned)),
            more: page.more,
            gap: page.gap,
        })
    }

    /// The same once there is an event, or when the time is up.
    pub async fn wait_for_feed(
        &self,
        after: Option<&str>,
        limit: usize,
        at_most: Duration,
    ) -> Result<FeedPage, StoreError> {
        let give_up = Instant::now() + at_most.min(Duration::from_hours(1));
        let mut hearing = self.feed_news.subscribe();
        let mut after = after.map(str::to_owned);
        loop {
            let page = self.feed(after.as_deref(), limit).await?;
            if !page.events.is_empty() || page.gap || Instant::now() >= give_up {
                return Ok(page);
            }
            // Events that cannot be read are looked at once.
            after = page.next_cursor;
            if page.more {
                continue;
            }
            let look_again = Instant::now() + LOOK_AGAIN;
            // Time up, or news: either way the next look decides.
            let _ = tokio::time::timeout_at(give_up.min(look_again), hearing.more()).await;
        }
    }

    /// The cursor behind which everything comes that is yet to happen.
    pub async fn feed_end(&self) -> Result<String, StoreError> {
        if let Some(newest) = self.queue.newest_event().await? {
            return Ok(newest);
        }
        // Nothing is kept: a place that is older than the next event, and newer than those that are gone.
        let now_ms = self.queue.now_ms().await?;
        Ok(format!("{}-0", now_ms.saturating_sub(1)))
    }

    /// An event with what its result's row or its check's job says.
    async fn tell(&self, event: Event) -> Result<FeedEvent, StoreError> {
        let of = match event.subject {
            EventOf::Result {
                result_id,
                state,
                code,
                reference,
            } => {
                let row = self.accepted_row(&result_id).await?;
                FeedSubject::Result(ResultEvent::new(result_id, row, state, code, reference))
            }
            EventOf::Check {
                id,
                state,
                code,
                answer,
            } => FeedSubject::Check(self.tell_check(id, &state, &code, answer.as_deref()).await?),
        };
        Ok(FeedEvent {
            cursor: event.cursor,
            at: public_time::from_ms(event.at_ms),
            of,
        })
    }

    async fn tell_check(
        &self,
        id: JobId,
        state: &str,
        code: &str,
        answer: Option<&[u8]>,
    ) -> Result<CheckEvent, StoreError> {
        if let Some(Ok(answer)) = answer.map(serde_json::from_slice) {
            return Ok(CheckEvent::answered(id, answer));
        }
        let job = known(self.queue.job(id).await)?;
        let exam_id = job.and_then(|job| job.about);
        Ok(CheckEvent::unanswered(id, exam_id, state, code))
    }

    /// What was accepted under an id, as far as it is still kept and can be read.
    async fn accepted_row(&self, result_id: &str) -> Result<Option<AcceptedRow>, StoreError> {
        let Ok(name) = Name::new(result_id) else {
            return Ok(None);
        };
        let row = known(self.queue.ledger_row(&name).await)?;
        Ok(row.and_then(|row| serde_json::from_str(&row.row).ok()))
    }
}

/// What cannot be read is not known: one spoilt record must not hold up the events behind it.
fn known<T>(looked: Result<Option<T>, QueueError>) -> Result<Option<T>, QueueError> {
    looked.or_else(|error| match error {
        QueueError::Unreadable(_) => Ok(None),
        QueueError::Unreachable(_)
        | QueueError::TimedOut
        | QueueError::Full
        | QueueError::ReadOnly(_)
        | QueueError::Loading
        | QueueError::Busy(_)
        | QueueError::Refused(_)
        | QueueError::BadUrl { .. }
        | QueueError::Other(_) => Err(error),
    })
}
