//! The access token that the workers share, and the turn to ask for a new one.
#![expect(clippy::unwrap_used, reason = "a test's own helpers may stop it")]

use std::time::Duration;

use passback_harness::TestRedis;
use passback_registry::{
    Connector, ConnectorId, ConnectorInput, Domain, Registry, RegistryOptions, SharedToken, Vault,
};
use redis::Value;
use secrecy::{ExposeSecret, SecretString};

const OLD_KEY: &str = "old:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n";
const NEW_KEY: &str = "new:ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100\n";
const INDEX_KEY: &str = "index:0f0e0d0c0b0a09080706050403020100000102030405060708090a0b0c0d0e0f\n";
const TOKEN_KEY: &str = "{passback:0}:v1:registry:token:acme";
const TURN_KEY: &str = "{passback:0}:v1:registry:token-turn:acme";
const SECRET: &str = "opensesame-1234567890";
const OURS: &str = "fingerprint-ours";
const HOUR: Duration = Duration::from_hours(1);

async fn registry_with(redis: &TestRedis, keys: &str) -> Registry {
    let client = redis::Client::open(redis.url()).unwrap();
    let manager = redis::aio::ConnectionManager::new(client).await.unwrap();
    Registry::new(manager, Vault::parse(keys).unwrap(), RegistryOptions::default())
}

async fn registry(redis: &TestRedis) -> Registry {
    registry_with(redis, &format!("{OLD_KEY}{INDEX_KEY}")).await
}

fn acme() -> ConnectorId {
    "acme".parse().unwrap()
}

fn connector() -> Connector {
    ConnectorInput {
        id: Some("acme".to_owned()),
        domain: Some("acme.docebosaas.com".to_owned()),
        client_id: Some("passback".to_owned()),
        client_secret: Some(SecretString::from("s3cret-client")),
        username: Some("integration".to_owned()),
        password: Some(SecretString::from("s3cret-password")),
        ..ConnectorInput::default()
    }
    .validate()
    .unwrap()
}

fn token() -> SharedToken {
    SharedToken::new(SecretString::from(SECRET), HOUR)
}

/// The secret that the workers share for our credentials, if any.
async fn secret(registry: &Registry) -> Option<String> {
    let found = registry.shared_token(&acme(), OURS).await.unwrap();
    found.map(|token| token.secret.expose_secret().to_owned())
}

async fn text(redis: &TestRedis, key: &str) -> String {
    redis::from_redis_value(redis.cli(&["GET", key]).await).unwrap()
}

async fn rest_ms(redis: &TestRedis, key: &str) -> i64 {
    redis::from_redis_value(redis.cli(&["PTTL", key]).await).unwrap()
}

/// Lets a key expire as if its time had come.
async fn expire(redis: &TestRedis, key: &str) {
    assert_eq!(redis.cli(&["PEXPIREAT", key, "1"]).await, Value::Int(1));
}

#[tokio::test]
async fn a_token_that_one_worker_puts_another_one_reads() {
    let redis = TestRedis::start().await;
    let (writer, reader) = (registry(&redis).await, registry(&redis).await);
    assert!(reader.shared_token(&acme(), OURS).await.unwrap().is_none());

    let put = token();
    writer.put_shared_token(&acme(), OURS, &put).await.unwrap();
    let read = reader.shared_token(&acme(), OURS).await.unwrap().unwrap();
    assert_eq!((read.secret.expose_secret(), &read.id), (SECRET, &put.id));
    assert!(
        read.expires_in <= HOUR && read.expires_in > HOUR / 2,
        "{:?}",
        read.expires_in
    );
    let other: ConnectorId = "other".parse().unwrap();
    assert!(reader.shared_token(&other, OURS).await.unwrap().is_none());
    assert_ne!(token().id, put.id);
}

#[tokio::test]
async fn redis_holds_neither_the_token_nor_the_fingerprint_of_its_credentials() {
    let redis = TestRedis::start().await;
    let registry = registry(&redis).await;
    registry.put_shared_token(&acme(), OURS, &token()).await.unwrap();
    let stored = text(&redis, TOKEN_KEY).await;
    assert!(stored.starts_with("s1.old."), "{stored}");
    assert!(!stored.contains(SECRET) && !stored.contains(OURS), "{stored}");
}

#[tokio::test]
async fn a_token_of_other_credentials_is_not_returned() {
    let redis = TestRedis::start().await;
    let registry = registry(&redis).await;
    registry.put_shared_token(&acme(), OURS, &token()).await.unwrap();
    assert!(
        registry
            .shared_token(&acme(), "fingerprint-theirs")
            .await
            .unwrap()
            .is_none()
    );
    assert_eq!(secret(&registry).await.as_deref(), Some(SECRET));
}

