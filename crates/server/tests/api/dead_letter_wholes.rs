//! Dead letters as a whole: by cause, and all of them with their history.

use axum::http::{StatusCode, header};
use passback_queue::{JobId, Lane, Transition};
use passback_server::Role;
use serde_json::json;

use crate::{plans::dead_letters, world::World};

#[tokio::test]
async fn dead_letters_are_grouped_by_cause_and_connector_the_largest_first() {
    let world = World::start().await;
    dead_letters(&world, "a", 1, "exhausted").await;
    dead_letters(&world, "b", 3, "rejected").await;
    let answer = world.get("/v1/dead-letters/groups").await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let groups = answer.json();
    assert_eq!((&groups["count"], &groups["complete"]), (&json!(4), &json!(true)));
    let found: Vec<(&str, u64)> = groups["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|group| (group["code"].as_str().unwrap(), group["count"].as_u64().unwrap()))
        .collect();
    assert_eq!(found, [("rejected", 3), ("exhausted", 1)]);
    let largest = &groups["items"][0];
    assert_eq!(
        (&largest["connector"], &largest["who_acts"]),
        (&json!("acme"), &json!("organisation_admin"))
    );
    assert!(largest["safe_to_retry"].is_boolean() && !largest["resolution"].as_array().unwrap().is_empty());
    assert!(largest["oldest"].as_str() <= largest["newest"].as_str(), "{largest}");

    for (query, count) in [
        ("code=exhausted", 1),
        ("connector=other", 0),
        ("connector=acme&lane=push", 4),
        ("lane=check", 0),
        ("older_than=1h", 0),
    ] {
        let groups = world.get(&format!("/v1/dead-letters/groups?{query}")).await.json();
        assert_eq!(groups["count"], count, "{query}");
    }
    let wrong = world.get("/v1/dead-letters/groups?code=nonsense").await;
    assert_eq!(wrong.json()["errors"][0]["parameter"], "code", "{}", wrong.text);
}

#[tokio::test]
async fn an_export_has_every_dead_letter_that_matches_with_its_history_and_nobody_s_address() {
    let world = World::start().await;
    let rejected = dead_letters(&world, "a", 50, "rejected").await;
    let exhausted = dead_letters(&world, "b", 50, "exhausted").await;
    let more = dead_letters(&world, "c", 50, "rejected").await;
    let body = json!({"ids": [more[0]], "reason": "once more"});
    world.post(Role::Operator, "/v1/dead-letters/redrive", &body).await;
    world.work(Lane::Push, &Transition::Bury, "rejected", None).await;
    let other = dead_letters(&world, "d", 50, "rejected").await;
    let last = dead_letters(&world, "e", 9, "rejected").await;
    let answer = world
        .call_get(Role::Operator, "/v1/dead-letters/export?code=rejected")
        .await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    assert_eq!(answer.header(header::CONTENT_TYPE), "application/x-ndjson");
    let exported: Vec<String> = answer
        .lines()
        .iter()
        .map(|line| {
            assert_eq!(line["state"], "dead");
            line["id"].as_str().unwrap().to_owned()
        })
        .collect();
    let mut expected: Vec<String> = [rejected, more.clone(), other, last]
        .concat()
        .iter()
        .map(JobId::to_string)
        .collect();
    let mut sorted = exported.clone();
    sorted.sort();
    expected.sort();
    assert_eq!(sorted, expected);
    assert!(!answer.text.contains("@example.org"));
    let again = answer
        .lines()
        .into_iter()
        .find(|line| line["id"] == json!(more[0]))
        .unwrap();
    assert_eq!(again["history"][0]["reason"], "once more", "{again}");
    let whole = world.call_get(Role::Operator, "/v1/dead-letters/export").await;
    assert_eq!(whole.lines().len(), 209);
    assert!(whole.text.contains(&exhausted[0].to_string()));
    let refused = world.get("/v1/dead-letters/export").await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let wrong = world.call_get(Role::Operator, "/v1/dead-letters/export?limit=5").await;
    assert_eq!(wrong.json()["errors"][0]["parameter"], "limit");
}
