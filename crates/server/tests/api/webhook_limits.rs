//! Webhooks for connectors that there are not: they cost next to nothing, and hold up no others.

use std::time::Duration;

use axum::http::{StatusCode, header};
use passback_docebo::webhook::sample;
use passback_registry::{ConnectorInput, WebhookInput};
use passback_server::{Clock, ManualClock, ServerConfig};
use secrecy::SecretString;

use crate::{
    webhooks::BASIC,
    world::{Answer, World, config, connector},
};

async fn world() -> (World, ManualClock) {
    let (clock, hand) = Clock::manual("2026-11-22T12:00:00Z".parse().unwrap());
    let world = World::with_webhook().await.told(ServerConfig { clock, ..config() });
    (world, hand)
}

impl World {
    async fn hook_of(&self, connector: &str) -> Answer {
        let path = format!("/webhooks/docebo/{connector}");
        let headers = [(header::AUTHORIZATION.as_str(), BASIC)];
        self.hook_with(&path, &headers, sample("user.created").unwrap().to_string())
            .await
    }

    /// How often a connector was read from Redis.
    async fn reads(&self) -> u64 {
        let stats = format!("{:?}", self.redis.cli(&["INFO", "commandstats"]).await);
        let calls = stats.split_once("cmdstat_hget:calls=").map_or("0", |(_, rest)| rest);
        calls.split(',').next().unwrap().parse().unwrap()
    }
}

#[tokio::test]
async fn an_id_that_nobody_registered_is_looked_up_once_a_second() {
    let (world, hand) = world().await;
    world.redis.cli(&["CONFIG", "RESETSTAT"]).await;
    for _ in 0..50 {
        assert_eq!(world.hook_of("nobody").await.status, StatusCode::NOT_FOUND);
    }
    assert_eq!(world.reads().await, 1);
    let connector = ConnectorInput {
        webhook: Some(WebhookInput {
            username: Some("docebo".to_owned()),
            password: Some(SecretString::from("hook-secret")),
            ..WebhookInput::default()
        }),
        ..connector("nobody")
    };
    let connector = connector.validate().unwrap();
    world.registry.put_connector(&connector, "test").await.unwrap();
    hand.advance(Duration::from_secs(1));
    let answer = world.hook_of("nobody").await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
}

#[tokio::test]
async fn many_ids_that_nobody_registered_are_refused_and_known_connectors_come_through() {
    let (world, hand) = world().await;
    assert_eq!(world.hook_of("acme").await.status, StatusCode::OK);
    // Two seconds' worth comes at once, the first look at acme included.
    for number in 1..100 {
        let answer = world.hook_of(&format!("nobody-{number}")).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{}", answer.text);
    }
    let refused = world.hook_of("nobody-100").await;
    assert_eq!(
        (refused.status, refused.json()["code"].as_str()),
        (StatusCode::TOO_MANY_REQUESTS, Some("rate_limited"))
    );
    assert_eq!(refused.header(header::RETRY_AFTER), "1");
    assert_eq!(world.hook_of("acme").await.status, StatusCode::OK);
    hand.advance(Duration::from_secs(1));
    assert_eq!(world.hook_of("nobody-100").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_flood_of_invented_ids_shuts_out_no_connector_that_is_there() {
    let (world, _) = world().await;
    let mut refused = 0;
    for number in 0..200 {
        let answer = world.hook_of(&format!("invented-{number}")).await;
        refused += u32::from(answer.status == StatusCode::TOO_MANY_REQUESTS);
    }
    assert!(refused > 50, "{refused}");
    // This server has not heard of it yet.
    let answer = world.hook_of("acme").await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
}
