//! Erasing a person from Docebo's events, in whatever order they tell whose a number is.

use passback_producer::{ERASURE_LOOKS, Erasure, ErasureWish};
use passback_queue::Intervention;
use rstest::rstest;
use serde_json::{Value, json};

use crate::{
    fixture::{EMAIL, Fixture, NOW_MS},
    webhooks::{acme, events, receive},
};

fn enrolled(message_id: &str, user_id: u64) -> Value {
    json!({
        "message_id": message_id, "event": "course.enrollment.created",
        "payload": {"user_id": user_id, "username": "r.moreau", "course_id": 146},
    })
}

fn updated(message_id: &str, user_id: u64, email: &str) -> Value {
    json!({"message_id": message_id, "event": "user.updated", "payload": {"user_id": user_id, "email": email}})
}

/// What all calls of so many looks together say, and how many calls there were.
async fn erase(fixture: &Fixture, looks: usize, dry_run: bool) -> (Erasure, usize) {
    let by = Intervention {
        actor: "the-admin".to_owned(),
        reason: "asked for by the candidate".to_owned(),
        at_ms: NOW_MS,
    };
    let (mut cursor, mut events, mut looked_at, mut calls) = (0, 0, 0, 0);
    loop {
        calls += 1;
        assert!(calls <= 10, "the calls go in a circle");
        let wish = ErasureWish {
            email: EMAIL,
            cursor,
            looks,
            dry_run,
        };
        let mut erasure = fixture.producer.erase(wish, &by).await.unwrap();
        events += erasure.events;
        looked_at += erasure.events_looked_at;
        let Some(next) = &erasure.next_cursor else {
            (erasure.events, erasure.events_looked_at) = (events, looked_at);
            return (erasure, calls);
        };
        cursor = next.parse().unwrap();
    }
}

#[rstest]
#[case::in_one_call(ERASURE_LOOKS, 1)]
#[case::in_several_calls(1, 3)]
#[tokio::test]
async fn what_came_before_the_event_that_tells_a_number_is_erased_with_it(#[case] looks: usize, #[case] calls: usize) {
    let fixture = Fixture::start().await;
    receive(&fixture, &enrolled("wh-1", 7)).await;
    receive(&fixture, &enrolled("wh-2", 8)).await;
    receive(&fixture, &updated("wh-3", 7, "R.Moreau@Example.org")).await;
    receive(&fixture, &updated("wh-4", 8, "a.kowalska@example.org")).await;
    receive(&fixture, &enrolled("wh-5", 7)).await;
    let (planned, called) = erase(&fixture, looks, true).await;
    assert_eq!((planned.events, planned.events_looked_at, called), (3, 5, calls));
    assert_eq!(events(&fixture).await.len(), 5, "a dry run changes nothing");
    let (done, called) = erase(&fixture, looks, false).await;
    assert_eq!((done.events, done.events_looked_at, called), (3, 5, calls));
    let left: Vec<String> = events(&fixture)
        .await
        .into_iter()
        .map(|event| event.message_id)
        .collect();
    assert_eq!(left, ["wh-2", "wh-4"]);
    let registry = fixture.producer.registry();
    let person = registry.vault().email_hash(EMAIL);
    assert!(registry.numbers_of_person(&acme(), &person).await.unwrap().is_empty());
    assert_eq!(erase(&fixture, looks, false).await.0.events, 0);
}

#[tokio::test]
async fn a_number_that_another_platform_gave_is_somebody_else_here() {
    let fixture = Fixture::start().await;
    let elsewhere = |mut message: Value| {
        message["original_domain"] = json!("acme-sandbox.docebosaas.com");
        message
    };
    receive(&fixture, &elsewhere(updated("wh-1", 7, EMAIL))).await;
    receive(&fixture, &elsewhere(enrolled("wh-2", 7))).await;
    receive(&fixture, &enrolled("wh-3", 7)).await;
    assert_eq!(erase(&fixture, ERASURE_LOOKS, true).await.0.events, 2);
    let registry = fixture.producer.registry();
    let person = registry.vault().email_hash(EMAIL);
    assert!(registry.numbers_of_person(&acme(), &person).await.unwrap().is_empty());
    assert_eq!(erase(&fixture, ERASURE_LOOKS, false).await.0.events, 2);
    let left = events(&fixture).await;
    assert_eq!(
        left.iter().map(|event| event.message_id.as_str()).collect::<Vec<_>>(),
        ["wh-3"]
    );
}
