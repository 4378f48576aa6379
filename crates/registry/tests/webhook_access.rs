//! What Docebo must show at our webhook: read from file and API, kept sealed, compared without its secrets.
#![expect(clippy::unwrap_used, reason = "a test's own helpers may stop it")]

use std::path::Path;

use passback_harness::TestRedis;
use passback_registry::{ApplyFile, ConnectorInput, Registry, RegistryOptions, Vault};
use rstest::rstest;
use serde_json::{Value, json};

const KEYS: &str = "k:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n";
const CONNECTORS: &str = "{passback:0}:v1:registry:connectors";
const WEBHOOK: &str = r#"webhook = { username = "docebo", password = "s3cret-1", also = [
    { username = "docebo", password = "s3cret-2" },
    { username = "docebo-2", password = { env = "HOOK" } },
], header = { name = "X-Passback-Secret", value = "s3cret-4" }, sources = ["203.0.113.0/24", "2001:db8::1"] }"#;

async fn registry(redis: &TestRedis) -> Registry {
    let client = redis::Client::open(redis.url()).unwrap();
    let manager = redis::aio::ConnectionManager::new(client).await.unwrap();
    Registry::new(manager, Vault::parse(KEYS).unwrap(), RegistryOptions::default())
}

fn file(webhook: &str) -> String {
    format!(
        "[[connector]]\nid = \"acme\"\ndomain = \"acme.docebosaas.com\"\nclient_id = \"passback\"\n\
         client_secret = \"s3cret-client\"\nusername = \"integration\"\npassword = \"s3cret-password\"\n{webhook}\n"
    )
}

fn parse(webhook: &str) -> Result<ApplyFile, String> {
    let env = |name: &str| (name == "HOOK").then(|| "s3cret-3".to_owned());
    ApplyFile::parse(&file(webhook), &env, Path::new(".")).map_err(|errors| {
        let text = format!("{errors}");
        assert!(!format!("{text}{errors:?}").contains("s3cret"), "{text}");
        text
    })
}

async fn apply(registry: &Registry, webhook: &str) -> Vec<String> {
    let plan = registry.plan(&parse(webhook).unwrap()).await.unwrap();
    registry.apply(&plan, "tester").await.unwrap();
    let diff = plan.changes[0].diff.clone();
    assert!(!diff.concat().contains("s3cret"), "{diff:?}");
    diff
}

#[tokio::test]
async fn each_login_header_and_network_of_a_file_counts_and_is_sealed_at_rest() {
    let redis = TestRedis::start().await;
    let registry = registry(&redis).await;
    apply(&registry, WEBHOOK).await;

    let acme = registry.connector(&"acme".parse().unwrap()).await.unwrap().unwrap();
    let webhook = acme.webhook.unwrap();
    for (username, password) in [("docebo", "s3cret-1"), ("docebo", "s3cret-2"), ("docebo-2", "s3cret-3")] {
        assert!(webhook.admits(username, password), "{username} {password}");
    }
    assert!(!webhook.admits("docebo-2", "s3cret-1"));
    assert!(webhook.header_fits(Some(b"s3cret-4")) && !webhook.header_fits(Some(b"s3cret-1")));
    assert!(webhook.source_fits("::ffff:203.0.113.200".parse().unwrap()));
    assert!(!webhook.source_fits("2001:db8::2".parse().unwrap()));

    let redis::Value::BulkString(json) = redis.cli(&["HGET", CONNECTORS, "acme"]).await else {
        unreachable!("it was stored")
    };
    let json = String::from_utf8(json).unwrap();
    assert!(!json.contains("s3cret"), "{json}");
    assert!(!format!("{webhook:?}").contains("s3cret"));

    let view = registry.connector_views().await.unwrap().remove(0);
    let view = serde_json::to_value(view).unwrap();
    assert_eq!(view["webhook_username"], "docebo");
    assert_eq!(
        view["webhook"],
        json!({
            "username": "docebo", "also": ["docebo", "docebo-2"], "header": "X-Passback-Secret",
            "sources": ["203.0.113.0/24", "2001:db8::1/128"],
        })
    );
}

