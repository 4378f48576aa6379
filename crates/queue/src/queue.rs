//! The handle on one shard: what every operation shares.

use std::{sync::Arc, time::Duration};

use redis::{FromRedisValue, Script, ScriptInvocation, aio::ConnectionManager};

use crate::{Clock, Egress, QueueError, RedisOptions, gathering::Gathering, keys, script::Scripts};

/// How long things are kept.
#[derive(Debug, Clone, Copy)]
pub struct Retention {
    /// A finished job's record.
    pub finished: Duration,
    /// A check's answer.
    pub answer: Duration,
    /// A result's ledger row.
    pub ledger: Duration,
    /// An event of the feed.
    pub events: Duration,
    /// An event that Docebo told by a webhook.
    pub docebo_events: Duration,
    /// A webhook message, so that it is known when it comes again.
    pub webhook_dedup: Duration,
}

impl Default for Retention {
    fn default() -> Self {
        let day = Duration::from_hours(24);
        Self {
            finished: 7 * day,
            answer: day,
            ledger: 400 * day,
            events: 7 * day,
            docebo_events: 30 * day,
            webhook_dedup: 14 * day,
        }
    }
}

/// Durable jobs in Redis. Clones share one connection.
#[derive(Clone)]
pub struct Queue {
    pub(crate) shared: Arc<Shared>,
}

pub(crate) struct Shared {
    pub(crate) options: RedisOptions,
    pub(crate) manager: ConnectionManager,
    pub(crate) scripts: Scripts,
    pub(crate) clock: Clock,
    pub(crate) retention: Retention,
    pub(crate) egress: Egress,
    pub(crate) gathering: Gathering,
}

impl std::fmt::Debug for Queue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Queue").finish_non_exhaustive()
    }
}

impl Queue {
    /// A handle with the usual retention, on Redis' clock. Needs a running tokio; connects at the first call.
    pub fn new(options: RedisOptions) -> Result<Self, QueueError> {
        Self::with(options, Clock::default(), Retention::default())
    }

    /// A handle with another clock or retention.
    pub fn with(options: RedisOptions, clock: Clock, retention: Retention) -> Result<Self, QueueError> {
        Self::with_egress(options, clock, retention, Egress::default())
    }

    /// A handle that calls Docebo from a named address.
    pub fn with_egress(
        options: RedisOptions,
        clock: Clock,
        retention: Retention,
        egress: Egress,
    ) -> Result<Self, QueueError> {
        let manager = options.manager()?;
        Ok(Self {
            shared: Arc::new_cyclic(|shared| Shared {
                options,
                manager,
                scripts: Scripts::render(),
                clock,
                retention,
                egress,
                gathering: Gathering::start(shared.clone()),
            }),
        })
    }

    /// How this handle reaches Redis.
    pub fn options(&self) -> &RedisOptions {
        &self.shared.options
    }

    /// The connection, for a single command.
    pub(crate) fn connection(&self) -> ConnectionManager {
        self.shared.manager.clone()
    }

    /// Starts a call of a script whose first argument is the time.
    pub(crate) fn timed<'a>(&self, script: &'a Script) -> ScriptInvocation<'a> {
        let mut call = script.key(keys::key(keys::DATA));
        call.arg(self.shared.clock.argument());
        call
    }

    /// Runs a script call; a script that Redis has forgotten is loaded again.
    pub(crate) async fn run<T: FromRedisValue>(&self, call: &ScriptInvocation<'_>) -> Result<T, QueueError> {
        Ok(call.invoke_async(&mut self.connection()).await?)
    }

    /// Asks Redis whether it is there.
    pub async fn ping(&self) -> Result<(), QueueError> {
        let _: String = redis::cmd("PING").query_async(&mut self.connection()).await?;
        Ok(())
    }

    /// Asks Redis whether it takes writes.
    pub async fn probe_write(&self) -> Result<(), QueueError> {
        let mut write = redis::cmd("SET");
        write.arg(keys::key(keys::PROBE)).arg(1).arg("PX").arg(10_000);
        let _: String = write.query_async(&mut self.connection()).await?;
        Ok(())
    }

    /// The time on the queue's clock, in milliseconds since 1970.
    pub async fn now_ms(&self) -> Result<u64, QueueError> {
        if let Clock::Manual(clock) = &self.shared.clock {
            return Ok(clock.now_ms());
        }
        let (seconds, micros): (u64, u64) = redis::cmd("TIME").query_async(&mut self.connection()).await?;
        Ok(seconds * 1000 + micros / 1000)
    }
}

/// A duration as the scripts take it.
pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
