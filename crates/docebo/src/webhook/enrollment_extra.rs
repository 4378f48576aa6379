//! The additional data of an enrolment's events.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::kind::{Any, Count, Kind, Moment, Reading};
use crate::lenient;

/// The fields of `extra_data` that are seen in `course.enrollment.completed`; it is sent only where additional data is
/// switched on in the settings of the webhook.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EnrollmentExtra {
    /// The time spent in the course.
    pub total_time_seconds: Option<i64>,
    /// The score of the enrolment, which may have decimals.
    pub score: Option<f64>,
    /// The first access to the course, in UTC.
    pub date_first_access: Option<Timestamp>,
    /// Additional fields of the enrolment, in a form that is not published.
    pub additional_fields: Option<Value>,
}

impl EnrollmentExtra {
    /// Reads an event's `extra_data`; what is missing or of another form is `None`.
    pub fn of(extra_data: Option<&Map<String, Value>>) -> Self {
        let Some(extra_data) = extra_data else {
            return Self::default();
        };
        Self {
            total_time_seconds: read::<Count>(extra_data, "total_time"),
            score: extra_data.get("score").and_then(lenient::number),
            date_first_access: read::<Moment>(extra_data, "date_first_access"),
            additional_fields: read::<Any>(extra_data, "additional_fields"),
        }
    }
}

fn read<K: Kind>(fields: &Map<String, Value>, name: &str) -> Option<K::Holds> {
    match K::read(fields.get(name)?) {
        Reading::Set(held) => Some(held),
        Reading::Unset | Reading::Unfit => None,
    }
}
