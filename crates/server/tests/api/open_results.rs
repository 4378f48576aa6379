//! Results that are not at their end: listed, and counted.

use axum::http::StatusCode;
use serde_json::json;

use crate::{endings::words, world::World};

#[tokio::test]
async fn what_is_not_at_its_end_is_listed_oldest_first_page_by_page() {
    let world = World::start().await;
    world.delivered("r-1").await;
    world.refused("r-2").await;
    world.overridden("r-3").await;
    world.hand_in("r-4").await;
    let list = world.get("/v1/results?open=true").await;
    let items = list.json()["items"].as_array().unwrap().clone();
    assert_eq!(words(&items, "result_id"), ["r-2", "r-3", "r-4"]);
    assert_eq!(words(&items, "state"), ["dead", "parked", "accepted"]);
    assert_eq!(words(&items, "code"), ["rejected", "manual_override", ""]);
    assert_eq!(items[0]["exam_id"], "forklift-01");
    assert!(items[0]["since"].as_str().unwrap().ends_with('Z'));
    assert!(!list.text.contains("example.org"), "{}", list.text);

    let first = world.get("/v1/results?open=true&limit=2").await.json();
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = world
        .get(&format!("/v1/results?open=true&limit=2&cursor={cursor}"))
        .await
        .json();
    assert_eq!(words(second["items"].as_array().unwrap(), "result_id"), ["r-4"]);
    assert_eq!(second["next_cursor"], json!(null));
}

#[tokio::test]
async fn only_what_is_old_enough_is_overdue() {
    let world = World::start().await;
    world.hand_in("r-1").await;
    for query in ["older_than=1h", "overdue=true"] {
        let list = world.get(&format!("/v1/results?open=true&{query}")).await.json();
        assert_eq!(list["items"], json!([]), "{query}");
    }
    assert_eq!(world.get("/v1/stats").await.json()["overdue_results"], 0);
    // As if it had been accepted in 2001.
    let open = "{passback:0}:v1:results:open";
    world.redis.cli(&["ZADD", open, "1000000000000", "r-1"]).await;
    for query in ["older_than=24h", "overdue=true"] {
        let list = world.get(&format!("/v1/results?open=true&{query}")).await.json();
        assert_eq!(list["items"][0]["since"], "2001-09-09T01:46:40Z", "{query}");
    }
    let stats = world.get("/v1/stats").await.json();
    assert_eq!(
        (&stats["overdue_results"], &stats["living"]["ready"]),
        (&json!(1), &json!(1))
    );
}

#[tokio::test]
async fn a_list_that_cannot_be_made_is_refused_by_its_parameter() {
    let world = World::start().await;
    for (query, parameter) in [
        ("", "open"),
        ("open=false", "open"),
        ("open=true&older_than=soon", "older_than"),
        ("open=true&overdue=true&older_than=1h", "overdue"),
        ("open=true&cursor=abc", "cursor"),
        ("open=true&limit=0", "limit"),
        ("open=true&colour=red", "colour"),
    ] {
        let answer = world.get(&format!("/v1/results?{query}")).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{query}");
        assert_eq!(answer.json()["errors"][0]["parameter"], parameter, "{query}");
    }
}
