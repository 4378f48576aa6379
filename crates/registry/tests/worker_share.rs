//! The share that a connector has of the workers: its weight, and how many of its jobs run at once.
#![expect(clippy::unwrap_used, reason = "a test's own helpers may stop it")]

use std::path::Path;

use passback_harness::TestRedis;
use passback_registry::{ApplyFile, Change, ConnectorId, Registry, RegistryOptions, Vault};
use secrecy::ExposeSecret;

const KEY: &str = "old:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n";

/// A connector as it was stored before there were weights, sealed with the key above.
const OLD_RECORD: &str = r#"{"id":"acme","name":"acme","kind":"eligibility","domain":"acme.docebosaas.com","client_id":"passback","client_secret":"s1.old.s626XwPq0_MFwkWrguAzGFOOs-srH34yQm5ZPsjQukLKO3vN6fvXl1EXfMs_glpyt0Vcdjg","username":"api@acme.example","password":"s1.old.KgmWFQt-y8L7iBa66uiJ-5CXTmCxKAZ9EU90FR-sPZevb1JEUNy6pSXHs5JaDDy48AmE_mG2Uw","calls_per_hour":1000,"webhook":null,"connect_timeout_ms":5000,"request_timeout_ms":30000,"created_at":"2026-11-22T11:04:13.966Z","updated_at":"2026-11-22T11:04:13.966Z","validated_at":null,"validation":null}"#;

async fn registry(redis: &TestRedis) -> Registry {
    let client = redis::Client::open(redis.url()).unwrap();
    let manager = redis::aio::ConnectionManager::new(client).await.unwrap();
    Registry::new(manager, Vault::parse(KEY).unwrap(), RegistryOptions::default())
}

fn acme() -> ConnectorId {
    "acme".parse().unwrap()
}

/// A file with the connector of the old record and more lines for it.
fn file(lines: &str) -> ApplyFile {
    let text = format!(
        "[[connector]]\nid = 'acme'\ndomain = 'acme.docebosaas.com'\nclient_id = 'passback'\n\
         client_secret = 's3cret-client'\nusername = 'api@acme.example'\npassword = 's3cret-password'\n{lines}"
    );
    ApplyFile::parse(&text, &|_| None, Path::new(".")).unwrap()
}

#[tokio::test]
async fn a_record_written_before_there_were_shares_still_reads_and_counts_as_unchanged() {
    let redis = TestRedis::start().await;
    let registry = registry(&redis).await;
    let key = "{passback:0}:v1:registry:connectors";
    redis.cli(&["HSET", key, "acme", OLD_RECORD]).await;

    let connector = registry.connector(&acme()).await.unwrap().unwrap();
    assert_eq!((connector.weight, connector.max_concurrency), (1, None));
    assert_eq!(connector.password.expose_secret(), "s3cret-password");
    let view = registry.connector_view(&acme()).await.unwrap().unwrap();
    assert_eq!((view.weight, view.max_concurrency), (1, None));
    assert_eq!(
        registry.put_connector(&connector, "tester").await.unwrap(),
        Change::Unchanged
    );
    assert!(registry.plan(&file("")).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_file_sets_changes_and_takes_back_a_share() {
    let redis = TestRedis::start().await;
    let registry = registry(&redis).await;
    let steps = [
        ("weight = 2\n", (2, None), None),
        (
            "weight = 3\nmax_concurrency = 8\n",
            (3, Some(8)),
            Some(["weight: 2 -> 3", "max_concurrency: none -> 8"]),
        ),
        ("", (1, None), Some(["weight: 3 -> 1", "max_concurrency: 8 -> none"])),
    ];
    for (lines, expected, diff) in steps {
        let plan = registry.plan(&file(lines)).await.unwrap();
        match diff {
            Some(diff) => assert_eq!(plan.changes[0].diff, diff),
            None => assert!(plan.changes[0].diff.contains(&"weight: 2".to_owned())),
        }
        registry.apply(&plan, "tester").await.unwrap();
        let stored = registry.connector(&acme()).await.unwrap().unwrap();
        assert_eq!((stored.weight, stored.max_concurrency), expected);
        let view = registry.connector_views().await.unwrap().remove(0);
        assert_eq!((view.weight, view.max_concurrency), expected);
    }
}
