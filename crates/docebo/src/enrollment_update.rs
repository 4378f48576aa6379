//! Writes one enrolment, and reads whether Docebo did.

use std::collections::BTreeMap;

use jiff::civil::DateTime;
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::ids::{CourseId, UserId};
use crate::lenient;
use crate::status::EnrollmentStatus;

/// What a write sets; what is not set here stays as it is at Docebo.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct EnrollmentUpdate {
    /// The new state.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_code")]
    pub status: Option<EnrollmentStatus>,
    /// The final score in per cent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score_given: Option<u8>,
    /// When the course was completed, in UTC; Docebo takes the moment of the write otherwise.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_docebo_date")]
    pub date_complete: Option<DateTime>,
    /// Additional enrolment fields: field id to value.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub enrollment_fields: BTreeMap<String, String>,
}

#[expect(clippy::ref_option, reason = "the signature that serde asks for")]
fn as_code<S: Serializer>(status: &Option<EnrollmentStatus>, serializer: S) -> Result<S::Ok, S::Error> {
    match status {
        None => serializer.serialize_none(),
        Some(status) => match status.code() {
            Some(code) => serializer.serialize_i8(code),
            None => serializer.serialize_str(status.as_str()),
        },
    }
}

#[expect(clippy::ref_option, reason = "the signature that serde asks for")]
fn as_docebo_date<S: Serializer>(date: &Option<DateTime>, serializer: S) -> Result<S::Ok, S::Error> {
    match date {
        None => serializer.serialize_none(),
        Some(date) => serializer.collect_str(&date.strftime("%Y-%m-%d %H:%M:%S")),
    }
}

/// Whether the answer lists the enrolment as written.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Written {
    /// It is among the updated.
    Yes,
    /// Something is among the not updated; with Docebo's words.
    No(String),
}

impl Written {
    /// Reads the answer of a write: a 2xx alone proves nothing. `Err` names what is wrong with the shape; an answer
    /// that lists the enrolment nowhere is of that kind, for it proves neither a success nor a refusal.
    pub(crate) fn decode(answer: &Value, course: CourseId, user: UserId) -> Result<Self, String> {
        let data = lenient::unwrapped(answer);
        let updated = data.get("updated");
        let not_updated = data.get("not_updated").filter(|value| !lenient::is_blank(value));
        if let Some(refused) = not_updated {
            return Ok(Self::No(reasons(refused)));
        }
        let updated = pairs(updated.ok_or("there is no `updated`")?).ok_or("`updated` is not a list")?;
        if updated.into_iter().any(|row| is_pair(row, course, user)) {
            Ok(Self::Yes)
        } else {
            Err("the enrolment is listed neither as updated nor as not updated".to_owned())
        }
    }
}

/// The rows of `updated`; a single pair without its list is one row.
fn pairs(updated: &Value) -> Option<Vec<&Value>> {
    if updated.get("course_id").is_some() {
        return Some(vec![updated]);
    }
    lenient::rows(updated)
}

fn is_pair(row: &Value, course: CourseId, user: UserId) -> bool {
    let id = |name| row.get(name).and_then(lenient::id);
    id("course_id") == Some(course.0) && id("user_id") == Some(user.0)
}

/// Docebo's validation messages, or the raw refusal when there are none.
fn reasons(refused: &Value) -> String {
    let mut messages = Vec::new();
    collect_messages(refused, false, &mut messages);
    if messages.is_empty() {
        format!("listed as not updated: {refused}")
    } else {
        messages.join("; ")
    }
}

