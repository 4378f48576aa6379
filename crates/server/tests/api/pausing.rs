//! Pausing, resuming and draining through the API.

use std::time::Duration;

use axum::http::StatusCode;
use passback_queue::{Claimed, Lane, Name, Service, State, Transition, WorkerInfo};
use passback_server::Role;
use rstest::rstest;
use serde_json::{Value, json};

use crate::world::{Answer, World, result};

const ACME: &str = "/v1/connectors/acme";

fn worker() -> Name {
    Name::new("w1").unwrap()
}

/// Says that a worker lives that serves the pushes.
async fn beat(world: &World) {
    let info = WorkerInfo {
        host: "host".to_owned(),
        pid: 1,
        version: "0".to_owned(),
        started_ms: 1_763_803_811_412,
        concurrency: [(Lane::Push, 4)].into(),
    };
    world.queue.beat(&worker(), &info).await.unwrap();
}

async fn claim(world: &World) -> (Service, Vec<Claimed>) {
    let minute = Duration::from_mins(1);
    let lease = world.queue.lease(Lane::Push, &worker(), 1, minute).await;
    let (service, leased) = lease.unwrap();
    (service, world.queue.open(leased).await.unwrap())
}

async fn push(world: &World, result_id: &str) {
    let mut result = result(result_id);
    result["email"] = json!(format!("{result_id}@example.org"));
    let answer = world.post(Role::Ingest, "/v1/results", &result).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text);
}

async fn operate(world: &World, path: &str, body: &Value) -> Answer {
    world.post(Role::Operator, path, body).await
}

async fn ok(world: &World, path: &str, body: &Value) -> Value {
    let answer = operate(world, path, body).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    answer.json()
}

async fn lane(world: &World, name: &str) -> Value {
    let lanes = world.get("/v1/lanes").await.json();
    let items = lanes["items"].as_array().unwrap().clone();
    items.into_iter().find(|lane| lane["lane"] == name).unwrap()
}

/// What the trail says of pauses: action, target, reason, detail.
async fn trail(world: &World) -> Vec<(String, String, String)> {
    let text = |entry: &Value, name: &str| entry[name].as_str().unwrap_or_default().to_owned();
    let trail = world.get("/v1/audit").await.json();
    let entries = trail["items"].as_array().unwrap().iter();
    entries
        .filter(|entry| entry["actor"] == "the-operator")
        .map(|entry| (text(entry, "action"), text(entry, "target"), text(entry, "reason")))
        .collect()
}

#[tokio::test]
async fn a_connector_is_paused_for_a_while_and_resumed() {
    let world = World::start().await;
    push(&world, "r-1").await;
    let body = json!({"reason": "audit, asked by r.moreau@example.org", "for": "2h"});
    let paused = ok(&world, &format!("{ACME}/pause"), &body).await;
    assert_eq!((&paused["changed"], &paused["dry_run"]), (&json!(true), &json!(false)));
    assert_eq!(
        (
            &paused["pause"]["mode"],
            &paused["pause"]["actor"],
            &paused["pause"]["reason"]
        ),
        (
            &json!("pause"),
            &json!("the-operator"),
            &json!("audit, asked by [e-mail]")
        )
    );
    let time = |name: &str| {
        let text = paused["pause"][name].as_str().unwrap();
        text.parse::<jiff::Timestamp>().unwrap().as_millisecond()
    };
    assert_eq!(time("until") - time("since"), 7_200_000);
    assert_eq!((&paused["running"], &paused["drained"]), (&json!(0), &json!(true)));
    assert_eq!(paused["id"], "acme", "it is the connector's own view");
    assert!(claim(&world).await.1.is_empty());

    let resumed = ok(&world, &format!("{ACME}/resume"), &json!({"reason": "done"})).await;
    assert_eq!((&resumed["changed"], &resumed["pause"]), (&json!(true), &Value::Null));
    assert_eq!(
        resumed["gate"]["state"], "ramping",
        "nobody knows how it has been meanwhile"
    );
    let again = ok(&world, &format!("{ACME}/resume"), &json!({"reason": "done"})).await;
    assert_eq!(again["changed"], false);
    assert_eq!(claim(&world).await.1.len(), 1);
    let entry = |action: &str, reason: &str| (action.to_owned(), "connector acme".to_owned(), reason.to_owned());
    assert_eq!(
        trail(&world).await,
        [
            entry("connector.paused", "audit, asked by [e-mail]"),
            entry("connector.resumed", "done")
        ]
    );
}

