//! The feed: what has become of results and checks, in the order in which it happened.

use std::collections::HashMap;

use futures::{Stream, StreamExt};

use crate::{JobId, Queue, QueueError, keys};

/// The most looks at events that this version cannot read before a page is given up as empty; the next begins behind them.
const MAX_LOOKS: usize = 25;
/// As far as clocks may be apart, a place lies no further ahead.
const CLOCKS_APART_MS: u64 = 60_000;

/// Something that has come to an end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its place in the feed.
    pub cursor: String,
    /// When it happened, milliseconds since 1970 by Redis' clock.
    pub at_ms: u64,
    /// What.
    pub subject: EventOf,
}

/// What an event is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventOf {
    /// A result's row has taken a state.
    Result {
        /// The result.
        result_id: String,
        /// The state.
        state: String,
        /// The catalogue code that explains it, or empty.
        code: String,
        /// What it refers to, such as the superseding result, or empty.
        reference: String,
    },
    /// A check has ended.
    Check {
        /// The check.
        id: JobId,
        /// How: `done`, `expired`, `discarded` or `dead`.
        state: String,
        /// The catalogue code that explains it, or empty.
        code: String,
        /// The answer it ended with.
        answer: Option<Vec<u8>>,
    },
}

/// A page of the feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventPage {
    /// The events, oldest first.
    pub events: Vec<Event>,
    /// Where to read on, also behind events that this version cannot read; none if there was nothing.
    pub next: Option<String>,
    /// Whether there is more behind it already.
    pub more: bool,
    /// Whether events after the cursor are kept no more: some were lost to who asks.
    pub gap: bool,
}

/// A place in a stream: milliseconds and a number within them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place(pub(crate) u64, pub(crate) u64);

/// One entry of the stream: its id and its fields.
type Entry = (String, HashMap<String, Vec<u8>>);

impl Place {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (ms, number) = text.split_once('-')?;
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(ms) || !digits(number) {
            return None;
        }
        Some(Self(ms.parse().ok()?, number.parse().ok()?))
    }

    /// The first place behind this one; none behind the last there can be.
    pub(crate) fn following(self) -> Option<Self> {
        let Self(ms, number) = self;
        match number.checked_add(1) {
            Some(next) => Some(Self(ms, next)),
            None => Some(Self(ms.checked_add(1)?, 0)),
        }
    }
}

/// Whether a text can be a place in the feed.
pub fn is_event_cursor(text: &str) -> bool {
    Place::parse(text).is_some()
}

impl Queue {
    /// Events behind a place, oldest first; without one, or with a text that is none, from the oldest that is kept.
    pub async fn events(&self, after: Option<&str>, limit: usize) -> Result<EventPage, QueueError> {
        let after = after.and_then(Place::parse);
        let mut page = EventPage {
            events: Vec::new(),
            next: None,
            more: false,
            gap: false,
        };
        let mut from = match after {
            Some(place) => place.following(),
            None => Some(Place(0, 0)),
        };
        for look in 0..MAX_LOOKS {
            let Some(Place(ms, number)) = from.filter(|_| limit > 0) else {
                break;
            };
            let (gone, mut entries): (Option<String>, Vec<Entry>) = redis::pipe()
                .atomic()
                .get(keys::key(keys::EVENTS_GONE))
                .cmd("XRANGE")
                .arg(keys::key(keys::EVENTS))
                .arg(format!("{ms}-{number}"))
                .arg("+")
                .arg("COUNT")
                .arg(limit.saturating_add(1))
                .query_async(&mut self.connection())
                .await?;
            let gone = gone.as_deref().and_then(Place::parse);
            let seen = page.next.as_deref().and_then(Place::parse).or(after);
            let gap = seen.is_some_and(|seen| gone.is_some_and(|gone| seen < gone));
            if gap && look > 0 {
                // Trimmed since the look before. The page is whole up to here; who reads on from it is told.
                page.more = true;
                break;
            }
            page.gap |= gap;
            page.more = entries.len() > limit;
            entries.truncate(limit);
            page.events.extend(entries.iter().filter_map(read));
            let Some((last, _)) = entries.pop() else {
                break;
            };
            from = Place::parse(&last).and_then(Place::following);
            page.next = Some(last);
            // Only events of another version: what is behind them must not wait for ever.
            if !page.events.is_empty() || !page.more {
                break;
            }
        }
        Ok(page)
    }

    /// Whether a place lies so far ahead that no event of this feed can have had it: its reader would wait for ever.
    pub async fn is_event_ahead(&self, cursor: &str) -> Result<bool, QueueError> {
        let (seconds, _): (u64, u64) = redis::cmd("TIME").query_async(&mut self.connection()).await?;
        let latest_ms = seconds.saturating_mul(1000).saturating_add(CLOCKS_APART_MS);
        Ok(Place::parse(cursor).is_some_and(|Place(ms, _)| ms > latest_ms))
    }

    /// The place of the newest event that is kept.
    pub async fn newest_event(&self) -> Result<Option<String>, QueueError> {
        let entries: Vec<Entry> = redis::cmd("XREVRANGE")
            .arg(keys::key(keys::EVENTS))
            .arg("+")
            .arg("-")
            .arg("COUNT")
            .arg(1)
            .query_async(&mut self.connection())
            .await?;
        Ok(entries.into_iter().next().map(|(id, _)| id))
    }

    /// A stream that says when there are new events, on a connection of its own; many at once may be said once.
    ///
    /// It ends when the connection does; what came meanwhile is read with [`Queue::events`].
    pub async fn event_arrivals(&self) -> Result<impl Stream<Item = ()> + Send + use<>, QueueError> {
        let mut subscription = self.shared.options.client()?.get_async_pubsub().await?;
        subscription.subscribe(keys::key(keys::NEWS)).await?;
        Ok(subscription.into_on_message().map(|_| ()))
    }
}

fn read((cursor, fields): &Entry) -> Option<Event> {
    let text = |name: &str| {
        let bytes = fields.get(name)?;
        Some(std::str::from_utf8(bytes).ok()?.to_owned())
    };
    let state = text("state")?;
    let code = text("code").unwrap_or_default();
    let subject = match text("result") {
        Some(result_id) => EventOf::Result {
            result_id,
            state,
            code,
            reference: text("reference").unwrap_or_default(),
        },
        None => EventOf::Check {
            id: text("check")?.parse().ok()?,
            state,
            code,
            answer: fields.get("answer").cloned(),
        },
    };
    Some(Event {
        cursor: cursor.clone(),
        at_ms: text("at")?.parse().ok()?,
        subject,
    })
}
