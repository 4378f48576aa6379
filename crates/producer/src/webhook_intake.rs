//! What Docebo tells by webhooks comes in: every event is kept, and those that matter become jobs, both or neither.

use jiff::Timestamp;
use passback_docebo::webhook::{Event, WebhookMessage};
use passback_queue::{JobId, NewItem, NewJob, NewMessage, WEBHOOK_ITEMS_PER_CALL};
use passback_registry::{ConnectorId, Vault};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{Job, Producer, StoreError, WebhookJob, name::name, platform::told_by};

/// What is kept of a text that anybody may send, in characters.
const MAX_TEXT_CHARS: usize = 200;
/// The most that is kept of what a message says beside, in bytes of JSON.
const MAX_OTHER_BYTES: usize = 16 * 1024;

/// What became of a webhook message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct WebhookReceipt {
    /// Events that are kept now.
    pub stored: usize,
    /// Events that were received before.
    pub duplicates: usize,
}

/// What is kept of an event in the open.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Envelope {
    pub(crate) message_id: String,
    pub(crate) item: usize,
    pub(crate) items: usize,
    #[serde(default)]
    pub(crate) fired_at: Option<Timestamp>,
    #[serde(default)]
    pub(crate) webhook_id: Option<u64>,
    #[serde(default)]
    pub(crate) original_domain: Option<String>,
    /// The platform that it comes from, as far as is known.
    #[serde(default)]
    pub(crate) platform: Option<String>,
    #[serde(default)]
    pub(crate) fired_by_batch_action: Option<bool>,
    #[serde(default)]
    pub(crate) fired_by_background_job_hash: Option<String>,
}

/// What is kept of an event sealed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Letter {
    pub(crate) payload: Value,
    /// What the message says beside, which nobody knows the meaning of: kept with its first item only.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub(crate) other: Map<String, Value>,
    /// Whether that was too much to be kept.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) other_dropped: bool,
}

impl Letter {
    fn of(payload: Value, message: &WebhookMessage, index: usize) -> Self {
        let mut letter = Self {
            payload,
            other: Map::new(),
            other_dropped: false,
        };
        if index == 0 {
            // JSON values always serialise.
            let bytes = serde_json::to_vec(&message.other).unwrap_or_default().len();
            letter.other_dropped = bytes > MAX_OTHER_BYTES;
            if !letter.other_dropped {
                letter.other.clone_from(&message.other);
            }
        }
        letter
    }
}

impl Producer {
    /// Stores what a webhook message tells, with the jobs that follow from it. A message that comes again is known for
    /// two weeks, and each of its items is stored once.
    ///
    /// After an error some items may be stored; repeating the call is safe, and so is Docebo's own repetition.
    pub async fn receive_webhook(
        &self,
        connector: &ConnectorId,
        message: &WebhookMessage,
    ) -> Result<WebhookReceipt, StoreError> {
        let vault = self.vault();
        let items = message.items.len();
        let registered = self.registry.connector_cached(connector).await?;
        let platform = registered.map(|connector| {
            let domain = connector.domain.to_string();
            told_by(&domain, message.original_domain.as_deref())
        });
        let mut new = NewMessage {
            connector: name(connector.as_str()),
            // Any text may be an id, and its hash is one for this connector alone.
            hash: name(&vault.keyed_hash(&format!("webhook/{connector}/{}", message.message_id))),
            key_id: vault.current_key_id().to_owned(),
            items: Vec::new(),
        };
        let mut stored = 0;
        // Sealed as they are stored: a message may be large, and its sealed items are larger.
        for first in (0..items).step_by(WEBHOOK_ITEMS_PER_CALL) {
            let chunk = first..items.min(first + WEBHOOK_ITEMS_PER_CALL);
            let item = |index| new_item(connector, platform.as_deref(), message, index, vault);
            new.items = chunk.map(item).collect();
            stored += self.queue.receive(&new).await?.into_iter().flatten().count();
        }
        Ok(WebhookReceipt {
            stored,
            duplicates: items.saturating_sub(stored),
        })
    }
}

fn new_item(
    connector: &ConnectorId,
    platform: Option<&str>,
    message: &WebhookMessage,
    index: usize,
    vault: &Vault,
) -> NewItem {
    let id = JobId::generate();
    let payload = message.items.get(index).cloned().unwrap_or_default();
    let event = short(&message.event);
    let envelope = Envelope {
        message_id: short(&message.message_id),
        item: index,
        items: message.items.len(),
        fired_at: Event::read(&event, &payload).fired_at(),
        webhook_id: message.webhook_id,
        original_domain: message.original_domain.as_deref().map(short),
        platform: platform.map(str::to_owned),
        fired_by_batch_action: message.fired_by_batch_action,
        fired_by_background_job_hash: message.fired_by_background_job_hash.as_deref().map(short),
    };
    let job = WebhookJob::of(&event, &payload, vault).map(|job| {
        let platform = envelope.platform.clone();
        new_job(id, connector, WebhookJob { platform, ..job }, vault)
    });
    let letter = Letter::of(payload, message, index);
    // JSON values always serialise.
    let (known, plain) = (
        serde_json::to_string(&envelope).unwrap_or_default(),
        serde_json::to_vec(&letter).unwrap_or_default(),
    );
    NewItem {
        id,
        index,
        event,
        known,
        payload: vault.seal(&event_context(id), &plain).into_bytes(),
        job,
    }
}

/// The job that looks after an event.
pub(crate) fn new_job(id: JobId, connector: &ConnectorId, job: WebhookJob, vault: &Vault) -> NewJob {
    let key = job.key(connector);
    let job = Job::Webhook(Box::new(job));
    NewJob {
        id,
        lane: job.lane(),
        connector: name(connector.as_str()),
        key: Some(key),
        kind: name(job.kind()),
        delay_ms: 0,
        ttl_ms: None,
        about: None,
        trace: None,
        payload: job.seal(id, vault),
    }
}

/// The place that an event's payload is sealed for.
pub(crate) fn event_context(id: JobId) -> String {
    format!("docebo-event/{id}")
}

fn short(text: &str) -> String {
    text.chars().take(MAX_TEXT_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_a_message_says_beside_is_kept_once_and_only_where_it_is_small() {
        let message = |text: &str| {
            let body = json!({"message_id": "wh-1", "event": "bj.created", "beside": text, "payloads": [{}, {}]});
            WebhookMessage::parse(body.to_string().as_bytes()).unwrap()
        };
        let of = |text: &str, index| Letter::of(Value::Null, &message(text), index);
        assert_eq!(of("a word", 0).other["beside"], "a word");
        assert!(!of("a word", 0).other_dropped);
        assert!(of("a word", 1).other.is_empty());
        let large = "x".repeat(MAX_OTHER_BYTES);
        assert!(of(&large, 0).other.is_empty() && of(&large, 0).other_dropped);
        assert!(!of(&large, 1).other_dropped, "said once is enough");
    }
}
