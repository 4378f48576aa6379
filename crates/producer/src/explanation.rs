//! Why a job is not running, as everyone sees it: the queue's first blocker in the catalogue's words and its own.

use jiff::Timestamp;
use passback_queue::{Blocker, Explanation, JobId, JobRecord, State};
use serde::{Deserialize, Serialize};

use crate::{
    Actor, Code, Producer, StoreError,
    blocker_words::{own_words, sentence, word},
    public_time,
};

/// Why a job is not running, or that it runs, or how it ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ExplanationView {
    /// The job.
    pub job_id: JobId,
    /// Where it is.
    pub state: State,
    /// The first thing that keeps it, in a word.
    pub blocker: &'static str,
    /// The catalogue code that belongs to it, where one does.
    pub code: Option<String>,
    /// It in a few words.
    pub title: &'static str,
    /// It in a sentence about this very job.
    pub explanation: String,
    /// Who can change it.
    pub who_acts: Actor,
    /// How.
    pub resolution: Vec<String>,
    /// Since when.
    #[serde(serialize_with = "public_time::option::serialize")]
    pub since: Option<Timestamp>,
    /// When it is expected to pass by itself; none if that is not known.
    #[serde(serialize_with = "public_time::option::serialize")]
    pub expected_release: Option<Timestamp>,
    /// Jobs of its connector and lane, or of its person and course, that go before it.
    pub ahead: u64,
    /// The job of the same person and course that goes first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub holder: Option<String>,
    /// The worker that runs it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub worker: Option<String>,
    /// The event that it waits for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wake: Option<String>,
    /// Calls an hour, or jobs at once, that are allowed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// Who paused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paused_by: Option<String>,
    /// Why that person paused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Who paused, and why, as the queue passes it on.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct PauseNote {
    #[serde(default)]
    pub(crate) actor: String,
    #[serde(default)]
    pub(crate) reason: String,
}

impl PauseNote {
    pub(crate) fn read(json: &str) -> Self {
        serde_json::from_str(json).unwrap_or_default()
    }
}

impl ExplanationView {
    /// The view of what the queue found for a job.
    pub fn new(job: &JobRecord, found: &Explanation) -> Self {
        let found = &completed(job, found);
        let words = own_words(job, &found.blocker);
        let code = found.code.as_deref().and_then(|code| code.parse::<Code>().ok());
        let entry = code.filter(|_| words.catalogue_first).map(Code::entry);
        let steps = entry.map(|entry| entry.resolution.iter().map(|step| (*step).to_owned()).collect());
        let view = Self {
            job_id: job.id,
            state: state_of(&found.blocker, job.state),
            blocker: word(&found.blocker),
            title: entry.map_or(words.title, |entry| entry.title),
            explanation: sentence(job, found),
            who_acts: entry.map_or(words.who_acts, |entry| entry.who_acts),
            resolution: steps.unwrap_or(words.steps),
            since: found.since_ms.map(public_time::from_ms),
            expected_release: release_of(found).map(public_time::from_ms),
            code: found.code.clone(),
            ahead: found.ahead,
            holder: None,
            worker: None,
            wake: None,
            limit: None,
            paused_by: None,
            reason: None,
        };
        view.with_details(&found.blocker)
    }

    fn with_details(self, blocker: &Blocker) -> Self {
        match blocker {
            Blocker::Running { worker } => Self {
                worker: Some(worker.clone()),
                ..self
            },
            Blocker::Parked { wake } => Self {
                wake: (!wake.is_empty()).then(|| wake.clone()),
                ..self
            },
            Blocker::LanePaused { note } | Blocker::ConnectorPaused { note } => {
                let note = PauseNote::read(note);
                Self {
                    paused_by: Some(note.actor),
                    reason: Some(note.reason),
                    ..self
                }
            }
            Blocker::GateRamping { window: limit }
            | Blocker::Concurrency { limit }
            | Blocker::Quota { limit }
            | Blocker::EgressQuota { limit } => Self {
                limit: Some(*limit),
                ..self
            },
            Blocker::Key { holder } => Self {
                holder: Some(holder.clone()),
                ..self
            },
            Blocker::Scheduled
            | Blocker::Dead
            | Blocker::Ended
            | Blocker::DeadlinePassed
            | Blocker::GateClosed
            | Blocker::NoWorker
            | Blocker::Turn => self,
        }
    }
}

/// Adds what only the record knows: how an ended job ended, and that one which no version can read is dead.
fn completed(job: &JobRecord, found: &Explanation) -> Explanation {
    if found.blocker != Blocker::Ended {
        return found.clone();
    }
    Explanation {
        blocker: if job.state == State::Dead {
            Blocker::Dead
        } else {
            Blocker::Ended
        },
        code: job.code.clone(),
        since_ms: Some(job.since_ms).filter(|since_ms| *since_ms > 0),
        release_ms: None,
        ahead: 0,
    }
}

/// The state that the blocker was found in; the record was read a moment later.
fn state_of(blocker: &Blocker, ended: State) -> State {
    match blocker {
        Blocker::Running { .. } => State::Running,
        Blocker::Scheduled => State::Scheduled,
        Blocker::Parked { .. } => State::Parked,
        Blocker::Dead => State::Dead,
        Blocker::Ended => ended,
        Blocker::DeadlinePassed
        | Blocker::LanePaused { .. }
        | Blocker::ConnectorPaused { .. }
        | Blocker::GateClosed
        | Blocker::GateRamping { .. }
        | Blocker::Concurrency { .. }
        | Blocker::Quota { .. }
        | Blocker::EgressQuota { .. }
        | Blocker::Key { .. }
        | Blocker::NoWorker
        | Blocker::Turn => State::Ready,
    }
}

/// When the job may go on. The end of a lease is none: it only bounds a worker that is stuck.
fn release_of(found: &Explanation) -> Option<u64> {
    found
        .release_ms
        .filter(|_| !matches!(found.blocker, Blocker::Running { .. }))
}

impl Producer {
    /// Says why a job is not running; none if there is no such job, or no longer.
    pub async fn explain(&self, id: JobId) -> Result<Option<ExplanationView>, StoreError> {
        // In this order: a job that ends in between is still on record.
        let found = self.queue.explain(id).await?;
        let job = self.queue.job(id).await?;
        Ok(job.map(|job| ExplanationView::new(&job, &found)))
    }
}
