//! What exams and connectors say about results: who is eligible, what is written besides, how carefully.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test's own helpers may stop it")]

use std::path::Path;

use passback_harness::TestRedis;
use passback_registry::{
    ApplyFile, Change, ConnectorId, EligibleState, Exam, ExamId, ReadBeforeWrite, Registry, RegistryOptions, Vault,
    VerifyPolicy,
};
use serde_json::{Value, json};

const KEY: &str = "old:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n";

async fn registry(redis: &TestRedis) -> Registry {
    let client = redis::Client::open(redis.url()).unwrap();
    let manager = redis::aio::ConnectionManager::new(client).await.unwrap();
    Registry::new(manager, Vault::parse(KEY).unwrap(), RegistryOptions::default())
}

fn acme() -> ConnectorId {
    "acme".parse().unwrap()
}

fn forklift() -> ExamId {
    "forklift-01".parse().unwrap()
}

/// A file with one connector and one exam, and more lines for each.
fn file(connector_lines: &str, exam_lines: &str) -> ApplyFile {
    let text = format!(
        "[[connector]]\nid = 'acme'\ndomain = 'acme.docebosaas.com'\nclient_id = 'passback'\n\
         client_secret = 's3cret-client'\nusername = 'integration'\npassword = 's3cret-password'\n{connector_lines}\
         [[exam]]\nid = 'forklift-01'\nconnector = 'acme'\ncourse_id = 146\n{exam_lines}"
    );
    ApplyFile::parse(&text, &|_| None, Path::new(".")).unwrap()
}

/// The stored JSON of an entry without these fields, as a version that did not know them wrote it.
async fn forget(redis: &TestRedis, hash: &str, id: &str, fields: &[&str]) {
    let key = format!("{{passback:0}}:v1:registry:{hash}");
    let redis::Value::BulkString(stored) = redis.cli(&["HGET", &key, id]).await else {
        panic!("{id} is not stored")
    };
    let mut json: Value = serde_json::from_slice(&stored).unwrap();
    for field in fields {
        json.as_object_mut().unwrap().remove(*field).unwrap();
    }
    redis.cli(&["HSET", &key, id, &json.to_string()]).await;
}

#[tokio::test]
async fn entries_stored_before_there_were_these_policies_read_with_the_defaults_and_count_as_unchanged() {
    let redis = TestRedis::start().await;
    let registry = registry(&redis).await;
    let plan = registry.plan(&file("", "")).await.unwrap();
    registry.apply(&plan, "tester").await.unwrap();
    forget(&redis, "connectors", "acme", &["read_before_write", "verify"]).await;
    forget(&redis, "exams", "forklift-01", &["eligible_states", "result_field"]).await;

    let connector = registry.connector(&acme()).await.unwrap().unwrap();
    assert_eq!(connector.read_before_write, ReadBeforeWrite::Always);
    assert_eq!(connector.verify, VerifyPolicy::Always);
    let exam = registry.exam(&forklift()).await.unwrap().unwrap();
    assert_eq!(
        exam.eligible_states,
        [EligibleState::Subscribed, EligibleState::InProgress]
    );
    assert_eq!(exam.result_field, None);
    assert!(registry.plan(&file("", "")).await.unwrap().is_empty());
    assert_eq!(registry.put_exam(&exam, "tester").await.unwrap(), Change::Unchanged);
}

#[tokio::test]
async fn a_file_sets_changes_and_takes_back_the_policies_of_a_connector() {
    let redis = TestRedis::start().await;
    let registry = registry(&redis).await;
    let plan = registry.plan(&file("", "")).await.unwrap();
    assert!(plan.changes[0].diff.contains(&"verify: always".to_owned()));
    registry.apply(&plan, "tester").await.unwrap();
    for (lines, diff, expected) in [
        (
            "read_before_write = 'retry_only'\nverify = 'sample'\n",
            ["read_before_write: always -> retry_only", "verify: always -> sample"],
            (ReadBeforeWrite::RetryOnly, VerifyPolicy::Sample),
        ),
        (
            "verify = 'unless_webhook'\n",
            [
                "read_before_write: retry_only -> always",
                "verify: sample -> unless_webhook",
            ],
            (ReadBeforeWrite::Always, VerifyPolicy::UnlessWebhook),
        ),
    ] {
        let plan = registry.plan(&file(lines, "")).await.unwrap();
        assert_eq!(plan.changes[0].diff, diff);
        registry.apply(&plan, "tester").await.unwrap();
        let stored = registry.connector(&acme()).await.unwrap().unwrap();
        assert_eq!((stored.read_before_write, stored.verify), expected);
        let view = registry.connector_view(&acme()).await.unwrap().unwrap();
        assert_eq!((view.read_before_write, view.verify), expected);
        let json = serde_json::to_value(&view).unwrap();
        assert_eq!(json["verify"], view.verify.as_str());
    }
}

#[tokio::test]
async fn a_file_sets_changes_and_takes_back_the_policies_of_an_exam() {
    let redis = TestRedis::start().await;
    let registry = registry(&redis).await;
    let plan = registry.plan(&file("", "")).await.unwrap();
    registry.apply(&plan, "tester").await.unwrap();

    let lines = "eligible_states = ['suspended', 'subscribed']\nresult_field = { id = 12, passed = 'Passed' }\n";
    let plan = registry.plan(&file("", lines)).await.unwrap();
    assert_eq!(
        plan.changes[1].diff,
        [
            "eligible_states: subscribed, in_progress -> subscribed, suspended",
            "result_field.id: none -> 12",
            "result_field.passed: none -> Passed",
            "result_field.failed: none -> failed",
            "result_field.non_graded: none -> non_graded",
        ]
    );
    registry.apply(&plan, "tester").await.unwrap();
    let exam = registry.exam(&forklift()).await.unwrap().unwrap();
    let shown = serde_json::to_value(&exam).unwrap();
    assert_eq!(shown["eligible_states"], json!(["subscribed", "suspended"]));
    assert_eq!(
        shown["result_field"],
        json!({ "id": 12, "passed": "Passed", "failed": "failed", "non_graded": "non_graded" })
    );
    assert_eq!(serde_json::from_value::<Exam>(shown).unwrap(), exam);

    let same = "eligible_states = ['subscribed', 'suspended']\nresult_field = { id = 12, passed = 'Passed' }\n";
    assert!(registry.plan(&file("", same)).await.unwrap().is_empty());
    let plan = registry.plan(&file("", "")).await.unwrap();
    assert_eq!(plan.changes[1].diff[1], "result_field.id: 12 -> none");
    registry.apply(&plan, "tester").await.unwrap();
    let exam = registry.exam(&forklift()).await.unwrap().unwrap();
    assert_eq!((exam.eligible_states.len(), exam.result_field), (2, None));
}