#[tokio::test]
async fn redis_forgets_a_token_when_its_life_ends() {
    let redis = TestRedis::start().await;
    let registry = registry(&redis).await;
    for (life, at_most_ms) in [(HOUR, 3_600_000), (Duration::MAX, 30 * 24 * 3_600_000)] {
        let put = SharedToken::new(SecretString::from(SECRET), life);
        registry.put_shared_token(&acme(), OURS, &put).await.unwrap();
        let rest = rest_ms(&redis, TOKEN_KEY).await;
        assert!((at_most_ms / 2..=at_most_ms).contains(&rest), "{rest}");
    }
    expire(&redis, TOKEN_KEY).await;
    assert_eq!(secret(&registry).await, None);

    let spent = SharedToken::new(SecretString::from(SECRET), Duration::from_micros(999));
    registry.put_shared_token(&acme(), OURS, &spent).await.unwrap();
    assert_eq!(redis.cli(&["EXISTS", TOKEN_KEY]).await, Value::Int(0));
}

#[tokio::test]
async fn a_token_is_not_used_beyond_its_life_even_if_redis_kept_it() {
    let redis = TestRedis::start().await;
    let registry = registry(&redis).await;
    let short = SharedToken::new(SecretString::from(SECRET), Duration::from_millis(200));
    // On a machine that stood still between the two calls, the key is gone already: then once more.
    loop {
        registry.put_shared_token(&acme(), OURS, &short).await.unwrap();
        if redis.cli(&["PERSIST", TOKEN_KEY]).await == Value::Int(1) {
            break;
        }
    }
    let ended = async { while secret(&registry).await.is_some() {} };
    tokio::time::timeout(Duration::from_secs(20), ended).await.unwrap();
    assert_eq!(redis.cli(&["EXISTS", TOKEN_KEY]).await, Value::Int(1));
}

#[tokio::test]
async fn a_token_opens_while_the_key_that_sealed_it_is_listed() {
    let redis = TestRedis::start().await;
    let before = registry(&redis).await;
    before.put_shared_token(&acme(), OURS, &token()).await.unwrap();
    let rotating = registry_with(&redis, &format!("{NEW_KEY}{OLD_KEY}{INDEX_KEY}")).await;
    assert_eq!(secret(&rotating).await.as_deref(), Some(SECRET));
    assert_eq!(
        rotating.credentials_fingerprint(&connector()),
        before.credentials_fingerprint(&connector())
    );

    let after = registry_with(&redis, &format!("{NEW_KEY}{INDEX_KEY}")).await;
    assert_eq!(secret(&after).await, None);
    after.put_shared_token(&acme(), OURS, &token()).await.unwrap();
    assert!(text(&redis, TOKEN_KEY).await.starts_with("s1.new."));
    assert_eq!(secret(&rotating).await.as_deref(), Some(SECRET));
    assert_eq!(
        secret(&before).await,
        None,
        "a worker without the new key asks for a token of its own"
    );
}

#[tokio::test]
async fn a_refused_token_is_dropped_unless_another_one_has_taken_its_place() {
    let redis = TestRedis::start().await;
    let registry = registry(&redis).await;
    let (refused, renewed) = (token(), token());
    assert!(!registry.drop_shared_token(&acme(), &refused.id).await.unwrap());
    registry.put_shared_token(&acme(), OURS, &refused).await.unwrap();
    registry.put_shared_token(&acme(), OURS, &renewed).await.unwrap();
    assert!(!registry.drop_shared_token(&acme(), &refused.id).await.unwrap());
    assert_eq!(secret(&registry).await.as_deref(), Some(SECRET));
    assert!(registry.drop_shared_token(&acme(), &renewed.id).await.unwrap());
    assert_eq!(secret(&registry).await, None);
}

#[tokio::test]
async fn of_many_workers_at_once_only_one_gets_the_turn() {
    let redis = TestRedis::start().await;
    let mut callers = Vec::new();
    for _ in 0..8 {
        let registry = registry(&redis).await;
        for _ in 0..25 {
            let registry = registry.clone();
            callers.push(tokio::spawn(async move { registry.take_token_turn(&acme()).await }));
        }
    }
    let mut tickets = Vec::new();
    for caller in callers {
        tickets.extend(caller.await.unwrap().unwrap());
    }
    assert_eq!(tickets.len(), 1);
    assert_eq!(text(&redis, TURN_KEY).await, tickets[0]);
}

#[tokio::test]
async fn a_turn_is_given_up_by_its_holder_alone_and_ends_by_itself() {
    let redis = TestRedis::start().await;
    let registry = registry(&redis).await;
    let first = registry.take_token_turn(&acme()).await.unwrap().unwrap();
    assert!(!registry.give_up_token_turn(&acme(), "somebody").await.unwrap());
    assert!(registry.take_token_turn(&acme()).await.unwrap().is_none());
    let rest = rest_ms(&redis, TURN_KEY).await;
    assert!((35_000..=45_000).contains(&rest), "{rest}");

    expire(&redis, TURN_KEY).await;
    let second = registry.take_token_turn(&acme()).await.unwrap().unwrap();
    assert_ne!(first, second);
    assert!(!registry.give_up_token_turn(&acme(), &first).await.unwrap());
    assert_eq!(text(&redis, TURN_KEY).await, second);
    assert!(registry.give_up_token_turn(&acme(), &second).await.unwrap());
    assert!(!registry.give_up_token_turn(&acme(), &second).await.unwrap());
    assert!(registry.take_token_turn(&acme()).await.unwrap().is_some());
    let other: ConnectorId = "other".parse().unwrap();
    assert!(registry.take_token_turn(&other).await.unwrap().is_some());
}

