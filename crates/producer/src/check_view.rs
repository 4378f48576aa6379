//! A check as everyone sees it.

use jiff::Timestamp;
use passback_queue::{JobId, JobRecord, Lane, State};
use serde::Serialize;

use crate::{Actor, Answer, CheckAnswer, Code, OwnResult, public_time};

/// Whether a check has its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum CheckState {
    /// No answer yet.
    Waiting,
    /// The answer stands.
    Final,
}

/// A check as everyone sees it; what belongs to an answer is there once the state is final.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
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
    /// Of `already_completed`: the result of ours that completed the course, where it was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub own_result: Option<OwnResult>,
}

impl CheckView {
    /// Whether the answer stands.
    pub fn is_final(&self) -> bool {
        self.state == CheckState::Final
    }

    pub(crate) fn answered(id: JobId, answer: &CheckAnswer) -> Self {
        let exam_id = answer.exam_id.to_string();
        Self {
            own_result: answer.own_result.clone(),
            ..Self::ended(id, exam_id, answer.answer, answer.code, answer.checked_at)
        }
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
            own_result: None,
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
            own_result: None,
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
            State::Dead => match job.deadline_ms {
                // What its worker came to after that is nobody's answer any more.
                Some(deadline_ms) if deadline_ms <= job.since_ms => ended(Code::DeadlinePassed, deadline_ms),
                Some(_) | None => ended(code_of(job), job.since_ms),
            },
            // An answer that comes after the deadline is not stored: this one stands, whatever the worker still finds.
            State::Ready | State::Scheduled | State::Parked | State::Running => match job.deadline_ms {
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
