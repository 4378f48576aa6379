//! Stored tokens against a real Redis.
#![expect(clippy::unwrap_used, reason = "a test's own helpers may stop it")]

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use passback_harness::TestRedis;
use passback_registry::{NewToken, Registry, RegistryError, RegistryOptions, Revoked, TokenId, TokenWatch, Vault};
use serde_json::{Value, json};

const TOKENS: &str = "{passback:0}:v1:registry:api-tokens";

async fn registry(redis: &TestRedis) -> Registry {
    let client = redis::Client::open(redis.url()).unwrap();
    let manager = redis::aio::ConnectionManager::new(client).await.unwrap();
    Registry::new(manager, Vault::generate().0, RegistryOptions::default())
}

fn hash(number: u16) -> [u8; 32] {
    let mut hash = [0xab; 32];
    hash[..2].copy_from_slice(&number.to_be_bytes());
    hash
}

fn token(number: u16) -> NewToken {
    NewToken {
        name: format!("n{number}"),
        role: "viewer".to_owned(),
        sha256: hash(number),
        expires_at: None,
    }
}

/// The stored token as an earlier day would have left it.
async fn age(redis: &TestRedis, id: &TokenId, change: impl Fn(&mut Value)) {
    let redis::Value::BulkString(json) = redis.cli(&["HGET", TOKENS, id.as_str()]).await else {
        unreachable!("it is stored")
    };
    let mut record: Value = serde_json::from_slice(&json).unwrap();
    change(&mut record);
    redis.cli(&["HSET", TOKENS, id.as_str(), &record.to_string()]).await;
}

fn days_ago(now: Timestamp, days: i64) -> String {
    now.checked_sub(SignedDuration::from_hours(24 * days))
        .unwrap()
        .to_string()
}

#[tokio::test]
async fn there_are_no_more_tokens_than_there_is_room_for_and_old_ones_make_room() {
    let redis = TestRedis::start().await;
    let registry = registry(&redis).await;
    let first = registry.create_token(&token(0), "tester").await.unwrap();
    for number in 1..1_000 {
        let id = TokenId::of(&hash(number));
        let mut record = serde_json::to_value(&first).unwrap();
        record["id"] = json!(id);
        record["sha256"] = json!(hex::encode(hash(number)));
        redis.cli(&["HSET", TOKENS, id.as_str(), &record.to_string()]).await;
    }
    let error = registry.create_token(&token(1_000), "tester").await.unwrap_err();
    assert!(
        matches!(
            error,
            RegistryError::Full {
                what: "tokens",
                limit: 1_000
            }
        ),
        "{error}"
    );
    assert_eq!(registry.stored_tokens().await.unwrap().tokens.len(), 1_000);

    let now = first.created_at;
    let revoked = |days| json!({"at": days_ago(now, days), "by": "tester", "reason": "lost"});
    age(&redis, &TokenId::of(&hash(1)), |record| record["revoked"] = revoked(31)).await;
    age(&redis, &TokenId::of(&hash(2)), |record| record["revoked"] = revoked(29)).await;
    age(&redis, &TokenId::of(&hash(3)), |record| {
        record["expires_at"] = json!(days_ago(now, 31));
    })
    .await;
    age(&redis, &TokenId::of(&hash(4)), |record| {
        record["expires_at"] = json!(days_ago(now, 29));
    })
    .await;
    registry.create_token(&token(1_000), "tester").await.unwrap();
    let stored = registry.stored_tokens().await.unwrap();
    let there = |number| stored.tokens.contains_key(&TokenId::of(&hash(number)));
    assert_eq!([1, 2, 3, 4, 1_000].map(there), [false, true, false, true, true]);
}

