//! A check as everyone sees it.

use jiff::Timestamp;
use passback_queue::{JobId, JobRecord, Lane, State};
use serde::Serialize;

use crate::{Actor, Answer, CheckAnswer, Code, public_time};

/// Whether a check has its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckState {
    /// No answer yet.
    Waiting,
    /// The answer stands.
    Final,
}

/// A check as everyone sees it; what belongs to an answer is there once the state is final.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CheckView {
    /// The check.
    pub id: JobId,
    /// The exam.
    pub exam_id: String,
    /// Whether the answer stands.
    pub state: CheckState,
    /// What the check says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<Answer>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<Code>,
    /// The reason in a few words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<&'static str>,
    /// The reason in a sentence or two.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explanation: Option<&'static str>,
    /// Who can put it right.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub who_acts: Option<Actor>,
    /// How it is put right.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolution: Option<&'static [&'static str]>,
    /// When the answer was found out.
    #[serde(
        serialize_with = "public_time::option::serialize",
        skip_serializing_if = "Option::is_none"
    )]
    pub checked_at: Option<Timestamp>,
}

impl CheckView {
    /// Whether the answer stands.
    pub fn is_final(&self) -> bool {
        self.state == CheckState::Final
    }

    pub(crate) fn answered(id: JobId, answer: &CheckAnswer) -> Self {
        Self::ended(
            id,
            answer.exam_id.to_string(),
            answer.answer,
            answer.code,
            answer.checked_at,
        )
    }

    fn ended(id: JobId, exam_id: String, answer: Answer, code: Code, checked_at: Timestamp) -> Self {
        let entry = code.entry();
        Self {
            id,
            exam_id,
            state: CheckState::Final,
            answer: Some(answer),
            code: Some(code),
            title: Some(entry.title),
            explanation: Some(entry.explanation),
            who_acts: Some(entry.who_acts),
            resolution: Some(entry.resolution),
            checked_at: Some(checked_at),
        }
    }

    fn waiting(id: JobId, exam_id: String) -> Self {
        Self {
            id,
            exam_id,
            state: CheckState::Waiting,
            answer: None,
            code: None,
            title: None,
            explanation: None,
            who_acts: None,
            resolution: None,
            checked_at: None,
        }
    }

    /// The view of a check that has left no answer: it waits, or it ended in another way.
    pub(crate) fn unanswered(job: &JobRecord, now_ms: u64) -> Option<Self> {
        if job.lane != Lane::Check {
            return None;
        }
        let exam_id = job.about.clone().unwrap_or_default();
        let ended = |code: Code, at_ms: u64| {
            let at = public_time::from_ms(at_ms);
            Some(Self::ended(job.id, exam_id.clone(), Answer::Unverified, code, at))
        };
        let ended_ms = job
            .deadline_ms
            .map_or(job.since_ms, |deadline| deadline.min(job.since_ms));
        match job.state {
            // Its answer was kept for its time and is gone.
            State::Done | State::Superseded => None,
            // What kept it from being run may be known long before its deadline.
            State::Expired => ended(code_of(job), ended_ms),
            State::Discarded => ended(Code::DeadlinePassed, ended_ms),
            State::Dead => ended(code_of(job), job.since_ms),
            State::Running => Some(Self::waiting(job.id, exam_id)),
            State::Ready | State::Scheduled | State::Parked => match job.deadline_ms {
                Some(deadline_ms) if deadline_ms <= now_ms => ended(Code::DeadlinePassed, deadline_ms),
                Some(_) | None => Some(Self::waiting(job.id, exam_id)),
            },
        }
    }
}

fn code_of(job: &JobRecord) -> Code {
    job.code
        .as_deref()
        .and_then(|code| code.parse().ok())
        .unwrap_or(Code::DeadlinePassed)
}
