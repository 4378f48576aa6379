//! `lua/mark.lua`: the newest event of each thing at Docebo, whatever the order in which events arrive.

use crate::{DoceboPlace, Name, Queue, QueueError, keys, queue::millis};

/// An event of a thing at Docebo.
#[derive(Debug, Clone)]
pub struct Mark<'a> {
    /// The thing, with its connector and its platform.
    pub thing: &'a Name,
    /// When it happened, milliseconds since 1970.
    pub fired_ms: u64,
    /// Whether Docebo said so, or that is only when it was received.
    pub exact: bool,
    /// The event's name.
    pub event: &'a str,
    /// What tells it from others: the same event has the same one.
    pub print: &'a str,
    /// Its place.
    pub place: &'a str,
}

/// Where an event stands among those of its thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Marked {
    /// It is the newest.
    New,
    /// A newer one is known.
    Older,
    /// It is as new as another one.
    Tie,
    /// It was marked before, and still is the newest.
    Same {
        /// The place at which it was marked.
        place: String,
    },
}

/// The newest event of a thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Newest {
    /// When it happened, milliseconds since 1970.
    pub fired_ms: u64,
    /// Its name.
    pub event: String,
    /// Its place.
    pub place: String,
    /// Whether another one is as new.
    pub tied: bool,
    /// Where one is: the names of all of that second, as far as they are kept; its own is among them.
    pub tied_names: Vec<String>,
}

/// What is read of a mark.
type Fields = (Option<u64>, Option<String>, Option<String>, Option<u8>, Option<String>);

impl Queue {
    /// Marks an event, if it is newer than what is known of its thing.
    pub async fn mark(&self, mark: &Mark<'_>) -> Result<Marked, QueueError> {
        let mut call = self.timed(&self.shared.scripts.mark);
        call.arg(mark.thing.as_str())
            .arg(mark.fired_ms)
            .arg(u8::from(mark.exact))
            .arg(mark.event)
            .arg(mark.print)
            .arg(mark.place)
            .arg(millis(self.shared.retention.ledger));
        let (word, place): (String, String) = self.run(&call).await?;
        match word.as_str() {
            "new" => Ok(Marked::New),
            "older" => Ok(Marked::Older),
            "tie" => Ok(Marked::Tie),
            "same" => Ok(Marked::Same { place }),
            other => Err(QueueError::Unreadable(format!("verdict {other} of mark"))),
        }
    }

    /// The newest event of each of these things.
    pub async fn newest_of(&self, things: &[Name]) -> Result<Vec<Option<Newest>>, QueueError> {
        if things.is_empty() {
            return Ok(Vec::new());
        }
        let mut pipe = redis::pipe();
        for thing in things {
            let key = keys::key_of(keys::DOCEBO_MARK, thing.as_str());
            pipe.cmd("HMGET")
                .arg(key)
                .arg(&["fired", "name", "event", "tied", "tied_names"]);
        }
        let rows: Vec<Fields> = pipe.query_async(&mut self.connection()).await?;
        Ok(rows.into_iter().map(read).collect())
    }
}

fn read((fired_ms, event, place, tied, tied_names): Fields) -> Option<Newest> {
    Some(Newest {
        fired_ms: fired_ms?,
        event: event?,
        place: place?,
        tied: tied == Some(1),
        tied_names: tied_names.unwrap_or_default().lines().map(str::to_owned).collect(),
    })
}

impl Newest {
    /// Whether it is an event of this name, or one of the same second is.
    pub fn may_be(&self, event: &str) -> bool {
        self.event == event || self.tied_names.iter().any(|name| name == event)
    }

    /// The event's place among those that are kept, if it is one.
    pub fn docebo_place(&self) -> Option<DoceboPlace> {
        self.place.parse().ok()
    }
}
