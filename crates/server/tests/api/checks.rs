//! Checks: accepted, waited for, answered.

use std::time::Duration;

use axum::http::{StatusCode, header};
use passback_queue::{Lane, Transition};
use passback_server::Role;
use serde_json::{Value, json};

use crate::world::{EMAIL, World};

fn question() -> Value {
    json!({"exam_id": "forklift-01", "email": EMAIL})
}

#[tokio::test]
async fn a_check_that_nobody_waits_for_says_where_its_answer_will_be() {
    let world = World::start().await;
    let answer = world.post(Role::Ingest, "/v1/eligibility-checks", &question()).await;
    assert_eq!(
        (answer.status, answer.json()["state"].as_str()),
        (StatusCode::ACCEPTED, Some("waiting"))
    );
    let location = answer.header(header::LOCATION);
    assert_eq!(
        location,
        format!("/v1/eligibility-checks/{}", answer.json()["id"].as_str().unwrap())
    );
    let read = world.get(location).await;
    assert_eq!(
        (read.status, read.json()["state"].as_str()),
        (StatusCode::OK, Some("waiting"))
    );
}

#[tokio::test]
async fn a_wait_that_ends_without_an_answer_is_no_error() {
    let world = World::start().await;
    let answer = world
        .post(Role::Ingest, "/v1/eligibility-checks?wait=20ms", &question())
        .await;
    assert_eq!(
        (answer.status, answer.json()["state"].as_str()),
        (StatusCode::ACCEPTED, Some("waiting"))
    );
}

#[tokio::test]
async fn whoever_waits_gets_the_final_answer() {
    let world = World::start().await;
    let asked = world.post(Role::Ingest, "/v1/eligibility-checks", &question()).await;
    let location = asked.header(header::LOCATION).to_owned();
    let verdict = json!({
        "exam_id": "forklift-01", "answer": "not_eligible", "code": "user_not_found",
        "checked_at": "2025-11-22T09:30:11.412Z",
    });
    let path = format!("{location}?wait=20s");
    let (answer, ()) = tokio::join!(
        world.get(&path),
        world.work(Lane::Check, &Transition::Done, "user_not_found", Some(&verdict))
    );
    let view = answer.json();
    assert_eq!((answer.status, view["state"].as_str()), (StatusCode::OK, Some("final")));
    assert_eq!(
        (view["answer"].as_str(), view["title"].as_str()),
        (Some("not_eligible"), Some("User not found"))
    );
}

#[tokio::test]
async fn whoever_waits_is_let_go_when_the_server_stops() {
    let world = World::start().await;
    world.closing.cancel();
    let question = question();
    let asked = world.post(Role::Ingest, "/v1/eligibility-checks?wait=30s", &question);
    let answer = tokio::time::timeout(Duration::from_secs(20), asked).await.unwrap();
    assert_eq!(
        (answer.status, answer.json()["state"].as_str()),
        (StatusCode::ACCEPTED, Some("waiting"))
    );
}
