//! One event of Docebo's as everyone sees it.

use jiff::Timestamp;
use passback_queue::{JobId, Reaction, SealedEvent, State};
use passback_registry::Vault;
use serde::Serialize;
use serde_json::Value;

use crate::mask::masked;
use crate::public_time;
use crate::webhook_intake::{Envelope, Letter, event_context};

/// An event that Docebo has told by a webhook.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DoceboEventView {
    /// Its place among all events: read on from here.
    pub id: String,
    /// The connector that it came to.
    pub connector: String,
    /// Its name, as Docebo sent it.
    pub event: String,
    /// Whether Docebo's documentation knows the name.
    pub known: bool,
    /// Docebo's id of the message.
    pub message_id: String,
    /// Its place in the message, from 0.
    pub item: usize,
    /// How many items the message has.
    pub items: usize,
    /// When it happened, by Docebo's clock.
    #[serde(serialize_with = "public_time::option::serialize")]
    pub fired_at: Option<Timestamp>,
    /// When it was received.
    #[serde(serialize_with = "public_time::serialize")]
    pub received_at: Timestamp,
    /// Whether an action on many things at once caused it.
    pub fired_by_batch_action: Option<bool>,
    /// The background job at Docebo that caused it.
    pub fired_by_background_job_hash: Option<String>,
    /// The number of the webhook in Docebo's settings.
    pub webhook_id: Option<u64>,
    /// The platform's domain, as Docebo knows it.
    pub original_domain: Option<String>,
    /// What passback does about it, or did.
    pub reaction: ReactionView,
    /// What it tells; without people unless they were asked for, and null where it cannot be opened.
    pub payload: Value,
}

/// What passback does about an event.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReactionView {
    /// How far that is.
    pub state: ReactionState,
    /// What it came to, in a word.
    pub outcome: Option<String>,
    /// The job that looks after it.
    pub job_id: Option<JobId>,
    /// The result that it is about.
    pub result_id: Option<String>,
    /// When it came to that.
    #[serde(serialize_with = "public_time::option::serialize")]
    pub at: Option<Timestamp>,
    /// More about it.
    pub detail: Option<String>,
}

/// How far the reaction to an event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ReactionState {
    /// There is nothing to do about it.
    None,
    /// Its job waits or runs.
    Queued,
    /// Its job has ended.
    Done,
    /// Its job is a dead letter.
    Dead,
}

impl ReactionView {
    /// What is known of the reaction: what was noted, and else where the job is.
    pub(crate) fn of(event: &SealedEvent, reaction: Option<Reaction>, job: Option<State>) -> Self {
        let job_id = reaction.as_ref().map(|reaction| reaction.job);
        let job_id = job_id.or_else(|| event.has_job.then_some(event.id));
        let noted = reaction.filter(|reaction| reaction.outcome.is_some());
        let (state, detail) = match (&noted, job_id, job) {
            (Some(reaction), _, _) => (ReactionState::Done, reaction.detail.clone()),
            (None, None, _) => (ReactionState::None, None),
            (None, Some(_), Some(State::Dead)) => (ReactionState::Dead, None),
            (None, Some(_), Some(State::Ready | State::Scheduled | State::Running | State::Parked)) => {
                (ReactionState::Queued, None)
            }
            (None, Some(_), Some(State::Done | State::Superseded | State::Expired | State::Discarded) | None) => (
                ReactionState::Done,
                Some("its job was ended before it came to anything".to_owned()),
            ),
        };
        Self {
            state,
            outcome: noted.as_ref().and_then(|reaction| reaction.outcome.clone()),
            job_id,
            result_id: noted.as_ref().and_then(|reaction| reaction.result_id.clone()),
            at: noted.and_then(|reaction| reaction.at_ms).map(public_time::from_ms),
            detail,
        }
    }
}

impl DoceboEventView {
    /// The public form of an event; what cannot be opened is shown as far as it can.
    pub(crate) fn of(event: SealedEvent, reaction: ReactionView, reveal: bool, vault: &Vault) -> Self {
        let payload = opened(&event, vault).map(|letter| letter.payload);
        let payload = payload.map_or(Value::Null, |payload| {
            if reveal {
                payload
            } else {
                masked(&event.event, &payload)
            }
        });
        let envelope = envelope(&event.known);
        Self {
            id: event.place.to_string(),
            connector: event.connector,
            known: passback_docebo::webhook::title(&event.event).is_some(),
            event: event.event,
            message_id: envelope.message_id,
            item: envelope.item,
            items: envelope.items,
            fired_at: envelope.fired_at,
            received_at: public_time::from_ms(event.received_ms),
            fired_by_batch_action: envelope.fired_by_batch_action,
            fired_by_background_job_hash: envelope.fired_by_background_job_hash,
            webhook_id: envelope.webhook_id,
            original_domain: envelope.original_domain,
            reaction,
            payload,
        }
    }
}

/// What was sealed of an event; none where the key is missing or it is of another version.
pub(crate) fn opened(event: &SealedEvent, vault: &Vault) -> Option<Letter> {
    let sealed = std::str::from_utf8(&event.payload).ok()?;
    let plain = vault.open(&event_context(event.id), sealed).ok()?;
    serde_json::from_slice(&plain).ok()
}

/// What was kept of an event in the open.
pub(crate) fn envelope(known: &str) -> Envelope {
    serde_json::from_str(known).unwrap_or_else(|_| Envelope {
        message_id: String::new(),
        item: 0,
        items: 0,
        fired_at: None,
        webhook_id: None,
        original_domain: None,
        platform: None,
        fired_by_batch_action: None,
        fired_by_background_job_hash: None,
    })
}
