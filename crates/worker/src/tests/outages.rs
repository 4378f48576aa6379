//! Redis goes away and comes back while jobs run.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures::FutureExt;
use passback_harness::TestRedis;
use passback_queue::{Lane, NewJob, Queue, RedisOptions, State};

use super::stage::{Running, Script, brisk, delivered, in_state, queue, some_job, until};
use crate::WorkerConfig;

const JOBS: u32 = 400;

fn config() -> WorkerConfig {
    WorkerConfig {
        concurrency: BTreeMap::from([(Lane::Push, 16)]),
        ..WorkerConfig::default()
    }
}

#[tokio::test]
async fn a_restart_of_redis_under_load_loses_no_job() {
    let redis = TestRedis::start().await;
    let queue = queue(&redis);
    let jobs: Vec<NewJob> = (0..JOBS).map(|_| some_job(Lane::Push)).collect();
    queue.enqueue_all(&jobs).await.unwrap();
    let begun = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&begun);
    let handler = Script(move |_| {
        count.fetch_add(1, Ordering::SeqCst);
        async { delivered() }.boxed()
    });
    let worker = Running::start(handler, &queue, config(), brisk());
    for share in [JOBS / 4, JOBS / 2] {
        until("a share of the jobs begun", async || {
            tokio::task::yield_now().await;
            (begun.load(Ordering::SeqCst) >= share).then_some(())
        })
        .await;
        redis.restart().await;
    }
    until("all jobs done", async || {
        let counts = queue.counts().await.ok()?;
        (counts.counters.get("done") == Some(&u64::from(JOBS))).then_some(())
    })
    .await;
    for job in &jobs {
        let job = in_state(&queue, job.id, State::Done).await;
        assert_eq!(job.crashes, 0, "{}", job.id);
    }
    assert_eq!(queue.counts().await.unwrap().living.values().sum::<u64>(), 0);
    worker.stop().await;
    assert!(queue.workers().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_redis_that_stands_still_under_load_loses_no_job_either() {
    let redis = TestRedis::start().await;
    let options = RedisOptions {
        response_timeout: Duration::from_millis(200),
        ..RedisOptions::new(redis.url())
    };
    let queue = Queue::new(options).unwrap();
    let jobs: Vec<NewJob> = (0..JOBS).map(|_| some_job(Lane::Push)).collect();
    queue.enqueue_all(&jobs).await.unwrap();
    let (begun, mut first) = tokio::sync::mpsc::channel(1);
    let handler = Script(move |_| {
        let _ = begun.try_send(());
        async { delivered() }.boxed()
    });
    let worker = Running::start(handler, &queue, config(), brisk());
    first.recv().await.unwrap();
    redis.pause();
    // Calls that were sent are carried out after the pause, when nobody waits for their answers any more.
    until("Redis does not answer", async || {
        queue.ping().await.is_err().then_some(())
    })
    .await;
    redis.resume();
    until("all jobs done", async || {
        let counts = queue.counts().await.ok()?;
        (counts.counters.get("done") == Some(&u64::from(JOBS))).then_some(())
    })
    .await;
    worker.stop().await;
    assert_eq!(queue.counts().await.unwrap().living.values().sum::<u64>(), 0);
    for job in &jobs {
        assert_eq!(queue.job(job.id).await.unwrap().unwrap().crashes, 0, "{}", job.id);
    }
}

#[tokio::test]
async fn a_worker_that_starts_before_redis_begins_when_redis_is_there() {
    let redis = TestRedis::start().await;
    let queue = queue(&redis);
    let job = some_job(Lane::Push);
    queue.enqueue(&job).await.unwrap();
    redis.stop().await;
    let handler = Script(|_| async { delivered() }.boxed());
    let worker = Running::start(handler, &queue, config(), brisk());
    assert!(queue.ping().await.is_err());
    redis.start_again().await;
    in_state_after_outage(&queue, &job).await;
    worker.stop().await;
}

#[tokio::test]
async fn a_worker_that_is_stopped_without_redis_ends_all_the_same() {
    let redis = TestRedis::start().await;
    let queue = queue(&redis);
    let handler = Script(|_| async { delivered() }.boxed());
    let worker = Running::start(handler, &queue, config(), brisk());
    until("the worker registered", async || {
        (!queue.workers().await.unwrap().is_empty()).then_some(())
    })
    .await;
    redis.kill();
    worker.stop().await;
}

async fn in_state_after_outage(queue: &Queue, job: &NewJob) {
    until("the job done", async || {
        let job = queue.job(job.id).await.ok()??;
        (job.state == State::Done).then_some(())
    })
    .await;
}
