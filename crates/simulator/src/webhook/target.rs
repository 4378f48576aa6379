//! Where webhooks go, and how they get there.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::webhook::event::WebhookEvent;

/// Where a tenant's webhooks go, and in which state they arrive.
///
/// The defaults are a well-behaved Docebo: each event once, at once, in order, and tried again on failure.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch that a world file names; they are independent of each other"
)]
pub struct WebhookTarget {
    /// The address that is posted to, `http` or `https`.
    pub url: String,
    /// The user name of HTTP Basic; without user name and password, there is no such header.
    pub username: String,
    /// The password of HTTP Basic.
    pub password: String,
    /// One more header of each request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<WebhookHeader>,
    /// The events that are ticked; none means all.
    pub events: Vec<WebhookEvent>,
    /// The id of the webhook, as it stands in each message.
    pub webhook_id: u64,
    /// The domain that stands in each message; empty takes the tenant's name under `docebosaas.com`.
    pub original_domain: String,
    /// Whether `webhook_id` and `original_domain` are left out.
    pub omit_origin: bool,
    /// Whether payloads carry `extra_data`.
    pub extra_data: bool,
    /// Whether the ids in payloads are texts.
    pub ids_as_strings: bool,
    /// Whether a write through the API that changes nothing fires all the same; Docebo's documents leave it open.
    pub echo_unchanged: bool,
    /// How many more times each message is sent.
    pub duplicates: u32,
    /// How long each delivery waits first: a number of milliseconds, or from and to.
    pub delay_ms: DelayMs,
    /// How many deliveries are held to be let go in random order; 0 and 1 keep the order.
    pub shuffle: usize,
    /// How many events of one name a message holds at most; 0 and 1 do not group.
    pub group: usize,
    /// How long an incomplete group or hold waits for more.
    pub hold_ms: u64,
    /// How many deliveries are under way at a time.
    pub parallel: usize,
    /// How long to wait for an answer.
    pub timeout_ms: u64,
    /// How many more times a delivery is tried.
    pub retries: u32,
    /// How long the first retry waits; each further one waits twice as long.
    pub retry_first_ms: u64,
    /// The longest wait between two tries.
    pub retry_max_ms: u64,
    /// What order and delays are drawn from.
    pub seed: u64,
}

/// One more header of each webhook request.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookHeader {
    /// The header's name.
    pub name: String,
    /// The header's value.
    pub value: String,
}

/// How long something waits, in milliseconds: always the same, or drawn from a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, expecting = "expected a number of milliseconds, or [from, to]")]
pub enum DelayMs {
    /// Always so long.
    Fixed(u64),
    /// From the first to the second, both included.
    Between([u64; 2]),
}

impl WebhookTarget {
    /// Sends to this address with these credentials, as a well-behaved Docebo does.
    pub fn new(url: &str, username: &str, password: &str) -> Self {
        Self {
            url: url.to_owned(),
            username: username.to_owned(),
            password: password.to_owned(),
            ..Self::default()
        }
    }

    /// Says whether an event is ticked.
    pub(crate) fn ticks(&self, event: WebhookEvent) -> bool {
        self.events.is_empty() || self.events.contains(&event)
    }
}

impl Default for WebhookTarget {
    fn default() -> Self {
        Self {
            url: String::new(),
            username: String::new(),
            password: String::new(),
            header: None,
            events: Vec::new(),
            webhook_id: 11,
            original_domain: String::new(),
            omit_origin: false,
            extra_data: false,
            ids_as_strings: false,
            echo_unchanged: true,
            duplicates: 0,
            delay_ms: DelayMs::Fixed(0),
            shuffle: 0,
            group: 0,
            hold_ms: 250,
            parallel: 1,
            timeout_ms: 5_000,
            retries: 5,
            retry_first_ms: 500,
            retry_max_ms: 60_000,
            seed: 1,
        }
    }
}

impl DelayMs {
    /// Returns the shortest and the longest delay.
    pub(crate) fn bounds(self) -> (u64, u64) {
        match self {
            Self::Fixed(delay_ms) => (delay_ms, delay_ms),
            Self::Between([from_ms, to_ms]) => (from_ms, to_ms),
        }
    }

    /// Draws a delay.
    pub(crate) fn draw(self, rng: &mut fastrand::Rng) -> u64 {
        match self {
            Self::Fixed(delay_ms) => delay_ms,
            Self::Between([from_ms, to_ms]) => rng.u64(from_ms..=to_ms.max(from_ms)),
        }
    }
}

/// Leaves out the credentials.
impl fmt::Debug for WebhookTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookTarget")
            .field("events", &self.events)
            .field("duplicates", &self.duplicates)
            .field("delay_ms", &self.delay_ms)
            .field("shuffle", &self.shuffle)
            .field("group", &self.group)
            .field("retries", &self.retries)
            .finish_non_exhaustive()
    }
}

/// Leaves out the value.
impl fmt::Debug for WebhookHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookHeader")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
