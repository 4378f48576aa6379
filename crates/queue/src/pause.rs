//! `lua/pause.lua` and `lua/resume.lua`: a person holds a connector, a lane or a worker.

use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};

use crate::{Lane, Name, Queue, QueueError, keys, queue::millis};

/// What can be paused.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Target {
    /// The jobs of one connector, in all lanes.
    Connector(Name),
    /// All jobs of one lane.
    Lane(Lane),
    /// One worker incarnation: it takes no new jobs.
    Worker(Name),
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connector(name) => write!(f, "connector:{name}"),
            Self::Lane(lane) => write!(f, "lane:{lane}"),
            Self::Worker(name) => write!(f, "worker:{name}"),
        }
    }
}

/// How something is paused. Either way nothing new begins and what runs goes on to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum PauseMode {
    /// For a while.
    Pause,
    /// Until nothing runs any more; a drained worker ends.
    Drain,
}

impl PauseMode {
    /// The word in Redis and in answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pause => "pause",
            Self::Drain => "drain",
        }
    }
}

/// A pause. Times are milliseconds since 1970 by Redis' clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pause {
    /// How.
    pub mode: PauseMode,
    /// Since when.
    pub since_ms: u64,
    /// When it ends by itself; none means when somebody resumes it.
    pub until_ms: Option<u64>,
    /// Who paused.
    pub actor: String,
    /// Why.
    pub reason: String,
}

#[derive(Serialize, Deserialize)]
struct Note {
    actor: String,
    reason: String,
}

impl Pause {
    /// Reads `mode|since|until`, a line feed, who and why.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (head, note) = text.split_once('\n')?;
        let mut parts = head.split('|');
        let mode = match parts.next()? {
            "drain" => PauseMode::Drain,
            "pause" => PauseMode::Pause,
            _ => return None,
        };
        let since_ms = parts.next()?.parse().ok()?;
        let until_ms = parts.next()?.parse().ok().filter(|until| *until > 0);
        let note: Note = serde_json::from_str(note).ok()?;
        Some(Self {
            mode,
            since_ms,
            until_ms,
            actor: note.actor,
            reason: note.reason,
        })
    }
}

impl Queue {
    /// Pauses; a pause that is there already is replaced. Returns whether there was none.
    pub async fn pause(
        &self,
        target: &Target,
        mode: PauseMode,
        actor: &str,
        reason: &str,
        lasts: Option<Duration>,
    ) -> Result<bool, QueueError> {
        let note = Note {
            actor: actor.to_owned(),
            reason: reason.to_owned(),
        };
        let mut call = self.timed(&self.shared.scripts.pause);
        call.arg(target.to_string())
            .arg(mode.as_str())
            .arg(lasts.map_or(0, millis))
            .arg(serde_json::to_string(&note).unwrap_or_default());
        self.run(&call).await
    }

    /// Ends a pause. Returns whether there was one.
    pub async fn resume(&self, target: &Target) -> Result<bool, QueueError> {
        let mut call = self.timed(&self.shared.scripts.resume);
        call.arg(target.to_string());
        self.run(&call).await
    }

    /// The pause of one target, if there is one.
    pub async fn pause_of(&self, target: &Target) -> Result<Option<Pause>, QueueError> {
        let text: Option<String> = redis::cmd("HGET")
            .arg(keys::key(keys::PAUSES))
            .arg(target.to_string())
            .query_async(&mut self.connection())
            .await?;
        Ok(text.as_deref().and_then(Pause::parse))
    }
}
