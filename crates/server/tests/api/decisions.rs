//! A person's decision about a result that waits for one.

use axum::http::StatusCode;
use passback_queue::State;
use passback_server::Role;
use serde_json::{Value, json};

use crate::{endings::words, world::World};

const PATH: &str = "/v1/results/r-1/decision";
const FOUND_AT: &str = "2025-11-22T09:30:11.412Z";

fn decision(word: &str) -> Value {
    json!({"decision": word, "reason": "the registrar called ann@example.org"})
}

#[tokio::test]
async fn a_result_that_waits_for_a_person_shows_the_values_side_by_side() {
    let world = World::start().await;
    world.overridden("r-1").await;
    let view = world.get("/v1/results/r-1").await.json();
    assert_eq!(
        (&view["state"], &view["code"]),
        (&json!("parked"), &json!("manual_override"))
    );
    let case = &view["case"];
    assert_eq!(
        (&case["ours"]["score"], &case["theirs"]["score"]),
        (&json!(87.0), &json!(91.0))
    );
    assert_eq!(
        (&case["last_known"], &case["found_at"]),
        (&json!(null), &json!(FOUND_AT))
    );
}

#[tokio::test]
async fn whoever_keeps_theirs_ends_the_result_and_is_on_record() {
    let world = World::start().await;
    let job = world.overridden("r-1").await;
    let answer = world.post(Role::Operator, PATH, &decision("keep_theirs")).await;
    let view = answer.json();
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    assert_eq!(
        (&view["state"], &view["code"]),
        (&json!("discarded"), &json!("kept_theirs"))
    );
    assert_eq!(view["case"], json!(null));
    assert_eq!(world.state(job).await, State::Discarded);
    let steps = view["steps"].as_array().unwrap();
    assert_eq!(words(steps, "step").last_chunk(), Some(&["decided", "discarded"]));
    let audit = world.get("/v1/audit").await;
    let items = audit.json()["items"].as_array().unwrap().clone();
    let entry = items.last().unwrap();
    assert_eq!(
        (&entry["action"], &entry["target"]),
        (&json!("result.keep_theirs"), &json!("result r-1"))
    );
    assert_eq!(entry["actor"], "the-operator");
    assert!(!audit.text.contains("ann@example.org"), "{}", audit.text);
}

#[tokio::test]
async fn whoever_writes_ours_sends_the_result_on() {
    let world = World::start().await;
    let job = world.overridden("r-1").await;
    let mut body = decision("write_ours");
    body["seen"] = json!(FOUND_AT);
    let answer = world.post(Role::Operator, PATH, &body).await;
    assert_eq!(
        (answer.status, &answer.json()["state"]),
        (StatusCode::OK, &json!("accepted")),
        "{}",
        answer.text
    );
    assert_eq!(world.state(job).await, State::Ready);
    let again = world.post(Role::Operator, PATH, &decision("write_ours")).await;
    assert_eq!(
        (again.status, again.json()["code"].as_str()),
        (StatusCode::CONFLICT, Some("nothing_to_decide"))
    );
}

#[tokio::test]
async fn a_dry_run_shows_the_case_and_decides_nothing() {
    let world = World::start().await;
    let job = world.overridden("r-1").await;
    let path = format!("{PATH}?dry_run=true");
    let body = json!({"decision": "write_ours", "seen": FOUND_AT});
    let answer = world.post(Role::Operator, &path, &body).await;
    assert_eq!(
        (answer.status, &answer.json()["case"]["found_at"]),
        (StatusCode::OK, &json!(FOUND_AT))
    );
    assert_eq!(world.state(job).await, State::Parked);
    world.hand_in("r-2").await;
    let nothing = world
        .post(Role::Operator, "/v1/results/r-2/decision?dry_run=true", &body)
        .await;
    assert_eq!(nothing.json()["code"], "nothing_to_decide");
}

#[tokio::test]
async fn nobody_decides_about_a_case_that_has_changed() {
    let world = World::start().await;
    let job = world.overridden("r-1").await;
    for path in [PATH.to_owned(), format!("{PATH}?dry_run=true")] {
        let mut body = decision("keep_theirs");
        body["seen"] = json!("2025-11-22T09:30:11.411Z");
        let answer = world.post(Role::Operator, &path, &body).await;
        assert_eq!(
            (answer.status, answer.json()["code"].as_str()),
            (StatusCode::CONFLICT, Some("case_changed"))
        );
    }
    assert_eq!(world.state(job).await, State::Parked);
}

#[tokio::test]
async fn a_decision_that_cannot_be_read_is_refused_by_its_field() {
    let world = World::start().await;
    let job = world.overridden("r-1").await;
    for (body, pointer) in [
        (json!({"decision": "keep_theirs"}), "/reason"),
        (json!({"decision": "keep_theirs", "reason": " "}), "/reason"),
        (json!({"decision": "keep", "reason": "x"}), "/decision"),
        (
            json!({"decision": "keep_theirs", "reason": "x", "seen": "yesterday"}),
            "/seen",
        ),
        (
            json!({"decision": "keep_theirs", "reason": "x", "colour": 1}),
            "/colour",
        ),
    ] {
        let answer = world.post(Role::Operator, PATH, &body).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.text);
        assert_eq!(answer.json()["errors"][0]["pointer"], pointer, "{body}");
    }
    let unknown = world
        .post(Role::Operator, "/v1/results/r-9/decision", &decision("keep_theirs"))
        .await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    let viewer = world.post(Role::Viewer, PATH, &decision("keep_theirs")).await;
    assert_eq!(viewer.status, StatusCode::FORBIDDEN);
    assert_eq!(world.state(job).await, State::Parked);
}
