//! What each documented answer to a call becomes.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::civil::date;
use passback_docebo::{Calls, Endpoint, EnrollmentStatus, EnrollmentUpdate, Error, Failure};
use rstest::rstest;

use crate::stub::{Answer, COURSE, ENROLLMENT_PATH, Stub, USER, bare, html, json};

const UPDATED: &str =
    r#"{"data":{"updated":[{"course_id":146,"user_id":13827}],"not_updated":[]},"version":"1.0.0","_links":[]}"#;
const NOT_UPDATED: &str = r#"{"data":{"updated":[],"not_updated":{"invalid_enrollments":[{"course_id":146,"user_id":13827}],"validation_errors":[{"ids":[{"messages":["Score is too high"]}]}]}}}"#;
const LOGIN_PAGE: &str = "<!DOCTYPE html><html><title>Log in</title></html>";

fn completed() -> EnrollmentUpdate {
    EnrollmentUpdate {
        status: Some(EnrollmentStatus::Completed),
        score_given: Some(87),
        date_complete: Some(date(2026, 2, 11).at(9, 30, 11, 0)),
        enrollment_fields: BTreeMap::new(),
    }
}

async fn write(answer: Answer) -> Result<(), Error> {
    let stub = Stub::answering(answer).await;
    stub.client()
        .update_enrollment(COURSE, USER, &completed(), &mut Calls::default())
        .await
}

fn detail(text: &str) -> String {
    text.to_owned()
}

#[tokio::test]
async fn a_write_sends_the_documented_body_and_succeeds_when_the_pair_is_updated() {
    let stub = Stub::answering(json(UPDATED)).await;
    let mut calls = Calls::default();
    let written = stub
        .client()
        .update_enrollment(COURSE, USER, &completed(), &mut calls)
        .await;
    assert_eq!(written, Ok(()));

    let seen = stub.seen(ENROLLMENT_PATH);
    assert_eq!(seen.len(), 1);
    assert_eq!(
        seen[0].body,
        r#"{"status":2,"score_given":87,"date_complete":"2026-02-11 09:30:11"}"#
    );
    let header = |name| seen[0].headers.get(name).unwrap().to_str().unwrap();
    assert_eq!(header("accept"), "application/json");
    assert_eq!(header("content-type"), "application/json");
    assert_eq!(
        header("authorization"),
        "Bearer 3f0c9a1be27d4c55a8e0b1c2d3e4f5a6b7c8d9e0"
    );
    assert_eq!(header("user-agent"), concat!("passback/", env!("CARGO_PKG_VERSION")));

    let listed: Vec<_> = calls.0.iter().map(|call| (call.endpoint, call.status)).collect();
    assert_eq!(
        listed,
        [(Endpoint::Token, Some(200)), (Endpoint::EnrollmentWrite, Some(200))]
    );
}

#[rstest]
#[case::not_updated(json(NOT_UPDATED), Failure::Rejected { status: 200, detail: detail("Score is too high") }, false)]
#[case::absent(json(r#"{"data":{"updated":[],"not_updated":[]}}"#), Failure::UnexpectedShape {
    detail: detail("the enrolment is listed neither as updated nor as not updated"),
    excerpt: detail(r#"{"data":{"updated":[],"not_updated":[]}}"#) }, true)]
#[case::bad_request(json(r#"{"name":"Bad Request","message":"score_given"}"#).status(400),
    Failure::Rejected { status: 400, detail: detail("Bad Request: score_given") }, false)]
#[case::unprocessable(json(r#"{"message":"no"}"#).status(422), Failure::Rejected { status: 422, detail: detail("no") }, false)]
#[case::forbidden(json(r#"{"name":"Forbidden"}"#).status(403), Failure::Forbidden { detail: detail("Forbidden") }, false)]
#[case::missing(json(r#"{"name":"Not Found"}"#).status(404), Failure::NotFound { detail: detail("Not Found") }, false)]
#[case::throttled(json("{}").status(429).with("retry-after", "7"),
    Failure::Throttled { retry_after: Some(Duration::from_secs(7)) }, false)]
#[case::throttled_without_hint(json("{}").status(429), Failure::Throttled { retry_after: None }, false)]
#[case::overloaded(json("{}").status(503).with("retry-after", "30"),
    Failure::Unavailable { status: 503, retry_after: Some(Duration::from_secs(30)) }, true)]
#[case::server_error(html("<h1>Oops</h1>").status(500), Failure::Unavailable { status: 500, retry_after: None }, true)]
#[case::bad_gateway(bare("").status(502), Failure::Unavailable { status: 502, retry_after: None }, true)]
#[case::gateway_timeout(bare("").status(504), Failure::Unavailable { status: 504, retry_after: None }, true)]
#[case::request_timeout(bare("").status(408), Failure::Unavailable { status: 408, retry_after: None }, true)]
#[case::redirect(bare("").status(302).with("location", "/login"),
    Failure::Unexpected { status: 302, detail: detail("an empty answer") }, false)]
