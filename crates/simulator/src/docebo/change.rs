//! The body of a write: what is to be set on an enrolment.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::clock::Moment;
use crate::enrollment::Enrollment;

/// Documented fields that change nothing here.
const WITHOUT_MEANING: [&str; 6] = [
    "waiting",
    "absent",
    "session_id",
    "subscribed_by",
    "cancelled_by",
    "requesting_unsubscribe",
];

/// The fields of a write; what is absent or null stays as it is.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Change {
    status: Option<i8>,
    score_given: Option<f64>,
    initial_score_given: Option<f64>,
    date_complete: Option<String>,
    date_inscr: Option<String>,
    date_first_access: Option<String>,
    date_last_access: Option<String>,
    date_begin_validity: Option<String>,
    date_expire_validity: Option<String>,
    level: Option<u8>,
    enrollment_fields: Option<Fields>,
}

/// A map that may be an empty array, as PHP has it.
#[derive(Deserialize)]
#[serde(untagged)]
enum Fields {
    Map(BTreeMap<String, Value>),
    Empty([Value; 0]),
}

impl Change {
    /// Reads a body strictly, so that a misspelt field is not taken for a success.
    pub(super) fn read(body: &[u8]) -> Result<(Self, Value), String> {
        let value: Value = serde_json::from_slice(body).map_err(|error| format!("The body is not JSON: {error}"))?;
        let Value::Object(mut fields) = value.clone() else {
            return Err("The body is not an object.".to_owned());
        };
        for field in WITHOUT_MEANING {
            fields.remove(field);
        }
        let change = serde_json::from_value(Value::Object(fields)).map_err(|error| error.to_string())?;
        Ok((change, value))
    }

    /// Sets the values. Completing without a date completes now.
    pub(super) fn apply(self, before: Enrollment, now: Moment) -> Enrollment {
        let completed_now = (self.status == Some(Enrollment::COMPLETED)).then(|| now.docebo_text());
        let mut enrollment_fields = before.enrollment_fields;
        if let Some(Fields::Map(fields)) = self.enrollment_fields {
            enrollment_fields.extend(fields);
        }
        Enrollment {
            user_id: before.user_id,
            course_id: before.course_id,
            status: self.status.unwrap_or(before.status),
            score: self.score_given.or(before.score),
            initial_score: self.initial_score_given.or(before.initial_score),
            date_complete: self.date_complete.or(completed_now).or(before.date_complete),
            date_inscr: self.date_inscr.or(before.date_inscr),
            date_first_access: self.date_first_access.or(before.date_first_access),
            date_last_access: self.date_last_access.or(before.date_last_access),
            date_begin_validity: self.date_begin_validity.or(before.date_begin_validity),
            date_expire_validity: self.date_expire_validity.or(before.date_expire_validity),
            level: self.level.unwrap_or(before.level),
            enrollment_fields,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn apply(body: &str, before: Enrollment) -> Enrollment {
        Change::read(body.as_bytes())
            .unwrap()
            .0
            .apply(before, Moment(1_763_802_611_412))
    }

    #[test]
    fn completing_without_a_date_completes_now() {
        let before = Enrollment::new(146, 7);
        let after = apply(r#"{"status":2}"#, before.clone());
        assert_eq!(after.date_complete.as_deref(), Some("2025-11-22 09:10:11"));
        let dated = apply(r#"{"status":2,"date_complete":"2026-02-11 09:30:11"}"#, before.clone());
        assert_eq!(dated.date_complete.as_deref(), Some("2026-02-11 09:30:11"));
        assert_eq!(apply(r#"{"status":1}"#, before).date_complete, None);
    }

    #[test]
    fn only_given_fields_are_set() {
        let mut before = Enrollment {
            score: Some(40.0),
            ..Enrollment::new(146, 7)
        };
        before.enrollment_fields.insert("1".to_owned(), "kept".into());
        let body = r#"{"score_given":87,"enrollment_fields":{"2":"passed"},"waiting":0}"#;
        let after = apply(body, before.clone());
        assert_eq!(after.score, Some(87.0));
        assert_eq!(after.enrollment_fields.len(), 2);
        assert_eq!(
            apply(r#"{"enrollment_fields":[],"status":null}"#, before.clone()),
            before
        );
    }

    #[test]
    fn a_misspelt_or_wrong_field_is_named() {
        for (body, wanted) in [
            ("{\"scor_given\":87}", "scor_given"),
            ("[]", "not an object"),
            ("{", "not JSON"),
            ("{\"status\":\"completed\"}", "expected i8"),
        ] {
            let detail = Change::read(body.as_bytes()).err().unwrap();
            assert!(detail.contains(wanted), "{body}: {detail}");
        }
    }
}
