//! Checks beside the results of the same person: learned accounts, our own results, answers that come too late.

use std::time::Duration;

use passback_docebo::Endpoint;
use passback_producer::{Answer, CheckRequest, CheckView, Code};
use passback_queue::{AttemptRecord, JobId, State};
use passback_registry::ReadBeforeWrite;
use passback_simulator::{Endpoint as Asked, Enrollment, Fault, FaultKind, FaultOn};

use super::learner::{COURSE, LEARNER, Learner, NAMESAKE, PROVED};
use super::oracle::Mark;
use super::perils::Peril;
use super::stage::until;
use super::town::email;

impl Learner {
    async fn asks(&self) -> JobId {
        let request = CheckRequest {
            exam_id: "forklift-01".to_owned(),
            email: email(LEARNER),
        };
        self.scene.stage.producer.check(&request).await.unwrap()
    }

    async fn sees(&self, check: JobId) -> CheckView {
        self.scene.stage.producer.check_view(check).await.unwrap().unwrap()
    }

    async fn checked(&self) -> CheckView {
        let check = self.asks().await;
        self.scene.still().await;
        self.sees(check).await
    }
}

#[tokio::test]
async fn a_second_check_knows_the_account_and_makes_one_call() {
    let learner = Learner::new().await;
    assert_eq!(learner.checked().await.answer, Some(Answer::Eligible));
    let requests = learner.requests();
    assert_eq!(learner.checked().await.answer, Some(Answer::Eligible));
    assert_eq!(learner.asked_since(requests), [Asked::EnrollmentRead]);
}

#[tokio::test]
async fn an_account_whose_enrolment_has_vanished_is_looked_up_anew() {
    let learner = Learner::new().await;
    learner.checked().await;
    learner.moves();
    learner.scene.stage.docebo.remove_enrollment(COURSE, LEARNER).unwrap();
    let requests = learner.requests();
    assert_eq!(learner.checked().await.answer, Some(Answer::Eligible));
    let asked = [Asked::EnrollmentRead, Asked::UserSearch, Asked::EnrollmentRead];
    assert_eq!(learner.asked_since(requests), asked);
    // The new one is known from now on.
    learner.scene.stage.docebo.remove_enrollment(COURSE, NAMESAKE).unwrap();
    assert_eq!(learner.checked().await.code, Some(Code::EnrollmentNotFound));
}

#[tokio::test]
async fn a_completed_course_is_our_own_until_somebody_changes_it() {
    let learner = Learner::new().await;
    learner.sits("r-1", Mark::Pass87, 9).await;
    let ours = learner.checked().await;
    assert_eq!(
        (ours.answer, ours.code),
        (Some(Answer::NotEligible), Some(Code::AlreadyCompleted))
    );
    assert_eq!(ours.own_result.map(|own| own.result_id).as_deref(), Some("r-1"));
    learner.edits(Enrollment::COMPLETED, Some(99.0), Some("2026-11-20 09:00:00"));
    let theirs = learner.checked().await;
    assert_eq!((theirs.code, theirs.own_result), (Some(Code::AlreadyCompleted), None));
}

