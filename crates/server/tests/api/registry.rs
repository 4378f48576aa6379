//! Connectors and exams through the API.

use axum::{
    body::Body,
    http::{Method, StatusCode},
};
use passback_server::Role;
use serde_json::{Value, json};

use crate::world::{JSON, World};

fn connector() -> Value {
    json!({
        "name": "Borealis",
        "domain": "http://127.0.0.1:9",
        "client_id": "passback",
        "client_secret": "another-secret",
        "username": "integration",
        "password": "another-password",
        "webhook": {"username": "docebo", "password": "webhook-password"},
    })
}

#[tokio::test]
async fn a_connector_is_planned_stored_shown_and_removed_without_its_secrets() {
    let world = World::start().await;
    let dry = world.put("/v1/connectors/borealis?dry_run=true", &connector()).await;
    assert_eq!(
        (dry.status, dry.json()["change"].as_str()),
        (StatusCode::OK, Some("created")),
        "{}",
        dry.text
    );
    assert_eq!(world.get("/v1/connectors/borealis").await.status, StatusCode::NOT_FOUND);

    let stored = world.put("/v1/connectors/borealis?validate=false", &connector()).await;
    assert_eq!(
        (stored.status, stored.json()["change"].as_str()),
        (StatusCode::CREATED, Some("created"))
    );
    let again = world.put("/v1/connectors/borealis?validate=false", &connector()).await;
    assert_eq!(again.json()["change"], "unchanged");
    let mut renamed = connector();
    renamed["name"] = json!("Borealis Ltd");
    renamed["password"] = json!("a-third-password");
    let updated = world.put("/v1/connectors/borealis?validate=false", &renamed).await;
    assert_eq!(updated.json()["change"], "updated");
    assert!(
        updated.json()["diff"].as_array().unwrap().len() >= 2,
        "{}",
        updated.text
    );

    let shown = world.get("/v1/connectors/borealis").await;
    assert_eq!(shown.json()["name"], "Borealis Ltd");
    let list = world.get("/v1/connectors").await;
    assert_eq!(list.json()["items"].as_array().unwrap().len(), 2);
    for text in [dry.text, stored.text, updated.text, shown.text, list.text] {
        for secret in [
            "another-secret",
            "another-password",
            "webhook-password",
            "a-third-password",
        ] {
            assert!(!text.contains(secret), "{text}");
        }
    }

    let path = "/v1/connectors/borealis?reason=closed";
    let removed = world.call(Role::Admin, Method::DELETE, path, JSON, Body::empty()).await;
    assert_eq!(removed.status, StatusCode::NO_CONTENT);
    let trail = world.get("/v1/audit").await.json();
    let actions: Vec<&str> = trail["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|entry| entry["action"].as_str())
        .collect();
    assert!(
        actions.ends_with(&["connector.created", "connector.updated", "connector.removed"]),
        "{actions:?}"
    );
    assert_eq!(trail["items"][2]["actor"], "the-admin");
}

#[tokio::test]
async fn the_share_that_a_connector_has_of_the_workers_is_stored_shown_and_taken_back() {
    let world = World::start().await;
    let path = "/v1/connectors/borealis?validate=false";
    world.put(path, &connector()).await;
    let shown = world.get("/v1/connectors/borealis").await.json();
    assert_eq!((&shown["weight"], &shown["max_concurrency"]), (&json!(1), &Value::Null));

    let mut shared = connector();
    shared["weight"] = json!(3);
    shared["max_concurrency"] = json!(8);
    let updated = world.put(path, &shared).await;
    assert_eq!(
        updated.json()["diff"],
        json!(["weight: 1 -> 3", "max_concurrency: none -> 8"])
    );
    let shown = world.get("/v1/connectors/borealis").await.json();
    assert_eq!((&shown["weight"], &shown["max_concurrency"]), (&json!(3), &json!(8)));
    let taken_back = world.put(path, &connector()).await;
    assert_eq!(
        taken_back.json()["diff"],
        json!(["weight: 3 -> 1", "max_concurrency: 8 -> none"])
    );

    shared["weight"] = json!(0);
    shared["max_concurrency"] = json!(1_001);
    let refused = world.put(path, &shared).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let pointers: Vec<Value> = refused.json()["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["pointer"].clone())
        .collect();
    assert_eq!(pointers, ["/weight", "/max_concurrency"]);
}

#[tokio::test]
async fn a_connector_that_does_not_work_is_not_stored_unless_told_so() {
    let world = World::start().await;
    let answer = world.put("/v1/connectors/borealis", &connector()).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.text);
    assert_eq!(answer.json()["code"], "docebo_unreachable");
    assert!(!answer.text.contains("another-secret"));
    assert_eq!(world.get("/v1/connectors/borealis").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_validation_says_why_it_failed() {
    let world = World::start().await;
    let answer = world
        .post(Role::Operator, "/v1/connectors/acme/validate", &json!({}))
        .await;
    let validation = answer.json();
    assert_eq!(
        (answer.status, validation["ok"].as_bool()),
        (StatusCode::OK, Some(false))
    );
    assert_eq!(validation["code"], "docebo_unreachable");
    assert_eq!(
        world.get("/v1/connectors/acme").await.json()["validation"],
        "docebo_unreachable"
    );
}

#[tokio::test]
async fn a_connector_in_use_stays_and_a_removal_needs_a_reason() {
    let world = World::start().await;
    let remove = async |path: &str| world.call(Role::Admin, Method::DELETE, path, JSON, Body::empty()).await;
    let in_use = remove("/v1/connectors/acme?reason=closed").await;
    assert_eq!(
        (in_use.status, in_use.json()["code"].as_str()),
        (StatusCode::CONFLICT, Some("connector_in_use"))
    );
    assert!(in_use.json()["detail"].as_str().unwrap().contains("forklift-01"));
    for path in ["/v1/exams/forklift-01", "/v1/exams/forklift-01?reason=%20"] {
        let without = remove(path).await;
        assert_eq!(without.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(without.json()["errors"][0]["parameter"], "reason");
    }
    assert_eq!(
        remove("/v1/exams/forklift-01?reason=closed").await.status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(
        remove("/v1/exams/forklift-01?reason=closed").await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        remove("/v1/connectors/acme?reason=closed").await.status,
        StatusCode::NO_CONTENT
    );
    assert!(world.registry.connectors().await.unwrap().is_empty());
}

#[tokio::test]
async fn an_exam_is_planned_and_stored() {
    let world = World::start().await;
    let exam = json!({"connector": "acme", "course_id": 147, "name": "Crane", "on_failed": "suspended"});
    let dry = world.put("/v1/exams/crane-01?dry_run=true", &exam).await;
    assert_eq!(
        (dry.status, dry.json()["change"].as_str()),
        (StatusCode::OK, Some("created")),
        "{}",
        dry.text
    );
    let stored = world.put("/v1/exams/crane-01", &exam).await;
    assert_eq!(
        (stored.status, stored.json()["change"].as_str()),
        (StatusCode::CREATED, Some("created"))
    );
    let shown = world.get("/v1/exams/crane-01").await.json();
    assert_eq!(
        (shown["course_id"].as_u64(), shown["on_failed"].as_str()),
        (Some(147), Some("suspended"))
    );
    assert_eq!(
        world.get("/v1/exams").await.json()["items"].as_array().unwrap().len(),
        2
    );
}

#[tokio::test]
async fn what_is_sent_of_an_exam_and_a_connector_is_what_is_stored() {
    let world = World::start().await;
    let field = json!({"id": 12, "passed": "Bestanden", "failed": "Nicht bestanden", "non_graded": "-"});
    let exam = json!({
        "connector": "acme", "course_id": 147, "name": "Crane", "on_failed": "suspended", "on_non_graded": "subscribed",
        "write_score_on_failed": false, "write_score_on_non_graded": true, "version_policy": "best",
        "check_deadline_seconds": 33, "eligible_states": ["in_progress", "suspended"], "result_field": field,
    });
    world.put("/v1/exams/crane-01", &exam).await;
    let shown = world.get("/v1/exams/crane-01").await.json();
    for (name, sent) in exam.as_object().unwrap() {
        assert_eq!(shown[name], *sent, "{name}");
    }
    let connector = json!({
        "name": "Beta", "domain": "beta.docebosaas.com", "client_id": "passback", "client_secret": "s", "username": "u",
        "password": "p", "calls_per_hour": 77, "weight": 3, "max_concurrency": 4, "connect_timeout_ms": 900,
        "request_timeout_ms": 9000, "read_before_write": "retry_only", "verify": "sample",
    });
    let stored = world.put("/v1/connectors/beta?validate=false", &connector).await;
    assert_eq!(stored.status, StatusCode::CREATED, "{}", stored.text);
    let shown = world.get("/v1/connectors/beta").await.json();
    for (name, sent) in connector.as_object().unwrap() {
        if !["client_secret", "password"].contains(&name.as_str()) {
            assert_eq!(shown[name], *sent, "{name}");
        }
    }
}

#[tokio::test]
async fn a_bad_entry_is_refused_with_its_fields() {
    let world = World::start().await;
    for (path, body, pointer) in [
        ("/v1/exams/e-1", json!({"connector": "acme"}), "/course_id"),
        (
            "/v1/exams/e-1",
            json!({"connector": "nobody", "course_id": 1}),
            "/connector",
        ),
        (
            "/v1/exams/e-1",
            json!({"connector": "acme", "course_id": "x"}),
            "/course_id",
        ),
        (
            "/v1/exams/e-1",
            json!({"id": "e-2", "connector": "acme", "course_id": 1}),
            "/id",
        ),
        (
            "/v1/exams/e-1",
            json!({"connector": "acme", "course_id": 1, "on_fail": "x"}),
            "/on_fail",
        ),
        (
            "/v1/connectors/c-1",
            json!({"domain": "acme.docebosaas.com"}),
            "/client_id",
        ),
        (
            "/v1/connectors/c-1",
            json!({"webhook": {"username": 7}}),
            "/webhook/username",
        ),
    ] {
        let answer = world.put(path, &body).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.text);
        let problem = answer.json();
        let pointers: Vec<&str> = problem["errors"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|error| error["pointer"].as_str())
            .collect();
        assert!(pointers.contains(&pointer), "{pointer} in {pointers:?}");
    }
}

#[tokio::test]
async fn a_connector_is_shown_although_its_secrets_do_not_open() {
    let world = World::start().await.with_another_key();
    let shown = world.get("/v1/connectors/acme").await;
    assert_eq!(
        (shown.status, shown.json()["id"].as_str()),
        (StatusCode::OK, Some("acme"))
    );
}
