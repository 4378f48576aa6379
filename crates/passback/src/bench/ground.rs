//! The Redis under test: one that is named and holds no jobs, or a private one for this run.

use std::time::Duration;

use passback_queue::{Queue, QueueError, RedisOptions, SHARD_PREFIX};
use redis::aio::ConnectionManager;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::sleep;

use super::redis_info::{RedisInfo, unanswered};
use super::tally::Tally;
use crate::config::mask_password;
use crate::exit::Failure;
use crate::output;
use crate::stack::{DataDir, RedisChild};

/// Keys that are looked at, and removed, at once.
const SCAN_KEYS: usize = 500;
const FREEING_PAUSE: Duration = Duration::from_millis(20);
/// Within this time Redis gets what was sent before.
const UNDER_WAY: Duration = Duration::from_millis(100);
/// A busy Redis is slow, not gone: a bench may well keep it busy.
const RESPONSE_TIMEOUT: Duration = Duration::from_mins(1);

/// A Redis to measure on.
pub(crate) struct Ground {
    url: SecretString,
    queue: Queue,
    redis: ConnectionManager,
    own: Option<Own>,
    /// Whether it held nothing at all when we came: only then everything of the queue is ours to remove.
    was_empty: bool,
}

/// A server of this run, with its folder.
struct Own {
    server: RedisChild,
    _data: DataDir,
    _folder: TempDir,
}

impl Ground {
    /// Takes the Redis at this address if nobody uses it for jobs; without an address, starts one.
    pub(crate) async fn open(url: Option<SecretString>) -> Result<Self, Failure> {
        let (url, own) = if let Some(url) = url {
            (url, None)
        } else {
            let own = Own::start().await?;
            let url = own.server.url();
            output::note(&format!("started a private redis-server at {url}, stopped at the end"));
            (SecretString::from(url), Some(own))
        };
        let opened = Self::enter(&url).await;
        match opened {
            Ok((queue, redis, was_empty)) => Ok(Self {
                url,
                queue,
                redis,
                own,
                was_empty,
            }),
            Err(failure) => {
                if let Some(own) = own {
                    own.server.stop().await?;
                }
                Err(failure)
            }
        }
    }

    async fn enter(url: &SecretString) -> Result<(Queue, ConnectionManager, bool), Failure> {
        let shown = mask_password(url.expose_secret());
        let unreachable = |error: QueueError| {
            Failure::unavailable(format!("cannot work with Redis at {shown}: {error}"))
                .fix("start that Redis, let --redis-url name another one, or leave it away to have one started")
        };
        let queue = Queue::new(options(url)).map_err(unreachable)?;
        queue.ping().await.map_err(unreachable)?;
        let redis = queue.options().manager().map_err(unreachable)?;
        if !Tally::of(&queue).await?.is_untouched() {
            return Err(Failure::refused(format!(
                "Redis at {shown} holds jobs, or held some: nothing is measured there"
            ))
            .fix("let --redis-url name an empty Redis, or leave it away to have a private one started"));
        }
        let keys: Result<u64, _> = redis::cmd("DBSIZE").query_async(&mut redis.clone()).await;
        let was_empty = keys.map_err(|error| unanswered(&error))? == 0;
        Ok((queue, redis, was_empty))
    }

    /// The queue, on a connection for those who store jobs.
    pub(crate) fn queue(&self) -> &Queue {
        &self.queue
    }

    /// A queue of its own, as a worker process has one.
    pub(crate) fn another_queue(&self) -> Result<Queue, Failure> {
        Queue::new(options(&self.url)).map_err(|error| Failure::unavailable(error.to_string()))
    }

    pub(crate) fn redis(&self) -> &ConnectionManager {
        &self.redis
    }

    pub(crate) fn was_empty(&self) -> bool {
        self.was_empty
    }

    pub(crate) fn url(&self) -> &SecretString {
        &self.url
    }

