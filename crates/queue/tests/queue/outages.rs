//! Redis gone, restarted, forgetful, full, read-only.

use std::time::Duration;

use passback_harness::TestRedis;
use passback_queue::{Lane, NewJob, Queue, QueueError, RedisOptions, State, Transition};

use crate::shard::{LEASE, Shard, ending, info, job, name};

/// Repeats a call until Redis is there again; the bound is far beyond any outage made here.
async fn until_there<T, F, Fut>(mut call: F) -> T
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, QueueError>>,
{
    for _ in 0..1000 {
        match call().await {
            Ok(value) => return value,
            Err(error) => assert!(error.is_transient(), "{error}"),
        }
        tokio::task::yield_now().await;
    }
    panic!("Redis did not come back");
}

#[tokio::test]
async fn a_handle_goes_on_by_itself_after_a_restart_of_redis() {
    let shard = Shard::start().await;
    let worker = name("w1");
    shard.queue.enqueue(&job(1)).await.unwrap();
    let held = shard.claim_one(&worker).await;
    shard.redis.kill();
    let error = shard.queue.enqueue(&job(2)).await.unwrap_err();
    assert!(matches!(error, QueueError::Unreachable(_)), "{error:?}");
    shard.redis.start_again().await;
    until_there(|| async { shard.queue.enqueue(&job(2)).await }).await;
    let in_time = until_there(|| async { shard.queue.beat(&worker, &info()).await }).await;
    assert!(in_time, "its registration was kept");
    shard.settle(&worker, ending(held.token, Transition::Done)).await;
    assert_eq!(shard.claim_one(&worker).await.token.job, job(2).id);
    shard.assert_sound().await;
}

#[tokio::test]
async fn scripts_that_redis_forgot_are_loaded_again() {
    let shard = Shard::start().await;
    shard.queue.enqueue(&job(1)).await.unwrap();
    shard.redis.cli(&["SCRIPT", "FLUSH"]).await;
    shard.queue.enqueue(&job(2)).await.unwrap();
    assert_eq!(shard.claim(&name("w1")).await.len(), 2);
}

#[tokio::test]
async fn a_full_redis_refuses_new_jobs_whole_and_lets_old_ones_end() {
    let shard = Shard::start().await;
    let worker = name("w1");
    shard.queue.enqueue(&job(1)).await.unwrap();
    shard.redis.cli(&["CONFIG", "SET", "maxmemory", "1mb"]).await;
    let before = shard.contents().await;
    assert!(matches!(shard.queue.enqueue(&job(2)).await, Err(QueueError::Full)));
    assert!(matches!(shard.queue.probe_write().await, Err(QueueError::Full)));
    assert_eq!(shard.contents().await, before);
    shard.queue.beat(&worker, &info()).await.unwrap();
    let claimed = shard.claim_one(&worker).await;
    shard.settle(&worker, ending(claimed.token, Transition::Done)).await;
    assert_eq!(shard.record(job(1).id).await.state, State::Done);
    shard.redis.cli(&["CONFIG", "SET", "maxmemory", "0"]).await;
    shard.queue.enqueue(&job(2)).await.unwrap();
    shard.queue.probe_write().await.unwrap();
    shard.assert_sound().await;
}

#[tokio::test]
async fn a_replica_is_said_to_take_no_writes() {
    let shard = Shard::start().await;
    let primary = TestRedis::start().await;
    let port = primary
        .url()
        .trim_end_matches('/')
        .rsplit(':')
        .next()
        .unwrap()
        .to_owned();
    shard.redis.cli(&["REPLICAOF", "127.0.0.1", &port]).await;
    let error = shard.queue.enqueue(&job(1)).await.unwrap_err();
    assert!(
        matches!(error, QueueError::ReadOnly(_) | QueueError::Loading),
        "{error:?}"
    );
    assert!(error.is_transient() && !error.is_ambiguous());
    shard.redis.cli(&["REPLICAOF", "NO", "ONE"]).await;
    shard.queue.enqueue(&job(1)).await.unwrap();
}

#[tokio::test]
async fn a_redis_that_hangs_ends_in_a_time_out_and_an_enqueue_can_be_repeated() {
    let redis = TestRedis::start().await;
    let options = RedisOptions {
        response_timeout: Duration::from_millis(100),
        ..RedisOptions::new(redis.url())
    };
    let queue = Queue::new(options).unwrap();
    queue.enqueue(&job(1)).await.unwrap();
    redis.pause();
    let error = queue.enqueue(&job(2)).await.unwrap_err();
    assert!(
        matches!(error, QueueError::TimedOut) && error.is_ambiguous(),
        "{error:?}"
    );
    redis.resume();
    until_there(|| async { queue.enqueue(&job(2)).await }).await;
    let mut claimed = until_there(|| async { queue.claim(Lane::Push, &name("w1"), 10, LEASE).await }).await;
    claimed.sort_by_key(|claimed| claimed.token.job);
    let ids: Vec<_> = claimed.iter().map(|claimed| claimed.token.job).collect();
    assert_eq!(ids, [job(1).id, job(2).id], "stored once, whichever call stored it");
}

#[tokio::test]
async fn an_unreachable_redis_and_a_wrong_url_are_told_apart_without_the_password() {
    let nowhere = Queue::new(RedisOptions::new("redis://:geheim@127.0.0.1:1/")).unwrap();
    let error = nowhere.ping().await.unwrap_err();
    assert!(matches!(error, QueueError::Unreachable(_)), "{error:?}");
    assert!(!format!("{error} {error:?}").contains("geheim"));
    let error = Queue::new(RedisOptions::new("not a url geheim")).unwrap_err();
    assert!(matches!(error, QueueError::BadUrl { .. }), "{error:?}");
    assert!(!format!("{error} {error:?}").contains("geheim"));
}

#[tokio::test]
async fn nothing_is_lost_when_redis_is_killed_under_load() {
    let shard = Shard::start().await;
    let queue = shard.queue.clone();
    let producer = tokio::spawn(async move {
        for number in 0..400 {
            until_there(|| async { queue.enqueue(&job(number)).await }).await;
        }
    });
    let queue = shard.queue.clone();
    let worker = tokio::spawn(async move {
        let worker = name("w1");
        let mut done = 0;
        while done < 400 {
            let mut claimed = Vec::new();
            match queue.claim(Lane::Push, &worker, 10, LEASE).await {
                Ok(leased) => claimed = leased,
                Err(_) => {
                    until_there(|| async { queue.unclaim(Lane::Push, &worker, &[]).await }).await;
                }
            }
            let settlements: Vec<_> = claimed
                .iter()
                .map(|claimed| ending(claimed.token, Transition::Done))
                .collect();
            until_there(|| async { queue.settle(&worker, &settlements).await }).await;
            done += claimed.len();
            tokio::task::yield_now().await;
        }
    });
    for _ in 0..3 {
        until_there(|| async { shard.queue.counts().await }).await;
        shard.redis.kill();
        shard.redis.start_again().await;
    }
    producer.await.unwrap();
    worker.await.unwrap();
    let jobs: Vec<NewJob> = (0..400).map(job).collect();
    for job in jobs {
        assert_eq!(
            until_there(|| async { shard.queue.job(job.id).await })
                .await
                .unwrap()
                .state,
            State::Done
        );
    }
    shard.assert_sound().await;
}
