//! An exam's entry: which course a result goes to, and what a result other than a pass writes.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::eligible_state::{EligibleState, default_states};
use crate::id::{ConnectorId, ExamId};
use crate::result_field::ResultField;
use crate::stamp::Stamp;

/// The status that a failed or non-graded result writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum OnOutcome {
    /// The enrolment becomes completed.
    Completed,
    /// The enrolment becomes in progress.
    InProgress,
    /// The enrolment becomes subscribed, as before its start.
    Subscribed,
    /// The enrolment becomes suspended.
    Suspended,
    /// The enrolment keeps its status.
    Unchanged,
}

impl OnOutcome {
    /// All values, in the order in which they are offered to people.
    pub const ALL: [Self; 5] = [
        Self::Completed,
        Self::InProgress,
        Self::Subscribed,
        Self::Suspended,
        Self::Unchanged,
    ];

    /// The word as people write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::InProgress => "in_progress",
            Self::Subscribed => "subscribed",
            Self::Suspended => "suspended",
            Self::Unchanged => "unchanged",
        }
    }
}

/// Which of several results for one person and exam counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum VersionPolicy {
    /// A pass is never undone by a fail; otherwise the latest counts.
    #[default]
    PassSticky,
    /// The latest counts.
    Latest,
    /// The best counts.
    Best,
}

impl VersionPolicy {
    /// All values, in the order in which they are offered to people.
    pub const ALL: [Self; 3] = [Self::PassSticky, Self::Latest, Self::Best];

    /// The word as people write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PassSticky => "pass_sticky",
            Self::Latest => "latest",
            Self::Best => "best",
        }
    }
}

/// One exam of one connector.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Exam {
    /// The exam's id, as the exam engine names it.
    pub id: ExamId,
    /// The name that people read.
    pub name: Option<String>,
    /// The connector that the exam's results go to.
    pub connector: ConnectorId,
    /// The id of the Docebo course.
    pub course_id: u64,
    /// The status that a failed result writes.
    pub on_failed: OnOutcome,
    /// The status that a non-graded result writes.
    pub on_non_graded: OnOutcome,
    /// Whether a failed result writes its score.
    pub write_score_on_failed: bool,
    /// Whether a non-graded result writes its score.
    pub write_score_on_non_graded: bool,
    /// Which of several results for one person counts.
    pub version_policy: VersionPolicy,
    /// How long a check may take before it answers `unverified`.
    pub check_deadline_seconds: u32,
    /// The states of an enrolment that let a person sit the exam; never empty, in the order of [`EligibleState::ALL`].
    #[serde(default = "default_states")]
    pub eligible_states: Vec<EligibleState>,
    /// The enrolment field that gets a text for each outcome, where there is one.
    #[serde(default)]
    pub result_field: Option<ResultField>,
    /// When the exam was first stored; set by the store.
    pub created_at: Timestamp,
    /// When the exam last changed; set by the store.
    pub updated_at: Timestamp,
}

impl Exam {
    /// Which state of the exam it is.
    pub fn stamp(&self) -> Stamp {
        Stamp {
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }
}