fn collect_messages<'a>(value: &'a Value, inside: bool, messages: &mut Vec<&'a str>) {
    match value {
        Value::String(text) if inside && !text.trim().is_empty() => messages.push(text.trim()),
        Value::Array(items) => items.iter().for_each(|item| collect_messages(item, inside, messages)),
        Value::Object(fields) => {
            for (name, field) in fields {
                collect_messages(field, inside || name.starts_with("message"), messages);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jiff::civil::date;
    use proptest::prelude::*;
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::{EnrollmentUpdate, Written};
    use crate::any_json::any_json;
    use crate::ids::{CourseId, UserId};
    use crate::status::EnrollmentStatus;

    fn decode(answer: &Value) -> Result<Written, String> {
        Written::decode(answer, CourseId(146), UserId(13827))
    }

    #[test]
    fn only_what_is_set_is_sent() {
        let update = EnrollmentUpdate {
            status: Some(EnrollmentStatus::Completed),
            score_given: Some(87),
            date_complete: Some(date(2026, 2, 11).at(9, 30, 11, 412_000_000)),
            enrollment_fields: BTreeMap::new(),
        };
        assert_eq!(
            serde_json::to_value(&update).unwrap(),
            json!({"status": 2, "score_given": 87, "date_complete": "2026-02-11 09:30:11"})
        );
        let fields = EnrollmentUpdate {
            enrollment_fields: BTreeMap::from([("7".into(), "failed".into())]),
            ..EnrollmentUpdate::default()
        };
        assert_eq!(
            serde_json::to_value(&fields).unwrap(),
            json!({"enrollment_fields": {"7": "failed"}})
        );
    }

    #[rstest]
    #[case(json!({"data": {"updated": [{"course_id": 146, "user_id": 13827}], "not_updated": []}}))]
    #[case(json!({"data": {"updated": [{"course_id": "146", "user_id": "13827"}]}}))]
    #[case(json!({"updated": {"0": {"course_id": 146, "user_id": 13827}}, "not_updated": {}}))]
    #[case(json!({"data": {"updated": {"course_id": 146, "user_id": 13827}, "not_updated": null}}))]
    #[case(json!({"data": {"updated": [{"course_id": 146, "user_id": 13827}],
        "not_updated": {"invalid_enrollments": [], "validation_errors": []}}}))]
    fn a_pair_that_is_listed_as_updated_is_written(#[case] answer: Value) {
        assert_eq!(decode(&answer), Ok(Written::Yes));
    }

    #[rstest]
    #[case(json!({"data": {"updated": [], "not_updated": {"invalid_enrollments": [{"course_id": 146, "user_id": 13827}]}}}))]
    #[case(json!({"data": {"updated": [{"course_id": 146, "user_id": 13827}], "not_updated": [{"course_id": 146, "user_id": 13827}]}}))]
    fn a_pair_that_is_listed_as_not_updated_is_refused(#[case] answer: Value) {
        assert!(matches!(decode(&answer), Ok(Written::No(_))));
    }

    #[test]
    fn the_refusal_quotes_the_messages_of_docebo() {
        let answer = json!({"data": {"updated": [], "not_updated": {"invalid_enrollments": [{"course_id": 146, "user_id": 13827}],
            "validation_errors": [{"ids": [{"messages": ["Score is out of range", " "]}]}]}}});
        assert_eq!(decode(&answer), Ok(Written::No("Score is out of range".into())));
    }

    #[rstest]
    #[case(json!({"data": {}}))]
    #[case(json!({"data": {"success": true}}))]
    #[case(json!({"data": {"updated": "yes"}}))]
    #[case::listed_nowhere(json!({"data": {"updated": [], "not_updated": []}}))]
    #[case::only_another_pair(json!({"data": {"updated": [{"course_id": 146, "user_id": 1}], "not_updated": []}}))]
    #[case(json!([]))]
    fn another_shape_is_an_error_and_not_a_success(#[case] answer: Value) {
        assert!(decode(&answer).is_err());
    }

    proptest! {
        #[test]
        fn any_json_is_an_answer_or_an_error(updated in any_json(), not_updated in any_json()) {
            let _ = decode(&updated);
            let _ = decode(&json!({"data": {"updated": updated, "not_updated": not_updated}}));
        }
    }
}
