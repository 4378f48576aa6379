//! Whatever is wrong with a request, its caller learns which field, and nothing is enqueued.

use axum::http::{Method, StatusCode, header};
use passback_server::Role;
use rstest::rstest;
use serde_json::{Value, json};

use crate::world::{EMAIL, JSON, World, result};

const CHECKS: &str = "/v1/eligibility-checks";
const RESULTS: &str = "/v1/results";

fn with(field: &str, value: Value) -> String {
    let mut result = result("r-1");
    result[field] = value;
    result.to_string()
}

fn without(field: &str) -> String {
    let mut result = result("r-1");
    result.as_object_mut().unwrap().remove(field);
    result.to_string()
}

fn check(exam_id: &str, email: &str) -> String {
    json!({"exam_id": exam_id, "email": email}).to_string()
}

#[rstest]
#[case::empty(CHECKS, String::new(), 400, "malformed_json", "")]
#[case::malformed(CHECKS, "{\"exam_id\": ".to_owned(), 400, "malformed_json", "/exam_id")]
#[case::malformed_result(RESULTS, "{not json}".to_owned(), 400, "malformed_json", "")]
#[case::nested(RESULTS, "[".repeat(60_000), 400, "malformed_json", "")]
#[case::unknown_field(CHECKS, json!({"exam_id": "forklift-01", "email": EMAIL, "colour": 1}).to_string(), 422, "invalid_request", "/colour")]
#[case::unknown_field_of_a_result(RESULTS, with("score", json!(87)), 422, "invalid_request", "/score")]
#[case::wrong_type(CHECKS, json!({"exam_id": "forklift-01", "email": 7}).to_string(), 422, "invalid_request", "/email")]
#[case::score_as_text(RESULTS, with("score_percent", json!("87")), 422, "invalid_request", "/score_percent")]
#[case::negative_sequence(RESULTS, with("sequence", json!(-1)), 422, "invalid_request", "/sequence")]
#[case::list_of_results(RESULTS, format!("[{}]", result("r-1")), 422, "invalid_request", "")]
#[case::missing_id(RESULTS, without("result_id"), 422, "invalid_request", "/result_id")]
#[case::missing_date(RESULTS, without("completed_at"), 422, "invalid_request", "/completed_at")]
#[case::unknown_exam(CHECKS, check("forklift-99", EMAIL), 422, "unknown_exam", "/exam_id")]
#[case::unknown_exam_of_a_result(RESULTS, with("exam_id", json!("forklift-99")), 422, "unknown_exam", "/exam_id")]
#[case::invalid_exam(CHECKS, check("Forklift 01", EMAIL), 422, "invalid_request", "/exam_id")]
#[case::invalid_email(CHECKS, check("forklift-01", "r.moreau"), 422, "invalid_request", "/email")]
#[case::email_too_long(CHECKS, check("forklift-01", &format!("{}@example.org", "x".repeat(300))), 422, "invalid_request", "/email")]
#[case::invalid_email_of_a_result(RESULTS, with("email", json!("r moreau@example.org")), 422, "invalid_request", "/email")]
#[case::score_too_high(RESULTS, with("score_percent", json!(100.1)), 422, "invalid_request", "/score_percent")]
#[case::score_too_low(RESULTS, with("score_percent", json!(-1)), 422, "invalid_request", "/score_percent")]
#[case::no_score_for_a_pass(RESULTS, without("score_percent"), 422, "invalid_request", "/score_percent")]
#[case::unknown_outcome(RESULTS, with("outcome", json!("won")), 422, "invalid_request", "/outcome")]
#[case::date_in_another_form(RESULTS, with("completed_at", json!("20/11/2025")), 422, "invalid_request", "/completed_at")]
#[case::date_without_a_zone(RESULTS, with("completed_at", json!("2025-11-20T09:30:11")), 422, "invalid_request", "/completed_at")]
#[case::date_in_the_future(RESULTS, with("completed_at", json!("2999-01-01T00:00:00Z")), 422, "invalid_request", "/completed_at")]
#[case::id_with_spaces(RESULTS, with("result_id", json!("r 1")), 422, "invalid_request", "/result_id")]
#[case::too_large(RESULTS, with("email", json!("x".repeat(70_000))), 413, "too_large", "")]
#[tokio::test]
async fn a_bad_body_is_refused_with_its_field_and_nothing_is_enqueued(
    #[case] path: &str,
    #[case] body: String,
    #[case] status: u16,
    #[case] code: &str,
    #[case] pointer: &str,
) {
    let world = World::start().await;
    let answer = world.call(Role::Ingest, Method::POST, path, JSON, body).await;
    let problem = answer.json();
    assert_eq!(
        (answer.status.as_u16(), problem["code"].as_str()),
        (status, Some(code)),
        "{problem}"
    );
    assert_eq!(answer.header(header::CONTENT_TYPE), "application/problem+json");
    assert_eq!(problem["type"], format!("urn:passback:problem:{code}"));
    assert_eq!(
        problem["errors"][0]["pointer"].as_str().unwrap_or_default(),
        pointer,
        "{problem}"
    );
    assert!(!answer.text.contains(EMAIL), "{problem}");
    assert_eq!(world.jobs().await, 0);
}

