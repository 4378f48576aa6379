//! The audit trail against a real Redis.
#![expect(clippy::unwrap_used, reason = "a test's own helpers may stop it")]

use passback_harness::TestRedis;
use passback_registry::{ConnectorInput, NewAuditEntry, Registry, RegistryError, RegistryOptions, Vault};
use secrecy::SecretString;

async fn registry(redis: &TestRedis, audit_retention_days: u32) -> Registry {
    let client = redis::Client::open(redis.url()).unwrap();
    let manager = redis::aio::ConnectionManager::new(client).await.unwrap();
    let (vault, _) = Vault::generate();
    let options = RegistryOptions {
        audit_retention_days,
        ..RegistryOptions::default()
    };
    Registry::new(manager, vault, options)
}

fn entry(number: usize) -> NewAuditEntry {
    NewAuditEntry {
        actor: "tester".to_owned(),
        action: format!("test.{number}"),
        target: "nothing".to_owned(),
        reason: Some("because r.moreau@example.org asked".to_owned()),
        detail: None,
    }
}

#[tokio::test]
async fn each_change_leaves_one_entry_that_names_fields_and_no_values() {
    let redis = TestRedis::start().await;
    let registry = registry(&redis, 400).await;
    let mut acme = ConnectorInput {
        id: Some("acme".to_owned()),
        domain: Some("acme.docebosaas.com".to_owned()),
        client_id: Some("passback".to_owned()),
        client_secret: Some(SecretString::from("s3cret")),
        username: Some("api@acme.example".to_owned()),
        password: Some(SecretString::from("s3cret")),
        ..ConnectorInput::default()
    }
    .validate()
    .unwrap();
    registry.put_connector(&acme, "ann").await.unwrap();
    registry.put_connector(&acme, "ann").await.unwrap();
    acme.password = SecretString::from("s3cret-2");
    acme.username = "other@acme.example".to_owned();
    registry.put_connector(&acme, "bob").await.unwrap();
    registry
        .remove_connector(&acme.id, "eve", Some("left us"))
        .await
        .unwrap();

    let trail = registry.audit(None, 100).await.unwrap();
    let shown: Vec<_> = trail
        .entries
        .iter()
        .map(|entry| (entry.actor.as_str(), entry.action.as_str(), entry.target.as_str()))
        .collect();
    assert_eq!(
        shown,
        [
            ("ann", "connector.created", "connector acme"),
            ("bob", "connector.updated", "connector acme"),
            ("eve", "connector.removed", "connector acme"),
        ]
    );
    assert_eq!(trail.entries[1].detail.as_deref(), Some("changed: username, password"));
    assert_eq!(trail.entries[2].reason.as_deref(), Some("left us"));
    let text = serde_json::to_string(&trail).unwrap();
    assert!(!text.contains("s3cret") && !text.contains('@'), "{text}");
}

#[tokio::test]
async fn pages_follow_each_other_without_a_gap_and_end() {
    let redis = TestRedis::start().await;
    let registry = registry(&redis, 400).await;
    for number in 0..7 {
        registry.record_audit(&entry(number)).await.unwrap();
    }
    let mut actions = Vec::new();
    let mut after = None;
    for expected in [3, 3, 1] {
        let page = registry.audit(after.as_deref(), 3).await.unwrap();
        assert_eq!(page.entries.len(), expected);
        actions.extend(page.entries.into_iter().map(|entry| entry.action));
        after = page.next;
    }
    assert_eq!(after, None);
    let expected: Vec<String> = (0..7).map(|number| format!("test.{number}")).collect();
    assert_eq!(actions, expected);
    let recent = registry.recent_audit(2).await.unwrap();
    let recent: Vec<&str> = recent.iter().map(|entry| entry.action.as_str()).collect();
    assert_eq!(recent, ["test.6", "test.5"]);
    assert_eq!(registry.version().await.unwrap(), 0, "a record changes no entry");
}

#[tokio::test]
async fn a_cursor_from_elsewhere_is_refused() {
    let redis = TestRedis::start().await;
    let registry = registry(&redis, 400).await;
    for cursor in ["", "x", "1", "1-", "-", "1-2-3", "+"] {
        let error = registry.audit(Some(cursor), 10).await.unwrap_err();
        assert!(matches!(error, RegistryError::InvalidCursor), "{cursor}: {error}");
    }
}

#[tokio::test]
async fn entries_go_when_they_are_too_old_and_never_by_number() {
    let redis = TestRedis::start().await;
    let key = "{passback:0}:v1:registry:audit";
    let json = "{\"actor\":\"a\",\"action\":\"old\",\"target\":\"t\"}";
    // Entries of 1970.
    for number in 1..=100 {
        redis.cli(&["XADD", key, &format!("{number}-1"), "entry", json]).await;
    }
    let registry = registry(&redis, 1).await;
    for number in 0..150 {
        registry.record_audit(&entry(number)).await.unwrap();
    }
    let trail = registry.audit(None, 1_000).await.unwrap();
    assert_eq!(trail.entries.len(), 150);
    assert_eq!(trail.entries[0].action, "test.0");
}
