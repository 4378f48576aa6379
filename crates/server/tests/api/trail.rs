//! Whatever is changed through the API is in the audit trail: who, what and why.

use axum::{body::Body, http::Method};
use passback_queue::{Lane, Name, WorkerInfo};
use passback_server::{Role, TokenHash};
use serde_json::{Value, json};

use crate::world::{EMAIL, JSON, World, result, token};

const WHY: &str = "as agreed";

struct Change {
    role: Role,
    method: Method,
    path: String,
    body: Value,
    action: &'static str,
    /// Whether the call takes a reason.
    reasoned: bool,
}

fn change(role: Role, method: Method, path: impl Into<String>, body: Value, action: &'static str) -> Change {
    let path = path.into();
    let reasoned = path.contains("reason=") || !body["reason"].is_null();
    Change {
        role,
        method,
        path,
        body,
        action,
        reasoned,
    }
}

fn of_registry() -> Vec<Change> {
    let connector = json!({
        "domain": "http://127.0.0.1:9", "client_id": "passback", "client_secret": "s", "username": "u", "password": "p",
    });
    let exam = json!({"connector": "borealis", "course_id": 7});
    let other = json!({"connector": "borealis", "course_id": 8});
    let put = |path: &str, body: &Value, action| change(Role::Admin, Method::PUT, path, body.clone(), action);
    let delete = |path: &str, action| {
        let path = format!("{path}?reason=as%20agreed");
        change(Role::Admin, Method::DELETE, path, Value::Null, action)
    };
    vec![
        put(
            "/v1/connectors/borealis?validate=false",
            &connector,
            "connector.created",
        ),
        put("/v1/exams/forklift-02", &exam, "exam.created"),
        put("/v1/exams/forklift-02", &other, "exam.updated"),
        delete("/v1/exams/forklift-02", "exam.removed"),
        delete("/v1/connectors/borealis", "connector.removed"),
    ]
}

fn of_operators(cancelled: &str, redriven: &str, discarded: &str) -> Vec<Change> {
    let why = || json!({"reason": WHY});
    let ids = |id: &str| json!({"ids": [id], "reason": WHY});
    let post = |path: &str, body: Value, action| change(Role::Operator, Method::POST, path, body, action);
    vec![
        post("/v1/connectors/acme/validate", Value::Null, "connector.validated"),
        post("/v1/connectors/acme/pause", why(), "connector.paused"),
        post("/v1/connectors/acme/resume", why(), "connector.resumed"),
        post("/v1/lanes/push/pause", why(), "lane.paused"),
        post("/v1/lanes/push/resume", why(), "lane.resumed"),
        post("/v1/workers/w1/pause", why(), "worker.paused"),
        post("/v1/workers/w1/resume", why(), "worker.resumed"),
        post("/v1/workers/w1/drain", why(), "worker.paused"),
        post(&format!("/v1/jobs/{cancelled}/cancel"), why(), "job.cancelled"),
        post("/v1/dead-letters/redrive", ids(redriven), "dead_letter.redriven"),
        post("/v1/dead-letters/discard", ids(discarded), "dead_letter.discarded"),
    ]
}

fn of_administrators() -> Vec<Change> {
    let erase = json!({"email": EMAIL, "reason": WHY});
    let ingest = TokenHash::of(&token(Role::Ingest).into()).id();
    let post = |path: &str, body: Value, action| change(Role::Admin, Method::POST, path, body, action);
    vec![
        post("/v1/secrets/rotate", json!({"reason": WHY}), "secrets.rotated"),
        post(
            "/v1/secrets/rotate",
            json!({"reason": WHY, "cursor": "7"}),
            "secrets.rotated",
        ),
        post("/v1/erase", erase, "person.erased"),
        post("/v1/tokens", json!({"name": "a", "role": "viewer"}), "token.created"),
        post(
            &format!("/v1/tokens/{ingest}/revoke"),
            json!({"reason": WHY}),
            "token.revoked",
        ),
    ]
}

#[tokio::test]
async fn every_change_names_who_made_it_and_why() {
    let world = World::start().await;
    let worker = Name::new("w1").unwrap();
    let info = WorkerInfo {
        host: "host".to_owned(),
        pid: 1,
        version: "0".to_owned(),
        started_ms: 1_763_803_811_412,
        concurrency: [(Lane::Push, 4)].into(),
    };
    let redriven = world.dead_letter("r-1").await.to_string();
    let discarded = world.dead_letter("r-2").await.to_string();
    let mut other = result("r-3");
    other["email"] = json!("ann@example.org");
    let waiting = world.post(Role::Ingest, "/v1/results", &other).await.json();
    let cancelled = waiting["job_id"].as_str().unwrap();
    world.queue.beat(&worker, &info).await.unwrap();

    let mut changes = of_registry();
    changes.extend(of_operators(cancelled, &redriven, &discarded));
    changes.extend(of_administrators());
    for change in changes {
        let body = if change.body.is_null() {
            Body::empty()
        } else {
            Body::from(change.body.to_string())
        };
        let answer = world.call(change.role, change.method, &change.path, JSON, body).await;
        assert!(answer.status.is_success(), "{}: {}", change.path, answer.text);
        let trail = world.get("/v1/audit?recent=true&limit=1").await.json();
        let entry = &trail["items"][0];
        assert_eq!(
            (entry["action"].as_str(), entry["actor"].as_str()),
            (Some(change.action), Some(format!("the-{}", change.role).as_str())),
            "{}",
            change.path
        );
        let reason = change.reasoned.then_some(WHY);
        assert_eq!(entry["reason"].as_str(), reason, "{}", change.path);
    }
}

#[tokio::test]
async fn a_trail_that_cannot_be_written_does_not_hide_what_was_done() {
    let world = World::start().await;
    world.redis.cli(&["DEL", "{passback:0}:v1:registry:audit"]).await;
    world
        .redis
        .cli(&["SET", "{passback:0}:v1:registry:audit", "no stream"])
        .await;
    let reason = json!({"reason": WHY});
    for path in [
        "/v1/connectors/acme/pause",
        "/v1/connectors/acme/validate",
        "/v1/lanes/push/pause",
    ] {
        let body = if path.ends_with("validate") {
            Body::empty()
        } else {
            Body::from(reason.to_string())
        };
        let answer = world.call(Role::Operator, Method::POST, path, JSON, body).await;
        assert!(answer.status.is_success(), "{path}: {}", answer.text);
    }
    let acme = world.get("/v1/connectors/acme").await.json();
    assert_eq!(acme["pause"]["actor"], "the-operator");
    assert_eq!(acme["validation"], "docebo_unreachable");
}
