//! Gates and budgets with whole workers and a simulated Docebo: no storm, no attempt burned, no call too many.

use std::sync::Arc;
use std::time::Duration;

use passback_docebo::{Endpoint, Failure, Guard, Held};
use passback_harness::TestRedis;
use passback_producer::{Answer, CheckRequest, Code, ResultState};
use passback_queue::{Gate, Lane, Limits, State};
use passback_simulator::{Answer as Answered, Endpoint as Asked, Fault, FaultKind, FaultOn};
use rstest::rstest;

use super::stage::{PATIENCE, Running, Stage, brisk, in_state, pass, queue, until};
use super::town::{acme, all_pass, attentive, email, pass_time, stage_by_clock, town};
use crate::WorkerConfig;
use crate::call_guard::{CallGuard, LastGate};
use crate::tempo::Tempo;

const WORKERS: usize = 8;
const CROWD: u64 = 1000;

fn start(stage: &Stage, workers: usize, tempo: Tempo) -> Vec<Running> {
    let one = |_| Running::start(stage.jobs(), stage.producer.queue(), WorkerConfig::default(), tempo);
    (0..workers).map(one).collect()
}

async fn stop(workers: Vec<Running>) {
    for worker in workers {
        worker.stop().await;
    }
}

async fn gate(stage: &Stage) -> Gate {
    stage.producer.queue().standing(&acme()).await.unwrap().gate
}

/// Waits until the gate is closed and nothing runs any more.
async fn at_rest(stage: &Stage) -> Gate {
    until("the gate is closed and nothing runs", async || {
        let standing = stage.producer.queue().standing(&acme()).await.unwrap();
        let closed = matches!(standing.gate, Gate::Closed { .. });
        (closed && standing.running == 0).then_some(standing.gate)
    })
    .await
}

/// Requests for a token that were refused.
fn refusals(stage: &Stage) -> usize {
    let seen = stage.docebo.requests();
    let refused = |answer: Answered| matches!(answer, Answered::Status(status) if status >= 400);
    seen.iter()
        .filter(|request| request.endpoint == Asked::Token && refused(request.answer))
        .count()
}

#[rstest]
#[case::from_the_start(0)]
#[case::in_the_middle(100)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refused_credentials_cause_no_storm_and_lose_nothing(#[case] delivered_before: u64) {
    let redis = TestRedis::start().await;
    let queue = queue(&redis);
    let stage = Stage::on(redis, queue, town(CROWD), |connector| {
        connector.calls_per_hour = Some(1_000_000);
    })
    .await;
    all_pass(&stage, CROWD).await;
    stage.docebo.set_credentials_refused(delivered_before == 0);
    let workers = start(&stage, WORKERS, brisk());
    if delivered_before > 0 {
        until("some are delivered", async || {
            tokio::task::yield_now().await;
            (stage.docebo.counts().effects >= delivered_before).then_some(())
        })
        .await;
        stage.docebo.set_credentials_refused(true);
    }
    let closed = at_rest(&stage).await;
    assert!(
        matches!(&closed, Gate::Closed { code, until_ms: None, .. } if code == "credentials_refused"),
        "{closed:?}"
    );
    assert!((1..=3).contains(&refusals(&stage)), "{} refusals", refusals(&stage));
    let effects = stage.docebo.counts().effects;
    assert!(effects < CROWD, "the refusal came too late to prove anything");

    // Whoever comes now is told at once, and nobody asks Docebo.
    let requests = stage.docebo.counts().requests;
    let check = CheckRequest {
        exam_id: "forklift-01".to_owned(),
        email: email(1),
    };
    let check = stage.producer.check(&check).await.unwrap();
    let check = stage.producer.wait_for_check(check, PATIENCE).await.unwrap().unwrap();
    assert_eq!(
        (check.answer, check.code),
        (Some(Answer::Unverified), Some(Code::CredentialsRefused))
    );
    assert_eq!(stage.docebo.counts().requests, requests);

    stage.docebo.set_credentials_refused(false);
    let id = "acme".parse().unwrap();
    stage.producer.connector_works(&id).await.unwrap();
    until("all are delivered", async || {
        let done = stage.producer.queue().counts().await.unwrap();
        (done.counters.get("done") == Some(&CROWD)).then_some(())
    })
    .await;
    stop(workers).await;
    for person in 1..=CROWD {
        let result = stage.producer.result(&format!("r-{person}")).await.unwrap().unwrap();
        assert_eq!((result.state, result.attempts), (ResultState::Delivered, 1), "{person}");
    }
    assert_eq!(stage.docebo.counts().effects, CROWD);
    // What is left is one look back for each.
    let living = stage.producer.queue().counts().await.unwrap().living;
    let left = |state: State| living.get(&state).copied().unwrap_or(0);
    assert_eq!((left(State::Scheduled), living.values().sum()), (CROWD, CROWD));
}

