//! Checks and pushes against the simulated Docebo.

use passback_docebo::Endpoint;
use passback_producer::{Answer, CheckRequest, Code, ExamResult, Outcome, ResultState};
use passback_queue::{AttemptRecord, JobRecord, Lane, State};
use passback_registry::Exam;
use passback_simulator::{Enrollment, Fault, FaultKind, FaultOn, User};
use rstest::rstest;

use super::stage::{PATIENCE, Running, Stage, brisk, in_state, narrow, pass};

const MOREAU: u64 = 13_827;
const FORKLIFT: u64 = 146;

async fn job_of(stage: &Stage, result_id: &str) -> JobRecord {
    let row = stage.producer.result(result_id).await.unwrap().unwrap();
    in_state(stage.producer.queue(), row.job_id, State::Done).await
}

#[tokio::test]
async fn a_pass_is_written_once_with_its_rounded_score_and_its_date() {
    let stage = Stage::set().await;
    let worker = stage.start_worker();
    stage.producer.push(&pass("r-1")).await.unwrap();
    stage.result_in("r-1", ResultState::Delivered).await;
    let written = stage.docebo.enrollment(FORKLIFT, MOREAU).unwrap();
    assert_eq!(written.status, Enrollment::COMPLETED);
    assert_eq!(written.score, Some(87.0));
    assert_eq!(written.date_complete.as_deref(), Some("2026-11-20 09:30:11"));
    let job = job_of(&stage, "r-1").await;
    let called: Vec<&str> = job.history[0].calls.iter().map(|call| call.endpoint.as_str()).collect();
    let expected = [
        Endpoint::Token,
        Endpoint::UserSearch,
        Endpoint::EnrollmentRead,
        Endpoint::EnrollmentWrite,
    ];
    assert_eq!(called, expected.map(Endpoint::as_str));
    // The same wish under another id finds it done.
    let again = ExamResult {
        sequence: None,
        ..pass("r-2")
    };
    stage.producer.push(&again).await.unwrap();
    stage.result_in("r-2", ResultState::NoOp).await;
    worker.stop().await;
    assert_eq!(stage.docebo.counts().effects, 1);
}

#[tokio::test]
async fn refused_credentials_park_the_push_until_a_validation_succeeds() {
    let stage = Stage::set().await;
    stage.docebo.set_credentials_refused(true);
    let worker = stage.start_worker();
    stage.producer.push(&pass("r-1")).await.unwrap();
    let parked = stage.result_in("r-1", ResultState::Parked).await;
    assert_eq!(parked.code.as_deref(), Some("credentials_refused"));
    assert_eq!(parked.attempts, 0);
    let acme = "acme".parse().unwrap();
    let refused = stage.producer.validate(&acme, "test").await.unwrap().unwrap();
    assert!(!refused.ok);
    stage.docebo.set_credentials_refused(false);
    let validated = stage.producer.validate(&acme, "test").await.unwrap().unwrap();
    assert_eq!((validated.ok, validated.released_jobs), (true, 1));
    stage.result_in("r-1", ResultState::Delivered).await;
    worker.stop().await;
}

