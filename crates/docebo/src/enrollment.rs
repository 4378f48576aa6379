//! Reads one enrolment.

use std::collections::BTreeMap;

use jiff::civil::DateTime;
use serde_json::Value;

use crate::enrollment_fields;
use crate::lenient::{self, DayPart, NoDate};
use crate::status::EnrollmentStatus;

const COMPLETED_AT: [&str; 4] = [
    "course_complete_date",
    "date_complete",
    "completion_date",
    "enrollment_completion_date",
];
const SCORE: [&str; 3] = ["score", "score_given", "enrollment_score"];
const STATUS: [&str; 2] = ["status", "enrollment_status"];
// `enroll_begin_date` is the day of enrolment, not the beginning of its validity.
const VALIDITY_BEGINS: [&str; 4] = [
    "date_begin_validity",
    "enrollment_validity_begin_datetime",
    "enrollment_date_begin_validity",
    "active_from",
];
const VALIDITY_ENDS: [&str; 4] = [
    "date_expire_validity",
    "enrollment_validity_end_datetime",
    "enrollment_date_end_validity",
    "active_until",
];

/// One user's enrolment in one course, as Docebo has it. Moments are in UTC.
#[derive(Debug, Clone, PartialEq)]
pub struct Enrollment {
    /// How far the user is.
    pub status: EnrollmentStatus,
    /// The score, if one is set.
    pub score: Option<f64>,
    /// When the course was completed.
    pub completed_at: Option<DateTime>,
    /// From when on the enrolment is valid.
    pub validity_begins: Option<DateTime>,
    /// Until when the enrolment is valid.
    pub validity_ends: Option<DateTime>,
    /// Additional enrolment fields that have a value: field id to text.
    pub fields: BTreeMap<String, String>,
}

impl Enrollment {
    /// Reads the answer of the enrolment route. `Ok(None)` when it holds no records; `Err` names what is wrong.
    pub(crate) fn decode(answer: &Value) -> Result<Option<Self>, String> {
        if lenient::is_error(answer) {
            return Err("an error under a success".to_owned());
        }
        let data = lenient::unwrapped(answer);
        if lenient::is_blank(data) {
            return Ok(None);
        }
        let records = data.get("records").ok_or("there is no `records`")?;
        if lenient::is_blank(records) {
            return Ok(None);
        }
        let record = match lenient::rows(records) {
            None => records,
            Some(rows) => match rows.as_slice() {
                [record] => record,
                _ => return Err("`records` holds several records".to_owned()),
            },
        };
        if !record.is_object() {
            return Err("`records` is not an object".to_owned());
        }
        Self::decode_record(record).map(Some)
    }

    fn decode_record(record: &Value) -> Result<Self, String> {
        let status = first(record, &STATUS)
            .and_then(EnrollmentStatus::decode)
            .ok_or("`status` is missing or not a status")?;
        Ok(Self {
            status: with_waiting_mark(status, record),
            score: readable(record, &SCORE, lenient::number),
            completed_at: readable(record, &COMPLETED_AT, |value| {
                lenient::moment(value, DayPart::Start).ok().flatten()
            }),
            validity_begins: moment(record, &VALIDITY_BEGINS, DayPart::Start)?,
            validity_ends: moment(record, &VALIDITY_ENDS, DayPart::End)?,
            fields: enrollment_fields::decode(record.get("enrollment_fields")),
        })
    }
}

/// An enrolled user whose row is marked as waiting is on the waiting list, whatever the status says.
fn with_waiting_mark(status: EnrollmentStatus, record: &Value) -> EnrollmentStatus {
    let waiting = record.get("waiting").and_then(lenient::flag) == Some(true);
    if waiting && status == EnrollmentStatus::Subscribed {
        EnrollmentStatus::WaitingList
    } else {
        status
    }
}

/// What nobody's eligibility depends on: an unreadable value counts as none, rather than stop the job.
fn readable<T>(record: &Value, names: &[&str], read: impl Fn(&Value) -> Option<T>) -> Option<T> {
    names.iter().filter_map(|name| record.get(name)).find_map(read)
}

fn moment(record: &Value, names: &[&str], day_part: DayPart) -> Result<Option<DateTime>, String> {
    match first(record, names) {
        None => Ok(None),
        Some(value) => {
            lenient::moment(value, day_part).map_err(|NoDate| format!("`{}` is not a date", names.join("` or `")))
        }
    }
}

