//! A result as the exam engine sends it, and as it is once it is believed.

use std::fmt;

use jiff::Timestamp;
use passback_queue::Name;
use passback_registry::ExamId;
use serde::{Deserialize, Serialize};

use crate::{FieldProblem, Outcome, field_rules};

/// A result as the exam engine sends it.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ExamResult {
    /// The idempotency key: 1 to 128 letters, digits and `. _ : -`. Over HTTP it may stand in a header instead.
    #[serde(default)]
    pub result_id: String,
    /// The exam.
    pub exam_id: String,
    /// The candidate's e-mail.
    pub email: String,
    /// `passed`, `failed` or `non_graded`; see [`Outcome`].
    pub outcome: String,
    /// The score, 0 to 100; needed unless the exam is not graded.
    #[serde(default)]
    pub score_percent: Option<f64>,
    /// When the exam ended: RFC 3339 with a zone.
    pub completed_at: String,
    /// The exam engine's own count of this person's results; decides which is newer where it is sent.
    #[serde(default, deserialize_with = "passback_registry::whole_number::deserialize")]
    pub sequence: Option<u64>,
}

/// A result whose every field is believed.
#[derive(Clone, PartialEq)]
pub struct ValidResult {
    /// The idempotency key.
    pub result_id: Name,
    /// The exam.
    pub exam_id: ExamId,
    /// The candidate's e-mail, without spaces around it.
    pub email: String,
    /// How the exam ended.
    pub outcome: Outcome,
    /// The score, 0 to 100.
    pub score_percent: Option<f64>,
    /// When the exam ended.
    pub completed_at: Timestamp,
    /// The exam engine's own count of this person's results.
    pub sequence: Option<u64>,
}

impl ExamResult {
    /// Checks every field and names all that is wrong.
    pub fn validate(&self, now: Timestamp) -> Result<ValidResult, Vec<FieldProblem>> {
        let mut problems = Vec::new();
        let result_id = field_rules::result_id(&self.result_id, &mut problems);
        let exam_id = field_rules::exam_id(&self.exam_id, &mut problems);
        let email = field_rules::email(&self.email, &mut problems);
        let outcome = field_rules::outcome(&self.outcome, &mut problems);
        let score_percent = field_rules::score_percent(self.score_percent, outcome, &mut problems);
        let completed_at = field_rules::completed_at(&self.completed_at, now, &mut problems);
        let fields = (result_id, exam_id, email, outcome, score_percent, completed_at);
        let (Some(result_id), Some(exam_id), Some(email), Some(outcome), Some(score_percent), Some(completed_at)) =
            fields
        else {
            return Err(problems);
        };
        Ok(ValidResult {
            result_id,
            exam_id,
            email,
            outcome,
            score_percent,
            completed_at,
            sequence: self.sequence,
        })
    }
}

impl fmt::Debug for ExamResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExamResult")
            .field("result_id", &self.result_id)
            .field("exam_id", &self.exam_id)
            .field("outcome", &self.outcome)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for ValidResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ValidResult")
            .field("result_id", &self.result_id)
            .field("exam_id", &self.exam_id)
            .field("outcome", &self.outcome)
            .finish_non_exhaustive()
    }
}
