//! Docebo's events, kept for a month by default: read by place, waited for, and reacted to once more.

use std::collections::HashMap;
use std::time::Duration;

use passback_queue::{DoceboFilter, DoceboPlace, JobId, Replay, SealedEvent, State};
use passback_registry::{ConnectorId, NewAuditEntry};
use serde::Serialize;
use tokio::time::Instant;

use crate::docebo_event_view::{DoceboEventView, ReactionView, envelope, opened};
use crate::webhook_intake::new_job;
use crate::{Producer, StoreError, WebhookJob};

/// A waiter looks for itself this often, in case news were lost.
const LOOK_AGAIN: Duration = Duration::from_secs(5);
/// Events that an entry of the audit trail names.
const MAX_NAMED: usize = 10;

/// Which events are wanted.
#[derive(Debug, Clone, Default)]
pub struct DoceboEventQuery {
    /// The place to read on from; none, or a text that is no place, for the beginning.
    pub after: Option<String>,
    /// The most events of a page.
    pub limit: usize,
    /// Exact names, or beginnings of names like `course.*`; none for all.
    pub events: Vec<String>,
    /// Only those of one connector.
    pub connector: Option<ConnectorId>,
    /// Whether people are shown.
    pub reveal: bool,
    /// From the newest to the oldest.
    pub newest_first: bool,
}

/// A page of events.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DoceboEventPage {
    /// The events, in the order that was asked for.
    pub events: Vec<DoceboEventView>,
    /// Where to read on; none where nothing was ever told and no place was given.
    pub next_cursor: Option<String>,
    /// Whether there may be more already.
    pub more: bool,
    /// Whether events behind the place are kept no more: some were lost to who asks.
    pub gap: bool,
}

/// What became of one replay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Replayed {
    /// The event.
    pub id: String,
    /// What became of it.
    #[serde(flatten)]
    pub status: ReplayStatus,
}

/// What became of a replay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum ReplayStatus {
    /// A new job will react to it.
    Queued {
        /// That job.
        job_id: JobId,
    },
    /// A job for it waits or runs already.
    AlreadyQueued {
        /// That job.
        job_id: JobId,
    },
    /// passback does nothing about such an event.
    NothingToDo,
    /// Its payload does not open: the key that sealed it is missing.
    Unreadable,
    /// There is no such event, or it is kept no more.
    NotFound,
}

impl Producer {
    /// Events behind a place.
    pub async fn docebo_events(&self, query: &DoceboEventQuery) -> Result<DoceboEventPage, StoreError> {
        let filter = DoceboFilter {
            events: query.events.clone(),
            connector: query.connector.as_ref().map(ToString::to_string),
            newest_first: query.newest_first,
        };
        let after = query.after.as_deref().and_then(|place| place.parse().ok());
        let page = self.queue.docebo_events(&filter, after, query.limit).await?;
        Ok(DoceboEventPage {
            events: self.told(page.events, query.reveal).await?,
            next_cursor: page.next.map(|place| place.to_string()).or_else(|| query.after.clone()),
            more: page.more,
            gap: page.gap,
        })
    }

    /// The same once there is an event, or when the time is up.
    pub async fn wait_for_docebo_events(
        &self,
        query: &DoceboEventQuery,
        at_most: Duration,
    ) -> Result<DoceboEventPage, StoreError> {
        let give_up = Instant::now() + at_most.min(Duration::from_hours(1));
        let mut hearing = self.docebo_news.subscribe();
        let mut query = query.clone();
        let mut gap = false;
        loop {
            let mut page = self.docebo_events(&query).await?;
            gap |= page.gap;
            if !page.events.is_empty() || gap || Instant::now() >= give_up {
                page.gap = gap;
                return Ok(page);
            }
            // What nobody asked for is looked at once.
            query.after = page.next_cursor;
            if page.more && query.limit > 0 {
                continue;
            }
            let look_again = Instant::now() + LOOK_AGAIN;
            // Time up, or news: either way the next look decides.
            let _ = tokio::time::timeout_at(give_up.min(look_again), hearing.more()).await;
        }
    }

    /// One event; none if there is no such event, or it is kept no more.
    pub async fn docebo_event(&self, id: &str) -> Result<Option<DoceboEventView>, StoreError> {
        let Some(event) = self.sealed_event(id).await? else {
            return Ok(None);
        };
        Ok(self.told(vec![event], false).await?.pop())
    }