#[tokio::test]
async fn a_change_is_told_by_its_field_and_never_by_its_secret() {
    let redis = TestRedis::start().await;
    let registry = registry(&redis).await;
    apply(&registry, WEBHOOK).await;
    assert_eq!(apply(&registry, WEBHOOK).await, Vec::<String>::new());
    let again = WEBHOOK.replace("\"203.0.113.0/24\"", "\" 203.0.113.0/24\", \"::ffff:203.0.113.0/120\"");
    assert_eq!(apply(&registry, &again).await, Vec::<String>::new());

    let changed = WEBHOOK
        .replace("s3cret-2", "s3cret-9")
        .replace("s3cret-4", "s3cret-8")
        .replace("X-Passback-Secret", "X-Hook")
        .replace(", \"2001:db8::1\"", "");
    assert_eq!(
        apply(&registry, &changed).await,
        [
            "webhook.also.0.password: changed",
            "webhook.header.name: X-Passback-Secret -> X-Hook",
            "webhook.header.value: changed",
            "webhook.sources: 203.0.113.0/24, 2001:db8::1/128 -> 203.0.113.0/24",
        ]
    );
    let trail = registry.recent_audit(1).await.unwrap();
    let detail = trail[0].detail.as_deref().unwrap();
    assert_eq!(
        detail,
        "changed: webhook.also.0.password, webhook.header.name, webhook.header.value, webhook.sources"
    );
    assert_eq!(
        apply(
            &registry,
            "webhook = { username = \"docebo\", password = \"s3cret-1\" }"
        )
        .await,
        [
            "webhook.also.0.username: docebo -> none",
            "webhook.also.0.password: set -> none",
            "webhook.also.1.username: docebo-2 -> none",
            "webhook.also.1.password: set -> none",
            "webhook.header.name: X-Hook -> none",
            "webhook.header.value: set -> none",
            "webhook.sources: 203.0.113.0/24 -> none",
        ]
    );
}

#[tokio::test]
async fn a_password_sealed_for_one_place_does_not_open_in_another() {
    let redis = TestRedis::start().await;
    let registry = registry(&redis).await;
    apply(&registry, WEBHOOK).await;
    let redis::Value::BulkString(json) = redis.cli(&["HGET", CONNECTORS, "acme"]).await else {
        unreachable!("it was stored")
    };
    let mut record: Value = serde_json::from_slice(&json).unwrap();
    record["webhook"]["also"].as_array_mut().unwrap().swap(0, 1);
    redis.cli(&["HSET", CONNECTORS, "acme", &record.to_string()]).await;
    let error = registry.connector(&"acme".parse().unwrap()).await.unwrap_err();
    assert!(error.to_string().contains("webhook_also_0_password"), "{error}");
}

#[tokio::test]
async fn a_record_of_one_login_that_an_earlier_version_wrote_is_read_as_it_was() {
    let redis = TestRedis::start().await;
    let registry = registry(&redis).await;
    apply(&registry, "").await;
    let redis::Value::BulkString(json) = redis.cli(&["HGET", CONNECTORS, "acme"]).await else {
        unreachable!("it was stored")
    };
    let mut record: Value = serde_json::from_slice(&json).unwrap();
    let sealed = registry.vault().seal("connector/acme/webhook_password", b"s3cret-old");
    record["webhook"] = json!({"username": "docebo", "password": sealed});
    redis.cli(&["HSET", CONNECTORS, "acme", &record.to_string()]).await;
    let webhook = registry
        .connector(&"acme".parse().unwrap())
        .await
        .unwrap()
        .unwrap()
        .webhook
        .unwrap();
    assert!(webhook.admits("docebo", "s3cret-old") && webhook.header_fits(None));
    assert!(webhook.also.is_empty() && webhook.source_fits("192.0.2.1".parse().unwrap()));
}

const LOGIN: &str = "username = \"docebo\", password = \"s3cret-1\"";

