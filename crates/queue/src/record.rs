//! A stored job as it is read back.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{AttemptRecord, JobId, Lane};

/// Where a job is in its life. One state at a time, each with its own index in Redis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = JobState))]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Waits for a worker.
    Ready,
    /// Waits for its time.
    Scheduled,
    /// Leased to a worker.
    Running,
    /// Waits for an event.
    Parked,
    /// Waits for a person.
    Dead,
    /// Did its work.
    Done,
    /// Gave way to a newer result.
    Superseded,
    /// Was of no use any more when its turn came.
    Expired,
    /// Was ended by a person.
    Discarded,
}

impl State {
    /// Every state, living ones first.
    pub const ALL: [Self; 9] = [
        Self::Ready,
        Self::Scheduled,
        Self::Running,
        Self::Parked,
        Self::Dead,
        Self::Done,
        Self::Superseded,
        Self::Expired,
        Self::Discarded,
    ];

    /// The state's name in records, files and answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Scheduled => "scheduled",
            Self::Running => "running",
            Self::Parked => "parked",
            Self::Dead => "dead",
            Self::Done => "done",
            Self::Superseded => "superseded",
            Self::Expired => "expired",
            Self::Discarded => "discarded",
        }
    }

    /// Whether a job in this state can still change.
    pub fn is_living(self) -> bool {
        match self {
            Self::Ready | Self::Scheduled | Self::Running | Self::Parked | Self::Dead => true,
            Self::Done | Self::Superseded | Self::Expired | Self::Discarded => false,
        }
    }
}

impl std::fmt::Display for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no state.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a state is one of ready, scheduled, running, parked, dead, done, superseded, expired, discarded")]
pub struct InvalidState;

impl std::str::FromStr for State {
    type Err = InvalidState;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or(InvalidState)
    }
}

/// A job as Redis holds it. Times are milliseconds since 1970 by Redis' clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobRecord {
    /// Its id.
    pub id: JobId,
    /// Whose slots it takes.
    pub lane: Lane,
    /// The tenant it belongs to.
    pub connector: String,
    /// The serialisation key, if any.
    pub key: Option<String>,
    /// The payload's tag.
    pub kind: String,
    /// When it was stored.
    pub created_ms: u64,
    /// When it expires unrun, if it does.
    pub deadline_ms: Option<u64>,
    /// The result it carries, if any.
    pub result_id: Option<String>,
    /// What it is about: the exam.
    pub about: Option<String>,
    /// W3C trace context of the enqueue.
    pub trace: Option<String>,
    /// Where it is.
    pub state: State,
    /// How often it was leased; the number of the current lease is its claim token.
    pub claims: u64,
    /// Attempts used up.
    pub attempts: u32,
    /// Workers lost under it.
    pub crashes: u32,
    /// The incarnation that runs or last ran it.
    pub worker: Option<String>,
    /// When it entered its state.
    pub since_ms: u64,
    /// When it is due (scheduled), looked at again (parked), or its lease ends (running).
    pub due_ms: Option<u64>,
    /// What it waits for in the first place, while parked.
    pub wake: Option<String>,
    /// The catalogue code of what last went wrong, or of how it ended.
    pub code: Option<String>,
    /// When its age began to count: stored or redriven.
    pub born_ms: u64,
    /// Past attempts and interventions, oldest first.
    pub history: Vec<AttemptRecord>,
    /// The line before its payload in Redis, line feed included; a settlement that brings it spares Redis a read.
    pub header: Arc<str>,
    /// The payload; gone once the job has ended.
    pub payload: Option<Vec<u8>>,
}

impl JobRecord {
    /// Reads the four strings of a claim or a read: data, meta, history, finished record.
    pub(crate) fn parse(id: JobId, data: &[u8], meta: &[u8], history: &[u8], finished: &[u8]) -> Option<Self> {
        if !data.is_empty() {
            let (header, payload) = split_line(data)?;
            let mut record = parse_header(id, header)?;
            record.payload = Some(payload.to_vec());
            if meta.is_empty() {
                record.since_ms = record.created_ms;
                record.born_ms = record.created_ms;
            } else {
                record.read_meta(meta)?;
            }
            record.history = AttemptRecord::parse_lines(history);
            return Some(record);
        }
        let (header, rest) = split_line(finished)?;
        let (meta, history) = split_line(rest)?;
        let mut record = parse_header(id, header)?;
        record.read_meta(meta)?;
        record.history = AttemptRecord::parse_lines(history);
        Some(record)
    }

