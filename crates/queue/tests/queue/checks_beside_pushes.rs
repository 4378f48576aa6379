//! Checks never wait for pushes: not for their calls, nor for a key that a waiting push holds.

use passback_queue::{Lane, Limits, NewJob, PauseMode, State, Target};

use crate::shard::{Shard, keyed, name};
use crate::tenants::{check, id, ids, worked, worker};

const KEY: &str = "acme/146/ab";

fn keyed_check(number: u64) -> NewJob {
    NewJob {
        key: Some(name(KEY)),
        ..check(number, "acme", 20_000)
    }
}

#[tokio::test]
async fn a_check_takes_the_key_of_a_push_that_only_waits() {
    let shard = Shard::start().await;
    shard.queue.enqueue_all(&[keyed(1, KEY), keyed(2, KEY)]).await.unwrap();
    let running = shard.claim_in(Lane::Push, &worker(1), 10).await;
    assert_eq!(ids(&running), [id(1)]);
    let lane = Target::Lane(Lane::Push);
    shard
        .queue
        .pause(&lane, PauseMode::Pause, "ann", "maintenance", None)
        .await
        .unwrap();
    shard.settle(&worker(1), worked(running[0].token)).await;

    shard.queue.enqueue(&keyed_check(3)).await.unwrap();
    let checks = shard.claim_in(Lane::Check, &worker(1), 10).await;
    assert_eq!(ids(&checks), [id(3)], "the push has the key, but may not run");
    shard.assert_sound().await;

    shard.queue.resume(&lane).await.unwrap();
    assert!(
        shard.claim_in(Lane::Push, &worker(2), 10).await.is_empty(),
        "never two at once"
    );
    shard.settle(&worker(1), worked(checks[0].token)).await;
    assert_eq!(ids(&shard.claim_in(Lane::Push, &worker(2), 10).await), [id(2)]);
    shard.assert_sound().await;
}

#[tokio::test]
async fn a_check_waits_for_a_push_that_runs_and_goes_before_those_that_wait() {
    let shard = Shard::start().await;
    shard.queue.enqueue_all(&[keyed(1, KEY), keyed(2, KEY)]).await.unwrap();
    let running = shard.claim_in(Lane::Push, &worker(1), 10).await;
    shard.queue.enqueue(&keyed_check(3)).await.unwrap();
    assert!(shard.claim_in(Lane::Check, &worker(1), 10).await.is_empty());
    shard.settle(&worker(1), worked(running[0].token)).await;
    assert!(shard.claim_in(Lane::Push, &worker(1), 10).await.is_empty());
    assert_eq!(ids(&shard.claim_in(Lane::Check, &worker(1), 10).await), [id(3)]);
    assert_eq!(shard.state_of(2).await.0, State::Ready);
    shard.assert_sound().await;
}

#[tokio::test]
async fn checks_have_their_calls_however_many_pushes_run() {
    let shard = Shard::start().await;
    let limits = Limits {
        calls_per_hour: Some(100),
        ..Limits::default()
    };
    shard.limit("acme", limits).await;
    shard.fill(Lane::Push, "acme", 0..50).await;
    let pushes = shard.claim_in(Lane::Push, &worker(1), 100).await;
    assert_eq!(pushes.len(), 25, "75 calls are theirs, three a job");
    for _ in 0..75 {
        shard.spend("acme", Lane::Push).await;
    }
    shard.fill(Lane::Check, "acme", 100..150).await;
    let checks = shard.claim_in(Lane::Check, &worker(1), 100).await;
    assert_eq!(checks.len(), 10, "20 calls are kept for checks, two a job");
    shard.assert_sound().await;
}
