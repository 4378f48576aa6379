//! The runtime under test handlers: panics, cuts, shutdowns, wake-up.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures::FutureExt;
use passback_harness::TestRedis;
use passback_queue::{JobId, Lane, Queue, State};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::stage::{PATIENCE, Running, Script, brisk, delivered, in_state, narrow, queue, some_job};
use crate::attempt::Conditions;
use crate::decision::Rules;
use crate::hearing::hearing;
use crate::lane;
use crate::orders::orders;
use crate::outcome::Ending;
use crate::tempo::Tempo;
use crate::{Limits, Shutdown, WorkerConfig, WorkerError};

/// A handler that says which job it got and then never ends.
fn hangs() -> (
    Script<impl Fn(passback_queue::JobRecord) -> futures::future::BoxFuture<'static, Ending>>,
    mpsc::Receiver<JobId>,
) {
    let (begun, jobs) = mpsc::channel(100);
    let handler = Script(move |job: passback_queue::JobRecord| {
        let begun = begun.clone();
        async move {
            let _ = begun.send(job.id).await;
            std::future::pending().await
        }
        .boxed()
    });
    (handler, jobs)
}

async fn enqueue(queue: &Queue, lane: Lane) -> JobId {
    let job = some_job(lane);
    queue.enqueue(&job).await.unwrap();
    job.id
}

#[tokio::test]
async fn a_panic_is_settled_as_a_retry_and_the_next_attempt_runs() {
    let redis = TestRedis::start().await;
    let queue = queue(&redis);
    let id = enqueue(&queue, Lane::Push).await;
    let attempts = Arc::new(AtomicU32::new(0));
    let seen = Arc::clone(&attempts);
    let handler = Script(move |_| {
        let attempt = seen.fetch_add(1, Ordering::SeqCst);
        async move {
            assert!(attempt > 0, "the first attempt panics");
            delivered()
        }
        .boxed()
    });
    let worker = Running::start(handler, &queue, narrow(), brisk());
    let job = in_state(&queue, id, State::Done).await;
    worker.stop().await;
    assert_eq!(attempts.load(Ordering::SeqCst), 2);
    let story: Vec<(&str, &str)> = job
        .history
        .iter()
        .map(|line| (line.outcome.as_str(), line.code.as_str()))
        .collect();
    assert_eq!(story, [("retry", "crashed"), ("done", "")]);
    assert_eq!((job.attempts, job.crashes), (2, 0));
}

#[tokio::test]
async fn a_handler_is_cut_at_its_deadline() {
    let redis = TestRedis::start().await;
    let queue = queue(&redis);
    let id = enqueue(&queue, Lane::Push).await;
    let (handler, mut begun) = hangs();
    let config = WorkerConfig {
        push_deadline: Duration::from_millis(50),
        ..narrow()
    };
    let worker = Running::start(handler, &queue, config, brisk());
    begun.recv().await.unwrap();
    // The second begin proves that the first was cut and settled.
    begun.recv().await.unwrap();
    worker.shutdown.request_at_once();
    worker.ended().await;
    let job = queue.job(id).await.unwrap().unwrap();
    assert_eq!(
        (job.history[0].outcome.as_str(), job.history[0].code.as_str()),
        ("retry", "timed_out")
    );
}

#[tokio::test]
async fn a_graceful_shutdown_finishes_what_runs_and_claims_nothing_more() {
    let redis = TestRedis::start().await;
    let queue = queue(&redis);
    let first = enqueue(&queue, Lane::Push).await;
    let (begun, first_runs) = oneshot::channel();
    let (finish, finished) = oneshot::channel::<()>();
    let gates = std::sync::Mutex::new(Some((begun, finished)));
    let handler = Script(move |_| {
        let gates = gates.lock().unwrap().take();
        async move {
            let (begun, finished) = gates.expect("a second job was begun");
            begun.send(()).unwrap();
            let _ = finished.await;
            delivered()
        }
        .boxed()
    });
    let worker = Running::start(handler, &queue, narrow(), brisk());
    first_runs.await.unwrap();
    worker.shutdown.request();
    let second = enqueue(&queue, Lane::Push).await;
    finish.send(()).unwrap();
    worker.ended().await;
    assert_eq!(queue.job(first).await.unwrap().unwrap().state, State::Done);
    let second = queue.job(second).await.unwrap().unwrap();
    assert_eq!((second.state, second.claims), (State::Ready, 0));
    assert!(queue.workers().await.unwrap().is_empty(), "it signed off");
}

#[tokio::test]
async fn what_outlasts_the_grace_goes_back_without_burning_an_attempt() {
    let redis = TestRedis::start().await;
    let queue = queue(&redis);
    let id = enqueue(&queue, Lane::Push).await;
    let (handler, mut begun) = hangs();
    let config = WorkerConfig {
        shutdown_grace: Duration::from_millis(20),
        ..narrow()
    };
    let worker = Running::start(handler, &queue, config, brisk());
    begun.recv().await.unwrap();
    worker.stop().await;
    let job = queue.job(id).await.unwrap().unwrap();
    assert_eq!((job.state, job.attempts, job.crashes), (State::Ready, 0, 0));
    assert_eq!(job.history[0].outcome, "release");
    assert_eq!(job.code.as_deref(), Some("shutting_down"));
}

