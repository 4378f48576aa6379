//! A queue on a Redis of its own, on a clock that stands, and a look at every key of it.

use std::{collections::BTreeMap, time::Duration};

use passback_harness::TestRedis;
use passback_queue::{
    ClaimToken, Claimed, Clock, Intervention, JobId, JobRecord, Lane, ManualClock, Name, NewJob, Queue, RedisOptions,
    Retention, Settlement, Transition, WorkerInfo,
};

/// Far ahead of any real clock, since Redis expires by its own.
pub(crate) const START_MS: u64 = 4_000_000_000_000;
pub(crate) const LEASE: Duration = Duration::from_mins(1);

pub(crate) struct Shard {
    pub(crate) redis: TestRedis,
    pub(crate) queue: Queue,
    pub(crate) clock: ManualClock,
}

impl Shard {
    pub(crate) async fn start() -> Self {
        let redis = TestRedis::start().await;
        let clock = ManualClock::starting_at(START_MS);
        let options = RedisOptions::new(redis.url());
        let queue = Queue::with(options, Clock::Manual(clock.clone()), Retention::default()).unwrap();
        Self { redis, queue, clock }
    }

    /// Leases up to ten push jobs to a worker.
    pub(crate) async fn claim(&self, worker: &Name) -> Vec<Claimed> {
        self.queue.claim(Lane::Push, worker, 10, LEASE).await.unwrap()
    }

    /// Leases the one push job there is.
    pub(crate) async fn claim_one(&self, worker: &Name) -> Claimed {
        let mut claimed = self.claim(worker).await;
        assert_eq!(claimed.len(), 1, "exactly one job is ready");
        claimed.remove(0)
    }

    pub(crate) async fn settle(&self, worker: &Name, settlement: Settlement) -> passback_queue::Verdict {
        self.queue.settle(worker, &[settlement]).await.unwrap()[0]
    }

    pub(crate) async fn record(&self, id: JobId) -> JobRecord {
        self.queue.job(id).await.unwrap().expect("the job is known")
    }

    /// Every key with all it holds, but for counters and wake-up signals, which are no part of a job.
    pub(crate) async fn contents(&self) -> BTreeMap<String, String> {
        let mut connection = self.redis.connection().await;
        let keys: Vec<String> = redis::cmd("KEYS").arg("*").query_async(&mut connection).await.unwrap();
        let mut contents = BTreeMap::new();
        for key in keys {
            let kind: String = redis::cmd("TYPE").arg(&key).query_async(&mut connection).await.unwrap();
            let mut read = match kind.as_str() {
                "hash" => redis::cmd("HGETALL"),
                "list" => redis::cmd("LRANGE"),
                "zset" => redis::cmd("ZRANGE"),
                "set" => redis::cmd("SMEMBERS"),
                "stream" => redis::cmd("XRANGE"),
                _ => redis::cmd("GET"),
            };
            read.arg(&key);
            if kind == "list" || kind == "zset" {
                read.arg(0).arg(-1);
            }
            if kind == "zset" {
                read.arg("WITHSCORES");
            }
            if kind == "stream" {
                read.arg("-").arg("+");
            }
            let value: redis::Value = read.query_async(&mut connection).await.unwrap();
            let value = match kind.as_str() {
                "hash" => in_order(value, 2),
                "set" => in_order(value, 1),
                _ => value,
            };
            contents.insert(
                key.trim_start_matches(passback_queue::SHARD_PREFIX).to_owned(),
                format!("{value:?}"),
            );
        }
        contents.retain(|key, _| key != "counters" && !key.starts_with("signal:") && !key.starts_with("turn:"));
        contents
    }

    pub(crate) async fn assert_sound(&self) {
        let violations = self.queue.violations().await.unwrap();
        assert!(violations.is_empty(), "{violations:#?}");
    }
}

/// Redis gives the members of a hash or a set in any order.
fn in_order(members: redis::Value, of: usize) -> redis::Value {
    let redis::Value::Array(flat) = members else {
        return members;
    };
    let mut members: Vec<Vec<redis::Value>> = flat.chunks(of).map(<[_]>::to_vec).collect();
    members.sort_by_key(|member| format!("{member:?}"));
    redis::Value::Array(members.concat())
}

pub(crate) fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

pub(crate) fn job(number: u64) -> NewJob {
    NewJob {
        id: JobId::from_parts(START_MS, u128::from(number)),
        lane: Lane::Push,
        connector: name("acme"),
        key: None,
        kind: name("push.v1"),
        delay_ms: 0,
        ttl_ms: None,
        about: Some(name("forklift-01")),
        trace: None,
        payload: format!("payload {number}").into_bytes(),
    }
}

pub(crate) fn keyed(number: u64, key: &str) -> NewJob {
    NewJob {
        key: Some(name(key)),
        ..job(number)
    }
}

pub(crate) fn ending(token: ClaimToken, transition: Transition) -> Settlement {
    Settlement {
        token,
        transition,
        code: None,
        attempt: None,
        answer: None,
        ledger_state: None,
        docebo_answered: false,
        header: None,
    }
}

pub(crate) fn info() -> WorkerInfo {
    WorkerInfo {
        host: "test".to_owned(),
        pid: 1,
        version: "0".to_owned(),
        started_ms: START_MS,
        concurrency: BTreeMap::new(),
    }
}

pub(crate) fn ann() -> Intervention {
    Intervention {
        actor: "ann".to_owned(),
        reason: "checked by phone".to_owned(),
        at_ms: START_MS,
    }
}
