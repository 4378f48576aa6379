//! The limit: the same durable protocol without any feature, as fast as Redis and this client library do it.
//!
//! A list of ids, a hash of payloads, a sorted set of leases. Jobs are stored, leased and acknowledged; what a dead
//! worker held could be found among the leases. Nothing else: no tenants, no turns, no keys, no retries, no record of
//! what ended. `passback bench queue` beside it shows what all that costs.
//!
//! ```text
//! cargo run --release -p passback-queue --example bare_protocol -- --redis-url redis://127.0.0.1:6379
//!     [--jobs 200000] [--payload-bytes 300] [--rounds 3] [--json]
//! ```
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::cast_precision_loss,
    reason = "a measuring program ends at the first thing that goes wrong"
)]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use passback_queue::{JobId, RedisOptions};
use redis::aio::ConnectionManager;
use redis::{FromRedisValue, Value};
use tokio::task::JoinSet;

const CONNECTIONS: usize = 4;
const CALLERS: usize = 64;
/// Jobs stored in one call, in bulk.
const BULK: usize = 100;
/// Jobs between their fetch and their acknowledgement.
const IN_FLIGHT: usize = 200;
const LEASE_MS: u64 = 60_000;
const KEYS: [&str; 3] = ["{bare}:ready", "{bare}:data", "{bare}:leases"];

/// ARGV: id, payload, id, payload, …
const ENQUEUE: &str = "
redis.call('HSET', KEYS[2], unpack(ARGV))
local ids = {}
for at = 1, #ARGV, 2 do ids[#ids + 1] = ARGV[at] end
return redis.call('RPUSH', KEYS[1], unpack(ids))";

/// ARGV: lease in ms, most jobs, then ids to acknowledge. Returns ids and payloads.
const ACK_AND_FETCH: &str = "
if #ARGV > 2 then
  redis.call('HDEL', KEYS[2], unpack(ARGV, 3))
  redis.call('ZREM', KEYS[3], unpack(ARGV, 3))
end
local ids = redis.call('LPOP', KEYS[1], ARGV[2])
if not ids then return {} end
local time = redis.call('TIME')
local lease_end = time[1] * 1000 + math.floor(time[2] / 1000) + ARGV[1]
local leases = {}
for at = 1, #ids do
  leases[2 * at - 1] = lease_end
  leases[2 * at] = ids[at]
end
redis.call('ZADD', KEYS[3], unpack(leases))
return { ids, redis.call('HMGET', KEYS[2], unpack(ids)) }";

/// ARGV: ids.
const ACK: &str = "
redis.call('HDEL', KEYS[2], unpack(ARGV))
return redis.call('ZREM', KEYS[3], unpack(ARGV))";

type Job = (String, Vec<u8>);

/// What was asked for.
struct Arguments {
    redis_url: String,
    jobs: usize,
    payload_bytes: usize,
    rounds: usize,
    json: bool,
}

/// Connections, and the names of the scripts that Redis has loaded.
#[derive(Clone)]
struct Bare {
    connections: Vec<ConnectionManager>,
    enqueue: String,
    ack_and_fetch: String,
    ack: String,
}

/// Whether acknowledging a batch and fetching the next is one call or two.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Calls {
    One,
    Two,
}

