//! A walk over all dead letters that a filter matches: look by look, oldest first, no further than a bound.

use passback_queue::{JobRecord, Queue, QueueError};
use passback_registry::TokenId;

use crate::{auth::Identity, dead_letters_filter::ReadyFilter, places::Place, problem::Problem, state::App};

/// A walk that is under way.
pub(crate) struct Walk {
    queue: Queue,
    filter: ReadyFilter,
    dead_by_ms: u64,
    after: Option<String>,
    may_look_at: usize,
    at_end: bool,
}

impl Walk {
    /// Begins a walk that looks at so many dead letters at most. What dies from now on is none of its business.
    pub(crate) async fn begin(queue: &Queue, filter: ReadyFilter, most: usize) -> Result<Self, QueueError> {
        let older_than_ms = u64::try_from(filter.older_than.as_millis()).unwrap_or(u64::MAX);
        let dead_by_ms = queue.now_ms().await?.saturating_sub(older_than_ms);
        Ok(Self {
            queue: queue.clone(),
            filter,
            dead_by_ms,
            after: None,
            may_look_at: most,
            at_end: false,
        })
    }

    /// The same from behind a place on.
    pub(crate) fn behind(self, place: Option<&str>) -> Self {
        Self {
            after: place.map(str::to_owned),
            ..self
        }
    }

    /// What the next look finds, which may be nothing; none when there is no next look.
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<JobRecord>>, QueueError> {
        if self.at_end || self.may_look_at == 0 {
            return Ok(None);
        }
        let after = self.after.as_deref();
        let page = self
            .queue
            .dead_letters(&self.filter.jobs, self.dead_by_ms, after)
            .await?;
        self.may_look_at = self.may_look_at.saturating_sub(page.looked_at);
        self.at_end = page.next.is_none();
        self.after = page.next;
        Ok(Some(page.jobs))
    }

    /// Whether all dead letters were looked at.
    pub(crate) fn is_whole(&self) -> bool {
        self.at_end
    }
}

/// One of the few walks that are made at once, each of which may ask much of Redis.
pub(crate) fn permit(app: &App, identity: &Identity) -> Result<Place<TokenId>, Problem> {
    app.walks.take(&identity.id, "walks through all dead letters")
}