#[tokio::test]
async fn a_token_that_comes_after_its_turn_is_not_stored() {
    let redis = TestRedis::start().await;
    let registry = registry(&redis).await;
    let slow = registry.take_token_turn(&acme()).await.unwrap().unwrap();
    expire(&redis, TURN_KEY).await;
    let put = async |ticket: &str| {
        let (acme, token) = (acme(), token());
        let put = registry.put_shared_token_in_turn(&acme, OURS, ticket, &token);
        put.await.unwrap()
    };
    assert!(!put(&slow).await, "the turn has ended");
    let quick = registry.take_token_turn(&acme()).await.unwrap().unwrap();
    assert!(!put(&slow).await, "the turn is somebody else's");
    assert_eq!(secret(&registry).await, None);
    assert!(put(&quick).await);
    assert_eq!(secret(&registry).await.as_deref(), Some(SECRET));
    let rest = rest_ms(&redis, TOKEN_KEY).await;
    assert!((1_800_000..=3_600_000).contains(&rest), "{rest}");
    assert_eq!(
        text(&redis, TURN_KEY).await,
        quick,
        "the turn goes on until it is given up"
    );
}

#[tokio::test]
async fn a_removed_connector_leaves_neither_token_nor_turn() {
    let redis = TestRedis::start().await;
    let registry = registry(&redis).await;
    registry.put_connector(&connector(), "tester").await.unwrap();
    let other: ConnectorId = "other".parse().unwrap();
    for id in [&acme(), &other] {
        registry.put_shared_token(id, OURS, &token()).await.unwrap();
        registry.take_token_turn(id).await.unwrap().unwrap();
    }
    assert!(registry.remove_connector(&acme(), "tester", None).await.unwrap());
    assert_eq!(redis.cli(&["EXISTS", TOKEN_KEY, TURN_KEY]).await, Value::Int(0));
    assert!(registry.shared_token(&other, OURS).await.unwrap().is_some());
    assert!(registry.take_token_turn(&other).await.unwrap().is_none());
}

#[tokio::test]
async fn a_change_of_a_connector_leaves_its_token_to_the_fingerprint() {
    let redis = TestRedis::start().await;
    let registry = registry(&redis).await;
    let mut acme = connector();
    registry.put_connector(&acme, "tester").await.unwrap();
    let before = registry.credentials_fingerprint(&acme);
    registry.put_shared_token(&acme.id, &before, &token()).await.unwrap();
    acme.calls_per_hour = 500;
    registry.put_connector(&acme, "tester").await.unwrap();
    let kept = registry.credentials_fingerprint(&acme);
    assert!(registry.shared_token(&acme.id, &kept).await.unwrap().is_some());
    acme.password = SecretString::from("s3cret-other");
    registry.put_connector(&acme, "tester").await.unwrap();
    let changed = registry.credentials_fingerprint(&acme);
    assert!(registry.shared_token(&acme.id, &changed).await.unwrap().is_none());
}

#[tokio::test]
async fn a_fingerprint_changes_with_each_credential_and_with_the_master_key_only() {
    let redis = TestRedis::start().await;
    let registry = registry(&redis).await;
    let changes: [fn(&mut Connector); 8] = [
        |connector| connector.domain = Domain::parse("other.docebosaas.com", false).unwrap(),
        |connector| connector.client_id = "other".to_owned(),
        |connector| connector.client_secret = SecretString::from("s3cret-other"),
        |connector| connector.username = "other".to_owned(),
        |connector| connector.password = SecretString::from("s3cret-other"),
        // The same letters, cut at another place: without a separator, and with one that looks like ours.
        |connector| {
            connector.username = "integrations3cret".to_owned();
            connector.password = SecretString::from("-password");
        },
        |connector| {
            connector.username = "integration\ns3cret".to_owned();
            connector.password = SecretString::from("-password");
        },
        |connector| connector.password = SecretString::from("s3cret\n-password"),
    ];
    let mut seen = vec![registry.credentials_fingerprint(&connector())];
    for change in changes {
        let mut other = connector();
        change(&mut other);
        seen.push(registry.credentials_fingerprint(&other));
    }
    let elsewhere = registry_with(&redis, OLD_KEY).await;
    seen.push(elsewhere.credentials_fingerprint(&connector()));
    let distinct: std::collections::BTreeSet<_> = seen.iter().collect();
    assert_eq!(distinct.len(), seen.len(), "{seen:?}");

    let mut renamed = connector();
    renamed.name = "Acme Academy".to_owned();
    renamed.weight = 7;
    assert_eq!(registry.credentials_fingerprint(&renamed), seen[0]);
}