#[tokio::test]
async fn an_answer_after_the_deadline_is_on_record_and_is_nobodys_answer() {
    let learner = Learner::new().await;
    let slow = Fault::new(FaultOn::EnrollmentRead, FaultKind::Slow).delay_ms(700);
    learner.scene.stage.docebo.add_fault(slow.times(1));
    let check = learner.asks().await;
    until("the read is under way", async || {
        tokio::task::yield_now().await;
        learner.scene.stage.docebo.faults().is_empty().then_some(())
    })
    .await;
    // Less than a worker may be silent, twice.
    for _ in 0..2 {
        learner.scene.clock.advance_ms(10_000);
        let now = learner.scene.clock.now_ms();
        until("the workers have beaten", async || {
            let workers = learner.scene.stage.producer.queue().workers().await.unwrap();
            workers.iter().all(|worker| worker.last_beat_ms >= now).then_some(())
        })
        .await;
    }
    let late = (Some(Answer::Unverified), Some(Code::DeadlinePassed));
    let seen = learner.sees(check).await;
    assert_eq!((seen.answer, seen.code), late);
    learner.scene.still().await;
    let job = learner.scene.stage.producer.queue().job(check).await.unwrap().unwrap();
    assert_eq!(
        (job.state, job.code.as_deref()),
        (State::Expired, Some(Code::DeadlinePassed.as_str()))
    );
    let read = |line: &AttemptRecord| {
        line.calls
            .iter()
            .any(|call| call.endpoint == Endpoint::EnrollmentRead.as_str())
    };
    assert_eq!(job.history.iter().map(read).collect::<Vec<_>>(), [true]);
    assert_eq!(learner.scene.stage.producer.queue().answer(check).await.unwrap(), None);
    learner.scene.pass(Duration::from_mins(1)).await;
    let seen = learner.sees(check).await;
    assert_eq!((seen.answer, seen.code), late);
}

#[tokio::test]
async fn a_first_try_reads_nothing_where_calls_are_short_and_a_second_one_reads() {
    let learner = Learner::with(|connector, _| connector.read_before_write = ReadBeforeWrite::RetryOnly).await;
    let requests = learner.requests();
    learner.sits("r-1", Mark::Fail41, 9).await;
    assert_eq!(
        learner.asked_since(requests),
        [Asked::Token, Asked::UserSearch, Asked::EnrollmentWrite]
    );
    learner.scene.pass(PROVED).await;
    learner.scene.perils.arm("r-2", (COURSE, LEARNER), Peril::FailedWrite);
    let requests = learner.requests();
    learner.sits("r-2", Mark::Pass87, 10).await;
    learner.scene.pass(Duration::from_secs(10)).await;
    let first = [Asked::UserSearch, Asked::EnrollmentWrite];
    let second = [Asked::UserSearch, Asked::EnrollmentRead, Asked::EnrollmentWrite];
    assert_eq!(learner.asked_since(requests), [&first[..], &second[..]].concat());
    assert_eq!(
        (learner.slate(LEARNER), learner.writes()),
        (Learner::marked(Mark::Pass87, 10), 2)
    );
}

#[tokio::test]
async fn a_write_that_nobody_saw_end_is_looked_for_before_it_is_repeated() {
    for policy in ReadBeforeWrite::ALL {
        for (peril, writes) in [(Peril::CrashAfter, 1), (Peril::CrashBefore, 1)] {
            let mut learner = Learner::with(|connector, _| connector.read_before_write = policy).await;
            learner.scene.perils.arm("r-1", (COURSE, LEARNER), peril);
            learner.sits("r-1", Mark::Pass87, 9).await;
            learner.scene.kill_all().await;
            let requests = learner.requests();
            learner.scene.hire_two(4);
            learner.scene.pass(Duration::from_secs(30)).await;
            let asked = learner.asked_since(requests);
            assert_eq!(
                asked[..2],
                [Asked::UserSearch, Asked::EnrollmentRead],
                "{policy:?} {peril:?}"
            );
            assert_eq!(learner.writes(), writes, "{policy:?} {peril:?}");
            assert_eq!(learner.slate(LEARNER), Learner::marked(Mark::Pass87, 9));
        }
    }
}

#[tokio::test]
async fn what_is_there_already_is_not_written_a_second_time() {
    let learner = Learner::new().await;
    let there = learner.edits(Enrollment::COMPLETED, Some(87.0), Some("2026-11-20 09:00:00"));
    let result = learner.sits("r-1", Mark::Pass87, 9).await;
    learner.scene.pass(PROVED).await;
    assert_eq!(
        (result.state, learner.writes()),
        (passback_producer::ResultState::NoOp, 0)
    );
    assert_eq!(learner.slate(LEARNER), there);
}
