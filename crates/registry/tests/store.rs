//! The registry against a real Redis.
#![expect(clippy::unwrap_used, reason = "a test's own helpers may stop it")]

use std::fmt::Write;
use std::path::Path;

use jiff::Timestamp;
use passback_harness::TestRedis;
use passback_registry::{
    ApplyFile, Change, Connector, ConnectorInput, Exam, ExamInput, Registry, RegistryError, RegistryOptions, Vault,
};
use redis::Value;
use secrecy::{ExposeSecret, SecretString};

const OLD_KEY: &str = "old:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n";
const NEW_KEY: &str = "new:ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100\n";
const INDEX_KEY: &str = "index:0f0e0d0c0b0a09080706050403020100000102030405060708090a0b0c0d0e0f\n";
const ACTOR: &str = "tester";

async fn registry_with(redis: &TestRedis, keys: &str, allow_http_loopback: bool) -> Registry {
    let client = redis::Client::open(redis.url()).unwrap();
    let config =
        redis::aio::ConnectionManagerConfig::new().set_response_timeout(Some(std::time::Duration::from_secs(30)));
    let manager = redis::aio::ConnectionManager::new_with_config(client, config)
        .await
        .unwrap();
    let options = RegistryOptions {
        allow_http_loopback,
        ..RegistryOptions::default()
    };
    Registry::new(manager, Vault::parse(keys).unwrap(), options)
}

async fn registry(redis: &TestRedis) -> Registry {
    registry_with(redis, OLD_KEY, false).await
}

fn connector(id: &str) -> Connector {
    ConnectorInput {
        id: Some(id.to_owned()),
        domain: Some("acme.docebosaas.com".to_owned()),
        client_id: Some("passback".to_owned()),
        client_secret: Some(SecretString::from("s3cret-client")),
        username: Some("api@acme.example".to_owned()),
        password: Some(SecretString::from("s3cret-password")),
        ..ConnectorInput::default()
    }
    .validate()
    .unwrap()
}

fn exam(id: &str, connector: &str) -> Exam {
    ExamInput {
        id: Some(id.to_owned()),
        connector: Some(connector.to_owned()),
        course_id: Some(146),
        ..ExamInput::default()
    }
    .validate()
    .unwrap()
}

fn file(text: &str) -> ApplyFile {
    ApplyFile::parse(text, &|_| None, Path::new(".")).unwrap()
}

fn acme_file(password: &str, calls: u32, exam_connector: &str) -> ApplyFile {
    file(&format!(
        "[[connector]]\nid = 'acme'\ndomain = 'acme.docebosaas.com'\nclient_id = 'passback'\n\
         client_secret = 's3cret-client'\nusername = 'integration'\npassword = '{password}'\n\
         calls_per_hour = {calls}\n\
         [[exam]]\nid = 'forklift-01'\nconnector = '{exam_connector}'\ncourse_id = 146\n"
    ))
}

/// Everything that Redis holds, as text.
async fn everything(redis: &TestRedis) -> String {
    let hashes = ["connectors", "exams"].map(|name| format!("{{passback:0}}:v1:registry:{name}"));
    let mut text = String::new();
    for key in &hashes {
        let hash = redis.cli(&["HGETALL", key]).await;
        write!(text, "{hash:?}").unwrap();
    }
    let audit = redis.cli(&["XRANGE", "{passback:0}:v1:registry:audit", "-", "+"]).await;
    text + &format!("{audit:?}")
}

async fn updated_at(registry: &Registry, connector: &Connector) -> Timestamp {
    registry.connector(&connector.id).await.unwrap().unwrap().updated_at
}

#[tokio::test]
async fn a_connector_comes_back_as_it_was_put_and_again_changes_nothing() {
    let redis = TestRedis::start().await;
    let registry = registry(&redis).await;
    let acme = connector("acme");
    assert_eq!(registry.put_connector(&acme, ACTOR).await.unwrap(), Change::Created);
    let version = registry.version().await.unwrap();
    assert_eq!(registry.put_connector(&acme, ACTOR).await.unwrap(), Change::Unchanged);
    assert_eq!(registry.version().await.unwrap(), version);

    let stored = registry.connector(&acme.id).await.unwrap().unwrap();
    assert_eq!(stored.client_secret.expose_secret(), "s3cret-client");
    assert_eq!(stored.password.expose_secret(), "s3cret-password");
    assert_eq!(stored.domain, acme.domain);
    assert!(stored.created_at > Timestamp::UNIX_EPOCH);

    let mut changed = stored.clone();
    changed.calls_per_hour = 500;
    assert_eq!(registry.put_connector(&changed, ACTOR).await.unwrap(), Change::Updated);
    assert!(registry.version().await.unwrap() > version);
    let again = registry.connector(&acme.id).await.unwrap().unwrap();
    assert_eq!(again.calls_per_hour, 500);
    assert_eq!(again.created_at, stored.created_at);
    assert!(again.updated_at >= stored.updated_at);
}

