//! The log of Docebo's events as a stream: where its reader stands, and when it ends.

use std::time::Duration;

use axum::http::StatusCode;
use passback_server::{Clock, ManualClock, Role, ServerConfig};
use serde_json::{Value, json};

use crate::{
    event_streams::{Reader, request_as},
    tokens::made,
    world::{World, config, token},
};

const GONE: &str = "{passback:0}:v1:docebo-events:gone";
const NOON: &str = "2026-11-22T12:00:00Z";

async fn told(world: &World, message_id: &str, event: &str) {
    let message = json!({"event": event, "message_id": message_id, "payload": {"user_id": 7, "course_id": 146}});
    let answer = world.hook(&message).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
}

async fn open(world: &World, path: &str, last_event_id: Option<&str>) -> Reader {
    Reader::open_with(&world.app, || request_as(&token(Role::Viewer), path, last_event_id)).await
}

async fn ends_with(mut reader: Reader, code: &str) {
    let last = reader.next().await.unwrap();
    assert_eq!(
        (last.kind.as_str(), &last.data["code"]),
        ("problem", &Value::from(code))
    );
    assert!(reader.next().await.is_none());
}

/// The same server with a clock that is moved by hand.
fn at_noon(world: World) -> (World, ManualClock) {
    let (clock, hand) = Clock::manual(NOON.parse().unwrap());
    (world.told(ServerConfig { clock, ..config() }), hand)
}

#[tokio::test]
async fn a_reader_of_rare_events_is_told_how_far_it_was_looked_and_comes_back_behind_that() {
    let world = World::with_webhook().await;
    told(&world, "wh-1", "course.deleted").await;
    let path = "/v1/docebo-events?event=course.deleted";
    let mut reader = open(&world, path, None).await;
    let first = reader.next().await.unwrap();
    drop(reader);
    for number in 2..5 {
        told(&world, &format!("wh-{number}"), "user.updated").await;
    }
    let mut reader = open(&world, path, Some(&first.id)).await;
    let place = reader.message().await.unwrap();
    assert!(place.data.is_null() && place.kind.is_empty(), "{place:?}");
    assert!(place.id > first.id);
    drop(reader);
    // A month later all of these are gone, of which the reader wanted none.
    world.redis.cli(&["SET", GONE, &place.id]).await;
    let mut reader = open(&world, path, Some(&place.id)).await;
    told(&world, "wh-5", "course.deleted").await;
    assert_eq!(reader.next().await.unwrap().data["message_id"], "wh-5");
}

#[tokio::test]
async fn a_reader_of_what_comes_from_now_on_has_a_place_to_come_back_to_before_anything_came() {
    let world = World::with_webhook().await;
    told(&world, "wh-1", "user.updated").await;
    let mut reader = open(&world, "/v1/docebo-events?after=latest", None).await;
    let place = reader.message().await.unwrap();
    drop(reader);
    told(&world, "wh-2", "user.updated").await;
    let mut reader = open(&world, "/v1/docebo-events?after=latest", Some(&place.id)).await;
    assert_eq!(reader.next().await.unwrap().data["message_id"], "wh-2");
}

#[tokio::test]
async fn a_stream_whose_next_events_are_gone_says_so_and_ends() {
    let world = World::with_webhook().await;
    told(&world, "wh-1", "user.updated").await;
    let mut reader = open(&world, "/v1/docebo-events", None).await;
    assert_eq!(reader.next().await.unwrap().data["message_id"], "wh-1");
    world.redis.cli(&["SET", GONE, "9999999999999-0"]).await;
    told(&world, "wh-2", "user.updated").await;
    ends_with(reader, "cursor_expired").await;
}

#[tokio::test]
async fn a_stream_ends_when_its_token_does() {
    let (world, hand) = at_noon(World::start().await);
    let (bearer, _) = made(&world, &json!({"name": "a", "role": "ingest", "expires_in": "1d"})).await;
    let mut reader = Reader::open_with(&world.app, || request_as(&bearer, "/v1/events", None)).await;
    world.delivered("r-1").await;
    assert_eq!(reader.next().await.unwrap().data["result_id"], "r-1");
    hand.advance(Duration::from_hours(24));
    world.delivered("r-2").await;
    ends_with(reader, "token_expired").await;
}

#[tokio::test]
async fn a_stream_that_shows_people_ends_when_its_token_does() {
    let (world, hand) = at_noon(World::with_webhook().await);
    let (bearer, _) = made(&world, &json!({"name": "a", "role": "operator", "expires_in": "1d"})).await;
    let path = "/v1/docebo-events?reveal=true";
    let mut reader = Reader::open_with(&world.app, || request_as(&bearer, path, None)).await;
    told(&world, "wh-1", "user.updated").await;
    assert_eq!(reader.next().await.unwrap().data["message_id"], "wh-1");
    hand.advance(Duration::from_hours(24));
    told(&world, "wh-2", "user.updated").await;
    ends_with(reader, "token_expired").await;
}
