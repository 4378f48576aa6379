//! Results that were accepted and are not at their end: what is left to be done, oldest first.

use std::time::Duration;

use futures::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use passback_queue::JobId;
use serde::Serialize;

use crate::{Actor, Outcome, Producer, ResultState, ResultView, StoreError, public_time};

/// Results that are looked at side by side.
const LOOKS: usize = 16;

/// A result that is not at its end, in a line.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OpenResult {
    /// The idempotency key.
    pub result_id: String,
    /// The exam.
    pub exam_id: String,
    /// The connector it goes to.
    pub connector: String,
    /// How the exam ended.
    pub outcome: Outcome,
    /// Where it stands.
    pub state: ResultState,
    /// Why it stands there, where there is something to say.
    pub code: Option<String>,
    /// The reason in a few words.
    pub title: Option<&'static str>,
    /// Who can put it right.
    pub who_acts: Option<Actor>,
    /// Since when it is open: accepted, or opened again by what was found later.
    #[serde(serialize_with = "public_time::serialize")]
    pub since: Timestamp,
    /// When it is tried or looked at again.
    #[serde(serialize_with = "public_time::option::serialize")]
    pub next_at: Option<Timestamp>,
    /// The job that carries it.
    pub job_id: JobId,
    /// Attempts used up.
    pub attempts: u32,
}

/// A page of open results.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenResultsPage {
    /// The results, oldest first.
    pub results: Vec<OpenResult>,
    /// Where to go on; none at the end.
    pub next: Option<String>,
}

/// Results that are open for longer than they should be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Overdue {
    /// How many.
    pub count: u64,
    /// How long the oldest has been open, in seconds; 0 if there is none.
    pub oldest_age_s: u64,
}

impl OpenResult {
    fn of(view: ResultView, since_ms: u64) -> Self {
        Self {
            since: public_time::from_ms(since_ms),
            result_id: view.result_id,
            exam_id: view.exam_id,
            connector: view.connector,
            outcome: view.outcome,
            state: view.state,
            code: view.code,
            title: view.title,
            who_acts: view.who_acts,
            next_at: view.next_at,
            job_id: view.job_id,
            attempts: view.attempts,
        }
    }
}

impl Producer {
    /// Results that are open for at least so long, oldest first. A page may hold fewer than `limit`: what comes to its
    /// end in between is left out.
    pub async fn open_results(
        &self,
        older_than: Duration,
        after: Option<&str>,
        limit: usize,
    ) -> Result<OpenResultsPage, StoreError> {
        let before_ms = accepted_before(self.queue.now_ms().await?, older_than);
        let page = self.queue.open_results(before_ms, after, limit).await?;
        let looks = page
            .results
            .into_iter()
            .map(|(id, since_ms)| self.open_result(id, since_ms));
        let results: Vec<Option<OpenResult>> = stream::iter(looks).buffered(LOOKS).try_collect().await?;
        Ok(OpenResultsPage {
            results: results.into_iter().flatten().collect(),
            next: page.next,
        })
    }

    /// A result as it stands now, unless it has come to its end.
    async fn open_result(&self, id: String, since_ms: u64) -> Result<Option<OpenResult>, StoreError> {
        let view = self.result(&id).await?;
        let open = view.filter(|view| !view.state.is_final());
        Ok(open.map(|view| OpenResult::of(view, since_ms)))
    }

    /// How many results are open for longer than they should be, and since when the oldest is.
    pub async fn overdue_results(&self, after: Duration) -> Result<Overdue, StoreError> {
        let now_ms = self.queue.now_ms().await?;
        let before_ms = accepted_before(now_ms, after);
        let count = self.queue.count_open_results(before_ms).await?;
        if count == 0 {
            return Ok(Overdue::default());
        }
        let oldest = self.queue.open_results(before_ms, None, 1).await?;
        let since_ms = oldest.results.first().map_or(now_ms, |(_, since_ms)| *since_ms);
        Ok(Overdue {
            count,
            oldest_age_s: now_ms.saturating_sub(since_ms) / 1000,
        })
    }
}

/// The time before which what is so old was accepted; what is exactly so old is old enough.
fn accepted_before(now_ms: u64, age: Duration) -> u64 {
    let age_ms = u64::try_from(age.as_millis()).unwrap_or(u64::MAX);
    now_ms.saturating_sub(age_ms).saturating_add(1)
}
