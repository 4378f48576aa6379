//! What a caller sees from the cache, and when Redis is away.
#![expect(clippy::unwrap_used, reason = "a test's own helpers may stop it")]

use passback_harness::TestRedis;
use passback_registry::{Change, Connector, ConnectorId, ConnectorInput, ExamId, Registry, RegistryOptions, Vault};
use secrecy::SecretString;

async fn registry(redis: &TestRedis) -> Registry {
    let client = redis::Client::open(redis.url()).unwrap();
    let manager = redis::aio::ConnectionManager::new(client).await.unwrap();
    let (vault, _) = Vault::generate();
    Registry::new(manager, vault, RegistryOptions::default())
}

fn connector(calls_per_hour: i64) -> Connector {
    ConnectorInput {
        id: Some("acme".to_owned()),
        domain: Some("acme.docebosaas.com".to_owned()),
        client_id: Some("passback".to_owned()),
        client_secret: Some(SecretString::from("a")),
        username: Some("integration".to_owned()),
        password: Some(SecretString::from("b")),
        calls_per_hour: Some(calls_per_hour),
        ..ConnectorInput::default()
    }
    .validate()
    .unwrap()
}

#[tokio::test]
async fn an_own_write_is_seen_at_once_through_the_cache() {
    let redis = TestRedis::start().await;
    let registry = registry(&redis).await;
    let id: ConnectorId = "acme".parse().unwrap();
    assert!(registry.connector_cached(&id).await.unwrap().is_none());
    for calls in [100, 200] {
        registry.put_connector(&connector(calls), "tester").await.unwrap();
        let seen = registry.connector_cached(&id).await.unwrap().unwrap();
        assert_eq!(i64::from(seen.calls_per_hour), calls);
    }
    registry.remove_connector(&id, "tester", None).await.unwrap();
    assert!(registry.connector_cached(&id).await.unwrap().is_none());
}

#[tokio::test]
async fn a_cached_connector_is_served_without_redis_and_the_rest_says_it_may_be_retried() {
    let redis = TestRedis::start().await;
    let registry = registry(&redis).await;
    let id: ConnectorId = "acme".parse().unwrap();
    registry.put_connector(&connector(100), "tester").await.unwrap();
    registry.connector_cached(&id).await.unwrap();
    redis.kill();
    assert!(registry.connector_cached(&id).await.unwrap().is_some());
    let exam: ExamId = "forklift-01".parse().unwrap();
    let error = registry.exam_cached(&exam).await.unwrap_err();
    assert!(error.is_retryable(), "{error}");

    redis.start_again().await;
    // The first call after an outage may still meet the dead connection.
    let change = loop {
        match registry.put_connector(&connector(100), "tester").await {
            Ok(change) => break change,
            Err(error) => assert!(error.is_retryable(), "{error}"),
        }
    };
    assert_eq!(change, Change::Unchanged, "what was written outlives a killed Redis");
}
