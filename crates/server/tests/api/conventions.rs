//! What holds for many calls: where an id may stand, where an answer is found, how long a caller waits for it.

use std::time::Duration;

use axum::{
    body::{Body, to_bytes},
    http::{HeaderName, Method, Request, StatusCode, header},
};
use passback_server::{Role, ServerConfig};
use rstest::rstest;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::world::{EMAIL, World, config, result, token};

const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");
/// More than any answer here has.
const MAX_BODY_BYTES: usize = 1024 * 1024;
/// Far longer than anything here takes.
const LIMIT: Duration = Duration::from_secs(30);

fn without_id() -> Value {
    let mut result = result("r-1");
    result.as_object_mut().unwrap().remove("result_id");
    result
}

#[rstest]
#[case::bare("r-1")]
#[case::quoted("\"r-1\"")]
#[tokio::test]
async fn a_result_s_id_may_come_in_the_idempotency_key(#[case] key: &str) {
    let world = World::start().await;
    let send = async |body: &Value| {
        let headers = [("Idempotency-Key", key)];
        world
            .call_with(Role::Ingest, Method::POST, "/v1/results", &headers, body)
            .await
    };
    let first = send(&without_id()).await;
    assert_eq!(first.status, StatusCode::ACCEPTED, "{}", first.text);
    assert_eq!(first.json()["result_id"], "r-1");
    assert_eq!(first.header(header::LOCATION), "/v1/results/r-1");
    // The same again, with the id in both places, and in the body alone.
    let both = send(&result("r-1")).await;
    let in_body = world.post(Role::Ingest, "/v1/results", &result("r-1")).await;
    for again in [both, in_body] {
        assert_eq!(again.status, StatusCode::OK, "{}", again.text);
        assert_eq!(again.header(header::LOCATION), "/v1/results/r-1");
    }
    assert_eq!(world.get("/v1/results/r-1").await.status, StatusCode::OK);
    assert_eq!(world.jobs().await, 1);
}

#[rstest]
#[case::in_neither_place(None, without_id(), &["/result_id", "Idempotency-Key"])]
#[case::not_the_same(Some("r-2"), result("r-1"), &["/result_id", "Idempotency-Key"])]
#[case::no_id(Some("r 1"), without_id(), &["Idempotency-Key"])]
#[case::empty(Some(""), result("r-1"), &["Idempotency-Key"])]
#[tokio::test]
async fn an_id_that_is_missing_or_doubtful_is_refused_with_both_ways(
    #[case] key: Option<&str>,
    #[case] body: Value,
    #[case] places: &[&str],
) {
    let world = World::start().await;
    let headers: Vec<(&str, &str)> = key.iter().map(|key| ("Idempotency-Key", *key)).collect();
    let answer = world
        .call_with(Role::Ingest, Method::POST, "/v1/results", &headers, &body)
        .await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.text);
    let problem = answer.json();
    let named: Vec<&str> = problem["errors"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|error| error["pointer"].as_str().or(error["header"].as_str()))
        .collect();
    assert_eq!(named, places);
    assert_eq!(world.jobs().await, 0);
}

#[tokio::test]
async fn a_line_of_a_batch_needs_an_id_of_its_own() {
    let world = World::start().await;
    let verdicts = world.batch(without_id().to_string()).await.lines();
    assert_eq!(verdicts[0]["code"], "invalid_request");
    assert_eq!(verdicts[0]["problem"]["errors"][0]["pointer"], "/result_id");
    assert_eq!(verdicts[0]["problem"]["errors"][0]["problem"], "missing");
    assert_eq!(world.jobs().await, 0);
}

