//! Redis goes away and comes back while jobs run.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures::FutureExt;
use passback_harness::TestRedis;
use passback_queue::{JobId, JobRecord, Lane, NewJob, Queue, RedisOptions, State};
use tokio::sync::Notify;

use super::stage::{Running, Script, brisk, delivered, in_state, queue, some_job, until};
use crate::WorkerConfig;
use crate::tempo::Tempo;

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
    let queue = impatient(&redis);
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
    stands_still(&queue).await;
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

/// A queue whose calls are given up soon.
fn impatient(redis: &TestRedis) -> Queue {
    let options = RedisOptions {
        response_timeout: Duration::from_millis(200),
        ..RedisOptions::new(redis.url())
    };
    Queue::new(options).unwrap()
}

async fn stands_still(queue: &Queue) {
    until("Redis does not answer", async || {
        queue.ping().await.is_err().then_some(())
    })
    .await;
}

/// A worker that is asked to stop while Redis stands still and one job has just ended.
async fn stopping_without_redis(redis: &TestRedis, queue: &Queue, id: JobId) -> Running {
    let (begun, mut first) = tokio::sync::mpsc::channel(1);
    let end = Arc::new(Notify::new());
    let ends = Arc::clone(&end);
    let handler = Script(move |_| {
        let _ = begun.try_send(());
        let ends = Arc::clone(&ends);
        async move {
            ends.notified().await;
            delivered()
        }
        .boxed()
    });
    let tempo = Tempo {
        farewell: Duration::from_millis(1),
        ..brisk()
    };
    let config = WorkerConfig {
        shutdown_grace: Duration::from_hours(1),
        ..config()
    };
    let worker = Running::start(handler, queue, config, tempo);
    first.recv().await.unwrap();
    in_state(queue, id, State::Running).await;
    redis.pause();
    end.notify_one();
    worker.shutdown.request();
    // Longer than the farewell alone.
    stands_still(queue).await;
    worker
}

#[tokio::test]
async fn what_is_left_of_the_grace_belongs_to_the_last_settlements() {
    let redis = TestRedis::start().await;
    let queue = impatient(&redis);
    let job = some_job(Lane::Push);
    queue.enqueue(&job).await.unwrap();
    let worker = stopping_without_redis(&redis, &queue, job.id).await;
    redis.resume();
    worker.ended().await;
    let job = queue.job(job.id).await.unwrap().unwrap();
    assert_eq!((job.state, job.crashes), (State::Done, 0));
    assert!(queue.workers().await.unwrap().is_empty(), "it signed off");
}

#[tokio::test]
async fn a_shutdown_at_once_does_not_wait_for_redis() {
    let redis = TestRedis::start().await;
    let queue = impatient(&redis);
    let job = some_job(Lane::Push);
    queue.enqueue(&job).await.unwrap();
    let worker = stopping_without_redis(&redis, &queue, job.id).await;
    worker.shutdown.request_at_once();
    worker.ended().await;
    redis.resume();
}

#[tokio::test]
async fn a_claim_that_redis_gets_to_late_does_not_keep_its_jobs() {
    let redis = TestRedis::start().await;
    let queue = impatient(&redis);
    let (begun, mut jobs) = tokio::sync::mpsc::channel(10);
    let end = Arc::new(Notify::new());
    let ends = Arc::clone(&end);
    let handler = Script(move |job: JobRecord| {
        let _ = begun.try_send(job.id);
        let ends = Arc::clone(&ends);
        async move {
            ends.notified().await;
            delivered()
        }
        .boxed()
    });
    let config = WorkerConfig {
        concurrency: BTreeMap::from([(Lane::Push, 1)]),
        ..WorkerConfig::default()
    };
    let tempo = Tempo {
        late_claim: Duration::from_secs(5),
        ..brisk()
    };
    let worker = Running::start(handler, &queue, config, tempo);
    let [first, second, late] = [some_job(Lane::Push), some_job(Lane::Push), some_job(Lane::Push)];
    queue.enqueue(&first).await.unwrap();
    assert_eq!(jobs.recv().await, Some(first.id));
    let id = queue.workers().await.unwrap()[0].id.parse().unwrap();
    // The slot becomes free while Redis stands still: the claim for it gets no answer.
    redis.pause();
    end.notify_one();
    stands_still(&queue).await;
    stands_still(&queue).await;
    redis.resume();
    // The second job runs, so the worker has given back what it did not know of.
    queue_takes(&queue, &second).await;
    assert_eq!(jobs.recv().await, Some(second.id));
    // As if Redis had got to the unanswered claim only now.
    queue_takes(&queue, &late).await;
    let claimed = queue.claim(Lane::Push, &id, 1, Duration::from_hours(1)).await.unwrap();
    assert_eq!(claimed[0].token.job, late.id);
    in_state(&queue, late.id, State::Ready).await;
    end.notify_one();
    assert_eq!(jobs.recv().await, Some(late.id));
    end.notify_one();
    in_state(&queue, late.id, State::Done).await;
    worker.stop().await;
}

/// Stores a job although Redis has just come back.
async fn queue_takes(queue: &Queue, job: &NewJob) {
    until("the job is stored", async || queue.enqueue(job).await.ok()).await;
}

async fn in_state_after_outage(queue: &Queue, job: &NewJob) {
    until("the job done", async || {
        let job = queue.job(job.id).await.ok()??;
        (job.state == State::Done).then_some(())
    })
    .await;
}
