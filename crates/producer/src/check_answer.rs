//! What a check ends with.

use jiff::Timestamp;
use passback_registry::ExamId;
use serde::{Deserialize, Serialize};

use crate::{Code, public_time};

/// What a check says. An outage is never "not eligible".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// The candidate may sit the exam.
    Eligible,
    /// The candidate may not, for the reason given.
    NotEligible,
    /// It could not be found out, for the reason given.
    Unverified,
}

impl Answer {
    /// The word as it stands in answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Eligible => "eligible",
            Self::NotEligible => "not_eligible",
            Self::Unverified => "unverified",
        }
    }
}

/// A check's final answer, written by the worker and kept for a day under the job's id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckAnswer {
    /// The exam.
    pub exam_id: ExamId,
    /// What the check says.
    pub answer: Answer,
    /// Why.
    pub code: Code,
    /// When it was found out.
    pub checked_at: Timestamp,
    /// The result of ours that completed the course, where it was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_result: Option<OwnResult>,
}

/// A result of ours that completed a course.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OwnResult {
    /// The result.
    pub result_id: String,
    /// When passback wrote it.
    #[serde(serialize_with = "public_time::serialize")]
    pub written_at: Timestamp,
}

impl CheckAnswer {
    /// The bytes that the queue keeps.
    pub fn to_bytes(&self) -> Vec<u8> {
        // Texts and times always serialise.
        serde_json::to_vec(self).unwrap_or_default()
    }
}
