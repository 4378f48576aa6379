//! People pause and drain workers and lanes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures::FutureExt;
use passback_harness::TestRedis;
use passback_queue::{JobId, JobRecord, Lane, Name, PauseMode, Queue, State, Target};
use tokio::sync::{Notify, mpsc};

use super::stage::{Running, Script, delivered, in_state, narrow, queue, some_job, until};
use super::town::attentive;
use crate::WorkerConfig;
use crate::tempo::Tempo;

/// A worker that ends each job well, and the number it began.
fn willing(queue: &Queue, tempo: Tempo) -> (Running, Arc<AtomicU32>) {
    let begun = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&begun);
    let handler = Script(move |_: JobRecord| {
        count.fetch_add(1, Ordering::SeqCst);
        async { delivered() }.boxed()
    });
    (Running::start(handler, queue, narrow(), tempo), begun)
}

/// A worker whose jobs end when the test says so.
fn slow(queue: &Queue, config: WorkerConfig) -> (Running, mpsc::Receiver<JobId>, Arc<Notify>) {
    let (begun, jobs) = mpsc::channel(10);
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
    (Running::start(handler, queue, config, attentive()), jobs, end)
}

/// The one worker that Redis does not know from before.
async fn registered(queue: &Queue, known: &[Name]) -> Name {
    until("the worker has registered", async || {
        let workers = queue.workers().await.unwrap();
        let mut ids = workers.into_iter().map(|worker| worker.id.parse().unwrap());
        ids.find(|id| !known.contains(id))
    })
    .await
}

async fn pause(queue: &Queue, target: &Target, mode: PauseMode) {
    let paused = queue.pause(target, mode, "operator-1", "maintenance", None).await;
    assert!(paused.unwrap());
}

async fn enqueue(queue: &Queue, lane: Lane) -> JobId {
    let job = some_job(lane);
    queue.enqueue(&job).await.unwrap();
    job.id
}

#[tokio::test]
async fn a_paused_worker_leaves_all_work_to_the_others_and_takes_it_again_when_resumed() {
    let redis = TestRedis::start().await;
    let queue = queue(&redis);
    let (paused, by_paused) = willing(&queue, attentive());
    let id = registered(&queue, &[]).await;
    let target = Target::Worker(id.clone());
    pause(&queue, &target, PauseMode::Pause).await;
    let (other, by_other) = willing(&queue, attentive());
    registered(&queue, &[id]).await;
    // A signal that the paused worker kept for itself would leave its job for five seconds.
    for done in 1..=20 {
        let job = enqueue(&queue, Lane::Push).await;
        in_state(&queue, job, State::Done).await;
        assert_eq!(by_other.load(Ordering::SeqCst), done);
    }
    assert_eq!(by_paused.load(Ordering::SeqCst), 0);
    other.stop().await;

    let job = enqueue(&queue, Lane::Push).await;
    assert!(queue.resume(&target).await.unwrap());
    in_state(&queue, job, State::Done).await;
    assert_eq!(by_paused.load(Ordering::SeqCst), 1);
    paused.stop().await;
}

#[tokio::test]
async fn a_paused_worker_neither_listens_for_work_nor_asks_for_it() {
    let redis = TestRedis::start().await;
    let queue = queue(&redis);
    let tempo = Tempo {
        // It hears of the pause from a claim, and its heart will not find out for an hour.
        beat: Duration::from_hours(1),
        ..attentive()
    };
    let (worker, begun) = willing(&queue, tempo);
    let id = registered(&queue, &[]).await;
    until("both lanes listen", async || {
        (listening(&redis).await == 2).then_some(())
    })
    .await;
    pause(&queue, &Target::Worker(id), PauseMode::Pause).await;
    enqueue(&queue, Lane::Push).await;
    let at_rest = async || listening(&redis).await == 1 && signals(&redis).await == 1;
    until("one lane has claimed and handed the signal on", async || {
        at_rest().await.then_some(())
    })
    .await;
    for _ in 0..200 {
        assert!(at_rest().await, "it goes on");
    }
    assert_eq!(begun.load(Ordering::SeqCst), 0);
    worker.stop().await;
}

/// Lanes that wait for a signal.
async fn listening(redis: &TestRedis) -> usize {
    let clients = format!("{:?}", redis.cli(&["CLIENT", "LIST"]).await);
    clients.matches("flags=b ").count()
}

/// Signals that nobody has taken.
async fn signals(redis: &TestRedis) -> usize {
    let length = format!("{:?}", redis.cli(&["LLEN", "{passback:0}:v1:signal:push"]).await);
    let digits: String = length.chars().filter(char::is_ascii_digit).collect();
    digits.parse().unwrap()
}

#[tokio::test]
async fn a_drained_worker_ends_in_good_order_once_nothing_runs() {
    let redis = TestRedis::start().await;
    let queue = queue(&redis);
    let config = WorkerConfig {
        // What a shutdown would give it; a drain gives jobs their own time.
        shutdown_grace: Duration::ZERO,
        ..narrow()
    };
    let running = enqueue(&queue, Lane::Push).await;
    let (worker, mut begun, end) = slow(&queue, config);
    assert_eq!(begun.recv().await, Some(running));
    let target = Target::Worker(registered(&queue, &[]).await);
    until("the free lane listens", async || {
        (listening(&redis).await == 1).then_some(())
    })
    .await;
    pause(&queue, &target, PauseMode::Drain).await;
    until("no lane listens any more", async || {
        (listening(&redis).await == 0).then_some(())
    })
    .await;
    let next = enqueue(&queue, Lane::Check).await;
    end.notify_one();
    worker.ended().await;
    assert_eq!(queue.job(running).await.unwrap().unwrap().state, State::Done);
    let next = queue.job(next).await.unwrap().unwrap();
    assert_eq!((next.state, next.claims), (State::Ready, 0));
    assert!(queue.workers().await.unwrap().is_empty(), "it signed off");
    assert_eq!(queue.pause_of(&target).await.unwrap(), None, "its pause went with it");
}

#[tokio::test]
async fn a_worker_that_is_stopped_while_it_drains_gives_back_what_outlasts_the_grace() {
    let redis = TestRedis::start().await;
    let queue = queue(&redis);
    let config = WorkerConfig {
        shutdown_grace: Duration::from_millis(20),
        ..narrow()
    };
    let running = enqueue(&queue, Lane::Push).await;
    let (worker, mut begun, _end) = slow(&queue, config);
    assert_eq!(begun.recv().await, Some(running));
    let target = Target::Worker(registered(&queue, &[]).await);
    pause(&queue, &target, PauseMode::Drain).await;
    worker.stop().await;
    let job = queue.job(running).await.unwrap().unwrap();
    assert_eq!((job.state, job.attempts), (State::Ready, 0));
}

#[tokio::test]
async fn a_paused_lane_stands_still_beside_one_that_does_not() {
    let redis = TestRedis::start().await;
    let queue = queue(&redis);
    let lane = Target::Lane(Lane::Push);
    pause(&queue, &lane, PauseMode::Pause).await;
    let (worker, begun) = willing(&queue, attentive());
    let held = enqueue(&queue, Lane::Push).await;
    let check = enqueue(&queue, Lane::Check).await;
    in_state(&queue, check, State::Done).await;
    let still = queue.job(held).await.unwrap().unwrap();
    assert_eq!((still.state, still.claims), (State::Ready, 0));
    assert!(queue.resume(&lane).await.unwrap());
    in_state(&queue, held, State::Done).await;
    worker.stop().await;
    assert_eq!(begun.load(Ordering::SeqCst), 2);
}
