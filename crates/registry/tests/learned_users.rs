//! The numbers of people that a search found, kept for a while.
#![expect(clippy::unwrap_used, reason = "a test's own helpers may stop it")]

use passback_harness::TestRedis;
use passback_registry::{Connector, ConnectorId, ConnectorInput, Domain, Registry, RegistryOptions, Vault};
use secrecy::SecretString;

const KEY: &str = "old:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n";
const HASH: &str = "0f0e0d0c0b0a09080706050403020100";
const STORED: &str = "{passback:0}:v1:registry:user:acme:acme.docebosaas.com:0f0e0d0c0b0a09080706050403020100";

async fn registry(redis: &TestRedis) -> Registry {
    let client = redis::Client::open(redis.url()).unwrap();
    let manager = redis::aio::ConnectionManager::new(client).await.unwrap();
    Registry::new(manager, Vault::parse(KEY).unwrap(), RegistryOptions::default())
}

fn id(text: &str) -> ConnectorId {
    text.parse().unwrap()
}

async fn put(registry: &Registry, name: &str) -> Connector {
    let input = ConnectorInput {
        id: Some(name.to_owned()),
        domain: Some("acme.docebosaas.com".to_owned()),
        client_id: Some("passback".to_owned()),
        client_secret: Some(SecretString::from("s3cret-client")),
        username: Some("integration".to_owned()),
        password: Some(SecretString::from("s3cret-password")),
        ..ConnectorInput::default()
    };
    let connector = input.validate().unwrap();
    registry.put_connector(&connector, "tester").await.unwrap();
    connector
}

#[tokio::test]
async fn a_learned_user_is_known_to_every_process_for_an_hour_until_it_is_forgotten() {
    let redis = TestRedis::start().await;
    let (one, other) = (registry(&redis).await, registry(&redis).await);
    put(&one, "acme").await;
    assert_eq!(one.learned_user(&id("acme"), HASH).await.unwrap(), None);
    one.learn_user(&id("acme"), HASH, 13_827).await.unwrap();
    assert_eq!(other.learned_user(&id("acme"), HASH).await.unwrap(), Some(13_827));
    let redis::Value::Int(life) = redis.cli(&["TTL", STORED]).await else {
        panic!("there is no such key")
    };
    assert!((3_590..=3_600).contains(&life), "{life}");

    other.learn_user(&id("acme"), HASH, u64::MAX).await.unwrap();
    assert_eq!(one.learned_user(&id("acme"), HASH).await.unwrap(), Some(u64::MAX));
    one.forget_user(&id("acme"), HASH).await.unwrap();
    one.forget_user(&id("acme"), HASH).await.unwrap();
    assert_eq!(other.learned_user(&id("acme"), HASH).await.unwrap(), None);
}

#[tokio::test]
async fn a_learned_user_is_one_of_this_connector_and_this_address_only() {
    let redis = TestRedis::start().await;
    let registry = registry(&redis).await;
    put(&registry, "acme").await;
    put(&registry, "twin").await;
    registry.learn_user(&id("acme"), HASH, 13_827).await.unwrap();
    assert_eq!(registry.learned_user(&id("twin"), HASH).await.unwrap(), None);
    assert_eq!(registry.learned_user(&id("acme"), "another").await.unwrap(), None);
}

#[tokio::test]
async fn another_platform_has_other_numbers() {
    let redis = TestRedis::start().await;
    let registry = registry(&redis).await;
    let mut acme = put(&registry, "acme").await;
    registry.learn_user(&acme.id, HASH, 13_827).await.unwrap();
    acme.domain = Domain::parse("acme-new.docebosaas.com", false).unwrap();
    registry.put_connector(&acme, "tester").await.unwrap();
    assert_eq!(registry.learned_user(&acme.id, HASH).await.unwrap(), None);
}

#[tokio::test]
async fn nothing_is_learned_for_a_connector_that_is_not_there() {
    let redis = TestRedis::start().await;
    let registry = registry(&redis).await;
    registry.learn_user(&id("acme"), HASH, 13_827).await.unwrap();
    registry.forget_user(&id("acme"), HASH).await.unwrap();
    assert_eq!(registry.learned_user(&id("acme"), HASH).await.unwrap(), None);
    assert_eq!(redis.cli(&["DBSIZE"]).await, redis::Value::Int(0));
}

#[tokio::test]
async fn a_spoilt_value_counts_as_nothing_learned() {
    let redis = TestRedis::start().await;
    let registry = registry(&redis).await;
    put(&registry, "acme").await;
    for spoilt in ["", "remy", "-1", "1.5"] {
        redis.cli(&["SET", STORED, spoilt]).await;
        assert_eq!(
            registry.learned_user(&id("acme"), HASH).await.unwrap(),
            None,
            "{spoilt}"
        );
    }
}

#[tokio::test]
async fn who_had_a_number_is_remembered_for_a_month_both_ways_until_the_person_is_forgotten() {
    let redis = TestRedis::start().await;
    let registry = registry(&redis).await;
    put(&registry, "acme").await;
    put(&registry, "twin").await;
    let acme = id("acme");
    for (person, number) in [("anna", 1), ("bert", 1), ("anna", 2), ("anna", 2)] {
        registry.learn_user(&acme, person, number).await.unwrap();
    }
    let persons = async |number| registry.persons_of_number(&acme, number).await.unwrap();
    assert_eq!(persons(1).await, ["bert", "anna"]);
    assert_eq!(registry.numbers_of_person(&acme, "anna").await.unwrap(), [2, 1]);
    assert!(registry.persons_of_number(&id("twin"), 1).await.unwrap().is_empty());
    assert!(registry.persons_of_number(&id("nobody"), 1).await.unwrap().is_empty());
    // A number that is believed no more is still remembered.
    registry.forget_user(&acme, "anna").await.unwrap();
    assert_eq!(persons(2).await, ["anna"]);
    let key = "{passback:0}:v1:registry:persons-of:acme:acme.docebosaas.com:1";
    let redis::Value::Int(life) = redis.cli(&["TTL", key]).await else {
        panic!("there is no such key")
    };
    assert!((2_591_990..=2_592_000).contains(&life), "{life}");
    registry.forget_person(&acme, "anna").await.unwrap();
    assert_eq!(
        (persons(1).await, persons(2).await),
        (vec!["bert".to_owned()], Vec::new())
    );
    assert!(registry.numbers_of_person(&acme, "anna").await.unwrap().is_empty());
    for number in 0..40 {
        registry.learn_user(&acme, "carl", number).await.unwrap();
    }
    let kept = registry.numbers_of_person(&acme, "carl").await.unwrap();
    assert_eq!((kept.len(), kept[0]), (16, 39), "the oldest go");
}