#[tokio::test]
async fn an_outage_costs_a_push_no_more_attempts_than_it_takes_to_close_the_gate() {
    let (stage, clock) = stage_by_clock(1, 1_000_000).await;
    let queue = stage.producer.queue();
    stage.docebo.add_fault(Fault::new(FaultOn::Any, FaultKind::ServerError));
    all_pass(&stage, 1).await;
    let workers = start(&stage, 1, attentive());
    let job = stage.producer.result("r-1").await.unwrap().unwrap().job_id;
    let mut failures = 0;
    for _ in 0..40 {
        // Each failure that does not close the gate is followed by the next as soon as time passes.
        let requests = stage.docebo.counts().requests;
        until("it was tried once more", async || {
            pass_time(queue, &clock, Duration::from_secs(31)).await;
            (stage.docebo.counts().requests > requests).then_some(())
        })
        .await;
        failures += 1;
    }
    assert!(failures > WorkerConfig::default().limits.max_attempts);
    at_rest(&stage).await;
    let waiting = queue.job(job).await.unwrap().unwrap();
    assert!(waiting.attempts <= 5, "{waiting:?}");
    assert_eq!(waiting.code.as_deref(), Some("docebo_unavailable"));

    stage.docebo.clear_faults();
    until("it is delivered", async || {
        pass_time(queue, &clock, Duration::from_secs(10)).await;
        (stage.docebo.counts().effects == 1).then_some(())
    })
    .await;
    in_state(queue, job, State::Done).await;
    assert!(matches!(gate(&stage).await, Gate::Ramping { window: 2, .. }));
    stop(workers).await;
}

#[tokio::test]
async fn no_more_calls_are_made_in_an_hour_than_the_connector_allows() {
    const LIMIT: u64 = 100;
    const PEOPLE: u64 = 40;
    let (stage, clock) = stage_by_clock(PEOPLE, 100).await;
    let queue = stage.producer.queue();
    stage.producer.connector_stored(&"acme".parse().unwrap()).await.unwrap();
    all_pass(&stage, PEOPLE).await;
    let workers = start(&stage, 3, attentive());
    let mut before = 0;
    for hour in 0..4 {
        until("nothing runs for lack of calls, or of jobs", async || {
            let standing = queue.standing(&acme()).await.unwrap();
            let push = standing.lanes[&Lane::Push];
            // What was held in its middle waits for its own time.
            let nothing_to_begin = push.ready == 0 || push.calls_left.is_some_and(|left| left < 3);
            (standing.running == 0 && nothing_to_begin).then_some(())
        })
        .await;
        let now = stage.docebo.counts().requests;
        assert!(now - before <= LIMIT, "{} calls in hour {hour}", now - before);
        before = now;
        pass_time(queue, &clock, Duration::from_secs(3680)).await;
    }
    assert_eq!(stage.docebo.counts().effects, PEOPLE);
    stop(workers).await;
    for person in 1..=PEOPLE {
        let result = stage.producer.result(&format!("r-{person}")).await.unwrap().unwrap();
        assert_eq!((result.state.is_written(), result.attempts), (true, 1), "{person}");
    }
}

#[tokio::test]
async fn throttling_burns_no_attempt_and_is_waited_out_in_full() {
    let (stage, clock) = stage_by_clock(1, 1_000_000).await;
    let queue = stage.producer.queue();
    let throttled = Fault::new(FaultOn::UserSearch, FaultKind::Throttled);
    stage.docebo.add_fault(throttled.retry_after_seconds(600).times(3));
    all_pass(&stage, 1).await;
    let workers = start(&stage, 1, attentive());
    for _ in 0..3 {
        at_rest(&stage).await;
        let requests = stage.docebo.counts().requests;
        pass_time(queue, &clock, Duration::from_secs(595)).await;
        assert_eq!(stage.docebo.counts().requests, requests, "asked before its time");
        until("it is tried again", async || {
            pass_time(queue, &clock, Duration::from_secs(5)).await;
            (stage.docebo.counts().requests > requests).then_some(())
        })
        .await;
    }
    let delivered = stage.result_in("r-1", ResultState::Delivered).await;
    stop(workers).await;
    assert_eq!(delivered.attempts, 1);
    let job = queue.job(delivered.job_id).await.unwrap().unwrap();
    let outcomes: Vec<&str> = job.history.iter().map(|line| line.outcome.as_str()).collect();
    assert_eq!(outcomes, ["snooze", "snooze", "snooze", "done"]);
}