#[tokio::test]
async fn a_shutdown_at_once_does_not_wait_for_the_grace() {
    let redis = TestRedis::start().await;
    let queue = queue(&redis);
    let ids = [enqueue(&queue, Lane::Push).await, enqueue(&queue, Lane::Check).await];
    let (handler, mut begun) = hangs();
    let config = WorkerConfig {
        shutdown_grace: Duration::from_hours(1),
        ..narrow()
    };
    let worker = Running::start(handler, &queue, config, brisk());
    begun.recv().await.unwrap();
    begun.recv().await.unwrap();
    worker.shutdown.request();
    worker.shutdown.request_at_once();
    worker.ended().await;
    for id in ids {
        let job = queue.job(id).await.unwrap().unwrap();
        assert_eq!((job.state, job.attempts), (State::Ready, 0));
    }
    assert!(queue.workers().await.unwrap().is_empty());
}

#[tokio::test]
async fn an_idle_worker_starts_a_new_job_without_any_tick() {
    let redis = TestRedis::start().await;
    let queue = queue(&redis);
    let handler = Script(|_| async { delivered() }.boxed());
    let tempo = Tempo {
        housekeeping: Duration::from_hours(1),
        ..brisk()
    };
    let worker = Running::start(handler, &queue, narrow(), tempo);
    let jobs = async {
        for _ in 0..20 {
            let id = enqueue(&queue, Lane::Push).await;
            in_state(&queue, id, State::Done).await;
        }
    };
    // An idle worker that lost its signals would look by itself after five seconds: too late for twenty jobs.
    timeout(PATIENCE, jobs).await.expect("the worker is not woken");
    worker.stop().await;
}

#[tokio::test]
async fn a_retry_comes_back_when_it_is_due_and_not_at_the_next_tick() {
    let redis = TestRedis::start().await;
    let queue = queue(&redis);
    let attempts = Arc::new(AtomicU32::new(0));
    let handler = Script(move |_| {
        let attempt = attempts.fetch_add(1, Ordering::SeqCst);
        async move {
            if attempt < 3 {
                return crate::outcome::Trouble::Panicked.into();
            }
            delivered()
        }
        .boxed()
    });
    let tempo = Tempo {
        housekeeping: Duration::from_hours(1),
        ..brisk()
    };
    let worker = Running::start(handler, &queue, narrow(), tempo);
    let id = enqueue(&queue, Lane::Push).await;
    assert_eq!(in_state(&queue, id, State::Done).await.attempts, 4);
    worker.stop().await;
}

#[tokio::test]
async fn a_full_lane_does_not_hold_up_another() {
    let redis = TestRedis::start().await;
    let queue = queue(&redis);
    let handler = Script(|job: passback_queue::JobRecord| {
        async move {
            match job.lane {
                Lane::Push => std::future::pending().await,
                Lane::Check | Lane::Background => delivered(),
            }
        }
        .boxed()
    });
    for _ in 0..5 {
        enqueue(&queue, Lane::Push).await;
    }
    let worker = Running::start(handler, &queue, narrow(), brisk());
    let id = enqueue(&queue, Lane::Check).await;
    in_state(&queue, id, State::Done).await;
    worker.shutdown.request_at_once();
    worker.ended().await;
}

#[tokio::test]
async fn a_lane_whose_ends_nobody_settles_begins_no_further_job() {
    let redis = TestRedis::start().await;
    let queue = queue(&redis);
    let ids = [enqueue(&queue, Lane::Push).await, enqueue(&queue, Lane::Push).await];
    let (ended, settler) = mpsc::channel(1);
    drop(settler);
    let (heard, hearing) = hearing(PATIENCE);
    heard.heard(tokio::time::Instant::now());
    let tempo = brisk();
    let conditions = Conditions {
        worker: "w-1".parse().unwrap(),
        rules: Rules {
            limits: Limits::default(),
            push_retry: tempo.push_retry,
            check_retry: tempo.check_retry,
        },
        push_deadline: PATIENCE,
        ended,
        hearing,
        orders: orders().1,
        stop: CancellationToken::new(),
        abort: CancellationToken::new(),
    };
    let handler = Arc::new(Script(|_| async { delivered() }.boxed()));
    let serving = lane::serve(Lane::Push, 1, queue.clone(), handler, Arc::new(conditions), tempo);
    let served = timeout(PATIENCE, serving).await;
    served.expect("the lane goes on for nothing").unwrap();
    let second = queue.job(ids[1]).await.unwrap().unwrap();
    assert!(second.history.is_empty(), "{second:?}");
}

#[tokio::test]
async fn a_worker_without_slots_says_so() {
    let redis = TestRedis::start().await;
    let config = WorkerConfig {
        concurrency: BTreeMap::from([(Lane::Push, 0)]),
        ..WorkerConfig::default()
    };
    let handler = Script(|_| async { delivered() }.boxed());
    let ended = crate::run::run_with(handler, queue(&redis), config, brisk(), Shutdown::new()).await;
    assert!(matches!(ended, Err(WorkerError::NoSlots)));
}
