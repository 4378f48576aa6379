//! Checks: a question in, an answer out, the same for everyone who looks.

use std::time::Duration;

use passback_producer::{Answer, CheckAnswer, CheckRequest, CheckState, CheckView, Code, IntakeError, Job};
use passback_queue::{JobId, Lane, Name, PauseMode, Target, Transition};
use serde_json::json;
use tokio::time::Instant;

use crate::fixture::{EMAIL, End, Fixture, question};

const DEADLINE_MS: u64 = 20_000;
/// Long enough for a busy machine; a waiter that is not told looks for itself every five seconds.
const LONG: Duration = Duration::from_mins(2);

async fn view(fixture: &Fixture, id: JobId) -> CheckView {
    fixture.producer.check_view(id).await.unwrap().unwrap()
}

/// Answers the next check as a worker would.
async fn answer(fixture: &Fixture, code: Code) {
    let claimed = fixture.claim(Lane::Check).await;
    let answer = CheckAnswer {
        exam_id: "forklift-01".parse().unwrap(),
        answer: if code == Code::Eligible {
            Answer::Eligible
        } else {
            Answer::NotEligible
        },
        code,
        checked_at: "2026-11-22T09:30:11.412Z".parse().unwrap(),
        own_result: None,
    };
    let end = End {
        answer: Some(answer.to_bytes()),
        ..End::default()
    };
    fixture.settle(claimed.token, Transition::Done, end).await;
}

#[tokio::test]
async fn a_check_waits_and_then_is_final() {
    let fixture = Fixture::start().await;
    let id = fixture.producer.check(&question()).await.unwrap();
    let waiting = serde_json::to_value(view(&fixture, id).await).unwrap();
    assert_eq!(waiting, json!({"id": id, "exam_id": "forklift-01", "state": "waiting"}));
    answer(&fixture, Code::UserNotFound).await;
    let json = serde_json::to_value(view(&fixture, id).await).unwrap();
    assert_eq!(json["state"], "final");
    assert_eq!(json["answer"], "not_eligible");
    assert_eq!(json["code"], "user_not_found");
    assert_eq!(json["title"], "User not found");
    assert_eq!(json["who_acts"], "candidate");
    assert_eq!(json["checked_at"], "2026-11-22T09:30:11.412Z");
    assert!(json["resolution"].as_array().is_some_and(|steps| !steps.is_empty()));
}

#[tokio::test]
async fn the_job_carries_the_question_and_its_deadline() {
    let fixture = Fixture::start().await;
    let id = fixture.producer.check(&question()).await.unwrap();
    let record = fixture.claim(Lane::Check).await.record;
    assert_eq!(record.id, id);
    assert_eq!(record.deadline_ms, Some(record.created_ms + DEADLINE_MS));
    let vault = fixture.producer.registry().vault();
    let Job::Check(check) = Job::open(&record.kind, id, &record.payload.unwrap(), vault).unwrap() else {
        panic!("not a check");
    };
    assert_eq!((check.exam_id.as_str(), check.email.as_str()), ("forklift-01", EMAIL));
}

#[tokio::test]
async fn the_same_question_while_it_is_under_way_is_the_same_check() {
    let fixture = Fixture::start().await;
    let id = fixture.producer.check(&question()).await.unwrap();
    let again = CheckRequest {
        email: format!(" {}", EMAIL.to_uppercase()),
        ..question()
    };
    assert_eq!(fixture.another_producer().check(&again).await.unwrap(), id);
    let another = CheckRequest {
        email: "a.kowalska@example.org".to_owned(),
        ..question()
    };
    assert_ne!(fixture.producer.check(&another).await.unwrap(), id);
    assert_eq!(fixture.living_jobs().await, 2);
}

#[tokio::test]
async fn the_same_question_after_the_answer_is_asked_anew() {
    let fixture = Fixture::start().await;
    let mut ids = Vec::new();
    // More often than ids are shared for.
    for _ in 0..34 {
        let id = fixture.producer.check(&question()).await.unwrap();
        assert!(!ids.contains(&id));
        assert_eq!(view(&fixture, id).await.state, CheckState::Waiting);
        answer(&fixture, Code::UserNotFound).await;
        ids.push(id);
    }
    assert_eq!(view(&fixture, ids[0]).await.code, Some(Code::UserNotFound));
}

#[tokio::test]
async fn a_check_under_way_is_found_across_the_turn_of_the_window() {
    let fixture = Fixture::start().await;
    fixture.clock.advance_ms(299_000);
    let id = fixture.producer.check(&question()).await.unwrap();
    fixture.clock.advance_ms(2_000);
    assert_eq!(fixture.producer.check(&question()).await.unwrap(), id);
    answer(&fixture, Code::Eligible).await;
    assert_ne!(fixture.producer.check(&question()).await.unwrap(), id);
}

#[tokio::test]
async fn a_check_that_nobody_runs_is_unverified_at_its_deadline_and_stays_so() {
    let fixture = Fixture::start().await;
    let id = fixture.producer.check(&question()).await.unwrap();
    fixture.clock.advance_ms(DEADLINE_MS - 1);
    assert_eq!(view(&fixture, id).await.state, CheckState::Waiting);
    fixture.clock.advance_ms(1);
    let passed = view(&fixture, id).await;
    assert_eq!(passed.answer, Some(Answer::Unverified));
    assert_eq!(passed.code, Some(Code::DeadlinePassed));
    fixture.producer.queue().promote().await.unwrap();
    assert_eq!(fixture.living_jobs().await, 0);
    assert_eq!(view(&fixture, id).await, passed);
    assert_ne!(fixture.producer.check(&question()).await.unwrap(), id);
}

