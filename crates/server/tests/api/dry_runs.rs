//! The dry run of a push, and what an exam's entry says of its writes.

use axum::http::StatusCode;
use passback_server::Role;
use serde_json::json;

use crate::world::{EMAIL, World, result};

const DRY_RUN: &str = "/v1/results?dry_run=true";

#[tokio::test]
async fn a_dry_run_says_that_docebo_could_not_be_asked_and_stores_nothing() {
    let world = World::start().await;
    let answer = world.post(Role::Operator, DRY_RUN, &result("r-1")).await;
    let preview = answer.json();
    assert_eq!(
        (answer.status, preview["would"].as_str(), preview["code"].as_str()),
        (StatusCode::OK, Some("unknown"), Some("docebo_unreachable"))
    );
    assert_eq!(preview["already_accepted"], false);
    assert!(!answer.text.contains(EMAIL), "{}", answer.text);
    assert_eq!(world.jobs().await, 0);
    assert_eq!(world.get("/v1/results/r-1").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_dry_run_shows_a_person_s_enrolment_and_so_needs_an_operator() {
    let world = World::start().await;
    for role in [Role::Ingest, Role::Viewer] {
        let refused = world.post(role, DRY_RUN, &result("r-1")).await;
        assert_eq!(
            (refused.status, refused.json()["code"].as_str()),
            (StatusCode::FORBIDDEN, Some("role_too_low"))
        );
    }
    let off = world
        .post(Role::Ingest, "/v1/results?dry_run=false", &result("r-1"))
        .await;
    assert_eq!(off.status, StatusCode::ACCEPTED);
}

#[tokio::test]
async fn a_dry_run_refuses_what_an_accept_refuses() {
    let world = World::start().await;
    world.post(Role::Ingest, "/v1/results", &result("r-1")).await;
    let mut other = result("r-1");
    other["score_percent"] = json!(12);
    let refused = world.post(Role::Operator, DRY_RUN, &other).await;
    assert_eq!(
        (refused.status, refused.json()["code"].as_str()),
        (StatusCode::CONFLICT, Some("result_id_taken"))
    );
    other["score_percent"] = json!(120);
    let refused = world.post(Role::Operator, DRY_RUN, &other).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(refused.json()["errors"][0]["pointer"], "/score_percent");
    let refused = world
        .post(Role::Operator, "/v1/results?dry_run=maybe", &result("r-2"))
        .await;
    assert_eq!(refused.json()["errors"][0]["parameter"], "dry_run");
    assert_eq!(world.jobs().await, 1);
}

#[tokio::test]
async fn a_dry_run_names_the_result_that_counts() {
    let world = World::start().await;
    world.post(Role::Ingest, "/v1/results", &result("r-1")).await;
    let mut late = result("r-2");
    late["completed_at"] = json!("2025-11-19T09:30:11Z");
    let preview = world.post(Role::Operator, DRY_RUN, &late).await.json();
    assert_eq!(
        (&preview["would"], &preview["by"]),
        (&json!("superseded"), &json!("r-1"))
    );
    assert_eq!(preview["title"], "Another result counts");
}

#[tokio::test]
async fn an_exam_says_what_each_outcome_would_write() {
    let world = World::start().await;
    let exam = json!({"connector": "acme", "course_id": 147, "on_failed": "suspended", "write_score_on_failed": false});
    world.put("/v1/exams/crane-01", &exam).await;
    let writes = world.get("/v1/exams/crane-01").await.json()["writes"].clone();
    let passed = &writes["passed"];
    assert_eq!(
        (&passed["status"], &passed["score"], &passed["completion_date"]),
        (&json!("completed"), &json!(true), &json!(true))
    );
    assert_eq!(
        writes["failed"]["sentence"],
        "A fail sets the status to suspended, and nothing else."
    );
    assert_eq!(writes["non_graded"]["status"], "unchanged");
}

#[tokio::test]
async fn a_set_up_that_leads_nowhere_is_named_and_needs_an_operator() {
    let world = World::start().await;
    let path = "/v1/exams/forklift-01/check";
    let low = world.post(Role::Viewer, path, &json!({})).await;
    assert_eq!(low.status, StatusCode::FORBIDDEN);
    let answer = world.post(Role::Operator, path, &json!({"email": EMAIL})).await;
    let found = answer.json();
    assert_eq!((answer.status, found["ok"].as_bool()), (StatusCode::OK, Some(false)));
    let steps = found["steps"].as_array().unwrap();
    assert_eq!(
        (&steps[1]["step"], &steps[1]["code"]),
        (&json!("credentials"), &json!("docebo_unreachable"))
    );
    assert!(steps[2..].iter().all(|step| step["ok"].is_null()));
    assert!(!answer.text.contains(EMAIL), "{}", answer.text);

    let bad = world.post(Role::Operator, path, &json!({"email": "nobody"})).await;
    assert_eq!(bad.json()["errors"][0]["pointer"], "/email");
    let lost = world.post(Role::Operator, "/v1/exams/nothing/check", &json!({})).await;
    assert_eq!(lost.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_connector_whose_secrets_do_not_open_is_named_and_no_failure_of_the_server() {
    let world = World::start().await.with_another_key();
    let preview = world.post(Role::Operator, DRY_RUN, &result("r-1")).await.json();
    assert_eq!(preview["would"], "unknown");
    assert!(
        preview["detail"].as_str().unwrap().contains("does not hold"),
        "{preview}"
    );
    let found = world
        .post(Role::Operator, "/v1/exams/forklift-01/check", &json!({}))
        .await
        .json();
    let connector = &found["steps"][0];
    assert_eq!(
        (&connector["ok"], &connector["code"]),
        (&json!(false), &json!("unreadable"))
    );
}