#[tokio::test]
async fn a_connector_put_right_while_an_attempt_runs_does_not_leave_its_job_parked() {
    let stage = Stage::set().await;
    let slow_refusal = Fault::new(FaultOn::UserSearch, FaultKind::Forbidden).delay_ms(3000);
    stage.docebo.add_fault(slow_refusal.times(1));
    let worker = stage.start_worker();
    stage.producer.push(&pass("r-1")).await.unwrap();
    stage.result_in("r-1", ResultState::Running).await;
    super::stage::until("the search is under way", async || {
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
    assert_eq!((validated.ok, validated.released_jobs), (true, 0));
    let delivered = stage.result_in("r-1", ResultState::Delivered).await;
    worker.stop().await;
    let steps: Vec<&str> = delivered.steps.iter().map(|step| step.step.as_str()).collect();
    assert_eq!(steps, ["accepted", "parked", "released", "delivered"]);
}

#[tokio::test]
async fn a_server_error_is_retried_and_every_attempt_is_on_record() {
    let stage = Stage::set().await;
    let fault = Fault::new(FaultOn::EnrollmentRead, FaultKind::ServerError).times(2);
    stage.docebo.add_fault(fault);
    let worker = stage.start_worker();
    stage.producer.push(&pass("r-1")).await.unwrap();
    let delivered = stage.result_in("r-1", ResultState::Delivered).await;
    assert_eq!(delivered.attempts, 3);
    let steps: Vec<&str> = delivered.steps.iter().map(|step| step.step.as_str()).collect();
    assert_eq!(steps, ["accepted", "retrying", "retrying", "delivered"]);
    let job = job_of(&stage, "r-1").await;
    worker.stop().await;
    let codes: Vec<&str> = job.history.iter().map(|line| line.code.as_str()).collect();
    assert_eq!(codes, ["docebo_unavailable", "docebo_unavailable", ""]);
    assert_eq!(
        job.history.iter().map(|line| line.attempt).collect::<Vec<_>>(),
        [1, 2, 3]
    );
    assert_eq!(job.history[0].calls.last().unwrap().status, Some(500));
    assert!(job.history[0].detail.as_deref().unwrap().contains("500"));
}

#[tokio::test]
async fn a_write_whose_answer_is_cut_takes_effect_once_and_counts_as_delivered() {
    let stage = Stage::set().await;
    stage
        .docebo
        .add_fault(Fault::new(FaultOn::EnrollmentWrite, FaultKind::CutAfter).times(1));
    let worker = stage.start_worker();
    stage.producer.push(&pass("r-1")).await.unwrap();
    stage.result_in("r-1", ResultState::Delivered).await;
    let job = job_of(&stage, "r-1").await;
    worker.stop().await;
    assert_eq!(job.history[0].code, "outcome_unknown");
    assert_eq!(stage.docebo.counts().effects, 1);
}

#[tokio::test]
async fn a_person_who_is_not_there_yet_is_waited_for() {
    let stage = Stage::set().await;
    let worker = stage.start_worker();
    let email = "n.new@example.org".to_owned();
    let result = ExamResult {
        email: email.clone(),
        ..pass("r-1")
    };
    stage.producer.push(&result).await.unwrap();
    let parked = stage.result_in("r-1", ResultState::Parked).await;
    assert_eq!(parked.code.as_deref(), Some("user_not_found"));
    stage.docebo.put_user(User {
        id: 1,
        email: email.clone(),
        username: String::new(),
        first_name: String::new(),
        last_name: String::new(),
        active: true,
    });
    let acme = "acme".parse().unwrap();
    let hash = stage.producer.registry().vault().email_hash(&email);
    let queue = stage.producer.queue();
    assert_eq!(
        queue.wake(&passback_producer::wake::user(&acme, &hash)).await.unwrap(),
        1
    );
    let code = "enrollment_not_found";
    super::stage::until(code, async || {
        let result = stage.producer.result("r-1").await.unwrap().unwrap();
        (result.code.as_deref() == Some(code)).then_some(())
    })
    .await;
    stage.docebo.put_enrollment(Enrollment::new(FORKLIFT, 1));
    let wake = passback_producer::wake::enrollment(&acme, FORKLIFT, &hash);
    assert_eq!(queue.wake(&wake).await.unwrap(), 1);
    stage.result_in("r-1", ResultState::Delivered).await;
    worker.stop().await;
}

#[tokio::test]
async fn a_result_whose_exam_moved_to_another_course_is_written_to_neither_until_it_is_back() {
    let stage = Stage::set().await;
    stage.producer.push(&pass("r-1")).await.unwrap();
    let registry = stage.producer.registry();
    let there = registry.exam(&"forklift-01".parse().unwrap()).await.unwrap().unwrap();
    let elsewhere = Exam {
        course_id: FORKLIFT + 1,
        ..there.clone()
    };
    registry.put_exam(&elsewhere, "test").await.unwrap();
    stage.docebo.put_enrollment(Enrollment::new(FORKLIFT + 1, MOREAU));
    let worker = stage.start_worker();
    let parked = stage.result_in("r-1", ResultState::Parked).await;
    assert_eq!(parked.code.as_deref(), Some("exam_moved"));
    assert_eq!(stage.docebo.counts().requests, 0);
    registry.put_exam(&there, "test").await.unwrap();
    // What the server does whenever an exam is stored.
    let wake = passback_producer::wake::exam(&there.id);
    assert_eq!(stage.producer.queue().wake(&wake).await.unwrap(), 1);
    stage.result_in("r-1", ResultState::Delivered).await;
    worker.stop().await;
    assert_eq!(stage.docebo.counts().effects, 1);
}

#[tokio::test]
async fn an_attempt_that_lost_its_lease_while_it_read_does_not_write() {
    let stage = Stage::set().await;
    let slow = Fault::new(FaultOn::EnrollmentRead, FaultKind::Slow).delay_ms(2000);
    stage.docebo.add_fault(slow.times(1));
    let worker = Running::start(stage.jobs(), stage.producer.queue(), narrow(), brisk());
    stage.producer.push(&pass("r-1")).await.unwrap();
    super::stage::until("the read is under way", async || {
        tokio::task::yield_now().await;
        stage.docebo.faults().is_empty().then_some(())
    })
    .await;
    let queue = stage.producer.queue();
    let id = queue.workers().await.unwrap()[0].id.parse().unwrap();
    assert_eq!(queue.unclaim(Lane::Push, &id, &[]).await.unwrap(), 1);
    // The one slot is taken, so the second attempt begins when the first has ended.
    stage.result_in("r-1", ResultState::Delivered).await;
    let job = job_of(&stage, "r-1").await;
    worker.stop().await;
    let written = |line: &AttemptRecord| {
        let mut calls = line.calls.iter();
        calls.any(|call| call.endpoint == Endpoint::EnrollmentWrite.as_str())
    };
    // The first left no line: it had no right to settle either.
    assert_eq!(job.history.iter().map(written).collect::<Vec<_>>(), [true]);
    assert_eq!(stage.docebo.counts().effects, 1);
}

#[tokio::test]
async fn a_late_fail_does_not_undo_a_pass() {
    let stage = Stage::set().await;
    let fail = ExamResult {
        outcome: Outcome::Failed.into(),
        score_percent: Some(12.0),
        completed_at: "2026-11-19T09:30:11Z".to_owned(),
        ..pass("r-fail")
    };
    // Accepted before the pass, run after it: the guard before the write finds the pass.
    stage.producer.push(&fail).await.unwrap();
    stage.producer.push(&pass("r-pass")).await.unwrap();
    let worker = stage.start_worker();
    stage.result_in("r-pass", ResultState::Delivered).await;
    let superseded = stage.result_in("r-fail", ResultState::Superseded).await;
    worker.stop().await;
    assert_eq!(superseded.superseded_by.as_deref(), Some("r-pass"));
    assert_eq!(
        stage.docebo.enrollment(FORKLIFT, MOREAU).unwrap().status,
        Enrollment::COMPLETED
    );
    assert_eq!(stage.docebo.counts().effects, 1);
}

#[rstest]
#[case("r.moreau@example.org", Answer::Eligible, Code::Eligible)]
#[case("R.Moreau@Example.org", Answer::Eligible, Code::Eligible)]
#[case("j.doe@example.org", Answer::NotEligible, Code::AlreadyCompleted)]
#[case("m.ricci@example.org", Answer::NotEligible, Code::EnrollmentSuspended)]
#[case("k.tanaka@example.org", Answer::NotEligible, Code::EnrollmentWaitingList)]
#[case("n.haddad@example.org", Answer::NotEligible, Code::EnrollmentNotFound)]
#[case("twin@example.org", Answer::NotEligible, Code::UserAmbiguous)]
#[case("nobody@example.org", Answer::NotEligible, Code::UserNotFound)]
#[tokio::test]
async fn a_check_answers_what_docebo_says(#[case] email: &str, #[case] answer: Answer, #[case] code: Code) {
    assert_eq!(check(&Stage::set().await, email).await, (answer, code));
}

#[rstest]
#[case(FaultKind::Forbidden, Code::Forbidden)]
#[case(FaultKind::Html, Code::UnexpectedPage)]
#[case(FaultKind::ServerError, Code::DoceboUnavailable)]
#[case(FaultKind::Garbage, Code::UnexpectedResponse)]
#[tokio::test]
async fn an_outage_is_never_not_eligible(#[case] fault: FaultKind, #[case] code: Code) {
    let stage = Stage::set().await;
    let mut exam = stage
        .producer
        .registry()
        .exam(&"forklift-01".parse().unwrap())
        .await
        .unwrap()
        .unwrap();
    exam.check_deadline_seconds = 1;
    stage.producer.registry().put_exam(&exam, "test").await.unwrap();
    stage.docebo.add_fault(Fault::new(FaultOn::EnrollmentRead, fault));
    assert_eq!(check(&stage, "r.moreau@example.org").await, (Answer::Unverified, code));
}

#[tokio::test]
async fn a_check_rides_out_a_short_fault_within_one_attempt() {
    let stage = Stage::set().await;
    stage
        .docebo
        .add_fault(Fault::new(FaultOn::Any, FaultKind::Unavailable).times(4));
    assert_eq!(
        check(&stage, "r.moreau@example.org").await,
        (Answer::Eligible, Code::Eligible)
    );
}

#[tokio::test]
async fn a_wait_that_docebo_asks_for_past_the_deadline_is_an_answer_at_once() {
    let stage = Stage::set().await;
    let fault = Fault::new(FaultOn::UserSearch, FaultKind::Throttled).retry_after_seconds(3600);
    stage.docebo.add_fault(fault);
    assert_eq!(
        check(&stage, "r.moreau@example.org").await,
        (Answer::Unverified, Code::DoceboThrottled)
    );
}

async fn check(stage: &Stage, email: &str) -> (Answer, Code) {
    let worker = stage.start_worker();
    let request = CheckRequest {
        exam_id: "forklift-01".to_owned(),
        email: email.to_owned(),
    };
    let id = stage.producer.check(&request).await.unwrap();
    let view = stage.producer.wait_for_check(id, PATIENCE).await.unwrap().unwrap();
    worker.stop().await;
    (view.answer.unwrap(), view.code.unwrap())
}