#[tokio::test]
async fn redis_and_the_lists_hold_no_plain_secret() {
    let redis = TestRedis::start().await;
    let registry = registry(&redis).await;
    registry.put_connector(&connector("acme"), ACTOR).await.unwrap();
    assert!(!everything(&redis).await.contains("s3cret"));
    let views = registry.connector_views().await.unwrap();
    assert!(!serde_json::to_string(&views).unwrap().contains("s3cret"));
    assert_eq!(views[0].domain, "acme.docebosaas.com");
}

#[tokio::test]
async fn a_sealed_secret_does_not_open_for_another_connector() {
    let redis = TestRedis::start().await;
    let registry = registry(&redis).await;
    let (acme, twin) = (connector("acme"), connector("twin"));
    registry.put_connector(&acme, ACTOR).await.unwrap();
    let key = "{passback:0}:v1:registry:connectors";
    let Value::BulkString(json) = redis.cli(&["HGET", key, "acme"]).await else {
        panic!("the connector was not stored");
    };
    let forged = String::from_utf8(json)
        .unwrap()
        .replace("\"id\":\"acme\"", "\"id\":\"twin\"");
    redis.cli(&["HSET", key, "twin", &forged]).await;
    let error = registry.connector(&twin.id).await.unwrap_err();
    assert!(
        matches!(
            error,
            RegistryError::Sealed {
                field: "client_secret",
                ..
            }
        ),
        "{error}"
    );
}

#[tokio::test]
async fn lists_are_sorted_by_id() {
    let redis = TestRedis::start().await;
    let registry = registry(&redis).await;
    for id in ["zeta", "acme", "mid"] {
        registry.put_connector(&connector(id), ACTOR).await.unwrap();
        registry
            .put_exam(&exam(&format!("{id}-exam"), id), ACTOR)
            .await
            .unwrap();
    }
    let ids = registry.connectors().await.unwrap();
    let ids: Vec<&str> = ids.iter().map(|connector| connector.id.as_str()).collect();
    assert_eq!(ids, ["acme", "mid", "zeta"]);
    let exams = registry.exams().await.unwrap();
    let ids: Vec<&str> = exams.iter().map(|exam| exam.id.as_str()).collect();
    assert_eq!(ids, ["acme-exam", "mid-exam", "zeta-exam"]);
}

#[tokio::test]
async fn an_exam_needs_a_connector_that_exists() {
    let redis = TestRedis::start().await;
    let registry = registry(&redis).await;
    registry.put_connector(&connector("acme"), ACTOR).await.unwrap();
    let error = registry
        .put_exam(&exam("forklift-01", "acmee"), ACTOR)
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "exam forklift-01: connector: there is no connector 'acmee'; did you mean 'acme'?"
    );
    let good = exam("forklift-01", "acme");
    assert_eq!(registry.put_exam(&good, ACTOR).await.unwrap(), Change::Created);
    assert_eq!(registry.put_exam(&good, ACTOR).await.unwrap(), Change::Unchanged);
    let stored = registry.exam(&good.id).await.unwrap().unwrap();
    assert_eq!((stored.course_id, stored.connector), (146, good.connector));
}

#[tokio::test]
async fn a_connector_in_use_is_not_removed() {
    let redis = TestRedis::start().await;
    let registry = registry(&redis).await;
    let acme = connector("acme").id;
    let forklift = exam("forklift-01", "acme");
    registry.put_connector(&connector("acme"), ACTOR).await.unwrap();
    registry.put_exam(&forklift, ACTOR).await.unwrap();
    let error = registry.remove_connector(&acme, ACTOR, None).await.unwrap_err();
    assert!(error.to_string().contains("used by exam forklift-01"), "{error}");
    assert!(registry.remove_exam(&forklift.id, ACTOR, None).await.unwrap());
    assert!(!registry.remove_exam(&forklift.id, ACTOR, None).await.unwrap());
    assert!(registry.remove_connector(&acme, ACTOR, Some("left us")).await.unwrap());
    assert!(!registry.remove_connector(&acme, ACTOR, None).await.unwrap());
    assert!(registry.connector(&acme).await.unwrap().is_none());
}

