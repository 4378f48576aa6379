//! Erasing a person, and sealing secrets again.

use axum::http::StatusCode;
use passback_server::Role;
use serde_json::{Value, json};

use crate::world::{EMAIL, World, result};

fn wish() -> Value {
    json!({"email": EMAIL, "reason": "asked for by r.moreau@example.org"})
}

#[tokio::test]
async fn a_person_is_erased_and_the_trail_says_so_without_the_address() {
    let world = World::start().await;
    world.post(Role::Ingest, "/v1/results", &result("r-1")).await;
    let low = world.post(Role::Operator, "/v1/erase", &wish()).await;
    assert_eq!(low.status, StatusCode::FORBIDDEN);
    let planned = json!({"email": EMAIL, "dry_run": true});
    let planned = world.post(Role::Admin, "/v1/erase", &planned).await.json();
    assert_eq!((&planned["erased"], world.jobs().await), (&json!(1), 1));

    let answer = world.post(Role::Admin, "/v1/erase", &wish()).await;
    let done = answer.json();
    assert_eq!(
        (answer.status, done["erased"].as_u64(), done["running"].as_u64()),
        (StatusCode::OK, Some(1), Some(0))
    );
    assert_eq!((&done["jobs"][0]["status"], world.jobs().await), (&json!("erased"), 0));
    let row = world.get("/v1/results/r-1").await;
    assert_eq!(
        (&row.json()["state"], &row.json()["code"]),
        (&json!("discarded"), &json!("erased"))
    );
    let id = done["jobs"][0]["id"].as_str().unwrap();
    let job = world.get(&format!("/v1/jobs/{id}")).await;
    let trail = world.get("/v1/audit?recent=true&limit=1").await;
    assert_eq!(trail.json()["items"][0]["action"], "person.erased");
    for text in [&answer.text, &row.text, &job.text, &trail.text] {
        assert!(!text.contains(EMAIL), "{text}");
    }
}

#[tokio::test]
async fn an_erasure_needs_an_address_and_a_reason() {
    let world = World::start().await;
    for (body, pointer) in [
        (json!({"email": "nobody", "reason": "x"}), "/email"),
        (json!({"email": EMAIL}), "/reason"),
        (json!({"email": EMAIL, "reason": " "}), "/reason"),
        (json!({"email": EMAIL, "reason": "x", "cursor": "-1"}), "/cursor"),
        (json!({"reason": "x"}), "/email"),
    ] {
        let answer = world.post(Role::Admin, "/v1/erase", &body).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
        assert_eq!(answer.json()["errors"][0]["pointer"], pointer, "{body}");
    }
}

#[tokio::test]
async fn what_the_keys_have_sealed_is_counted_and_a_rotation_is_on_record_once() {
    let world = World::start().await;
    world.post(Role::Ingest, "/v1/results", &result("r-1")).await;
    assert_eq!(
        world.call_get(Role::Operator, "/v1/secrets").await.status,
        StatusCode::FORBIDDEN
    );
    let usage = world.call_get(Role::Admin, "/v1/secrets").await.json();
    let key = &usage["keys"][0];
    assert_eq!(key["key_id"], usage["current"]);
    assert_eq!(
        (&key["current"], &key["connector_secrets"], &key["payloads"]),
        (&json!(true), &json!(2), &json!(1))
    );
    assert_eq!((&usage["unreadable"], &usage["next_cursor"]), (&json!(0), &Value::Null));

    let rotation = json!({"reason": "yearly"});
    let done = world.post(Role::Admin, "/v1/secrets/rotate", &rotation).await.json();
    assert_eq!((&done["resealed"], &done["next_cursor"]), (&json!(0), &Value::Null));
    let trail = world.get("/v1/audit?recent=true&limit=1").await.json();
    let entry = &trail["items"][0];
    assert_eq!(
        (&entry["action"], &entry["reason"]),
        (&json!("secrets.rotated"), &json!("yearly"))
    );

    let refused = world
        .post(Role::Admin, "/v1/secrets/rotate", &json!({"cursor": "x", "reason": ""}))
        .await
        .json();
    let pointers: Vec<&Value> = refused["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| &error["pointer"])
        .collect();
    assert_eq!(pointers, ["/cursor", "/reason"]);
    let refused = world.call_get(Role::Admin, "/v1/secrets?cursor=x").await.json();
    assert_eq!(refused["errors"][0]["parameter"], "cursor");
}

#[tokio::test]
async fn a_server_without_the_key_says_which_one_is_missing() {
    let world = World::start().await;
    world.post(Role::Ingest, "/v1/results", &result("r-1")).await;
    let world = world.with_another_key();
    let usage = world.call_get(Role::Admin, "/v1/secrets").await.json();
    // Keys have ids of chance, and stand in their order.
    let keys = usage["keys"].as_array().unwrap();
    let missing = keys.iter().find(|key| key["current"] == false).unwrap();
    assert_eq!((&missing["held"], &missing["payloads"]), (&json!(false), &json!(1)));
    let done = world
        .post(Role::Admin, "/v1/secrets/rotate", &json!({"reason": "yearly"}))
        .await
        .json();
    assert_eq!((&done["resealed"], &done["unreadable"]), (&json!(0), &json!(1)));
    assert_eq!(done["unreadable_connectors"], json!(["acme"]));
}