#[tokio::test]
async fn a_refusal_of_credentials_that_were_put_right_meanwhile_closes_no_gate() {
    let stage = Stage::set().await;
    // A 401 to a fresh token as well.
    let slow = Fault::new(FaultOn::EnrollmentRead, FaultKind::Unauthorized).delay_ms(2000);
    stage.docebo.add_fault(slow.times(2));
    let worker = stage.start_worker();
    stage.producer.push(&pass("r-1")).await.unwrap();
    until("the second read is under way", async || {
        tokio::task::yield_now().await;
        stage.docebo.faults().is_empty().then_some(())
    })
    .await;
    let validated = stage
        .producer
        .validate(&"acme".parse().unwrap(), "test")
        .await
        .unwrap()
        .unwrap();
    assert!(validated.ok);
    stage.result_in("r-1", ResultState::Delivered).await;
    worker.stop().await;
    assert_eq!(gate(&stage).await, Gate::Open { failures: 0 });
}

#[tokio::test]
async fn without_redis_no_call_is_granted_and_no_report_fails_the_job() {
    let stage = Stage::set().await;
    let connector = stage.producer.registry().connector(&"acme".parse().unwrap()).await;
    let connector = connector.unwrap().unwrap();
    let guard = CallGuard::new(&stage.producer, Lane::Push, &connector, LastGate::default());
    guard.ask(Endpoint::UserSearch).await.unwrap();
    stage.redis.stop().await;
    let held: Held = guard.ask(Endpoint::UserSearch).await.unwrap_err();
    assert_eq!(held.why, "store_unavailable");
    assert!(held.wait.is_some());
    guard.heard(Endpoint::UserSearch, Err(&Failure::TimedOut)).await;
}

#[tokio::test]
async fn jobs_that_shared_a_failure_hear_of_the_gate_that_it_closed() {
    let stage = Stage::set().await;
    let connector = stage.producer.registry().connector(&"acme".parse().unwrap()).await;
    let connector = connector.unwrap().unwrap();
    let last = LastGate::default();
    let guard = |gate| Arc::new(CallGuard::new(&stage.producer, Lane::Push, &connector, gate));
    let (one, another) = (guard(last.clone()), last);
    assert_eq!(another.get(), None);
    let throttled = Failure::Throttled { retry_after: None };
    one.heard(Endpoint::Token, Err(&throttled)).await;
    assert!(matches!(another.get(), Some(Gate::Closed { .. })));
    assert!(one.ask(Endpoint::Token).await.is_err());
}

#[tokio::test]
async fn a_worker_tells_the_queue_the_limits_of_connectors_and_forgets_those_that_are_gone() {
    let stage = Stage::set().await;
    let registry = stage.producer.registry();
    let queue = stage.producer.queue();
    let mut connector = registry.connector(&"acme".parse().unwrap()).await.unwrap().unwrap();
    (connector.calls_per_hour, connector.weight, connector.max_concurrency) = (700, 3, Some(4));
    registry.put_connector(&connector, "test").await.unwrap();
    let mut jobs = stage.jobs();
    jobs.sync_limits_every = Duration::from_millis(5);
    let worker = Running::start(jobs, queue, WorkerConfig::default(), brisk());
    let limits = async |wanted: Limits| {
        until("the limits are told", async || {
            let limits = queue.standing(&acme()).await.unwrap().limits;
            (limits == wanted).then_some(())
        })
        .await;
    };
    limits(Limits {
        calls_per_hour: Some(700),
        weight: 3,
        max_concurrency: Some(4),
    })
    .await;
    registry
        .remove_exam(&"forklift-01".parse().unwrap(), "test", None)
        .await
        .unwrap();
    registry.remove_connector(&connector.id, "test", None).await.unwrap();
    limits(Limits::default()).await;
    worker.stop().await;
}
