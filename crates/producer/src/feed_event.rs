//! One event of the feed as everyone sees it. No e-mail in it.

use jiff::Timestamp;
use passback_queue::JobId;
use serde::Serialize;

use crate::{AcceptedRow, Answer, CheckAnswer, Code, Outcome, OwnResult, public_time};

/// Something that has come to an end.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FeedEvent {
    /// Its place in the feed: read on from here.
    pub cursor: String,
    /// When it happened.
    #[serde(serialize_with = "public_time::serialize")]
    pub at: Timestamp,
    /// What happened to what.
    #[serde(flatten)]
    pub of: FeedSubject,
}

/// What an event is about.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FeedSubject {
    /// A result has taken a state that is an end, or is dead.
    Result(ResultEvent),
    /// A check has its final answer.
    Check(CheckEvent),
}

impl FeedSubject {
    /// The word for its type.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Result(_) => "result",
            Self::Check(_) => "check",
        }
    }
}

/// What became of a result.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ResultEvent {
    /// The idempotency key.
    pub result_id: String,
    /// The exam; none if the result's row is no longer kept.
    pub exam_id: Option<String>,
    /// The connector it goes to.
    pub connector: Option<String>,
    /// How the exam ended.
    pub outcome: Option<Outcome>,
    /// The state it has taken.
    pub state: String,
    /// Why, where there is something to say.
    pub code: Option<String>,
    /// The reason in a few words.
    pub title: Option<&'static str>,
    /// The result that took its place.
    pub superseded_by: Option<String>,
}

/// What a check ended with.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CheckEvent {
    /// The check.
    pub id: JobId,
    /// The exam; none if the check's record is no longer kept.
    pub exam_id: Option<String>,
    /// What the check says.
    pub answer: Answer,
    /// Why.
    pub code: Code,
    /// The reason in a few words.
    pub title: &'static str,
    /// Of `already_completed`: the result of ours that completed the course, where it was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub own_result: Option<OwnResult>,
}

impl ResultEvent {
    /// What a state of a result means to who handed it in; what never changes comes from its row.
    pub(crate) fn new(
        result_id: String,
        row: Option<AcceptedRow>,
        state: String,
        code: String,
        reference: String,
    ) -> Self {
        let superseded = state == "superseded";
        let code = Some(code).filter(|code| !code.is_empty());
        let known = code.as_deref().and_then(|code| code.parse::<Code>().ok());
        Self {
            result_id,
            exam_id: row.as_ref().map(|row| row.exam_id.to_string()),
            connector: row.as_ref().map(|row| row.connector.to_string()),
            outcome: row.map(|row| row.outcome),
            state,
            title: known.map(|code| code.entry().title),
            code,
            superseded_by: Some(reference).filter(|reference| superseded && !reference.is_empty()),
        }
    }
}

impl CheckEvent {
    /// What a check was answered.
    pub(crate) fn answered(id: JobId, answer: CheckAnswer) -> Self {
        Self {
            id,
            exam_id: Some(answer.exam_id.to_string()),
            answer: answer.answer,
            code: answer.code,
            title: answer.code.entry().title,
            own_result: answer.own_result,
        }
    }

    /// What a check that ended without an answer comes to: an outage is never "not eligible".
    pub(crate) fn unanswered(id: JobId, exam_id: Option<String>, state: &str, code: &str) -> Self {
        // As whoever asks for the check itself sees it.
        let given_up = state == "discarded";
        let code = code.parse().ok().filter(|_| !given_up).unwrap_or(Code::DeadlinePassed);
        Self {
            id,
            exam_id,
            answer: Answer::Unverified,
            code,
            title: code.entry().title,
            own_result: None,
        }
    }
}
