//! The registry in Redis: one version counter guards all its entries.
//!
//! A writer looks at the version, then at what is stored, and commits only if the version is still the same.
//! So an exam never loses its connector between the look and the write, and a plan is applied whole or not at all.

use std::sync::{Arc, LazyLock};

use jiff::Timestamp;
use redis::Script;
use redis::aio::ConnectionManager;

use crate::audit::StoredAudit;
use crate::cache::Cache;
use crate::connector::Connector;
use crate::error::RegistryError;
use crate::exam::Exam;
use crate::keys::Keys;
use crate::plan::EntityKind;
use crate::vault::Vault;

const MAX_COMMIT_TRIES: usize = 16;
pub(crate) const MAX_CONNECTORS: usize = 10_000;
pub(crate) const MAX_EXAMS: usize = 100_000;
const DEFAULT_AUDIT_RETENTION_DAYS: u32 = 400;
const MS_PER_DAY: u64 = 86_400_000;

static COMMIT: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("../lua/commit.lua")));

/// How a registry behaves.
#[derive(Debug, Clone)]
pub struct RegistryOptions {
    /// Whether connectors may name a simulator on this machine by plain `http` (development).
    pub allow_http_loopback: bool,
    /// What every key begins with, hash tag included.
    pub shard_prefix: String,
    /// How long an audit entry stays.
    pub audit_retention_days: u32,
}

impl Default for RegistryOptions {
    fn default() -> Self {
        Self {
            allow_http_loopback: false,
            shard_prefix: "{passback:0}:v1:".to_owned(),
            audit_retention_days: DEFAULT_AUDIT_RETENTION_DAYS,
        }
    }
}

/// Connectors, exams and the audit trail; clones share the connection, the keys and the cache.
#[derive(Clone)]
pub struct Registry {
    pub(crate) redis: ConnectionManager,
    pub(crate) vault: Vault,
    pub(crate) options: Arc<RegistryOptions>,
    pub(crate) keys: Arc<Keys>,
    pub(crate) cached_connectors: Arc<Cache<Connector>>,
    pub(crate) cached_exams: Arc<Cache<Exam>>,
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Registry")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

/// What one commit writes to one hash.
pub(crate) struct Write {
    pub(crate) kind: EntityKind,
    pub(crate) id: String,
    /// None removes the entry.
    pub(crate) json: Option<String>,
}

impl Write {
    fn removes(&self, kind: EntityKind) -> bool {
        self.kind == kind && self.json.is_none()
    }
}

/// What one try of a change wants to do, or what it found that there is nothing to do.
pub(crate) enum Attempt<T> {
    Done(T),
    Commit(Vec<Write>, Vec<StoredAudit>, T),
}

/// What `TIME` answers: seconds since 1970, and microseconds.
pub(crate) type RedisTime = (i64, i64);

/// The milliseconds since 1970 of an answer to `TIME`.
pub(crate) fn milliseconds((seconds, microseconds): RedisTime) -> i64 {
    seconds.saturating_mul(1_000).saturating_add(microseconds / 1_000)
}

impl Registry {
    /// A registry over a connection, which carries the time-outs.
    pub fn new(redis: ConnectionManager, vault: Vault, options: RegistryOptions) -> Self {
        Self {
            redis,
            vault,
            keys: Arc::new(Keys::new(&options.shard_prefix)),
            options: Arc::new(options),
            cached_connectors: Arc::default(),
            cached_exams: Arc::default(),
        }
    }

    /// The vault that seals this registry's secrets.
    pub fn vault(&self) -> &Vault {
        &self.vault
    }

    /// A counter that grows with every write, so that a caller knows when to look again.
    pub async fn version(&self) -> Result<u64, RegistryError> {
        let version: Option<u64> = redis::cmd("GET")
            .arg(&self.keys.version)
            .query_async(&mut self.redis.clone())
            .await?;
        Ok(version.unwrap_or(0))
    }

    /// The time as Redis has it, the same for every process.
    pub(crate) async fn now(&self) -> Result<Timestamp, RegistryError> {
        let time: RedisTime = redis::cmd("TIME").query_async(&mut self.redis.clone()).await?;
        Ok(Timestamp::from_millisecond(milliseconds(time)).unwrap_or(Timestamp::UNIX_EPOCH))
    }

    pub(crate) fn audit_retention_ms(&self) -> u64 {
        u64::from(self.options.audit_retention_days) * MS_PER_DAY
    }

    pub(crate) async fn field(&self, key: &str, id: &str) -> Result<Option<String>, RegistryError> {
        let json = redis::cmd("HGET")
            .arg(key)
            .arg(id)
            .query_async(&mut self.redis.clone())
            .await?;
        Ok(json)
    }

    /// All entries of one hash; bounded, for no more than the limit are ever written.
    pub(crate) async fn values(&self, key: &str) -> Result<Vec<String>, RegistryError> {
        let values = redis::cmd("HVALS")
            .arg(key)
            .query_async(&mut self.redis.clone())
            .await?;
        Ok(values)
    }

    pub(crate) async fn fields(&self, key: &str) -> Result<Vec<String>, RegistryError> {
        let fields = redis::cmd("HKEYS")
            .arg(key)
            .query_async(&mut self.redis.clone())
            .await?;
        Ok(fields)
    }

    pub(crate) async fn count(&self, key: &str) -> Result<usize, RegistryError> {
        let count = redis::cmd("HLEN").arg(key).query_async(&mut self.redis.clone()).await?;
        Ok(count)
    }

    /// Tries a change until nobody wrote between its look and its commit.
    pub(crate) async fn change<T, F>(&self, attempt: impl Fn() -> F) -> Result<T, RegistryError>
    where
        F: Future<Output = Result<Attempt<T>, RegistryError>>,
    {
        for _ in 0..MAX_COMMIT_TRIES {
            let version = self.version().await?;
            match attempt().await? {
                Attempt::Done(answer) => return Ok(answer),
                Attempt::Commit(writes, audit, answer) => {
                    if self.commit(Some(version), &writes, &audit).await? {
                        return Ok(answer);
                    }
                }
            }
        }
        Err(RegistryError::Contended)
    }

    /// Writes everything or nothing; false if the version is no longer the expected one.
    pub(crate) async fn commit(
        &self,
        expected: Option<u64>,
        writes: &[Write],
        audit: &[StoredAudit],
    ) -> Result<bool, RegistryError> {
        let mut call = COMMIT.prepare_invoke();
        call.key(&self.keys.version)
            .key(&self.keys.connectors)
            .key(&self.keys.exams)
            .key(&self.keys.audit);
        for removed in writes.iter().filter(|write| write.removes(EntityKind::Connector)) {
            call.key(self.keys.token(&removed.id))
                .key(self.keys.token_turn(&removed.id));
        }
        call.arg(expected.map_or_else(String::new, |version| version.to_string()))
            .arg(self.audit_retention_ms())
            .arg(writes.len());
        for write in writes {
            let key = match write.kind {
                EntityKind::Connector => 2,
                EntityKind::Exam => 3,
            };
            call.arg(key)
                .arg(&write.id)
                .arg(write.json.as_deref().unwrap_or_default());
        }
        for entry in audit {
            call.arg(entry.to_json());
        }
        let answer: i64 = call.invoke_async(&mut self.redis.clone()).await?;
        self.cached_connectors.clear();
        self.cached_exams.clear();
        Ok(answer >= 0)
    }
}