#[rstest]
#[case(
    "also = { username = \"a\" }",
    "webhook.also: a value of type table; write a list: [{ username = \"…\", password = … }]"
)]
#[case(
    "also = [{ username = \"a\", password = \"s3cret\" }, { username = \"b\" }]",
    "webhook.also.1.password: missing; add webhook.also.1.password"
)]
#[case(
    "also = [7, { username = \"b:c\", password = \"s3cret\" }]",
    "webhook.also.0: a value of type integer; write { username = \"…\", password = … }\n\
     line 8: connector acme: webhook.also.1.username: contains ':'; leave it out"
)]
#[case(
    "also = [{ username = \"a\", passwrd = \"s3cret\" }]",
    "webhook.also.0.passwrd: unknown field; did you mean 'webhook.also.0.password'?\n\
     line 8: connector acme: webhook.also.0.password: missing; add webhook.also.0.password"
)]
#[case(
    "also = [{ \"x.username\" = \"a\", username = \"b\", password = \"s3cret\" }]",
    "webhook.also.0.x.username: unknown field; did you mean 'webhook.also.0.username'?"
)]
#[case(
    "header = { name = \"authorization\", value = \"s3cret\" }",
    "webhook.header.name: 'authorization' has a meaning of its own; choose a name of your own, such as X-Passback-Secret"
)]
#[case(
    "header = { name = \"X Secret\", value = \"s3cret\" }",
    "webhook.header.name: no name that a header can have; use at most 64 letters, digits and '-', such as X-Passback-Secret"
)]
#[case(
    "header = { name = \"X-Secret\", value = \"s3cret \" }",
    "webhook.header.value: holds what a header cannot carry; use printable ASCII characters, without blanks at either end"
)]
#[case(
    "header = { name = \"X-Secret\", value = \"s3cret\\r\\nX: y\" }",
    "webhook.header.value: holds what a header cannot carry; use printable ASCII characters, without blanks at either end"
)]
#[case(
    "header = { name = \"X-Secret\" }",
    "webhook.header.value: missing; add webhook.header.value"
)]
#[case(
    "sources = [\"203.0.113.7\", \"docebo\"]",
    "webhook.sources.1: not a network; write an address or a network, such as 203.0.113.7, 203.0.113.0/24 or 2001:db8::/32"
)]
#[case(
    "sources = [\"203.0.113.7/24\"]",
    "webhook.sources.0: an address inside a network, not the network itself; write 203.0.113.0/24 for all of it, or 203.0.113.7 alone"
)]
#[case(
    "sources = \"203.0.113.7\"",
    "webhook.sources: a value of type string; write a list of strings in quotes"
)]
#[case("source = []", "webhook.source: unknown field; did you mean 'webhook.sources'?")]
fn what_is_wrong_in_a_file_is_named(#[case] field: &str, #[case] error: &str) {
    let found = parse(&format!("webhook = {{ {LOGIN}, {field} }}")).unwrap_err();
    assert_eq!(found, format!("line 8: connector acme: {error}"));
}

#[rstest]
#[case(json!({"also": [{"username": "b", "password": "s3cret"}, {"username": "b"}]}), "webhook.also.1.password")]
#[case(json!({"also": vec![json!({"username": "b", "password": "s3cret"}); 5]}), "webhook.also")]
#[case(json!({"sources": vec!["203.0.113.7"; 65]}), "webhook.sources")]
#[case(json!({"sources": [""]}), "webhook.sources.0")]
#[case(json!({"header": {"name": "Host", "value": "s3cret"}}), "webhook.header.name")]
#[case(json!({"header": {"name": "", "value": "s3cret"}}), "webhook.header.name")]
#[case(json!({"header": {}}), "webhook.header.name")]
fn what_is_wrong_in_a_body_is_named(#[case] more: Value, #[case] field: &str) {
    let mut webhook = json!({"username": "docebo", "password": "s3cret-1"});
    webhook
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    let input: ConnectorInput = serde_json::from_value(json!({
        "id": "acme", "domain": "acme.docebosaas.com", "client_id": "passback", "client_secret": "s3cret-client",
        "username": "integration", "password": "s3cret-password", "webhook": webhook,
    }))
    .unwrap();
    let errors = input.validate().unwrap_err();
    assert_eq!(errors.0[0].field, field);
    assert!(!format!("{errors} {errors:?} {input:?}").contains("s3cret"));
}
