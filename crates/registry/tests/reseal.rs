//! A new key takes over: what older keys sealed is sealed again.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test's own helpers may stop it")]

use std::collections::BTreeMap;

use passback_harness::TestRedis;
use passback_registry::{
    ConnectorInput, Registry, RegistryOptions, Vault, WebhookHeaderInput, WebhookInput, WebhookLoginInput,
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

const OLD_KEY: &str = "old:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n";
const NEW_KEY: &str = "new:ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100\n";
const INDEX_KEY: &str = "index:0f0e0d0c0b0a09080706050403020100000102030405060708090a0b0c0d0e0f\n";
const CONNECTORS: &str = "{passback:0}:v1:registry:connectors";

async fn registry(redis: &TestRedis, keys: &str) -> Registry {
    let client = redis::Client::open(redis.url()).unwrap();
    let manager = redis::aio::ConnectionManager::new(client).await.unwrap();
    let vault = Vault::parse(&format!("{keys}{INDEX_KEY}")).unwrap();
    Registry::new(manager, vault, RegistryOptions::default())
}

async fn put(registry: &Registry, id: &str, webhook: bool) {
    let secret = |text: &str| Some(SecretString::from(text));
    let input = ConnectorInput {
        id: Some(id.to_owned()),
        domain: Some(format!("{id}.docebosaas.com")),
        client_id: Some("passback".to_owned()),
        client_secret: secret("s3cret-client"),
        username: Some("integration".to_owned()),
        password: secret("s3cret-password"),
        webhook: webhook.then(|| WebhookInput {
            username: Some("docebo".to_owned()),
            password: secret("s3cret-hook"),
            also: Some(vec![WebhookLoginInput {
                username: Some("docebo-2".to_owned()),
                password: secret("s3cret-also"),
            }]),
            header: Some(WebhookHeaderInput {
                name: Some("X-Passback-Secret".to_owned()),
                value: secret("s3cret-header"),
            }),
            sources: Some(vec!["203.0.113.0/24".to_owned()]),
        }),
        ..ConnectorInput::default()
    };
    let connector = input.validate().unwrap();
    registry.put_connector(&connector, "tester").await.unwrap();
}

async fn stored(redis: &TestRedis, id: &str) -> Value {
    let redis::Value::BulkString(json) = redis.cli(&["HGET", CONNECTORS, id]).await else {
        panic!("{id} is not stored")
    };
    serde_json::from_slice(&json).unwrap()
}

fn counts(expected: &[(&str, u64)]) -> BTreeMap<String, u64> {
    let expected = expected.iter();
    expected.map(|(key_id, count)| ((*key_id).to_owned(), *count)).collect()
}

#[tokio::test]
async fn all_secrets_come_under_the_new_key_and_nothing_else_changes() {
    let redis = TestRedis::start().await;
    let before = registry(&redis, OLD_KEY).await;
    put(&before, "acme", true).await;
    put(&before, "borealis", false).await;
    let acme = before.connector(&"acme".parse().unwrap()).await.unwrap().unwrap();
    let seen = acme.updated_at;
    before
        .set_validation(&acme.id, seen, Some("forbidden"), seen)
        .await
        .unwrap();
    let old = stored(&redis, "acme").await;
    let audited = before.audit(None, 100).await.unwrap().entries.len();

    let rotating = registry(&redis, &format!("{NEW_KEY}{OLD_KEY}")).await;
    put(&rotating, "coral", false).await;
    assert_eq!(
        rotating.sealed_with().await.unwrap().by_key,
        counts(&[("new", 2), ("old", 7)])
    );
    assert_eq!(rotating.reseal_connectors().await.unwrap().changed, 2);
    assert_eq!(rotating.sealed_with().await.unwrap().by_key, counts(&[("new", 9)]));

    let mut new = stored(&redis, "acme").await;
    assert_ne!(new, old);
    for secret in ["client_secret", "password"] {
        new[secret] = old[secret].clone();
    }
    for secret in ["/webhook/password", "/webhook/also/0/password", "/webhook/header/value"] {
        let sealed = new.pointer_mut(secret).unwrap();
        assert!(sealed.as_str().unwrap().starts_with("s1.new."), "{secret}");
        *sealed = old.pointer(secret).unwrap().clone();
    }
    assert_eq!(new, old);
    assert_eq!(before.audit(None, 100).await.unwrap().entries.len(), audited + 1);

    let after = registry(&redis, NEW_KEY).await;
    let acme = after.connector(&acme.id).await.unwrap().unwrap();
    assert_eq!(acme.client_secret.expose_secret(), "s3cret-client");
    assert_eq!(acme.password.expose_secret(), "s3cret-password");
    let webhook = acme.webhook.unwrap();
    assert!(webhook.admits("docebo", "s3cret-hook") && webhook.admits("docebo-2", "s3cret-also"));
    assert!(webhook.header_fits(Some(b"s3cret-header")) && !webhook.header_fits(None));
    assert!(webhook.source_fits("203.0.113.9".parse().unwrap()) && !webhook.source_fits("192.0.2.1".parse().unwrap()));
}

#[tokio::test]
async fn a_second_run_has_nothing_to_do_and_one_that_was_interrupted_goes_on() {
    let redis = TestRedis::start().await;
    let before = registry(&redis, OLD_KEY).await;
    for id in ["acme", "borealis", "coral"] {
        put(&before, id, false).await;
    }
    let rotating = registry(&redis, &format!("{NEW_KEY}{OLD_KEY}")).await;
    // As if a run had ended after the first connector, and in the middle of a second one.
    put(&rotating, "acme", false).await;
    let again = rotating.vault().seal("connector/coral/password", b"s3cret-password");
    let mut half = stored(&redis, "coral").await;
    half["password"] = Value::from(again.clone());
    redis.cli(&["HSET", CONNECTORS, "coral", &half.to_string()]).await;

    assert_eq!(rotating.reseal_connectors().await.unwrap().changed, 2);
    assert_eq!(stored(&redis, "coral").await["password"], again);
    let version = rotating.version().await.unwrap();
    assert_eq!(rotating.reseal_connectors().await.unwrap().changed, 0);
    assert_eq!(rotating.version().await.unwrap(), version);
}

#[tokio::test]
async fn a_secret_that_does_not_open_or_is_none_is_reported_and_the_others_are_done() {
    let redis = TestRedis::start().await;
    let before = registry(&redis, OLD_KEY).await;
    for id in ["acme", "borealis"] {
        put(&before, id, false).await;
    }
    let mut spoilt = stored(&redis, "acme").await;
    spoilt["password"] = Value::from("s1.lost.AAAA");
    redis.cli(&["HSET", CONNECTORS, "acme", &spoilt.to_string()]).await;

    let rotating = registry(&redis, &format!("{NEW_KEY}{OLD_KEY}")).await;
    let resealed = rotating.reseal_connectors().await.unwrap();
    assert_eq!(
        (resealed.changed, resealed.unreadable),
        (1, vec!["acme".parse().unwrap()])
    );
    assert_eq!(stored(&redis, "acme").await, spoilt);
    let expected = counts(&[("lost", 1), ("new", 2), ("old", 1)]);
    assert_eq!(rotating.sealed_with().await.unwrap().by_key, expected);
    let lost: Vec<_> = expected.keys().filter(|id| !rotating.vault().holds(id)).collect();
    assert_eq!(lost, ["lost"]);

    spoilt["password"] = Value::from("plain");
    redis.cli(&["HSET", CONNECTORS, "acme", &spoilt.to_string()]).await;
    let sealed = rotating.sealed_with().await.unwrap();
    assert_eq!(
        (sealed.by_key, sealed.unreadable),
        (counts(&[("new", 2), ("old", 1)]), 1)
    );
    let again = rotating.reseal_connectors().await.unwrap();
    assert_eq!((again.changed, again.unreadable.len()), (0, 1));
}

#[tokio::test]
async fn a_connector_that_is_changed_meanwhile_keeps_the_change() {
    let redis = TestRedis::start().await;
    let before = registry(&redis, OLD_KEY).await;
    for number in 0..10 {
        put(&before, &format!("c{number}"), false).await;
    }
    let rotating = registry(&redis, &format!("{NEW_KEY}{OLD_KEY}")).await;
    let mut changed = rotating.connector(&"c5".parse().unwrap()).await.unwrap().unwrap();
    changed.calls_per_hour = 77;
    let (resealed, put) = tokio::join!(rotating.reseal_connectors(), rotating.put_connector(&changed, "tester"));
    put.unwrap();
    assert!((9..=10).contains(&resealed.unwrap().changed));
    assert_eq!(stored(&redis, "c5").await["calls_per_hour"], 77);
    assert_eq!(rotating.sealed_with().await.unwrap().by_key, counts(&[("new", 20)]));
}