#[tokio::test]
async fn racing_writers_never_leave_an_exam_without_its_connector() {
    let redis = TestRedis::start().await;
    let registry = registry(&redis).await;
    let acme = connector("acme").id;
    for _ in 0..20 {
        registry.put_connector(&connector("acme"), ACTOR).await.unwrap();
        let forklift = exam("forklift-01", "acme");
        let (_, _) = tokio::join!(
            registry.put_exam(&forklift, ACTOR),
            registry.remove_connector(&acme, ACTOR, None),
        );
        let orphan =
            registry.exam(&forklift.id).await.unwrap().is_some() && registry.connector(&acme).await.unwrap().is_none();
        assert!(!orphan);
        registry.remove_exam(&forklift.id, ACTOR, None).await.unwrap();
    }
}

#[tokio::test]
async fn many_writers_at_once_all_get_through() {
    let redis = TestRedis::start().await;
    let registry = registry(&redis).await;
    let writers = (0..8).map(|number| {
        let registry = registry.clone();
        tokio::spawn(async move { registry.put_connector(&connector(&format!("c{number}")), ACTOR).await })
    });
    for writer in writers.collect::<Vec<_>>() {
        assert_eq!(writer.await.unwrap().unwrap(), Change::Created);
    }
    assert_eq!(registry.connectors().await.unwrap().len(), 8);
    assert_eq!(registry.version().await.unwrap(), 8);
}

#[tokio::test]
async fn a_validation_stays_until_the_credentials_change() {
    let redis = TestRedis::start().await;
    let registry = registry(&redis).await;
    let acme = connector("acme");
    let at: Timestamp = "2026-11-22T09:30:11Z".parse().unwrap();
    let unknown = registry.set_validation(&acme.id, at, None, at).await.unwrap_err();
    assert!(matches!(unknown, RegistryError::UnknownConnector(_)));

    registry.put_connector(&acme, ACTOR).await.unwrap();
    let seen = updated_at(&registry, &acme).await;
    let refused = Some("credentials_refused");
    assert!(registry.set_validation(&acme.id, seen, refused, at).await.unwrap());
    let mut renamed = acme.clone();
    renamed.name = "Acme Academy".to_owned();
    registry.put_connector(&renamed, ACTOR).await.unwrap();
    let stored = registry.connector(&acme.id).await.unwrap().unwrap();
    assert_eq!(stored.validation.as_deref(), Some("credentials_refused"));
    assert_eq!(stored.validated_at, Some(at));

    let seen = updated_at(&registry, &acme).await;
    assert!(registry.set_validation(&acme.id, seen, None, at).await.unwrap());
    assert_eq!(registry.connector(&acme.id).await.unwrap().unwrap().validation, None);
    renamed.password = SecretString::from("s3cret-other");
    registry.put_connector(&renamed, ACTOR).await.unwrap();
    assert_eq!(registry.connector(&acme.id).await.unwrap().unwrap().validated_at, None);
}

#[tokio::test]
async fn a_validation_of_a_connector_that_changed_meanwhile_is_not_recorded() {
    let redis = TestRedis::start().await;
    let registry = registry(&redis).await;
    let mut acme = connector("acme");
    registry.put_connector(&acme, ACTOR).await.unwrap();
    let seen = updated_at(&registry, &acme).await;
    acme.password = SecretString::from("s3cret-other");
    // The clock of Redis goes on in milliseconds; within one, the two writes could not be told apart.
    while updated_at(&registry, &acme).await == seen {
        acme.calls_per_hour += 1;
        registry.put_connector(&acme, ACTOR).await.unwrap();
    }
    assert!(!registry.set_validation(&acme.id, seen, None, seen).await.unwrap());
    assert_eq!(registry.connector(&acme.id).await.unwrap().unwrap().validated_at, None);
}

#[tokio::test]
async fn plain_http_to_this_machine_is_refused_unless_it_is_allowed() {
    let redis = TestRedis::start().await;
    let strict = registry(&redis).await;
    let mut local = connector("local");
    local.domain = passback_registry::Domain::parse("http://127.0.0.1:9100", true).unwrap();
    let error = strict.put_connector(&local, ACTOR).await.unwrap_err();
    assert!(
        error
            .to_string()
            .contains("connector local: domain: http to this machine"),
        "{error}"
    );
    let text = "[[connector]]\nid='local'\ndomain='http://127.0.0.1:9100'\nclient_id='x'\n\
                client_secret='x'\nusername='x'\npassword='x'\n";
    let error = strict.plan(&file(text)).await.unwrap_err();
    assert!(error.to_string().contains("line 1: connector local: domain"), "{error}");
    let open = registry_with(&redis, OLD_KEY, true).await;
    assert_eq!(open.put_connector(&local, ACTOR).await.unwrap(), Change::Created);
}