    /// Stands in for a job that this version cannot read: the dead letters show that it is there.
    pub(crate) fn unreadable(id: JobId, data: &[u8]) -> Option<Self> {
        let stand_in = b"|0|background|unknown|unreadable|0|||\ndead|0|0|0||0|0||unreadable|0\n";
        if data.is_empty() {
            None
        } else {
            Self::parse(id, b"", b"", b"", stand_in)
        }
    }

    fn read_meta(&mut self, meta: &[u8]) -> Option<()> {
        let text = std::str::from_utf8(meta).ok()?;
        let [state, claims, attempts, crashes, worker, since, due, wake, code, born] = parts(text)?;
        self.state = state.parse().ok()?;
        self.claims = claims.parse().ok()?;
        self.attempts = attempts.parse().ok()?;
        self.crashes = crashes.parse().ok()?;
        self.worker = filled(worker);
        self.since_ms = since.parse().ok()?;
        self.due_ms = due.parse().ok().filter(|due| *due > 0);
        self.wake = filled(first_wake(wake));
        self.code = filled(code);
        // The time of creation, unless its age began anew.
        self.born_ms = if born.is_empty() {
            self.created_ms
        } else {
            born.parse().ok()?
        };
        Some(())
    }
}

/// What a parked job waits for in the first place, of the keys that stand in its record.
pub(crate) fn first_wake(wakes: &str) -> &str {
    wakes.split(' ').next().unwrap_or_default()
}

fn parse_header(id: JobId, header: &[u8]) -> Option<JobRecord> {
    let text = std::str::from_utf8(header).ok()?;
    let [key, deadline, lane, connector, kind, created, result, about, trace] = parts(text)?;
    Some(JobRecord {
        id,
        lane: lane.parse().ok()?,
        connector: connector.to_owned(),
        key: filled(key),
        kind: kind.to_owned(),
        created_ms: created.parse().ok()?,
        deadline_ms: deadline.parse().ok().filter(|deadline| *deadline > 0),
        result_id: filled(result),
        about: filled(about),
        trace: filled(trace),
        state: State::Ready,
        claims: 0,
        attempts: 0,
        crashes: 0,
        worker: None,
        since_ms: 0,
        due_ms: None,
        wake: None,
        code: None,
        born_ms: 0,
        history: Vec::new(),
        header: format!("{text}\n").into(),
        payload: None,
    })
}

fn split_line(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    Some((&bytes[..end], &bytes[end + 1..]))
}

fn parts<const N: usize>(text: &str) -> Option<[&str; N]> {
    text.split('|').collect::<Vec<_>>().try_into().ok()
}

fn filled(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_that_never_ran_is_read_without_a_meta_record() {
        let id = JobId::from_parts(1, 1);
        let record = JobRecord::parse(
            id,
            b"acme/146/ab|0|push|acme|push.v1|100|r-1|forklift-01|\n{}",
            b"",
            b"",
            b"",
        )
        .unwrap();
        assert_eq!(record.state, State::Ready);
        assert_eq!(record.result_id.as_deref(), Some("r-1"));
        assert_eq!(record.payload.as_deref(), Some(&b"{}"[..]));
        assert_eq!(record.born_ms, 100);
    }

    #[test]
    fn a_finished_job_keeps_its_history_and_loses_its_payload() {
        let id = JobId::from_parts(1, 1);
        let finished = b"|0|push|acme|push.v1|100|||\ndone|1|1|0|w1|200|0|||100\n{\"outcome\":\"done\"}\n";
        let record = JobRecord::parse(id, b"", b"", b"", finished).unwrap();
        assert_eq!(record.state, State::Done);
        assert_eq!(record.history.len(), 1);
        assert_eq!(record.payload, None);
    }

    #[test]
    fn a_record_of_another_shape_is_not_guessed_at() {
        let id = JobId::from_parts(1, 1);
        assert_eq!(JobRecord::parse(id, b"|0|push|acme\n{}", b"", b"", b""), None);
        assert_eq!(JobRecord::parse(id, b"", b"", b"", b""), None);
    }
}