#[tokio::test]
async fn a_connector_is_drained_once_nothing_of_it_runs() {
    let world = World::start().await;
    push(&world, "r-1").await;
    let claimed = claim(&world).await.1;
    assert_eq!(claimed.len(), 1);
    let body = json!({"reason": "move", "mode": "drain"});
    let draining = ok(&world, &format!("{ACME}/pause"), &body).await;
    assert_eq!(
        (&draining["running"], &draining["drained"], &draining["pause"]["until"]),
        (&json!(1), &json!(false), &Value::Null)
    );
    let settlement = World::settlement(claimed[0].token, Transition::Release);
    world.queue.settle(&worker(), &[settlement]).await.unwrap();
    let drained = world.get(ACME).await.json();
    assert_eq!((&drained["running"], &drained["drained"]), (&json!(0), &json!(true)));
    assert_eq!(drained["gate"]["summary"], "draining until resumed");
    assert_eq!(drained["ready"]["push"], 1);
}

#[tokio::test]
async fn a_lane_counts_what_waits_and_runs_and_is_paused_for_all_connectors() {
    let world = World::start().await;
    beat(&world).await;
    push(&world, "r-1").await;
    push(&world, "r-2").await;
    assert_eq!(claim(&world).await.1.len(), 1);
    let open = lane(&world, "push").await;
    assert_eq!(
        open,
        json!({"lane": "push", "ready": 1, "running": 1, "slots": 4, "pause": null, "drained": false})
    );
    let paused = ok(&world, "/v1/lanes/push/pause", &json!({"reason": "quiet"})).await;
    assert_eq!(
        (&paused["lane"], &paused["drained"], &paused["pause"]["reason"]),
        (&json!("push"), &json!(false), &json!("quiet"))
    );
    assert_eq!(claim(&world).await.0, Service::LanePaused);
    assert_eq!(lane(&world, "check").await["pause"], Value::Null);
    let resumed = ok(&world, "/v1/lanes/push/resume", &json!({"reason": "go"})).await;
    assert_eq!((&resumed["changed"], &resumed["pause"]), (&json!(true), &Value::Null));
    assert_eq!(claim(&world).await.1.len(), 1);
}

#[tokio::test]
async fn a_worker_is_paused_resumed_and_drained() {
    let world = World::start().await;
    beat(&world).await;
    push(&world, "r-1").await;
    let pause = json!({"reason": "look into it", "for": "30m"});
    let paused = ok(&world, "/v1/workers/w1/pause", &pause).await;
    assert_eq!(
        (&paused["id"], &paused["pause"]["mode"], &paused["drained"]),
        (&json!("w1"), &json!("pause"), &json!(true))
    );
    assert_eq!(claim(&world).await.0, Service::WorkerPaused);
    let resumed = ok(&world, "/v1/workers/w1/resume", &json!({"reason": "fine"})).await;
    assert_eq!(resumed["changed"], true);
    assert_eq!(claim(&world).await.1.len(), 1);
    let draining = ok(&world, "/v1/workers/w1/drain", &json!({"reason": "new version"})).await;
    assert_eq!(
        (&draining["pause"]["mode"], &draining["drained"]),
        (&json!("drain"), &json!(false))
    );
    let listed = world.get("/v1/workers").await.json();
    assert_eq!(listed["items"][0]["pause"]["mode"], "drain");
    let actions: Vec<String> = trail(&world).await.into_iter().map(|(action, ..)| action).collect();
    assert_eq!(actions, ["worker.paused", "worker.resumed", "worker.paused"]);
}

