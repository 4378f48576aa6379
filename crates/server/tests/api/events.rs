//! The feed of final answers: read, waited for, never with a silent gap.

use std::time::Duration;

use axum::http::StatusCode;
use passback_server::Role;
use serde_json::{Value, json};

use crate::{endings::words, world::World};

impl World {
    async fn events(&self, query: &str) -> Value {
        let answer = self.call_get(Role::Ingest, &format!("/v1/events{query}")).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        answer.json()
    }
}

fn events(page: &Value) -> &[Value] {
    page["events"].as_array().unwrap()
}

#[tokio::test]
async fn the_feed_tells_what_became_of_results_and_checks_in_order() {
    let world = World::start().await;
    assert_eq!(
        world.events("").await,
        json!({"events": [], "next_cursor": null, "more": false})
    );
    world.delivered("r-1").await;
    let check = world.answered_check().await;
    world.refused("r-2").await;
    let page = world.events("").await;
    let [delivered, answered, dead] = events(&page) else {
        panic!("{page}");
    };
    let cursor = delivered["cursor"].as_str().unwrap();
    let expected = json!({
        "cursor": cursor, "at": delivered["at"], "type": "result", "result_id": "r-1", "exam_id": "forklift-01",
        "connector": "acme", "outcome": "passed", "state": "delivered", "code": null, "title": null,
        "superseded_by": null,
    });
    assert_eq!(delivered, &expected);
    let expected = json!({
        "cursor": answered["cursor"], "at": answered["at"], "type": "check", "id": check, "exam_id": "forklift-01",
        "answer": "not_eligible", "code": "enrollment_not_found", "title": "Enrollment Not Found",
    });
    assert_eq!(answered, &expected);
    assert_eq!((&dead["state"], &dead["code"]), (&json!("dead"), &json!("rejected")));
    assert_eq!(page["next_cursor"], dead["cursor"]);
    assert!(!page.to_string().contains("example.org"), "{page}");
}

#[tokio::test]
async fn the_feed_is_read_on_behind_a_cursor() {
    let world = World::start().await;
    for id in ["r-1", "r-2", "r-3"] {
        world.delivered(id).await;
    }
    let first = world.events("?limit=2").await;
    assert_eq!(
        (words(events(&first), "result_id"), &first["more"]),
        (vec!["r-1", "r-2"], &json!(true))
    );
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = world.events(&format!("?limit=2&after={cursor}")).await;
    assert_eq!(
        (words(events(&second), "result_id"), &second["more"]),
        (vec!["r-3"], &json!(false))
    );
    let cursor = second["next_cursor"].as_str().unwrap();
    let end = world.events(&format!("?after={cursor}")).await;
    assert_eq!((events(&end).len(), &end["next_cursor"]), (0, &json!(cursor)));

    let latest = world.events("?after=latest").await;
    assert_eq!((events(&latest).len(), &latest["next_cursor"]), (0, &json!(cursor)));
    world.delivered("r-4").await;
    let next = world.events(&format!("?after={cursor}")).await;
    assert_eq!(words(events(&next), "result_id"), ["r-4"]);
}

#[tokio::test]
async fn the_latest_of_an_empty_feed_is_followed_by_the_first_event() {
    let world = World::start().await;
    let latest = world.events("?after=latest").await;
    let cursor = latest["next_cursor"].as_str().unwrap();
    world.delivered("r-1").await;
    let page = world.events(&format!("?after={cursor}")).await;
    assert_eq!(words(events(&page), "result_id"), ["r-1"]);
}

#[tokio::test]
async fn whoever_waits_is_told_as_soon_as_there_is_an_event() {
    let world = World::start().await;
    let cursor = world.events("?after=latest").await["next_cursor"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = format!("?wait=30s&after={cursor}");
    // Longer than the wait: nothing but the event ends it in time.
    let waiting = tokio::time::timeout(Duration::from_secs(25), world.events(&path));
    let (page, ()) = tokio::join!(waiting, world.delivered("r-1"));
    assert_eq!(words(events(&page.unwrap()), "result_id"), ["r-1"]);
}

#[tokio::test]
async fn a_wait_ends_when_its_time_is_up_or_the_server_stops() {
    let world = World::start().await;
    let page = world.events("?wait=20ms").await;
    assert_eq!(page, json!({"events": [], "next_cursor": null, "more": false}));
    world.closing.cancel();
    let stopped = tokio::time::timeout(Duration::from_secs(20), world.events("?wait=30s"));
    assert_eq!(events(&stopped.await.unwrap()).len(), 0);
}

#[tokio::test]
async fn a_cursor_that_is_kept_no_more_is_said_and_one_that_is_none_is_refused() {
    let world = World::start().await;
    world.delivered("r-1").await;
    let gone = "{passback:0}:v1:events:gone";
    world.redis.cli(&["SET", gone, "1700000000000-5"]).await;
    let expired = world.call_get(Role::Ingest, "/v1/events?after=1700000000000-4").await;
    assert_eq!(
        (expired.status, expired.json()["code"].as_str()),
        (StatusCode::GONE, Some("cursor_expired"))
    );
    let kept = world.events("?after=1700000000000-5").await;
    assert_eq!(words(events(&kept), "result_id"), ["r-1"]);
    for (query, parameter) in [
        ("after=yesterday", "after"),
        ("wait=1h", "wait"),
        ("limit=501", "limit"),
        ("colour=red", "colour"),
    ] {
        let refused = world.call_get(Role::Ingest, &format!("/v1/events?{query}")).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{query}");
        assert_eq!(refused.json()["errors"][0]["parameter"], parameter, "{query}");
    }
}

#[tokio::test]
async fn a_cursor_that_lies_in_the_future_is_refused_for_its_reader_would_wait_for_ever() {
    let world = World::start().await;
    world.delivered("r-1").await;
    let newest = world.events("").await["next_cursor"].as_str().unwrap().to_owned();
    let (ms, _) = newest.split_once('-').unwrap();
    let ahead = format!("{}-0", ms.parse::<u64>().unwrap() + 3_600_000);
    for path in [
        format!("/v1/events?after={ahead}"),
        format!("/v1/events?wait=30s&after={ahead}"),
    ] {
        let refused = world.call_get(Role::Ingest, &path).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{path}");
        assert_eq!(refused.json()["errors"][0]["parameter"], "after", "{path}");
    }
    assert_eq!(world.events(&format!("?after={newest}")).await["more"], false);
}