#[case::conflict(json(r#"{"message":"busy"}"#).status(409), Failure::Unexpected { status: 409, detail: detail("busy") }, false)]
#[case::login_page(html(LOGIN_PAGE), Failure::NotJson { status: 200,
    content_type: Some(detail("text/html; charset=UTF-8")), excerpt: detail(LOGIN_PAGE) }, true)]
#[case::no_content(bare("").status(204), Failure::NotJson { status: 204, content_type: None, excerpt: String::new() }, true)]
#[case::garbage(json(r#"{"data":{"upd"#), Failure::UnexpectedShape {
    detail: detail("broken JSON at line 1 column 13"), excerpt: detail(r#"{"data":{"upd"#) }, true)]
#[case::other_shape(json(r#"{"success":true}"#), Failure::UnexpectedShape {
    detail: detail("there is no `updated`"), excerpt: detail(r#"{"success":true}"#) }, true)]
#[tokio::test]
async fn each_answer_to_a_write_has_its_name(
    #[case] answer: Answer,
    #[case] expected: Failure,
    #[case] outcome_unknown: bool,
) {
    let error = write(answer).await.unwrap_err();
    assert_eq!(
        error,
        Error {
            endpoint: Endpoint::EnrollmentWrite,
            failure: expected
        }
    );
    assert_eq!(error.outcome_unknown(), outcome_unknown);
}

#[tokio::test]
async fn the_documented_enrolment_is_read() {
    let stub = Stub::answering(json(
        r#"{"data":{"records":{"id":146,"name":"Forklift exam","type":"elearning","status":2,"score":87.0,"enroll_begin_date":"2026-01-20 13:05:00","course_complete_date":"2026-02-11 09:30:11","enrollment_fields":{"12":"Passed"}}},"version":"1.0.0","_links":[]}"#,
    ))
    .await;
    let enrollment = stub
        .client()
        .enrollment(COURSE, USER, &mut Calls::default())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(enrollment.status, EnrollmentStatus::Completed);
    assert_eq!(enrollment.score, Some(87.0));
    assert_eq!(
        enrollment.fields,
        BTreeMap::from([("12".to_owned(), "Passed".to_owned())])
    );
    assert_eq!(enrollment.completed_at, Some(date(2026, 2, 11).at(9, 30, 11, 0)));
    assert_eq!(stub.seen(ENROLLMENT_PATH).len(), 1);
}

#[rstest]
#[case::not_found(json(r#"{"name":"Not Found","status":404}"#).status(404))]
#[case::not_found_without_body(bare("").status(404))]
#[case::empty_records(json(r#"{"data":{"records":[]},"version":"1.0.0","_links":[]}"#))]
#[case::null_records(json(r#"{"data":{"records":null}}"#))]
#[case::empty_data(json(r#"{"data":[]}"#))]
#[case::empty_body(bare(""))]
#[case::no_content(bare("").status(204))]
#[tokio::test]
async fn each_way_to_say_no_enrolment_is_understood(#[case] answer: Answer) {
    let stub = Stub::answering(answer).await;
    let read = stub.client().enrollment(COURSE, USER, &mut Calls::default()).await;
    assert_eq!(read, Ok(None));
}

#[rstest]
#[case::forbidden(json("{}").status(403))]
#[case::login_page(html(LOGIN_PAGE))]
#[case::overloaded(bare("").status(503))]
#[case::throttled(bare("").status(429))]
#[case::other_shape(json(r#"{"data":{"items":[{"status":"subscribed"}]}}"#))]
#[case::error_under_200(json(r#"{"data":null,"name":"Forbidden","message":"no access"}"#))]
#[case::maintenance_page(html(LOGIN_PAGE).status(404))]
#[case::page_without_content_type(bare(LOGIN_PAGE).status(404))]
#[tokio::test]
async fn a_failure_is_never_read_as_no_enrolment(#[case] answer: Answer) {
    let stub = Stub::answering(answer).await;
    let error = stub
        .client()
        .enrollment(COURSE, USER, &mut Calls::default())
        .await
        .unwrap_err();
    assert_eq!(error.endpoint, Endpoint::EnrollmentRead);
    assert!(!error.outcome_unknown(), "a read has no outcome");
}

#[tokio::test]
async fn an_error_shows_neither_address_nor_token() {
    let body = r#"{"message":"r.moreau@example.org with 3f0c9a1be27d4c55a8e0b1c2d3e4f5a6b7c8d9e0 is odd"}"#;
    let error = write(json(body).status(400)).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "PUT /learn/v1/enrollments/{course}/{user}: rejected with status 400: [e-mail] with [redacted] is odd"
    );
}

#[tokio::test]
async fn an_answer_above_the_limit_is_not_read_to_its_end() {
    let body: &'static str = Box::leak(format!(r#"{{"data":"{}"}}"#, "x".repeat(1024 * 1024)).into_boxed_str());
    let error = write(json(body)).await.unwrap_err();
    let Failure::UnexpectedShape { detail, excerpt } = error.failure else {
        panic!("unexpected {error:?}")
    };
    assert_eq!(detail, "the answer is larger than 1 MiB");
    assert!(excerpt.chars().count() <= 300);
}