#[tokio::test]
async fn the_same_token_is_not_stored_twice() {
    let redis = TestRedis::start().await;
    let registry = registry(&redis).await;
    registry.create_token(&token(1), "tester").await.unwrap();
    assert!(registry.create_token(&token(1), "mallory").await.is_err());
    let stored = registry.stored_tokens().await.unwrap();
    assert_eq!(stored.tokens[&TokenId::of(&hash(1))].created_by, "tester");
    assert_eq!(registry.recent_audit(10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn of_many_who_revoke_a_token_at_once_one_is_on_record() {
    let redis = TestRedis::start().await;
    let registry = registry(&redis).await;
    let id = registry.create_token(&token(1), "tester").await.unwrap().id;
    let revokers = ["ann", "ben", "eve"].map(|actor| registry.revoke_token(&id, true, actor, "ask r.m@example.org"));
    let outcomes = futures::future::try_join_all(revokers).await.unwrap();
    assert_eq!(outcomes.iter().filter(|revoked| **revoked == Revoked::Now).count(), 1);
    let trail = registry.recent_audit(10).await.unwrap();
    let entries: Vec<_> = trail.iter().filter(|entry| entry.action == "token.revoked").collect();
    let stored = registry.stored_tokens().await.unwrap();
    let revocation = stored.revocation(&id).unwrap();
    assert_eq!((entries.len(), &entries[0].actor), (1, &revocation.by));
    assert_eq!(revocation.reason, "ask [e-mail]");
}

#[tokio::test]
async fn a_mark_on_a_token_of_a_configuration_stays_and_an_unknown_one_gets_none() {
    let redis = TestRedis::start().await;
    let registry = registry(&redis).await;
    let id = TokenId::of(&hash(7));
    assert_eq!(
        registry.revoke_token(&id, false, "ann", "lost").await.unwrap(),
        Revoked::Unknown
    );
    assert!(registry.recent_audit(10).await.unwrap().is_empty());
    assert_eq!(
        registry.revoke_token(&id, true, "ann", "lost").await.unwrap(),
        Revoked::Now
    );
    for configured in [true, false] {
        let again = registry.revoke_token(&id, configured, "ben", "lost").await.unwrap();
        assert_eq!(again, Revoked::Before);
    }
    let stored = registry.stored_tokens().await.unwrap();
    assert_eq!(stored.revocation(&id).unwrap().by, "ann");
    // Whoever stores the very token later does not bring it back to life.
    registry.create_token(&token(7), "mallory").await.unwrap();
    assert!(registry.stored_tokens().await.unwrap().revocation(&id).is_some());
}

#[tokio::test]
async fn what_cannot_be_read_lets_nobody_in_and_hides_nobody_else() {
    let redis = TestRedis::start().await;
    let registry = registry(&redis).await;
    let good = registry.create_token(&token(1), "tester").await.unwrap();
    let other = TokenId::of(&hash(2));
    redis.cli(&["HSET", TOKENS, other.as_str(), "no JSON"]).await;
    // One token's hash under another one's id: revoking what is shown would not revoke what lets in.
    let mut forged = serde_json::to_value(&good).unwrap();
    forged["sha256"] = json!(hex::encode(hash(3)));
    redis
        .cli(&["HSET", TOKENS, "0000000000000000", &forged.to_string()])
        .await;
    let revocations = "{passback:0}:v1:registry:api-token-revocations";
    redis
        .cli(&["HSET", revocations, TokenId::of(&hash(4)).as_str(), "no JSON"])
        .await;
    let stored = registry.stored_tokens().await.unwrap();
    assert_eq!((stored.tokens.len(), stored.unreadable), (1, 2));
    assert!(stored.revocation(&TokenId::of(&hash(4))).is_some());
}

#[tokio::test]
async fn a_watch_knows_what_it_last_saw_when_redis_goes_and_looks_again_when_it_is_back() {
    let redis = TestRedis::start().await;
    let registry = registry(&redis).await;
    let id = registry.create_token(&token(1), "tester").await.unwrap().id;
    let watch = TokenWatch::new(registry.clone());
    assert!(!watch.has_looked());
    assert!(watch.tokens().await.tokens.contains_key(&id) && watch.has_looked());
    redis.stop().await;
    assert!(watch.tokens_now().await.tokens.contains_key(&id));
    redis.start_again().await;
    let revoked = async {
        while registry.revoke_token(&id, false, "tester", "lost").await.is_err() {
            tokio::task::yield_now().await;
        }
        while watch.tokens_now().await.revocation(&id).is_none() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), revoked).await.unwrap();
}