    /// What the figures depend on besides the plan.
    pub(crate) async fn machine(&self) -> Result<Value, Failure> {
        let info = RedisInfo::read(&self.redis, &["server", "persistence"]).await?;
        // A managed Redis may refuse to say.
        let fsync: Result<Vec<String>, _> = redis::cmd("CONFIG")
            .arg("GET")
            .arg("appendfsync")
            .query_async(&mut self.redis.clone())
            .await;
        Ok(json!({
            "cores": std::thread::available_parallelism().map_or(0, usize::from),
            "redis_version": info.text("redis_version"),
            "redis_is_private": self.own.is_some(),
            "appendonly": info.text("aof_enabled") == "1",
            "appendfsync": fsync.ok().and_then(|pair| pair.into_iter().nth(1)),
        }))
    }

    /// Removes what the last round left, if it is ours to remove, and waits until its memory is free.
    pub(crate) async fn clear(&self) -> Result<(), Failure> {
        if !self.was_empty {
            return Ok(());
        }
        while self.remove_keys().await? > 0 {}
        while RedisInfo::read(&self.redis, &["memory"])
            .await?
            .number("lazyfree_pending_objects")
            > 0
        {
            sleep(FREEING_PAUSE).await;
        }
        Ok(())
    }

    /// Removes every key of the queue that it finds in one walk; says how many those were.
    async fn remove_keys(&self) -> Result<usize, Failure> {
        let mut redis = self.redis.clone();
        let (mut cursor, mut found) = (0_u64, 0);
        loop {
            let page: Result<(u64, Vec<String>), _> = redis::cmd("SCAN")
                .arg(cursor)
                .arg("MATCH")
                .arg(format!("{SHARD_PREFIX}*"))
                .arg("COUNT")
                .arg(SCAN_KEYS)
                .query_async(&mut redis)
                .await;
            let (next, keys) = page.map_err(|error| unanswered(&error))?;
            if !keys.is_empty() {
                found += keys.len();
                let removed: Result<u64, _> = redis::cmd("UNLINK").arg(keys).query_async(&mut redis).await;
                removed.map_err(|error| unanswered(&error))?;
            }
            if next == 0 {
                return Ok(found);
            }
            cursor = next;
        }
    }

    /// Leaves: a private server ends with its data, another one is left as it was found unless jobs are to be kept.
    pub(crate) async fn close(self, keep_jobs: bool) -> Result<(), Failure> {
        match self.own {
            Some(own) => own.server.stop().await.map(|_| ()),
            None if keep_jobs => Ok(()),
            None => {
                // What was under way when a measurement was broken off is still to arrive.
                sleep(UNDER_WAY).await;
                self.clear().await
            }
        }
    }
}

impl Own {
    async fn start() -> Result<Self, Failure> {
        let folder = TempDir::with_prefix("passback-bench-")
            .map_err(|error| Failure::failed(format!("there is no temporary folder: {error}")))?;
        let data = DataDir::open(&folder.path().join("redis")).await?;
        let server = RedisChild::start(&data)
            .await
            .map_err(|failure| failure.fix("or give an empty Redis that runs already with --redis-url"))?;
        let own = Self {
            server,
            _data: data,
            _folder: folder,
        };
        match own.set_up().await {
            Ok(()) => Ok(own),
            Err(failure) => {
                own.server.stop().await?;
                Err(failure)
            }
        }
    }

    /// As most run it in production; and no rewriting of the append-only file, which would fall into some rounds and
    /// not into others.
    async fn set_up(&self) -> Result<(), Failure> {
        let manager = RedisOptions::new(self.server.url()).manager();
        let mut redis = manager.map_err(|error| Failure::unavailable(error.to_string()))?;
        let set: Result<(), _> = redis::cmd("CONFIG")
            .arg(&["SET", "appendfsync", "everysec", "auto-aof-rewrite-percentage", "0"])
            .query_async(&mut redis)
            .await;
        set.map_err(|error| unanswered(&error))
    }
}

fn options(url: &SecretString) -> RedisOptions {
    RedisOptions {
        response_timeout: RESPONSE_TIMEOUT,
        ..RedisOptions::new(url.expose_secret())
    }
}
