//! A shared token that cannot be read holds nobody up, and is not repeated in the log.
#![expect(clippy::unwrap_used, reason = "a test's own helpers may stop it")]

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use passback_harness::TestRedis;
use passback_registry::{ConnectorId, Registry, RegistryOptions, SharedToken, Vault};
use rstest::rstest;
use secrecy::{ExposeSecret, SecretString};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

const KEY: &str = "old:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n";
const TOKEN_KEY: &str = "{passback:0}:v1:registry:token:acme";
const SECRET: &str = "opensesame-1234567890";
const OURS: &str = "fingerprint-ours";

async fn registry(redis: &TestRedis) -> Registry {
    let client = redis::Client::open(redis.url()).unwrap();
    let manager = redis::aio::ConnectionManager::new(client).await.unwrap();
    Registry::new(manager, Vault::parse(KEY).unwrap(), RegistryOptions::default())
}

async fn connection(redis: &TestRedis) -> redis::aio::MultiplexedConnection {
    let client = redis::Client::open(redis.url()).unwrap();
    client.get_multiplexed_async_connection().await.unwrap()
}

fn acme() -> ConnectorId {
    "acme".parse().unwrap()
}

async fn secret(registry: &Registry) -> Option<String> {
    let found = registry.shared_token(&acme(), OURS).await.unwrap();
    found.map(|token| token.secret.expose_secret().to_owned())
}

/// How a stored token is spoilt.
#[derive(Debug, Clone, Copy)]
enum Damage {
    Text,
    Bytes,
    Cut,
    Flipped,
    OtherPlace,
    OtherShape,
}

impl Damage {
    fn of(self, stored: &str) -> Vec<u8> {
        let vault = Vault::parse(KEY).unwrap();
        match self {
            Self::Text => format!("plain {SECRET}").into_bytes(),
            Self::Bytes => [SECRET.as_bytes(), &[0xff, 0xfe]].concat(),
            Self::Cut => stored.as_bytes()[..stored.len() / 2].to_vec(),
            Self::Flipped => {
                let mut bytes = stored.as_bytes().to_vec();
                let middle = bytes.len() / 2;
                bytes[middle] = if bytes[middle] == b'A' { b'B' } else { b'A' };
                bytes
            }
            Self::OtherPlace => vault
                .seal(
                    "connector/acme/password",
                    format!("{{\"token\":\"{SECRET}\"}}").as_bytes(),
                )
                .into_bytes(),
            Self::OtherShape => vault
                .seal("connector/acme/token", format!("{{\"token\":\"{SECRET}\"}}").as_bytes())
                .into_bytes(),
        }
    }
}

#[rstest]
#[case(Damage::Text)]
#[case(Damage::Bytes)]
#[case(Damage::Cut)]
#[case(Damage::Flipped)]
#[case(Damage::OtherPlace)]
#[case(Damage::OtherShape)]
#[tokio::test]
async fn a_spoilt_token_counts_as_none_with_a_warning_that_holds_nothing_of_it(#[case] damage: Damage) {
    let redis = TestRedis::start().await;
    let registry = registry(&redis).await;
    let put = SharedToken::new(SecretString::from(SECRET), Duration::from_hours(1));
    registry.put_shared_token(&acme(), OURS, &put).await.unwrap();
    let mut connection = connection(&redis).await;
    let stored: String = redis::cmd("GET")
        .arg(TOKEN_KEY)
        .query_async(&mut connection)
        .await
        .unwrap();
    let spoilt = damage.of(&stored);
    let set = redis::cmd("SET")
        .arg(TOKEN_KEY)
        .arg(&spoilt)
        .exec_async(&mut connection)
        .await;
    set.unwrap();

    let log = Log::default();
    {
        let _guard = tracing::subscriber::set_default(log.clone());
        assert_eq!(secret(&registry).await, None);
        assert!(!registry.drop_shared_token(&acme(), &put.id).await.unwrap());
    }
    let lines = log.lines();
    assert_eq!(lines.len(), 2, "{lines:?}");
    let content = String::from_utf8_lossy(&spoilt);
    for line in lines {
        assert!(line.starts_with("WARN") && line.contains("connector=acme"), "{line}");
        assert!(!line.contains(SECRET) && !line.contains(&put.id), "{line}");
        assert!(
            !line.contains(&*content) && !line.contains(&content[content.len() / 2..]),
            "{line}"
        );
    }
    registry.put_shared_token(&acme(), OURS, &put).await.unwrap();
    assert_eq!(secret(&registry).await.as_deref(), Some(SECRET));
}

/// Keeps the registry's log lines of one test.
#[derive(Clone, Default)]
struct Log {
    lines: Arc<Mutex<Vec<String>>>,
}

impl Log {
    fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap().clone()
    }
}

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= Level::INFO && metadata.target().starts_with("passback_registry")
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(event.metadata().level().to_string());
        event.record(&mut line);
        self.lines.lock().unwrap().push(line.0);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        use fmt::Write;
        write!(self.0, " {field}={value:?}").unwrap();
    }
}