#[rstest]
#[case::preferred("", &[("Prefer", "wait=0")], "wait=0")]
#[case::among_others("", &[("Prefer", "respond-async, Wait=0")], "wait=0")]
#[case::the_parameter_wins("?wait=0", &[("Prefer", "wait=1")], "")]
#[case::unknown("", &[("Prefer", "return=minimal")], "")]
#[case::malformed("", &[("Prefer", "wait=soon")], "")]
#[case::none("", &[], "")]
#[tokio::test]
async fn a_preferred_wait_is_confirmed_where_it_was_applied(
    #[case] query: &str,
    #[case] headers: &[(&str, &str)],
    #[case] applied: &str,
) {
    let world = World::start().await;
    let check = json!({"exam_id": "forklift-01", "email": EMAIL});
    let path = format!("/v1/eligibility-checks{query}");
    let asked = world
        .call_with(Role::Ingest, Method::POST, &path, headers, &check)
        .await;
    assert_eq!(asked.status, StatusCode::ACCEPTED, "{}", asked.text);
    let location = format!("{}{query}", asked.header(header::LOCATION));
    let again = world
        .call_with(Role::Ingest, Method::GET, &location, headers, &Value::Null)
        .await;
    let events = format!("/v1/events{query}");
    let feed = world
        .call_with(Role::Ingest, Method::GET, &events, headers, &Value::Null)
        .await;
    for answer in [asked, again, feed] {
        assert!(answer.status.is_success(), "{}", answer.text);
        assert_eq!(answer.header(PREFERENCE_APPLIED), applied);
    }
}

#[tokio::test]
async fn a_reader_that_prefers_to_wait_gets_the_next_event() {
    let world = World::start().await;
    let reading = {
        let request = Request::builder()
            .uri("/v1/events?after=latest")
            .header(header::AUTHORIZATION, format!("Bearer {}", token(Role::Ingest)))
            .header("Prefer", "wait=30")
            .body(Body::empty())
            .unwrap();
        tokio::spawn(world.app.clone().oneshot(request))
    };
    let mut number = 0;
    while !reading.is_finished() {
        number += 1;
        world.delivered(&format!("r-{number}")).await;
    }
    let answer = tokio::time::timeout(LIMIT, reading).await.unwrap().unwrap().unwrap();
    assert_eq!(answer.headers()[PREFERENCE_APPLIED], "wait=30");
    let body = to_bytes(answer.into_body(), MAX_BODY_BYTES).await.unwrap();
    let page: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(page["events"][0]["state"], "delivered", "{page}");
}

#[tokio::test]
async fn a_list_of_exams_goes_on_where_its_cursor_says() {
    let world = World::start().await;
    for number in 0..4 {
        let exam = json!({"connector": "acme", "course_id": 147});
        let stored = world.put(&format!("/v1/exams/crane-{number}"), &exam).await;
        assert_eq!(stored.status, StatusCode::CREATED, "{}", stored.text);
    }
    let mut seen = Vec::new();
    let mut path = "/v1/exams?limit=2".to_owned();
    loop {
        let page = world.get(&path).await.json();
        let ids = page["items"].as_array().unwrap().iter();
        seen.extend(ids.map(|exam| exam["id"].as_str().unwrap().to_owned()));
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        path = format!("/v1/exams?limit=2&cursor={cursor}");
    }
    assert_eq!(seen, ["crane-0", "crane-1", "crane-2", "crane-3", "forklift-01"]);
    for (query, parameter) in [("limit=0", "limit"), ("cursor=No!", "cursor"), ("x=1", "x")] {
        let refused = world.get(&format!("/v1/exams?{query}")).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(refused.json()["errors"][0]["parameter"], parameter);
    }
}

#[tokio::test]
async fn who_comes_when_every_slot_is_taken_is_sent_away_and_probes_are_not() {
    let world = World::start_with(ServerConfig {
        max_concurrent_requests: 1,
        ..config()
    })
    .await;
    let waiting = {
        let request = Request::builder()
            .uri("/v1/events?after=latest&wait=30s")
            .header(header::AUTHORIZATION, format!("Bearer {}", token(Role::Ingest)))
            .body(Body::empty())
            .unwrap();
        tokio::spawn(world.app.clone().oneshot(request))
    };
    let refused = async {
        loop {
            let answer = world.get("/v1/stats").await;
            if answer.status != StatusCode::OK {
                return answer;
            }
        }
    };
    let refused = tokio::time::timeout(LIMIT, refused).await.unwrap();
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE, "{}", refused.text);
    assert_eq!(refused.json()["code"], "too_busy");
    assert_eq!(refused.header(header::RETRY_AFTER), "1");
    let probe = Request::builder().uri("/readyz").body(Body::empty()).unwrap();
    assert_eq!(world.send(probe).await.status, StatusCode::OK);

    world.closing.cancel();
    tokio::time::timeout(LIMIT, waiting).await.unwrap().unwrap().unwrap();
    assert_eq!(world.get("/v1/stats").await.status, StatusCode::OK);
}
