//! Without Redis nothing is accepted; with it, work goes on.

use std::time::Duration;

use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use passback_server::Role;
use serde_json::json;

use crate::world::{Answer, EMAIL, World, result};

/// Far longer than a connection takes to come back.
const LIMIT: Duration = Duration::from_secs(30);

/// The answer of the probe once it is yes, or no; a finding is told for a second.
pub(crate) async fn becomes_ready(world: &World, wanted: bool) -> Answer {
    let answered = async {
        loop {
            let answer = ready(world).await;
            if answer.status.is_success() == wanted {
                return answer;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(LIMIT, answered).await.unwrap()
}

async fn ready(world: &World) -> Answer {
    world
        .send(Request::builder().uri("/readyz").body(Body::empty()).unwrap())
        .await
}

#[tokio::test]
async fn an_outage_is_told_and_ends_by_itself() {
    let world = World::start().await;
    world.redis.stop().await;
    let check = json!({"exam_id": "forklift-01", "email": EMAIL});
    for (path, body) in [("/v1/results", result("r-1")), ("/v1/eligibility-checks", check)] {
        let answer = world.post(Role::Ingest, path, &body).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{}", answer.text);
        assert_eq!(answer.json()["code"], "store_unavailable");
        assert_eq!(answer.header(header::RETRY_AFTER), "1");
        assert!(!answer.text.contains("127.0.0.1"), "{}", answer.text);
    }
    assert_eq!(ready(&world).await.status, StatusCode::SERVICE_UNAVAILABLE);
    let alive = world
        .send(Request::builder().uri("/healthz").body(Body::empty()).unwrap())
        .await;
    assert_eq!(alive.status, StatusCode::OK);

    world.redis.start_again().await;
    // Each connection comes back at its own pace; a caller repeats the call until it is taken, and it is taken once.
    let accepted = async {
        loop {
            let answer = world.post(Role::Ingest, "/v1/results", &result("r-1")).await;
            if answer.status != StatusCode::SERVICE_UNAVAILABLE {
                break answer;
            }
        }
    };
    let answer = tokio::time::timeout(LIMIT, accepted).await.unwrap();
    assert!(answer.status.is_success(), "{}", answer.text);
    becomes_ready(&world, true).await;
    assert_eq!(world.jobs().await, 1);
}

#[tokio::test]
async fn no_call_takes_an_outage_for_anything_else() {
    let world = World::start().await;
    world.redis.stop().await;
    let id = "01JD0000000000000000000000";
    let reads = [
        "/v1/results?open=true",
        "/v1/results/r-1",
        "/v1/jobs",
        &format!("/v1/jobs/{id}"),
        &format!("/v1/jobs/{id}/explain"),
        &format!("/v1/eligibility-checks/{id}"),
        &format!("/v1/eligibility-checks/{id}?wait=1s"),
        "/v1/dead-letters",
        "/v1/connectors",
        "/v1/connectors/acme",
        "/v1/exams",
        "/v1/exams/forklift-01",
        "/v1/lanes",
        "/v1/workers",
        "/v1/stats",
        "/v1/audit",
        "/v1/events",
        "/v1/events?after=latest&wait=1s",
        "/v1/secrets",
    ];
    let mut answers = Vec::new();
    for path in reads {
        answers.push((path, world.call_get(Role::Admin, path).await));
    }
    let exam = json!({"connector": "acme", "course_id": 147});
    answers.push(("PUT exam", world.put("/v1/exams/crane-01", &exam).await));
    let reason = json!({"reason": "maintenance"});
    for path in [
        "/v1/connectors/acme/pause",
        "/v1/connectors/acme/resume",
        "/v1/lanes/push/pause",
    ] {
        answers.push((path, world.post(Role::Admin, path, &reason).await));
    }
    for (path, answer) in answers {
        assert_eq!(
            answer.status,
            StatusCode::SERVICE_UNAVAILABLE,
            "{path}: {}",
            answer.text
        );
        assert_eq!(answer.json()["code"], "store_unavailable", "{path}");
        assert_eq!(answer.header(header::RETRY_AFTER), "1", "{path}");
    }
}

#[tokio::test]
async fn a_full_redis_is_told_as_such_and_takes_nothing() {
    let world = World::start().await;
    world.redis.cli(&["CONFIG", "SET", "maxmemory", "1"]).await;
    let answer = world.post(Role::Ingest, "/v1/results", &result("r-1")).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{}", answer.text);
    assert_eq!(answer.json()["code"], "store_full");
    assert_eq!(answer.header(header::RETRY_AFTER), "1");
    let exam = json!({"connector": "acme", "course_id": 147});
    let answer = world.put("/v1/exams/crane-01", &exam).await;
    assert_eq!(answer.json()["code"], "store_full", "{}", answer.text);
    let probe = becomes_ready(&world, false).await;
    assert_eq!(probe.json()["code"], "store_full", "{}", probe.text);
    world.redis.cli(&["CONFIG", "SET", "maxmemory", "0"]).await;
    assert_eq!(world.jobs().await, 0);
}

#[tokio::test]
async fn a_redis_that_takes_no_writes_is_not_ready_although_it_answers() {
    let world = World::start().await;
    assert_eq!(ready(&world).await.status, StatusCode::OK);
    world.redis.cli(&["CONFIG", "SET", "min-replicas-to-write", "1"]).await;
    let probe = becomes_ready(&world, false).await;
    assert_eq!(probe.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(probe.text.contains("takes no writes"), "{}", probe.text);
    world.redis.cli(&["CONFIG", "SET", "min-replicas-to-write", "0"]).await;
    becomes_ready(&world, true).await;
}

#[tokio::test]
async fn a_hundred_probes_are_one_question_to_redis() {
    let world = World::start().await;
    world.redis.cli(&["CONFIG", "RESETSTAT"]).await;
    for _ in 0..100 {
        assert_eq!(ready(&world).await.status, StatusCode::OK);
    }
    let stats = format!("{:?}", world.redis.cli(&["INFO", "commandstats"]).await);
    let (_, writes) = stats.split_once("cmdstat_set:calls=").unwrap();
    let calls: u64 = writes.split(',').next().unwrap().parse().unwrap();
    assert!((1..10).contains(&calls), "{stats}");
}
