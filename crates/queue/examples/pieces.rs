//! Times the pieces of the queue without a worker: `cargo run --release --example pieces -- REDIS_URL [JOBS] [CONNECTORS]`.
//!
//! It fills and empties the Redis that it is given: use one of its own.

use std::{error::Error, sync::Arc, time::Duration};

use futures::future::try_join_all;
use passback_queue::{Claimed, JobId, Lane, Limits, Name, NewJob, Queue, RedisOptions, Settlement, Transition};
use tokio::time::Instant;

const PAYLOAD_BYTES: usize = 336;
const LEASE: Duration = Duration::from_mins(2);

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

#[tokio::main]
async fn main() -> Outcome<()> {
    let mut arguments = std::env::args().skip(1);
    let url = arguments
        .next()
        .ok_or("the first argument is the URL of a Redis of its own")?;
    let jobs: usize = arguments.next().map_or(Ok(200_000), |text| text.parse())?;
    let connectors: usize = arguments.next().map_or(Ok(1), |text| text.parse())?;
    let stopwatch = Stopwatch::new(&url)?;
    let queue = Queue::new(RedisOptions::new(url))?;
    let limits = Limits {
        calls_per_hour: Some(1_000_000),
        ..Limits::default()
    };
    let every: Outcome<Vec<_>> = (0..connectors).map(|number| Ok((connector(number)?, limits))).collect();
    queue.set_limits(&every?).await?;

    for callers in [1, 64] {
        let part = if callers == 1 { jobs / 20 } else { jobs };
        let batch = make(part, connectors)?;
        let began = stopwatch.start().await?;
        let slices: Vec<Vec<NewJob>> = batch.chunks(part.div_ceil(callers)).map(<[_]>::to_vec).collect();
        let tasks = slices
            .into_iter()
            .map(|slice| tokio::spawn(one_by_one(queue.clone(), slice)));
        for task in try_join_all(tasks).await? {
            task?;
        }
        stopwatch
            .stop(&began, &format!("enqueue, {callers} callers"), part)
            .await?;
    }
    let batch = make(jobs, connectors)?;
    let began = stopwatch.start().await?;
    for thousand in batch.chunks(1000) {
        queue.enqueue_all(thousand).await?;
    }
    stopwatch.stop(&began, "enqueue, bulk of 1,000", jobs).await?;

    for (loops, most) in [(1, 100), (2, 100), (4, 25)] {
        let began = stopwatch.start().await?;
        let share = jobs / 2 / loops;
        let drains = (0..loops).map(|number| tokio::spawn(drain(queue.clone(), number, most, share)));
        let mut drained = 0;
        for loop_drained in try_join_all(drains).await? {
            drained += loop_drained?;
        }
        stopwatch
            .stop(&began, &format!("claim and settle, {loops} loops of {most}"), drained)
            .await?;
    }
    Ok(())
}

/// Times a piece, on the wall and in Redis' processor time.
struct Stopwatch {
    redis: redis::Client,
}

impl Stopwatch {
    fn new(url: &str) -> Outcome<Self> {
        Ok(Self {
            redis: redis::Client::open(url)?,
        })
    }

    async fn start(&self) -> Outcome<(Instant, f64)> {
        Ok((Instant::now(), self.redis_seconds().await?))
    }

    async fn stop(&self, began: &(Instant, f64), what: &str, jobs: usize) -> Outcome<()> {
        let seconds = began.0.elapsed().as_secs_f64();
        let redis_seconds = self.redis_seconds().await? - began.1;
        #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
        let jobs = jobs as f64;
        let (rate, redis_us) = (jobs / seconds, redis_seconds * 1e6 / jobs);
        println!("{what:36} {rate:>9.0} jobs/s, {redis_us:>5.1} us of Redis a job");
        Ok(())
    }

    async fn redis_seconds(&self) -> Outcome<f64> {
        let mut connection = self.redis.get_multiplexed_async_connection().await?;
        let info: String = redis::cmd("INFO").arg("cpu").query_async(&mut connection).await?;
        let of = |name: &str| {
            info.lines()
                .find_map(|line| line.strip_prefix(name)?.parse::<f64>().ok())
        };
        let (user, system) = (of("used_cpu_user:"), of("used_cpu_sys:"));
        Ok(user.ok_or("no used_cpu_user")? + system.ok_or("no used_cpu_sys")?)
    }
}

fn connector(number: usize) -> Outcome<Name> {
    Ok(Name::new(format!("bench-{number}"))?)
}

fn make(jobs: usize, connectors: usize) -> Outcome<Vec<NewJob>> {
    let job = |number: usize| -> Outcome<NewJob> {
        let connector = connector(number % connectors)?;
        Ok(NewJob {
            id: JobId::generate(),
            lane: Lane::Push,
            key: Some(Name::new(format!("{connector}/146/{:016x}", fastrand::u64(..)))?),
            connector,
            kind: Name::new("push.v1")?,
            payload: vec![b'x'; PAYLOAD_BYTES],
            delay_ms: 0,
            ttl_ms: None,
            about: None,
            trace: None,
        })
    };
    (0..jobs).map(job).collect()
}

async fn one_by_one(queue: Queue, jobs: Vec<NewJob>) -> Outcome<()> {
    for job in &jobs {
        queue.enqueue(job).await?;
    }
    Ok(())
}

async fn drain(queue: Queue, number: usize, most: usize, share: usize) -> Outcome<usize> {
    let worker = Name::new(format!("pieces-{number}"))?;
    let mut drained = 0;
    while drained < share {
        let claimed = queue.claim(Lane::Push, &worker, most, LEASE).await?;
        if claimed.is_empty() {
            break;
        }
        let ends: Vec<Settlement> = claimed.iter().map(done).collect();
        queue.settle(&worker, &ends).await?;
        drained += ends.len();
    }
    Ok(drained)
}

fn done(job: &Claimed) -> Settlement {
    Settlement {
        token: job.token,
        transition: Transition::Done,
        code: None,
        attempt: None,
        answer: None,
        ledger_state: None,
        docebo_answered: true,
        header: Some(Arc::clone(&job.record.header)),
    }
}