#[tokio::test]
async fn a_check_that_was_ended_before_its_deadline_says_why_and_when() {
    let fixture = Fixture::start().await;
    let queue = fixture.producer.queue();
    let connector = Target::Connector(Name::new("acme").unwrap());
    queue
        .pause(&connector, PauseMode::Pause, "ops", "audit", None)
        .await
        .unwrap();
    let id = fixture.producer.check(&question()).await.unwrap();
    fixture.clock.advance_ms(1_000);
    let worker = Name::new("w1").unwrap();
    let claimed = queue.claim(Lane::Check, &worker, 1, Duration::from_mins(1)).await;
    assert!(claimed.unwrap().is_empty());
    let ended = view(&fixture, id).await;
    assert_eq!(
        (ended.answer, ended.code),
        (Some(Answer::Unverified), Some(Code::Paused))
    );
    assert_eq!(ended.title, Some("Paused by a person"));
    assert_eq!(ended.checked_at.unwrap().to_string(), "2026-11-22T09:30:01Z");
    fixture.clock.advance_ms(DEADLINE_MS);
    assert_eq!(view(&fixture, id).await, ended);
}

#[tokio::test]
async fn a_check_that_still_runs_at_its_deadline_is_unverified_whatever_its_worker_comes_to() {
    let fixture = Fixture::start().await;
    let id = fixture.producer.check(&question()).await.unwrap();
    let claimed = fixture.claim(Lane::Check).await;
    fixture.clock.advance_ms(DEADLINE_MS + 1);
    let ended = view(&fixture, id).await;
    assert_eq!(
        (ended.answer, ended.code),
        (Some(Answer::Unverified), Some(Code::DeadlinePassed))
    );
    let end = End {
        code: Some("crashed_workers"),
        ..End::default()
    };
    fixture.settle(claimed.token, Transition::Bury, end).await;
    assert_eq!(view(&fixture, id).await, ended);
}

#[tokio::test]
async fn who_waits_is_told_at_once() {
    let fixture = Fixture::start().await;
    let started = Instant::now();
    for _ in 0..6 {
        let id = fixture.producer.check(&question()).await.unwrap();
        let waiter = tokio::spawn({
            let producer = fixture.producer.clone();
            async move { producer.wait_for_check(id, LONG).await }
        });
        tokio::task::yield_now().await;
        answer(&fixture, Code::Eligible).await;
        let view = waiter.await.unwrap().unwrap().unwrap();
        assert_eq!(view.answer, Some(Answer::Eligible));
    }
    // Six looks of five seconds each would take far longer.
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
}

#[tokio::test]
async fn who_waits_is_told_after_the_subscription_broke() {
    let fixture = Fixture::start().await;
    let started = Instant::now();
    for _ in 0..6 {
        let id = fixture.producer.check(&question()).await.unwrap();
        // Returns at once, and leaves a subscription behind.
        fixture.producer.wait_for_check(id, Duration::ZERO).await.unwrap();
        fixture.redis.cli(&["CLIENT", "KILL", "TYPE", "pubsub"]).await;
        let waiter = tokio::spawn({
            let producer = fixture.producer.clone();
            async move { producer.wait_for_check(id, LONG).await }
        });
        tokio::task::yield_now().await;
        answer(&fixture, Code::Eligible).await;
        assert!(waiter.await.unwrap().unwrap().unwrap().is_final());
    }
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
}

#[tokio::test]
async fn who_waits_too_long_gets_the_check_as_it_stands() {
    let fixture = Fixture::start().await;
    let id = fixture.producer.check(&question()).await.unwrap();
    let view = fixture.producer.wait_for_check(id, Duration::from_millis(50)).await;
    assert_eq!(view.unwrap().unwrap().state, CheckState::Waiting);
}

#[tokio::test]
async fn an_unknown_check_and_a_push_are_no_checks() {
    let fixture = Fixture::start().await;
    let nobody = JobId::from_parts(1, 1);
    assert_eq!(fixture.producer.check_view(nobody).await.unwrap(), None);
    assert_eq!(fixture.producer.wait_for_check(nobody, LONG).await.unwrap(), None);
    let push = fixture.producer.push(&crate::fixture::passed("r-1")).await.unwrap();
    assert_eq!(fixture.producer.check_view(push.job_id()).await.unwrap(), None);
}

#[tokio::test]
async fn a_question_that_cannot_be_asked_is_refused() {
    let fixture = Fixture::start().await;
    let error = fixture
        .producer
        .check(&CheckRequest {
            exam_id: "NO".to_owned(),
            email: "nobody".to_owned(),
        })
        .await
        .unwrap_err();
    assert!(
        matches!(&error, IntakeError::Invalid(problems) if problems.len() == 2),
        "{error}"
    );
    let unknown = CheckRequest {
        exam_id: "crane-09".to_owned(),
        ..question()
    };
    let error = fixture.producer.check(&unknown).await.unwrap_err();
    assert_eq!(error.code(), Code::UnknownExam);
    assert_eq!(fixture.living_jobs().await, 0);
}
