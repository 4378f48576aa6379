//! Dead letters leave only by a person's hand, and the trail says whose.

use axum::http::StatusCode;
use passback_queue::{JobId, Lane, State, Transition};
use passback_server::Role;
use serde_json::{Value, json};

use crate::world::{World, result};

#[tokio::test]
async fn a_redrive_says_for_each_job_what_became_of_it() {
    let world = World::start().await;
    let dead = world.dead_letter("r-1").await;
    let shown = world.get(&format!("/v1/dead-letters/{dead}")).await.json();
    assert_eq!(
        (shown["state"].as_str(), shown["code"].as_str()),
        (Some("dead"), Some("rejected"))
    );
    assert!(
        shown["title"].as_str().is_some_and(|title| !title.is_empty()),
        "{shown}"
    );

    let unknown = "01JD0000000000000000000000";
    let body = json!({"ids": [dead, unknown], "reason": "the course is repaired"});
    let answer = world.post(Role::Operator, "/v1/dead-letters/redrive", &body).await;
    let outcome = answer.json();
    assert_eq!((answer.status, outcome["changed"].as_u64()), (StatusCode::OK, Some(1)));
    assert_eq!(outcome["items"][0], json!({"id": dead, "status": "ready"}));
    assert_eq!(
        (
            outcome["items"][1]["status"].as_str(),
            outcome["items"][1]["code"].as_str()
        ),
        (Some("not_found"), Some("not_found"))
    );
    assert_eq!(world.state(dead).await, State::Ready);

    let again = world
        .post(Role::Operator, "/v1/dead-letters/redrive", &body)
        .await
        .json();
    assert_eq!(again["items"][0]["status"], "not_dead");

    let history = world.get(&format!("/v1/jobs/{dead}")).await.json()["history"].clone();
    let step = history
        .as_array()
        .unwrap()
        .iter()
        .find(|step| step["outcome"] == "redriven")
        .unwrap();
    assert_eq!(
        (step["actor"].as_str(), step["reason"].as_str()),
        (Some("the-operator"), Some("the course is repaired"))
    );
    let trail = trail(&world).await;
    assert_eq!(
        (trail["action"].as_str(), trail["actor"].as_str()),
        (Some("dead_letter.redriven"), Some("the-operator"))
    );
    assert_eq!(trail["reason"], "the course is repaired");
}

#[tokio::test]
async fn a_discard_ends_dead_letters_only() {
    let world = World::start().await;
    let dead = world.dead_letter("r-1").await;
    let mut other = result("r-2");
    other["email"] = json!("another@example.org");
    let ready = world.post(Role::Ingest, "/v1/results", &other).await.json()["job_id"].clone();
    let body = json!({"ids": [dead, ready], "reason": "a test candidate"});
    let outcome = world
        .post(Role::Operator, "/v1/dead-letters/discard", &body)
        .await
        .json();
    assert_eq!(outcome["items"][0]["status"], "discarded");
    assert_eq!(
        (
            outcome["items"][1]["status"].as_str(),
            outcome["items"][1]["code"].as_str()
        ),
        (Some("not_dead"), Some("not_dead"))
    );
    assert_eq!(world.state(dead).await, State::Discarded);
    assert_eq!(trail(&world).await["action"], "dead_letter.discarded");
    let again = world
        .post(Role::Operator, "/v1/dead-letters/discard", &body)
        .await
        .json();
    assert_eq!(again["items"][0]["status"], "already_ended");
}

#[tokio::test]
async fn a_selection_names_each_fault() {
    let world = World::start().await;
    for (body, pointer) in [
        (json!({"ids": [], "reason": "x"}), "/ids"),
        (json!({"ids": ["nope"], "reason": "x"}), "/ids/0"),
        (json!({"ids": ["01JD0000000000000000000000"], "reason": " "}), "/reason"),
        (json!({"ids": ["01JD0000000000000000000000"]}), "/reason"),
        (json!({"ids": [7], "reason": "x"}), "/ids/0"),
        (
            json!({"ids": vec!["01JD0000000000000000000000"; 1001], "reason": "x"}),
            "/ids",
        ),
        (json!({"ids": [], "reason": "x", "all": true}), "/all"),
    ] {
        for path in ["/v1/dead-letters/redrive", "/v1/dead-letters/discard"] {
            let answer = world.post(Role::Operator, path, &body).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.text);
            assert_eq!(answer.json()["errors"][0]["pointer"], pointer, "{}", answer.text);
        }
    }
}

#[tokio::test]
async fn a_job_that_waits_can_be_cancelled_once() {
    let world = World::start().await;
    let id = world.post(Role::Ingest, "/v1/results", &result("r-1")).await.json()["job_id"].clone();
    let path = format!("/v1/jobs/{}/cancel", id.as_str().unwrap());
    let reason = json!({"reason": "sent by mistake"});
    let answer = world.post(Role::Operator, &path, &reason).await;
    assert_eq!(
        (answer.status, answer.json()["status"].as_str()),
        (StatusCode::OK, Some("discarded"))
    );
    let again = world.post(Role::Operator, &path, &reason).await;
    assert_eq!(
        (again.status, again.json()["code"].as_str()),
        (StatusCode::CONFLICT, Some("already_ended"))
    );
    let unknown = world
        .post(Role::Operator, "/v1/jobs/01JD0000000000000000000000/cancel", &reason)
        .await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    assert_eq!(trail(&world).await["action"], "job.cancelled");
}

#[tokio::test]
async fn workers_and_numbers_can_be_read() {
    let world = World::start().await;
    world.dead_letter("r-1").await;
    world.work(Lane::Check, &Transition::Done, "eligible", None).await;
    let workers = world.get("/v1/workers").await.json();
    assert_eq!(
        (workers["items"][0]["id"].as_str(), workers["items"][0]["host"].as_str()),
        (Some("w1"), Some("host"))
    );
    let stats = world.get("/v1/stats").await.json();
    assert_eq!(stats["living"]["dead"], 1);
}

/// The newest entry of the trail.
async fn trail(world: &World) -> Value {
    world.get("/v1/audit?recent=true&limit=1").await.json()["items"][0].clone()
}

#[tokio::test]
async fn an_address_in_a_reason_reaches_neither_history_nor_trail() {
    let world = World::start().await;
    let dead = world.dead_letter("r-1").await;
    let body = json!({"ids": [dead], "reason": "asked by ann@example.org by phone"});
    let answer = world.post(Role::Operator, "/v1/dead-letters/redrive", &body).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let job = world.get(&format!("/v1/jobs/{dead}")).await.text;
    assert!(
        job.contains("asked by [e-mail] by phone") && !job.contains("ann@"),
        "{job}"
    );
    assert_eq!(trail(&world).await["reason"], "asked by [e-mail] by phone");
}

#[tokio::test]
async fn a_long_selection_has_its_verdicts_in_order() {
    let world = World::start().await;
    let dead = world.dead_letter("r-1").await;
    let mut ids: Vec<String> = (0..450)
        .map(|number| JobId::from_parts(1_763_803_811_412, number).to_string())
        .collect();
    ids.push(dead.to_string());
    let body = json!({"ids": ids, "reason": "all of them"});
    let answer = world.post(Role::Operator, "/v1/dead-letters/discard", &body).await;
    let outcome = answer.json();
    assert_eq!(outcome["changed"], 1, "{}", answer.text);
    let items = outcome["items"].as_array().unwrap();
    assert!(items.iter().map(|item| item["id"].as_str().unwrap()).eq(&ids));
    assert_eq!(trail(&world).await["target"], format!("job {dead}"));
}
