//! What was sent, and how it went: the oracle of tests of a receiver.

use std::collections::VecDeque;

use axum::body::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::clock::Moment;
use crate::webhook::delivery::{Delivery, Tried};
use crate::webhook::message::Message;

/// The most deliveries that are kept; the oldest go first, [`WebhookCounts`] keeps counting.
const MAX_LOGGED: usize = 100_000;

/// One copy of a message, and how its delivery went.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WebhookSent {
    /// The position in the log, from 1.
    pub seq: u64,
    /// The message's id; all its copies and all its items have the same.
    pub message_id: String,
    /// The name of its events.
    pub event: String,
    /// Which copy of the message it is, from 0.
    pub copy: u32,
    /// The payloads, one per event.
    pub items: Vec<Value>,
    /// When the message was made, in milliseconds since 1970.
    pub made_at_ms: i64,
    /// What became of it.
    pub state: WebhookState,
    /// How often it was tried.
    pub tries: u32,
    /// The HTTP status of the last answer.
    pub last_status: Option<u16>,
    /// Why the last try had no answer, or why there is no further one.
    pub last_error: Option<String>,
    /// When the last try ended, in milliseconds since 1970.
    pub last_try_at_ms: Option<i64>,
}

/// What became of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WebhookState {
    /// It is held, delayed, under way or waits for its next try.
    Waiting,
    /// It was answered with 2xx or 3xx.
    Delivered,
    /// Its tries are used up, or the target was removed.
    GivenUp,
}

/// Totals since the start; they go on when the log has reached its limit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookCounts {
    /// Events that were ticked and taken up.
    pub events: u64,
    /// Messages that were made of them.
    pub messages: u64,
    /// Copies of messages, each with an entry in the log.
    pub deliveries: u64,
    /// Tries, the first ones and the repeated ones.
    pub tries: u64,
    /// Deliveries answered with 2xx or 3xx.
    pub delivered: u64,
    /// Deliveries whose tries were used up, or whose target was removed.
    pub given_up: u64,
    /// Events that were lost because too much was waiting already, or because the target was removed.
    pub dropped: u64,
    /// Events and deliveries that wait at this moment.
    pub waiting: u64,
}

struct Entry {
    seq: u64,
    message: Message,
    copy: u32,
    made_at: Moment,
    state: WebhookState,
    tries: u32,
    last_status: Option<u16>,
    last_error: Option<String>,
    last_try_at: Option<Moment>,
}

/// The deliveries of one tenant, oldest first.
#[derive(Default)]
pub(super) struct Log {
    entries: VecDeque<Entry>,
    pub(super) counts: WebhookCounts,
}

impl Log {
    /// Adds one copy of a message.
    pub(super) fn add(&mut self, message: Message, copy: u32, now: Moment) -> Delivery {
        self.counts.deliveries += 1;
        let seq = self.counts.deliveries;
        if self.entries.len() >= MAX_LOGGED {
            self.entries.pop_front();
        }
        let body = message.body.clone();
        self.entries.push_back(Entry {
            seq,
            message,
            copy,
            made_at: now,
            state: WebhookState::Waiting,
            tries: 0,
            last_status: None,
            last_error: None,
            last_try_at: None,
        });
        Delivery { seq, body, tries: 0 }
    }

    /// Notes how a try went.
    pub(super) fn tried(&mut self, delivery: &Delivery, tried: &Tried, now: Moment) {
        self.counts.tries += 1;
        if let Some(entry) = self.entry(delivery.seq) {
            entry.tries = delivery.tries;
            entry.last_try_at = Some(now);
            (entry.last_status, entry.last_error) = match tried {
                Tried::Answered(status) => (Some(*status), None),
                Tried::Unanswered(reason) => (None, Some(reason.clone())),
            };
        }
    }

    /// Notes that a delivery is over.
    pub(super) fn delivered(&mut self, delivery: &Delivery) {
        self.counts.delivered += 1;
        if let Some(entry) = self.entry(delivery.seq) {
            entry.state = WebhookState::Delivered;
        }
    }

    /// Notes that there will be no further try, and why, unless the last try's failure says it already.
    pub(super) fn gave_up(&mut self, delivery: &Delivery, reason: Option<&str>) {
        self.counts.given_up += 1;
        if let Some(entry) = self.entry(delivery.seq) {
            entry.state = WebhookState::GivenUp;
            if let Some(reason) = reason {
                entry.last_error = Some(reason.to_owned());
            }
        }
    }

    /// Finds a message by its id, with the number of its copies so far.
    pub(super) fn message(&self, id: &str) -> Option<(Message, u32)> {
        let newest = self.entries.iter().rev().find(|entry| entry.message.id == id)?;
        Some((newest.message.clone(), newest.copy.saturating_add(1)))
    }

    /// Lists the deliveries, oldest first.
    pub(super) fn list(&self) -> Vec<WebhookSent> {
        self.entries.iter().map(Entry::shown).collect()
    }

    fn entry(&mut self, seq: u64) -> Option<&mut Entry> {
        let first = self.entries.front()?.seq;
        let index = usize::try_from(seq.checked_sub(first)?).ok()?;
        self.entries.get_mut(index)
    }
}

impl Entry {
    fn shown(&self) -> WebhookSent {
        let body: &Bytes = &self.message.body;
        WebhookSent {
            seq: self.seq,
            message_id: self.message.id.clone(),
            event: self.message.event.clone(),
            copy: self.copy,
            items: Message::items(body),
            made_at_ms: self.made_at.0,
            state: self.state,
            tries: self.tries,
            last_status: self.last_status,
            last_error: self.last_error.clone(),
            last_try_at_ms: self.last_try_at.map(|moment| moment.0),
        }
    }
}