/// The first of these fields that says something.
fn first<'a>(record: &'a Value, names: &[&str]) -> Option<&'a Value> {
    names
        .iter()
        .filter_map(|name| record.get(name))
        .find(|value| !lenient::is_blank(value))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jiff::civil::date;
    use proptest::prelude::*;
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::Enrollment;
    use crate::any_json::any_json;
    use crate::status::EnrollmentStatus;

    #[test]
    fn the_documented_answer_is_read() {
        let answer = json!({"data": {"records": {"id": 146, "name": "Forklift exam", "course_code": "FORK-01",
            "type": "elearning", "lang_code": "english", "status": 1, "score": 0,
            "enroll_begin_date": "2026-01-20 13:05:00", "course_complete_date": null, "enrollment_fields": []}},
            "version": "1.0.0", "_links": []});
        let enrollment = Enrollment::decode(&answer).unwrap().unwrap();
        assert_eq!(
            enrollment,
            Enrollment {
                status: EnrollmentStatus::InProgress,
                score: Some(0.0),
                completed_at: None,
                validity_begins: None,
                validity_ends: None,
                fields: BTreeMap::new(),
            }
        );
    }

    #[test]
    fn strings_a_list_of_one_and_a_missing_wrapper_are_read_too() {
        let answer = json!({"records": [{"id": "146", "status": "completed", "score": "87.0",
            "course_complete_date": "2026-02-11 09:30:11", "date_begin_validity": "2026-01-01",
            "date_expire_validity": "2026-12-31", "enrollment_fields": {"12": "Passed"}}]});
        let enrollment = Enrollment::decode(&answer).unwrap().unwrap();
        assert_eq!(enrollment.status, EnrollmentStatus::Completed);
        assert_eq!(enrollment.score, Some(87.0));
        assert_eq!(enrollment.completed_at, Some(date(2026, 2, 11).at(9, 30, 11, 0)));
        assert_eq!(enrollment.validity_begins, Some(date(2026, 1, 1).at(0, 0, 0, 0)));
        assert_eq!(enrollment.validity_ends, Some(date(2026, 12, 31).at(23, 59, 59, 0)));
        assert_eq!(enrollment.fields["12"], "Passed");
    }

    #[rstest]
    #[case(json!({"data": {"records": []}}))]
    #[case(json!({"data": {"records": {}}}))]
    #[case(json!({"data": {"records": null}}))]
    #[case(json!({"data": []}))]
    #[case(json!({"data": null, "version": "1.0.0"}))]
    #[case(json!({"records": []}))]
    #[case(json!([]))]
    #[case(json!(null))]
    fn an_answer_without_records_is_no_enrolment(#[case] answer: Value) {
        assert_eq!(Enrollment::decode(&answer), Ok(None));
    }

    #[rstest]
    #[case(json!({"data": {"items": [{"status": 1}]}}))]
    #[case(json!({"name": "Not Found", "status": 404}))]
    #[case(json!({"data": {"records": "none"}}))]
    #[case(json!({"data": {"records": {"id": 146}}}))]
    #[case(json!({"data": {"records": {"id": 146, "status": null}}}))]
    #[case(json!({"data": {"records": {"status": 1, "date_expire_validity": "soon"}}}))]
    #[case(json!({"data": null, "name": "Forbidden"}))]
    #[case(json!({"data": [], "message": "no access"}))]
    #[case(json!({"data": {"records": [{"status": 1}, {"status": 2}]}}))]
    fn another_shape_is_an_error_and_not_a_guess(#[case] answer: Value) {
        assert!(Enrollment::decode(&answer).is_err());
    }

    #[test]
    fn a_score_or_completion_date_that_cannot_be_read_counts_as_none() {
        let record = json!({"status": 2, "score": "good", "course_complete_date": "soon"});
        let enrollment = Enrollment::decode(&json!({"data": {"records": record}}))
            .unwrap()
            .unwrap();
        assert_eq!((enrollment.score, enrollment.completed_at), (None, None));
        assert_eq!(enrollment.status, EnrollmentStatus::Completed);
    }

    #[rstest]
    #[case(json!({"status": 0, "waiting": 1}), EnrollmentStatus::WaitingList)]
    #[case(json!({"status": 0, "waiting": "0"}), EnrollmentStatus::Subscribed)]
    #[case(json!({"status": 2, "waiting": 1}), EnrollmentStatus::Completed)]
    fn a_waiting_mark_counts_as_the_waiting_list(#[case] record: Value, #[case] expected: EnrollmentStatus) {
        let answer = json!({"data": {"records": record}});
        assert_eq!(Enrollment::decode(&answer).unwrap().unwrap().status, expected);
    }

    proptest! {
        #[test]
        fn any_json_is_an_answer_or_an_error(value in any_json()) {
            let _ = Enrollment::decode(&value);
            let _ = Enrollment::decode(&json!({"data": {"records": value}}));
        }

        #[test]
        fn any_value_in_any_field_is_an_answer_or_an_error(field in 0_usize..7, value in any_json()) {
            let names = ["status", "score", "course_complete_date", "date_begin_validity", "date_expire_validity", "waiting", "enrollment_fields"];
            let mut record = json!({"status": 1});
            record[names[field]] = value;
            let _ = Enrollment::decode(&json!({"data": {"records": record}}));
        }
    }
}
