//! Which enrolments let a person sit an exam.

use serde::{Deserialize, Serialize};

/// A state of an enrolment that an exam may count as eligible.
///
/// A completed enrolment is none of them: whoever has completed the course has nothing left to sit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum EligibleState {
    /// Enrolled, not begun.
    Subscribed,
    /// Begun.
    InProgress,
    /// Suspended.
    Suspended,
    /// On the waiting list.
    WaitingList,
    /// Waits for somebody's confirmation.
    ToConfirm,
    /// Overbooked.
    Overbooking,
    /// Before or after the time for which the enrolment is valid.
    OutsideValidity,
}

impl EligibleState {
    /// All values, in the order in which they are offered to people.
    pub const ALL: [Self; 7] = [
        Self::Subscribed,
        Self::InProgress,
        Self::Suspended,
        Self::WaitingList,
        Self::ToConfirm,
        Self::Overbooking,
        Self::OutsideValidity,
    ];

    /// The word as people write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Subscribed => "subscribed",
            Self::InProgress => "in_progress",
            Self::Suspended => "suspended",
            Self::WaitingList => "waiting_list",
            Self::ToConfirm => "to_confirm",
            Self::Overbooking => "overbooking",
            Self::OutsideValidity => "outside_validity",
        }
    }
}

/// What an exam counts that does not say; also one stored before exams could say.
pub(crate) fn default_states() -> Vec<EligibleState> {
    vec![EligibleState::Subscribed, EligibleState::InProgress]
}
