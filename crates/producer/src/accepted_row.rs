//! The part of a ledger row that never changes. No e-mail in it.

use jiff::Timestamp;
use passback_registry::{ConnectorId, Exam, ExamId};
use serde::{Deserialize, Serialize};

use crate::{Outcome, ValidResult};

/// What the ledger says of a result for ever.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AcceptedRow {
    /// The exam.
    pub exam_id: ExamId,
    /// The connector it went to.
    pub connector: ConnectorId,
    /// The Docebo course.
    pub course_id: u64,
    /// How the exam ended.
    pub outcome: Outcome,
    /// The score, 0 to 100.
    pub score_percent: Option<f64>,
    /// When the exam ended.
    pub completed_at: Timestamp,
    /// The exam engine's own count of this person's results.
    pub sequence: Option<u64>,
    /// Keyed hash of the candidate's e-mail.
    pub email_hash: String,
}

impl AcceptedRow {
    pub(crate) fn new(result: &ValidResult, exam: &Exam, email_hash: String) -> Self {
        Self {
            exam_id: exam.id.clone(),
            connector: exam.connector.clone(),
            course_id: exam.course_id,
            outcome: result.outcome,
            score_percent: result.score_percent,
            completed_at: result.completed_at,
            sequence: result.sequence,
            email_hash,
        }
    }

    pub(crate) fn to_json(&self) -> String {
        // Texts, numbers and times always serialise.
        serde_json::to_string(self).unwrap_or_default()
    }
}