    /// The same with the people in it: to be put on record by who asks.
    pub async fn docebo_event_revealed(&self, id: &str) -> Result<Option<DoceboEventView>, StoreError> {
        let Some(event) = self.sealed_event(id).await? else {
            return Ok(None);
        };
        Ok(self.told(vec![event], true).await?.pop())
    }

    /// The place behind which everything comes that is yet to be told.
    pub async fn docebo_events_end(&self) -> Result<String, StoreError> {
        if let Some(newest) = self.queue.newest_docebo_event().await? {
            return Ok(newest.to_string());
        }
        let now_ms = self.queue.now_ms().await?;
        Ok(DoceboPlace::first_of(now_ms.saturating_sub(1)).to_string())
    }

    /// Has events reacted to once more; says for each what became of it. Reactions are the same however often they come
    /// about, so that this is safe at any time.
    pub async fn replay_webhooks(
        &self,
        ids: &[String],
        actor: &str,
        reason: &str,
    ) -> Result<Vec<Replayed>, StoreError> {
        let named: Vec<&str> = ids.iter().take(MAX_NAMED).map(String::as_str).collect();
        let more = if ids.len() > MAX_NAMED { " and more" } else { "" };
        // On record before anything is done: whoever is cut off half-way has replayed all the same.
        let entry = NewAuditEntry {
            actor: actor.to_owned(),
            action: "webhook.replayed".to_owned(),
            target: format!("{} events", ids.len()),
            reason: Some(reason.to_owned()),
            detail: Some(format!("{}{more}", named.join(", "))),
        };
        self.registry.record_audit(&entry).await?;
        let mut replayed = Vec::with_capacity(ids.len());
        for id in ids {
            replayed.push(Replayed {
                id: id.clone(),
                status: self.replay(id).await?,
            });
        }
        Ok(replayed)
    }

    async fn replay(&self, id: &str) -> Result<ReplayStatus, StoreError> {
        let Some(event) = self.sealed_event(id).await? else {
            return Ok(ReplayStatus::NotFound);
        };
        let vault = self.vault();
        let (Some(letter), Ok(connector)) = (opened(&event, vault), event.connector.parse::<ConnectorId>()) else {
            return Ok(ReplayStatus::Unreadable);
        };
        let Some(job) = WebhookJob::of(&event.event, &letter.payload, vault) else {
            return Ok(ReplayStatus::NothingToDo);
        };
        let job = WebhookJob {
            received_ms: Some(event.received_ms),
            platform: envelope(&event.known).platform,
            ..job
        };
        let new = new_job(JobId::generate(), &connector, job, vault);
        Ok(match self.queue.replay(event.place, event.id, &new).await? {
            Replay::Queued(job_id) => ReplayStatus::Queued { job_id },
            Replay::Waiting(job_id) => ReplayStatus::AlreadyQueued { job_id },
        })
    }

    async fn sealed_event(&self, id: &str) -> Result<Option<SealedEvent>, StoreError> {
        let Ok(place) = id.parse() else { return Ok(None) };
        Ok(self.queue.docebo_event(place).await?)
    }

    /// Events with what was done about them.
    async fn told(&self, events: Vec<SealedEvent>, reveal: bool) -> Result<Vec<DoceboEventView>, StoreError> {
        let places: Vec<DoceboPlace> = events.iter().map(|event| event.place).collect();
        let reactions = self.queue.reactions(&places).await?;
        let unsettled = events
            .iter()
            .zip(&reactions)
            .filter_map(|(event, reaction)| match reaction {
                Some(reaction) if reaction.outcome.is_some() => None,
                Some(reaction) => Some(reaction.job),
                None => event.has_job.then_some(event.id),
            });
        let unsettled: Vec<JobId> = unsettled.collect();
        let jobs: HashMap<JobId, State> = self.queue.states(&unsettled).await?;
        let views = events.into_iter().zip(reactions).map(|(event, reaction)| {
            let job = reaction.as_ref().map_or(event.id, |reaction| reaction.job);
            let reaction = ReactionView::of(&event, reaction, jobs.get(&job).copied());
            DoceboEventView::of(event, reaction, reveal, self.vault())
        });
        Ok(views.collect())
    }
}