#[rstest]
#[case::unknown_parameter("/v1/eligibility-checks?wiat=8s", 422, "wiat")]
#[case::wait_too_long("/v1/eligibility-checks?wait=1h", 422, "wait")]
#[case::twice("/v1/eligibility-checks?wait=1s&wait=2s", 422, "wait")]
#[case::on_a_call_that_takes_none("/v1/results?wait=1s", 422, "wait")]
#[tokio::test]
async fn a_bad_parameter_is_refused_by_name(#[case] path: &str, #[case] status: u16, #[case] parameter: &str) {
    let world = World::start().await;
    let body = if path.starts_with(RESULTS) {
        result("r-1").to_string()
    } else {
        check("forklift-01", EMAIL)
    };
    let answer = world.call(Role::Ingest, Method::POST, path, JSON, body).await;
    assert_eq!(answer.status.as_u16(), status, "{}", answer.text);
    assert_eq!(answer.json()["errors"][0]["parameter"], parameter);
    assert_eq!(world.jobs().await, 0);
}

#[tokio::test]
async fn a_body_of_another_media_type_is_refused() {
    let world = World::start().await;
    let form = "application/x-www-form-urlencoded";
    let answer = world
        .call(Role::Ingest, Method::POST, RESULTS, form, result("r-1").to_string())
        .await;
    assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(answer.json()["code"], "unsupported_media_type");
    assert_eq!(world.jobs().await, 0);
}

#[tokio::test]
async fn every_field_that_is_wrong_is_named_at_once() {
    let world = World::start().await;
    let body = json!({"result_id": "r 1", "exam_id": "?", "email": "x", "outcome": "won", "completed_at": "now"});
    let answer = world.post(Role::Ingest, RESULTS, &body).await;
    let problem = answer.json();
    let pointers: Vec<&str> = problem["errors"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|error| error["pointer"].as_str())
        .collect();
    for pointer in ["/result_id", "/exam_id", "/email", "/outcome", "/completed_at"] {
        assert!(pointers.contains(&pointer), "{pointer} in {pointers:?}");
    }
}

#[rstest]
#[case("/v1/jobs?cursor=0-18446744073709551616")]
#[case("/v1/jobs?cursor=1000000000-0")]
#[case("/v1/jobs?cursor=0-%2B5")]
#[case("/v1/jobs?cursor=5")]
#[case("/v1/dead-letters?cursor=0-99999999999999999999")]
#[case("/v1/audit?cursor=%2B5-3")]
#[case("/v1/audit?cursor=5-%2B3")]
#[case("/v1/audit?cursor=18446744073709551616-0")]
#[case("/v1/audit?cursor=5-18446744073709551616")]
#[tokio::test]
async fn a_cursor_that_no_list_gave_out_is_refused_by_name(#[case] path: &str) {
    let world = World::start().await;
    let answer = world.get(path).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.text);
    assert_eq!(answer.json()["errors"][0]["parameter"], "cursor");
}

#[rstest]
#[case("/v1/jobs?cursor=999999999-18446744073709551615")]
#[case("/v1/audit?cursor=9223372036854775807-18446744073709551615")]
#[tokio::test]
async fn the_largest_cursor_is_the_end_of_a_list(#[case] path: &str) {
    let world = World::start().await;
    let answer = world.get(path).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
}
