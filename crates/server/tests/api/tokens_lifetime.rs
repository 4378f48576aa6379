//! Tokens and time: when they end, how fast they may ask, and what counts while Redis is away.

use std::time::Duration;

use axum::http::{Method, StatusCode, header};
use passback_server::{Clock, ManualClock, Role, ServerConfig};
use serde_json::json;

use crate::{
    tokens::{made, revoked},
    world::{World, config, token},
};

const NOON: &str = "2026-11-22T12:00:00Z";

/// A server whose clock is moved by hand.
async fn at_noon(change: impl FnOnce(&mut ServerConfig)) -> (World, ManualClock) {
    let (clock, hand) = Clock::manual(NOON.parse().unwrap());
    let mut config = ServerConfig { clock, ..config() };
    change(&mut config);
    (World::start().await.told(config), hand)
}

#[tokio::test]
async fn a_stored_token_is_good_up_to_its_end_and_not_at_it() {
    let (world, hand) = at_noon(|_| {}).await;
    let (token, id) = made(&world, &json!({"name": "a", "role": "viewer", "expires_in": "20d"})).await;
    let read = async || world.call_get(Role::Admin, &format!("/v1/tokens/{id}")).await.json();
    let seen = read().await;
    assert_eq!(seen["expires_at"], "2026-12-12T12:00:00Z");
    assert_eq!([&seen["state"], &seen["ends_soon"]], [&json!("active"), &json!(false)]);

    hand.advance(Duration::from_hours(20 * 24) - Duration::from_millis(1));
    assert_eq!(
        world.call_as(&token, Method::GET, "/v1/stats").await.status,
        StatusCode::OK
    );
    assert_eq!(read().await["ends_soon"], true);
    hand.advance(Duration::from_millis(1));
    let answer = world.call_as(&token, Method::GET, "/v1/stats").await;
    assert_eq!(
        (answer.status, answer.json()["code"].as_str()),
        (StatusCode::UNAUTHORIZED, Some("token_expired"))
    );
    assert!(answer.header(header::WWW_AUTHENTICATE).starts_with("Bearer"));
    let seen = read().await;
    assert_eq!([&seen["state"], &seen["ends_soon"]], [&json!("expired"), &json!(false)]);
}

#[tokio::test]
async fn a_token_of_the_configuration_ends_when_its_entry_says() {
    let (world, hand) = at_noon(|config| {
        config.tokens[0].expires_at = Some("2026-11-22T13:00:00Z".parse().unwrap());
    })
    .await;
    let ingest = token(Role::Ingest);
    let answer = world.call_as(&ingest, Method::GET, "/v1/results/r-1").await;
    assert_eq!(answer.json()["code"], "not_found");
    hand.advance(Duration::from_hours(1));
    let answer = world.call_as(&ingest, Method::GET, "/v1/results/r-1").await;
    assert_eq!(answer.json()["code"], "token_expired");
    assert_eq!(world.get("/v1/stats").await.status, StatusCode::OK);
}

#[tokio::test]
async fn who_asks_too_fast_is_told_when_to_come_back_and_nobody_else_waits_for_it() {
    let (world, hand) = at_noon(|config| config.max_requests_per_second_per_token = 2).await;
    for _ in 0..4 {
        assert_eq!(world.get("/v1/lanes").await.status, StatusCode::OK);
    }
    let answer = world.get("/v1/lanes").await;
    assert_eq!(
        (answer.status, answer.json()["code"].as_str()),
        (StatusCode::TOO_MANY_REQUESTS, Some("rate_limited"))
    );
    assert_eq!(answer.header(header::RETRY_AFTER), "1");
    assert_eq!(world.call_get(Role::Admin, "/v1/lanes").await.status, StatusCode::OK);
    hand.advance(Duration::from_secs(1));
    for status in [StatusCode::OK, StatusCode::OK, StatusCode::TOO_MANY_REQUESTS] {
        assert_eq!(world.get("/v1/lanes").await.status, status);
    }
}

#[tokio::test]
async fn no_limit_is_no_limit() {
    let (world, _) = at_noon(|config| config.max_requests_per_second_per_token = 0).await;
    for _ in 0..50 {
        let answer = world.get("/v1/nothing-here").await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn what_was_last_seen_counts_while_redis_is_away() {
    let world = World::start().await;
    let (good, _) = made(&world, &json!({"name": "a", "role": "viewer"})).await;
    let (bad, id) = made(&world, &json!({"name": "b", "role": "viewer"})).await;
    assert_eq!(revoked(&world, &id).await.status, StatusCode::OK);
    assert_eq!(
        world.call_as(&good, Method::GET, "/v1/nothing").await.status,
        StatusCode::NOT_FOUND
    );
    world.redis.stop().await;
    for _ in 0..3 {
        // Another server would not know it; this one has seen it.
        assert_eq!(
            world.call_as(&good, Method::GET, "/v1/nothing").await.status,
            StatusCode::NOT_FOUND
        );
        let answer = world.call_as(&bad, Method::GET, "/v1/nothing").await;
        assert_eq!(answer.json()["code"], "token_revoked");
        let answer = world.call_as("nobody", Method::GET, "/v1/nothing").await;
        assert_eq!(answer.json()["code"], "token_invalid");
    }
}

#[tokio::test]
async fn a_server_that_has_never_seen_redis_knows_its_configuration_and_says_so_of_the_rest() {
    let world = World::start().await;
    let (stored, _) = made(&world, &json!({"name": "a", "role": "viewer"})).await;
    world.redis.stop().await;
    let world = World {
        app: world.another_server(),
        ..world
    };
    let answer = world.call_as(&token(Role::Viewer), Method::GET, "/v1/nothing").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND, "{}", answer.text);
    let answer = world.call_as(&stored, Method::GET, "/v1/nothing").await;
    assert_eq!(answer.json()["code"], "store_unavailable");
    assert_eq!(answer.header(header::RETRY_AFTER), "1");
}