/// Values of each figure, one a round.
#[derive(Default)]
struct Figures(BTreeMap<&'static str, Vec<f64>>);

impl Figures {
    fn rate(&mut self, name: &'static str, jobs: usize, took: Duration) {
        self.add(name, jobs as f64 / took.as_secs_f64());
    }

    fn add(&mut self, name: &'static str, value: f64) {
        self.0.entry(name).or_default().push(value);
    }
}

#[tokio::main]
async fn main() {
    let arguments = arguments();
    let bare = Bare::connect(&arguments.redis_url).await;
    let drains = [
        ("drain_batches_of_100_jobs_per_s", 100, Calls::Two),
        ("drain_batches_of_10_jobs_per_s", 10, Calls::Two),
        ("drain_batches_of_100_one_call_jobs_per_s", 100, Calls::One),
        ("drain_batches_of_10_one_call_jobs_per_s", 10, Calls::One),
    ];
    let mut figures = Figures::default();
    for _ in 0..arguments.rounds {
        for (name, batch, calls) in drains {
            let one_by_one = name == drains[0].0;
            let before = bare.used_memory_bytes().await;
            let took = bare.store(&arguments, if one_by_one { 1 } else { BULK }).await;
            let figure = if one_by_one {
                "enqueue_64_callers_jobs_per_s"
            } else {
                "enqueue_bulk_of_100_jobs_per_s"
            };
            figures.rate(figure, arguments.jobs, took);
            let grown = bare.used_memory_bytes().await - before;
            figures.add("waiting_bytes_per_job", grown / arguments.jobs as f64);
            let took = bare.drain(arguments.jobs, batch, calls).await;
            figures.rate(name, arguments.jobs, took);
        }
    }
    print(&figures, &arguments);
}

impl Bare {
    async fn connect(url: &str) -> Self {
        // As the queue connects: same client, same settings.
        let connection = || RedisOptions::new(url).manager().expect("the address cannot be used");
        let connections: Vec<ConnectionManager> = std::iter::repeat_with(connection).take(CONNECTIONS).collect();
        let first = &connections[0];
        let taken: u64 = ask(first, redis::cmd("EXISTS").arg(&KEYS)).await;
        assert!(taken == 0, "keys {KEYS:?} are there already");
        let load = async |text: &str| -> String { ask(first, redis::cmd("SCRIPT").arg("LOAD").arg(text)).await };
        Self {
            enqueue: load(ENQUEUE).await,
            ack_and_fetch: load(ACK_AND_FETCH).await,
            ack: load(ACK).await,
            connections,
        }
    }

    fn connection(&self, caller: usize) -> ConnectionManager {
        self.connections[caller % CONNECTIONS].clone()
    }

    /// Stores jobs: so many in a call, from many callers if it is one, from one per connection if it is many.
    async fn store(&self, arguments: &Arguments, per_call: usize) -> Duration {
        let callers = if per_call == 1 { CALLERS } else { CONNECTIONS };
        let payload = || std::iter::repeat_with(|| fastrand::u8(b' '..=b'~'));
        let job = || {
            let payload = payload().take(arguments.payload_bytes).collect();
            (JobId::generate().to_string(), payload)
        };
        let jobs: Vec<Job> = std::iter::repeat_with(job).take(arguments.jobs).collect();
        let (jobs, share) = (Arc::new(jobs), arguments.jobs.div_ceil(callers));
        let started = Instant::now();
        let mut tasks = JoinSet::new();
        for caller in 0..callers {
            let (connection, jobs, script) = (self.connection(caller), Arc::clone(&jobs), self.enqueue.clone());
            tasks.spawn(async move {
                let mine = jobs.iter().skip(caller * share).take(share).collect::<Vec<_>>();
                for chunk in mine.chunks(per_call) {
                    let mut call = call(&script);
                    for (id, payload) in chunk {
                        call.arg(id).arg(payload.as_slice());
                    }
                    let _: u64 = ask(&connection, &call).await;
                }
            });
        }
        tasks.join_all().await;
        started.elapsed()
    }

    /// Fetches and acknowledges until nothing is left.
    async fn drain(&self, jobs: usize, batch: usize, calls: Calls) -> Duration {
        let started = Instant::now();
        let mut tasks = JoinSet::new();
        for worker in 0..IN_FLIGHT.div_ceil(batch) {
            let (bare, connection) = (self.clone(), self.connection(worker));
            tasks.spawn(async move { bare.work(&connection, batch, calls).await });
        }
        let done: usize = tasks.join_all().await.into_iter().sum();
        let took = started.elapsed();
        assert_eq!(done, jobs, "every job is fetched once");
        let left: u64 = ask(&self.connections[0], redis::cmd("EXISTS").arg(&KEYS)).await;
        assert_eq!(left, 0, "nothing is left of a job that was acknowledged");
        took
    }

    async fn work(&self, connection: &ConnectionManager, batch: usize, calls: Calls) -> usize {
        let (mut done, mut held) = (0, Vec::new());
        loop {
            let mut fetch = call(&self.ack_and_fetch);
            fetch.arg(LEASE_MS).arg(batch).arg(&held);
            let fetched: Vec<Value> = ask(connection, &fetch).await;
            let mut fetched = fetched.into_iter();
            let (Some(Value::Array(ids)), Some(Value::Array(payloads))) = (fetched.next(), fetched.next()) else {
                return done;
            };
            assert_eq!(ids.len(), payloads.len(), "every id has its payload");
            done += ids.len();
            held.clear();
            held.extend(
                ids.into_iter()
                    .map(|id| Vec::<u8>::from_redis_value(id).expect("an id is a text")),
            );
            if calls == Calls::Two {
                let _: u64 = ask(connection, call(&self.ack).arg(&held)).await;
                held.clear();
            }
        }
    }

    async fn used_memory_bytes(&self) -> f64 {
        let info: String = ask(&self.connections[0], redis::cmd("INFO").arg("memory")).await;
        let field = info.lines().find_map(|line| line.strip_prefix("used_memory:"));
        field.unwrap().trim().parse().unwrap()
    }
}

/// A call of a loaded script.
fn call(script: &str) -> redis::Cmd {
    let mut call = redis::cmd("EVALSHA");
    call.arg(script).arg(KEYS.len()).arg(&KEYS);
    call
}

async fn ask<T: FromRedisValue>(connection: &ConnectionManager, command: &redis::Cmd) -> T {
    let answer = command.query_async(&mut connection.clone()).await;
    answer.expect("Redis refused a command")
}

fn print(figures: &Figures, arguments: &Arguments) {
    let medians = figures.0.iter().map(|(name, values)| {
        let mut values = values.clone();
        values.sort_by(f64::total_cmp);
        (*name, values[(values.len() - 1) / 2].round())
    });
    if arguments.json {
        let mut fields = serde_json::json!({
            "bench": "bare_protocol",
            "jobs": arguments.jobs,
            "payload_bytes": arguments.payload_bytes,
            "rounds": arguments.rounds,
        });
        for (name, median) in medians {
            fields[name] = median.into();
        }
        println!("{fields}");
        return;
    }
    for (name, median) in medians {
        println!("{name:42} {median:>10}");
    }
}

fn arguments() -> Arguments {
    let mut arguments = Arguments {
        redis_url: String::new(),
        jobs: 200_000,
        payload_bytes: 300,
        rounds: 3,
        json: false,
    };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut value = || words.next().unwrap_or_else(|| panic!("{word} needs a value"));
        match word.as_str() {
            "--redis-url" => arguments.redis_url = value(),
            "--jobs" => arguments.jobs = value().parse().expect("--jobs takes a number"),
            "--payload-bytes" => arguments.payload_bytes = value().parse().expect("--payload-bytes takes a number"),
            "--rounds" => arguments.rounds = value().parse().expect("--rounds takes a number"),
            "--json" => arguments.json = true,
            _ => panic!("unknown argument {word}"),
        }
    }
    assert!(
        !arguments.redis_url.is_empty(),
        "--redis-url is missing: an empty Redis"
    );
    arguments
}
