//! One user's place in one course.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One user's place in one course, as an administrator would see it.
///
/// Dates are spelled `YYYY-MM-DD HH:MM:SS`, in UTC.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Enrollment {
    /// The enrolled user.
    pub user_id: u64,
    /// The course.
    pub course_id: u64,
    /// Docebo's status code, from -2 (waiting list) over 2 (completed) to 4 (overbooking).
    #[serde(default)]
    pub status: i8,
    /// The final score, if one was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<f64>,
    /// The score given at the start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initial_score: Option<f64>,
    /// When the course was completed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date_complete: Option<String>,
    /// When the user was enrolled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date_inscr: Option<String>,
    /// When the user first opened the course.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date_first_access: Option<String>,
    /// When the user last opened the course.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date_last_access: Option<String>,
    /// From when on the enrolment is valid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date_begin_validity: Option<String>,
    /// Until when the enrolment is valid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date_expire_validity: Option<String>,
    /// The role in the course: 3 learner, 4 tutor, 6 instructor.
    #[serde(default = "learner")]
    pub level: u8,
    /// Additional enrolment fields by their id.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub enrollment_fields: BTreeMap<String, Value>,
}

impl Enrollment {
    /// Status code: enrolled, nothing started.
    pub const SUBSCRIBED: i8 = 0;
    /// Status code: the user has started.
    pub const IN_PROGRESS: i8 = 1;
    /// Status code: the course is completed.
    pub const COMPLETED: i8 = 2;
    /// Status code: an administrator has suspended the enrolment.
    pub const SUSPENDED: i8 = 3;

    /// Enrols a learner who has not started yet.
    pub fn new(course_id: u64, user_id: u64) -> Self {
        Self {
            user_id,
            course_id,
            status: Self::SUBSCRIBED,
            score: None,
            initial_score: None,
            date_complete: None,
            date_inscr: None,
            date_first_access: None,
            date_last_access: None,
            date_begin_validity: None,
            date_expire_validity: None,
            level: learner(),
            enrollment_fields: BTreeMap::new(),
        }
    }

    /// Returns the same enrolment with another status code.
    #[must_use]
    pub fn with_status(self, status: i8) -> Self {
        Self { status, ..self }
    }

    /// Spells the role in the course as lists and webhooks do.
    pub(crate) fn level_word(&self) -> &'static str {
        match self.level {
            4 => "tutor",
            6 => "instructor",
            // A complaint refuses every other code but 3.
            _ => "learner",
        }
    }

    /// Lists the dates with their field names, to check their spelling.
    pub(crate) fn dates(&self) -> [(&'static str, Option<&str>); 6] {
        [
            ("date_complete", self.date_complete.as_deref()),
            ("date_inscr", self.date_inscr.as_deref()),
            ("date_first_access", self.date_first_access.as_deref()),
            ("date_last_access", self.date_last_access.as_deref()),
            ("date_begin_validity", self.date_begin_validity.as_deref()),
            ("date_expire_validity", self.date_expire_validity.as_deref()),
        ]
    }

    /// Says what is wrong with the values, naming the field; `None` if all is well.
    pub(crate) fn complaint(&self) -> Option<String> {
        if !(-2..=4).contains(&self.status) {
            return Some(format!("status is {}, it must be from -2 to 4", self.status));
        }
        if ![3, 4, 6].contains(&self.level) {
            return Some(format!("level is {}, it must be 3, 4 or 6", self.level));
        }
        let bad_date = self
            .dates()
            .into_iter()
            .find(|(_, date)| date.is_some_and(|text| !crate::clock::is_docebo_date_time(text)));
        if let Some((field, _)) = bad_date {
            return Some(format!("{field} must be written YYYY-MM-DD HH:MM:SS"));
        }
        let scores = [("score", self.score), ("initial_score", self.initial_score)];
        let bad_score = scores
            .into_iter()
            .find(|(_, score)| score.is_some_and(|score| !score.is_finite() || score < 0.0));
        bad_score.map(|(field, _)| format!("{field} must be a number that is not negative"))
    }
}

fn learner() -> u8 {
    3
}
