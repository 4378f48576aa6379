//! What Docebo has told by webhooks, in the order in which it was received. What is personal in it is sealed.

use std::{collections::HashMap, str::FromStr};

use futures::{Stream, StreamExt};

use crate::{JobId, Queue, QueueError, events::Place, keys, queue::millis};

/// Events read per look, and the most looks per page, so that a filter that matches nothing stays bounded.
const LOOK_EVENTS: usize = 200;
const MAX_LOOKS: usize = 25;
/// The most events of a page.
const MAX_PAGE: usize = 1000;
/// Events removed by one command.
const CHUNK_REMOVED: usize = 500;

/// The place of an event among all that Docebo has told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DoceboPlace {
    ms: u64,
    number: u64,
}

/// An event as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedEvent {
    /// Its place.
    pub place: DoceboPlace,
    /// Its own id, for which its payload is sealed; its first job has the same.
    pub id: JobId,
    /// The tenant that it came to.
    pub connector: String,
    /// Its name, as Docebo sent it.
    pub event: String,
    /// When it was received, milliseconds since 1970 by the queue's clock.
    pub received_ms: u64,
    /// Whether a job looks after it.
    pub has_job: bool,
    /// What may be known of it without opening it: the producer's own JSON.
    pub known: String,
    /// The rest, sealed.
    pub payload: Vec<u8>,
}

/// Which events are wanted, and from where.
#[derive(Debug, Clone, Default)]
pub struct DoceboFilter {
    /// Exact names, or the beginnings of names with a star behind them; none for all.
    pub events: Vec<String>,
    /// Only those that came to this connector.
    pub connector: Option<String>,
    /// From the newest to the oldest.
    pub newest_first: bool,
}

/// A page of events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DoceboPage {
    /// The events, in the order that was asked for.
    pub events: Vec<SealedEvent>,
    /// Where to read on, also behind events that nobody asked for; none if there was nothing.
    pub next: Option<DoceboPlace>,
    /// Whether there may be more behind it already.
    pub more: bool,
    /// Whether events after the place are kept no more: some were lost to who asks.
    pub gap: bool,
}

/// One entry of the stream: its id and its fields.
type Entry = (String, HashMap<String, Vec<u8>>);

/// What one look at the stream found.
struct Look {
    entries: Vec<(DoceboPlace, HashMap<String, Vec<u8>>)>,
    /// Whether there may be more behind them.
    more: bool,
    /// Whether entries that would come behind the place were trimmed.
    gap: bool,
}

impl DoceboFilter {
    fn takes_all(&self) -> bool {
        self.events.is_empty() && self.connector.is_none()
    }

    fn takes(&self, event: &SealedEvent) -> bool {
        let named = |wanted: &String| match wanted.strip_suffix('*') {
            Some(beginning) => event.event.starts_with(beginning),
            None => *wanted == event.event,
        };
        let connector = self.connector.as_ref();
        (self.events.is_empty() || self.events.iter().any(named)) && connector.is_none_or(|one| *one == event.connector)
    }
}

impl Queue {
    /// Events behind a place in the order that is asked for; without one, from the beginning of that order.
    pub async fn docebo_events(
        &self,
        filter: &DoceboFilter,
        after: Option<DoceboPlace>,
        limit: usize,
    ) -> Result<DoceboPage, QueueError> {
        let limit = limit.min(MAX_PAGE);
        let mut page = DoceboPage {
            events: Vec::new(),
            next: None,
            more: limit > 0,
            gap: false,
        };
        let mut from = after;
        for look in 0..MAX_LOOKS {
            if !page.more || page.events.len() >= limit {
                break;
            }
            let wanted = if filter.takes_all() {
                // One more says whether there is more.
                LOOK_EVENTS.min(limit - page.events.len() + 1)
            } else {
                LOOK_EVENTS
            };
            let found = self.docebo_look(from, filter.newest_first, wanted).await?;
            if found.gap && look > 0 {
                // Trimmed since the look before. The page is whole up to here; who reads on from it is told.
                page.more = true;
                break;
            }
            page.gap |= found.gap;
            page.more = found.more;
            for (place, fields) in found.entries {
                if page.events.len() == limit {
                    page.more = true;
                    break;
                }
                (from, page.next) = (Some(place), Some(place));
                page.events
                    .extend(read(place, &fields).filter(|event| filter.takes(event)));
            }
        }
        Ok(page)
    }

    /// The next entries behind a place, as they are at one moment: whoever trims meanwhile is seen or not there yet.
    async fn docebo_look(
        &self,
        after: Option<DoceboPlace>,
        newest_first: bool,
        count: usize,
    ) -> Result<Look, QueueError> {
        let (command, start, end) = if newest_first {
            ("XREVRANGE", "+", "-")
        } else {
            ("XRANGE", "-", "+")
        };
        let (gone, entries): (Option<String>, Vec<Entry>) = redis::pipe()
            .atomic()
            .get(keys::key(keys::DOCEBO_GONE))
            .cmd(command)
            .arg(keys::key(keys::DOCEBO_EVENTS))
            .arg(after.map_or_else(|| start.to_owned(), |place| format!("({place}")))
            .arg(end)
            .arg("COUNT")
            .arg(count)
            .query_async(&mut self.connection())
            .await?;
        let gone: Option<DoceboPlace> = gone.and_then(|gone| gone.parse().ok());
        let after = after.filter(|_| !newest_first);
        let more = entries.len() == count;
        let placed = entries.into_iter().map(|(id, fields)| Ok((id.parse()?, fields)));
        Ok(Look {
            entries: placed.collect::<Result<_, QueueError>>()?,
            more,
            gap: after.is_some_and(|after| gone.is_some_and(|gone| after < gone)),
        })
    }