#[tokio::test]
async fn a_plan_shows_what_applying_it_does_and_the_second_time_is_empty() {
    let redis = TestRedis::start().await;
    let registry = registry(&redis).await;
    let first = acme_file("s3cret-one", 1_000, "acme");
    let plan = registry.plan(&first).await.unwrap();
    assert!(!plan.is_empty());
    assert!(
        registry.connectors().await.unwrap().is_empty(),
        "a plan changes nothing"
    );
    let kinds: Vec<_> = plan.changes.iter().map(|c| (c.kind.as_str(), c.change)).collect();
    assert_eq!(kinds, [("connector", Change::Created), ("exam", Change::Created)]);
    assert!(plan.changes[0].diff.contains(&"password: set".to_owned()));
    assert!(!format!("{plan:?}").contains("s3cret"));
    registry.apply(&plan, ACTOR).await.unwrap();
    assert!(registry.plan(&first).await.unwrap().is_empty());

    let plan = registry.plan(&acme_file("s3cret-two", 500, "acme")).await.unwrap();
    assert_eq!(
        plan.changes[0].diff,
        ["password: changed", "calls_per_hour: 1000 -> 500"]
    );
    assert_eq!(plan.changes[1].change, Change::Unchanged);
    registry.apply(&plan, ACTOR).await.unwrap();
    let acme = registry.connector(&connector("acme").id).await.unwrap().unwrap();
    assert_eq!(acme.password.expose_secret(), "s3cret-two");
}

#[tokio::test]
async fn an_exam_whose_connector_is_nowhere_spoils_the_plan() {
    let redis = TestRedis::start().await;
    let registry = registry(&redis).await;
    let error = registry.plan(&acme_file("x", 1, "acne")).await.unwrap_err();
    let text = error.to_string();
    assert_eq!(
        text,
        "line 9: exam forklift-01: connector: there is no connector 'acne'; did you mean 'acme'?"
    );
    registry.put_connector(&connector("acne"), ACTOR).await.unwrap();
    assert!(registry.plan(&acme_file("x", 1, "acne")).await.is_ok());
}

#[tokio::test]
async fn an_outdated_plan_changes_nothing() {
    let redis = TestRedis::start().await;
    let registry = registry(&redis).await;
    let plan = registry.plan(&acme_file("x", 1, "acme")).await.unwrap();
    registry.put_connector(&connector("other"), ACTOR).await.unwrap();
    let error = registry.apply(&plan, ACTOR).await.unwrap_err();
    assert!(matches!(error, RegistryError::PlanOutdated), "{error}");
    assert_eq!(registry.connectors().await.unwrap().len(), 1);
    assert!(registry.exams().await.unwrap().is_empty());
}

#[tokio::test]
async fn applying_again_seals_old_secrets_with_the_new_key() {
    let redis = TestRedis::start().await;
    let before = registry(&redis).await;
    before.put_connector(&connector("acme"), ACTOR).await.unwrap();
    let rotating = registry_with(&redis, &format!("{NEW_KEY}{OLD_KEY}{INDEX_KEY}"), false).await;
    let change = rotating.put_connector(&connector("acme"), ACTOR).await.unwrap();
    assert_eq!(change, Change::Unchanged);
    let after = registry_with(&redis, NEW_KEY, false).await;
    let acme = after.connector(&connector("acme").id).await.unwrap().unwrap();
    assert_eq!(acme.password.expose_secret(), "s3cret-password");
}

#[tokio::test]
async fn a_lost_key_is_named_and_the_connector_can_be_put_again() {
    let redis = TestRedis::start().await;
    registry(&redis)
        .await
        .put_connector(&connector("acme"), ACTOR)
        .await
        .unwrap();
    let other = registry_with(&redis, NEW_KEY, false).await;
    let error = other.connector(&connector("acme").id).await.unwrap_err();
    assert!(error.to_string().contains("sealed with the key 'old'"), "{error}");
    assert_eq!(other.connector_views().await.unwrap().len(), 1);
    assert!(other.connector_view(&connector("acme").id).await.unwrap().is_some());
    let change = other.put_connector(&connector("acme"), ACTOR).await.unwrap();
    assert_eq!(change, Change::Updated);
    assert!(other.connector(&connector("acme").id).await.unwrap().is_some());
}
