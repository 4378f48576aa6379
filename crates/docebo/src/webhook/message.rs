//! One POST of Docebo's: the envelope around events of one name.

use std::fmt;

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::kind::{Flag, Id, Text};
use super::payloads;
use super::slots::Slots;

/// More items than Docebo puts into one message by far: it says 25, and that this may change.
pub const MAX_ITEMS_PER_MESSAGE: usize = 10_000;

/// The mark that some editors and platforms put before UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Why a body is no webhook message; never tells anything of the body.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WebhookError {
    /// The body is not JSON.
    #[error(
        "the body is not JSON: it is cut off, not UTF-8, nested more than 127 deep, or holds a number beyond 1e308"
    )]
    NotJson,
    /// The body is JSON, but no object.
    #[error("the body is not a JSON object with `event` and `payload` or `payloads`")]
    NotAnObject,
    /// There is no name of an event.
    #[error("`event` is missing: it must be the event's name, such as `course.enrollment.completed`")]
    EventMissing,
    /// There are more items than anybody sends.
    #[error("`payloads` has {items} items, and at most {limit} are taken: send them in several messages")]
    TooManyItems {
        /// How many there are.
        items: usize,
        /// How many are taken.
        limit: usize,
    },
}

/// One POST: an event's name, and one or several events of it.
#[derive(Clone, PartialEq)]
pub struct WebhookMessage {
    /// Docebo's id of the message. Where none is sent, `sha256:` and the body's hash, so that a repeat is still known.
    pub message_id: String,
    /// The event's name, as sent.
    pub event: String,
    /// The number of the webhook in Docebo's settings.
    pub webhook_id: Option<u64>,
    /// The platform's domain, as Docebo knows it.
    pub original_domain: Option<String>,
    /// Whether an action on many things at once caused it.
    pub fired_by_batch_action: Option<bool>,
    /// The background job that caused it.
    pub fired_by_background_job_hash: Option<String>,
    /// Whether the events came in `payloads`.
    pub grouped: bool,
    /// One payload for each event, in a stable order: those of `payloads`, then `payload` unless it is one of them,
    /// or a list and the same one.
    /// A message without any has one empty object.
    pub items: Vec<Value>,
    /// Keys of the envelope that this version does not know, or whose values do not fit.
    pub other: Map<String, Value>,
}

impl WebhookMessage {
    /// Reads the body of one POST.
    ///
    /// It also reads the wrapper of automation tools, `{"context": …, "event": {"body": {…}}}`, the body as an object
    /// or as JSON in a text.
    pub fn parse(body: &[u8]) -> Result<Self, WebhookError> {
        let json = body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body);
        let mut envelope = unwrapped(object(json)?)?;
        let event = match envelope.remove("event") {
            Some(Value::String(name)) if !name.trim().is_empty() => name,
            Some(_) | None => return Err(WebhookError::EventMissing),
        };
        let taken = payloads::take(&mut envelope)?;
        let mut slots = Slots::of(envelope);
        Ok(Self {
            message_id: slots
                .take::<Text>("message_id")
                .unwrap_or_else(|| format!("sha256:{}", hex::encode(Sha256::digest(body)))),
            event,
            webhook_id: slots.take::<Id>("webhook_id"),
            original_domain: slots.take::<Text>("original_domain"),
            fired_by_batch_action: slots.take::<Flag>("fired_by_batch_action"),
            fired_by_background_job_hash: slots.take::<Text>("fired_by_background_job_hash"),
            grouped: taken.grouped,
            items: taken.items,
            other: slots.other,
        })
    }
}

impl fmt::Debug for WebhookMessage {
    /// Shows the envelope; items and unknown keys, which may name a person, only by their number.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookMessage")
            .field("message_id", &self.message_id)
            .field("event", &self.event)
            .field("webhook_id", &self.webhook_id)
            .field("original_domain", &self.original_domain)
            .field("fired_by_batch_action", &self.fired_by_batch_action)
            .field("fired_by_background_job_hash", &self.fired_by_background_job_hash)
            .field("grouped", &self.grouped)
            .field("items", &self.items.len())
            .field("other", &self.other.len())
            .finish()
    }
}

fn object(json: &[u8]) -> Result<Map<String, Value>, WebhookError> {
    match serde_json::from_slice(json) {
        Ok(Value::Object(envelope)) => Ok(envelope),
        Ok(_) => Err(WebhookError::NotAnObject),
        Err(_) => Err(WebhookError::NotJson),
    }
}

/// The envelope inside the wrapper of automation tools; what the wrapper has beside it stays with it.
fn unwrapped(mut envelope: Map<String, Value>) -> Result<Map<String, Value>, WebhookError> {
    let wrapped = envelope.get("event").and_then(Value::as_object);
    let Some(body) = wrapped.and_then(|wrapped| wrapped.get("body")) else {
        return Ok(envelope);
    };
    let inner = match body {
        Value::Object(inner) => inner.clone(),
        Value::String(json) => object(json.as_bytes())?,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => return Err(WebhookError::EventMissing),
    };
    envelope.remove("event");
    // The inner envelope is Docebo's own, so its keys win.
    envelope.extend(inner);
    Ok(envelope)
}