    /// One event.
    pub async fn docebo_event(&self, place: DoceboPlace) -> Result<Option<SealedEvent>, QueueError> {
        let entries: Vec<Entry> = redis::cmd("XRANGE")
            .arg(keys::key(keys::DOCEBO_EVENTS))
            .arg(place.to_string())
            .arg(place.to_string())
            .query_async(&mut self.connection())
            .await?;
        Ok(entries.first().and_then(|(_, fields)| read(place, fields)))
    }

    /// The place of the newest event, also of one that is kept no more.
    pub async fn newest_docebo_event(&self) -> Result<Option<DoceboPlace>, QueueError> {
        let entries: Vec<Entry> = redis::cmd("XREVRANGE")
            .arg(keys::key(keys::DOCEBO_EVENTS))
            .arg("+")
            .arg("-")
            .arg("COUNT")
            .arg(1)
            .query_async(&mut self.connection())
            .await?;
        entries.into_iter().next().map(|(id, _)| id.parse()).transpose()
    }

    /// Removes events and what was kept of the reactions to them; returns how many there were. No reader is told of a
    /// gap.
    pub async fn remove_docebo_events(&self, places: &[DoceboPlace]) -> Result<u64, QueueError> {
        let mut removed = 0;
        for chunk in places.chunks(CHUNK_REMOVED) {
            let mut pipe = redis::pipe();
            pipe.cmd("XDEL").arg(keys::key(keys::DOCEBO_EVENTS));
            for place in chunk {
                pipe.arg(place.to_string());
            }
            pipe.cmd("DEL").ignore();
            for place in chunk {
                pipe.arg(keys::key_of(keys::REACTION, &place.to_string()));
            }
            let (one,): (u64,) = pipe.query_async(&mut self.connection()).await?;
            removed += one;
        }
        Ok(removed)
    }

    /// Until when events are kept that each key has sealed: milliseconds since 1970 by key id. It may be over.
    pub async fn docebo_events_kept_until(&self) -> Result<HashMap<String, u64>, QueueError> {
        let last: HashMap<String, u64> = redis::cmd("HGETALL")
            .arg(keys::key(keys::DOCEBO_KEYS))
            .query_async(&mut self.connection())
            .await?;
        let kept_ms = millis(self.shared.retention.docebo_events);
        Ok(last
            .into_iter()
            .map(|(key, at)| (key, at.saturating_add(kept_ms)))
            .collect())
    }

    /// A stream that says when there are new events of Docebo, on a connection of its own; many at once may be said once.
    ///
    /// It ends when the connection does; what came meanwhile is read with [`Queue::docebo_events`].
    pub async fn docebo_event_arrivals(&self) -> Result<impl Stream<Item = ()> + Send + use<>, QueueError> {
        let mut subscription = self.shared.options.client()?.get_async_pubsub().await?;
        subscription.subscribe(keys::key(keys::DOCEBO_NEWS)).await?;
        Ok(subscription.into_on_message().map(|_| ()))
    }
}

/// What cannot be read was written by another version, and is left out.
fn read(place: DoceboPlace, fields: &HashMap<String, Vec<u8>>) -> Option<SealedEvent> {
    let text = |name: &str| Some(std::str::from_utf8(fields.get(name)?).ok()?.to_owned());
    Some(SealedEvent {
        place,
        id: text("id")?.parse().ok()?,
        connector: text("connector")?,
        event: text("event")?,
        received_ms: text("at")?.parse().ok()?,
        has_job: text("job")? == "1",
        known: text("known")?,
        payload: fields.get("payload")?.clone(),
    })
}

impl DoceboPlace {
    /// The first place of a millisecond since 1970, by Redis' clock.
    pub const fn first_of(unix_ms: u64) -> Self {
        Self { ms: unix_ms, number: 0 }
    }

    /// The last place that a millisecond since 1970 can have.
    pub const fn last_of(unix_ms: u64) -> Self {
        Self {
            ms: unix_ms,
            number: u64::MAX,
        }
    }

    /// When the event was stored, milliseconds since 1970 by Redis' clock.
    pub const fn unix_ms(self) -> u64 {
        self.ms
    }
}

impl std::fmt::Display for DoceboPlace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.ms, self.number)
    }
}

impl FromStr for DoceboPlace {
    type Err = QueueError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let Place(ms, number) = Place::parse(text).ok_or_else(|| QueueError::Unreadable("a place".to_owned()))?;
        Ok(Self { ms, number })
    }
}