#[tokio::test]
async fn a_dry_run_says_what_would_change_and_changes_nothing() {
    let world = World::start().await;
    let body = json!({"reason": "audit", "for": "2h"});
    let dry = ok(&world, &format!("{ACME}/pause?dry_run=true"), &body).await;
    assert_eq!(
        (&dry["changed"], &dry["dry_run"], &dry["pause"]),
        (&json!(true), &json!(true), &Value::Null)
    );
    let dry = ok(
        &world,
        &format!("{ACME}/resume?dry_run=true"),
        &json!({"reason": "audit"}),
    )
    .await;
    assert_eq!(dry["changed"], false);
    assert!(trail(&world).await.is_empty());
    let soon = json!({"reason": "audit", "for": "soon"});
    let refused = operate(&world, &format!("{ACME}/pause?dry_run=true"), &soon).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[rstest]
#[case("/v1/connectors/acme/pause", json!({}), "/reason")]
#[case("/v1/connectors/acme/pause", json!({"reason": " "}), "/reason")]
#[case("/v1/connectors/acme/pause", json!({"reason": "a", "for": "2 weeks"}), "/for")]
#[case("/v1/connectors/acme/pause", json!({"reason": "a", "for": "400d"}), "/for")]
#[case("/v1/connectors/acme/pause", json!({"reason": "a", "for": 7}), "/for")]
#[case("/v1/connectors/acme/pause", json!({"reason": "a", "until": "2020-01-01T00:00:00Z"}), "/until")]
#[case("/v1/connectors/acme/pause", json!({"reason": "a", "until": "2999-01-01T00:00:00Z"}), "/until")]
#[case("/v1/connectors/acme/pause", json!({"reason": "a", "mode": "stop"}), "/mode")]
#[case("/v1/connectors/acme/pause", json!({"reason": "a", "till": "x"}), "/till")]
#[case("/v1/connectors/acme/resume", json!({"reason": ""}), "/reason")]
#[case("/v1/connectors/acme/resume", json!({"reason": "a", "for": "1h"}), "/for")]
#[case("/v1/lanes/push/pause", json!({"reason": "a", "for": "0s"}), "/for")]
#[case("/v1/lanes/push/resume", json!({}), "/reason")]
#[case("/v1/workers/w1/pause", json!({"reason": "a", "until": "later"}), "/until")]
#[case("/v1/workers/w1/drain", json!({"reason": "a", "mode": "drain"}), "/mode")]
#[tokio::test]
async fn what_is_wrong_with_a_pause_is_named(#[case] path: &str, #[case] body: Value, #[case] pointer: &str) {
    let world = World::start().await;
    beat(&world).await;
    let answer = operate(&world, path, &body).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.text);
    assert_eq!(answer.json()["errors"][0]["pointer"], pointer, "{}", answer.text);
    assert!(trail(&world).await.is_empty());
}

#[rstest]
#[case("/v1/connectors/nobody/pause", "connector")]
#[case("/v1/connectors/NO/resume", "connector")]
#[case("/v1/lanes/fast/pause", "check, push and background")]
#[case("/v1/lanes/fast/resume", "check, push and background")]
#[case("/v1/workers/w9/pause", "worker")]
#[case("/v1/workers/w%209/drain", "worker")]
#[tokio::test]
async fn what_is_not_there_cannot_be_paused(#[case] path: &str, #[case] word: &str) {
    let world = World::start().await;
    let answer = operate(&world, path, &json!({"reason": "audit"})).await;
    assert_eq!(
        (answer.status, answer.json()["code"].as_str()),
        (StatusCode::NOT_FOUND, Some("not_found"))
    );
    assert!(
        answer.json()["detail"].as_str().unwrap().contains(word),
        "{}",
        answer.text
    );
}

#[rstest]
#[case("/v1/connectors/acme/pause")]
#[case("/v1/connectors/acme/resume")]
#[case("/v1/lanes/push/pause")]
#[case("/v1/lanes/push/resume")]
#[case("/v1/workers/w1/pause")]
#[case("/v1/workers/w1/resume")]
#[case("/v1/workers/w1/drain")]
#[tokio::test]
async fn a_viewer_may_not_pause(#[case] path: &str) {
    let world = World::start().await;
    let answer = world.post(Role::Viewer, path, &json!({"reason": "audit"})).await;
    assert_eq!(answer.json()["code"], "role_too_low");
}

#[tokio::test]
async fn a_check_of_a_paused_connector_is_unverified_at_once() {
    let world = World::start().await;
    ok(&world, &format!("{ACME}/pause"), &json!({"reason": "audit"})).await;
    let body = json!({"exam_id": "forklift-01", "email": "r.moreau@example.org"});
    let asked = world.post(Role::Ingest, "/v1/eligibility-checks", &body).await;
    let id = asked.json()["id"].as_str().unwrap().to_owned();
    let minute = Duration::from_mins(1);
    let claimed = world.queue.claim(Lane::Check, &worker(), 1, minute).await.unwrap();
    assert!(claimed.is_empty());
    assert_eq!(world.state(id.parse().unwrap()).await, State::Expired);
    let path = format!("/v1/eligibility-checks/{id}");
    let check = world.call_get(Role::Ingest, &path).await.json();
    assert_eq!(
        (&check["state"], &check["answer"], &check["code"], &check["title"]),
        (
            &json!("final"),
            &json!("unverified"),
            &json!("paused"),
            &json!("Paused by a person")
        )
    );
}
