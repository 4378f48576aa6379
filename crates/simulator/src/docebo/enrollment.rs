//! `GET` and `PUT /learn/v1/enrollments/{course}/{user}`.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::http::Response;
use serde::Serialize;
use serde_json::Value;

use crate::clock::Moment;
use crate::docebo::change::Change;
use crate::docebo::{Reply, wire};
use crate::enrollment::Enrollment;
use crate::request::Pair;
use crate::state::Platform;
use crate::world::{AbsentEnrollment, Course};

#[derive(Serialize)]
struct ReadAnswer<T> {
    records: T,
}

/// One enrolment on the wire; `id` is the course's.
#[derive(Serialize)]
struct Record {
    id: u64,
    name: String,
    course_code: String,
    #[serde(rename = "type")]
    kind: &'static str,
    lang_code: &'static str,
    status: i8,
    score: f64,
    enroll_begin_date: Option<String>,
    course_complete_date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    date_begin_validity: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    date_expire_validity: Option<String>,
    enrollment_fields: Fields,
}

/// A map that is an array when empty, as PHP has it.
#[derive(Serialize)]
#[serde(untagged)]
enum Fields {
    Empty([(); 0]),
    Some(BTreeMap<String, Value>),
}

#[derive(Serialize)]
struct WriteAnswer {
    updated: Vec<WirePair>,
    not_updated: Vec<NotUpdated>,
}

#[derive(Serialize)]
struct WirePair {
    course_id: u64,
    user_id: u64,
}

#[derive(Serialize)]
struct NotUpdated {
    invalid_enrollments: [WirePair; 1],
    validation_errors: [ValidationError; 1],
}

#[derive(Serialize)]
struct ValidationError {
    ids: [InvalidIds; 1],
}

#[derive(Serialize)]
struct InvalidIds {
    messages: [&'static str; 1],
}

/// Answers an enrolment, or in the tenant's way that there is none.
pub(super) fn read(platform: &Platform, pair: Pair) -> Response<Body> {
    let state = platform.state();
    let Some(enrollment) = state.enrollment(pair).cloned() else {
        return match platform.settings.absent_enrollment {
            AbsentEnrollment::NotFound => wire::not_found("Enrollment not found."),
            AbsentEnrollment::Empty => wire::success(ReadAnswer { records: [(); 0] }),
        };
    };
    let course = state.course(pair.course_id).cloned();
    drop(state);
    wire::success(ReadAnswer {
        records: record(enrollment, course),
    })
}

/// Changes an enrolment and says whether it did.
pub(super) fn write(platform: &Platform, pair: Pair, body: &[u8]) -> Reply {
    let (change, body) = match Change::read(body) {
        Ok(read) => read,
        Err(detail) => return wire::bad_request(&detail).into(),
    };
    let now = Moment::now();
    let mut state = platform.state();
    let Some(before) = state.enrollment(pair) else {
        return match platform.settings.absent_enrollment {
            AbsentEnrollment::NotFound => wire::not_found("Enrollment not found.").into(),
            AbsentEnrollment::Empty => not_updated(pair).into(),
        };
    };
    let after = change.apply(before.clone(), now);
    if let Some(detail) = after.complaint() {
        return wire::bad_request(&detail).into();
    }
    let effect = state.write(after, body, now);
    drop(state);
    let answer = WriteAnswer {
        updated: vec![pair.into()],
        not_updated: Vec::new(),
    };
    Reply::Answered(wire::success(answer), effect)
}

/// Answers 200 although nothing was changed.
pub(super) fn not_updated(pair: Pair) -> Response<Body> {
    wire::success(WriteAnswer {
        updated: Vec::new(),
        not_updated: vec![NotUpdated {
            invalid_enrollments: [pair.into()],
            validation_errors: [ValidationError {
                ids: [InvalidIds {
                    messages: ["The enrollment is not valid."],
                }],
            }],
        }],
    })
}

impl From<Pair> for WirePair {
    fn from(pair: Pair) -> Self {
        Self {
            course_id: pair.course_id,
            user_id: pair.user_id,
        }
    }
}

fn record(enrollment: Enrollment, course: Option<Course>) -> Record {
    let (name, course_code) = course.map(|course| (course.name, course.code)).unwrap_or_default();
    Record {
        id: enrollment.course_id,
        name,
        course_code,
        kind: "elearning",
        lang_code: "english",
        status: enrollment.status,
        score: enrollment.score.unwrap_or(0.0),
        enroll_begin_date: enrollment.date_inscr,
        course_complete_date: enrollment.date_complete,
        date_begin_validity: enrollment.date_begin_validity,
        date_expire_validity: enrollment.date_expire_validity,
        enrollment_fields: if enrollment.enrollment_fields.is_empty() {
            Fields::Empty([])
        } else {
            Fields::Some(enrollment.enrollment_fields)
        },
    }
}
