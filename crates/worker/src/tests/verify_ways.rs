//! A verify that waits for a person, or acts on a decision, is its result's way: whatever becomes of it stands in the row.

use passback_producer::{Code, ResultState, Verdict};
use passback_queue::{JobId, Name, State};
use passback_simulator::{Enrollment, Fault, FaultKind, FaultOn};

use super::learner::{LEARNER, LOOKED_AT, Learner, NAMESAKE, PROVED};
use super::oracle::Mark;

/// A learner whose pass was delivered and then changed by hand, and the job that found it.
async fn tampered() -> (Learner, JobId) {
    let learner = Learner::new().await;
    learner.sits("r-1", Mark::Pass87, 9).await;
    learner.edits(Enrollment::COMPLETED, Some(12.0), None);
    learner.scene.pass(PROVED).await;
    assert_eq!(learner.standing("r-1").await.0, ResultState::Parked);
    let name = Name::new("r-1").unwrap();
    let row = learner.scene.stage.producer.queue().ledger_row(&name).await.unwrap();
    let job = row.unwrap().case_job.unwrap();
    (learner, job)
}

async fn open(learner: &Learner) -> u64 {
    let now_ms = learner.scene.clock.now_ms();
    let queue = learner.scene.stage.producer.queue();
    queue.count_open_results(now_ms + 1).await.unwrap()
}

#[tokio::test]
async fn who_cancels_the_job_that_waits_for_a_decision_ends_the_result() {
    let (learner, job) = tampered().await;
    learner.cancels(job).await;
    let (state, code) = learner.standing("r-1").await;
    assert_eq!((state, code.as_deref()), (ResultState::Discarded, Some("discarded")));
    assert_eq!(open(&learner).await, 0);
    // It was written once, so nothing older comes into force.
    learner.sits("r-0", Mark::Fail41, 8).await;
    assert_eq!(learner.result("r-0").await.state, ResultState::Superseded);
}

#[tokio::test]
async fn who_cancels_a_look_back_that_found_nothing_leaves_the_result_delivered() {
    let learner = Learner::new().await;
    learner.sits("r-1", Mark::Pass87, 9).await;
    let queue = learner.scene.stage.producer.queue();
    let filter = passback_queue::Filter {
        state: Some(State::Scheduled),
        ..passback_queue::Filter::default()
    };
    let waiting = queue.jobs(&filter, None, 10).await.unwrap().jobs;
    assert_eq!(waiting.len(), 1);
    learner.cancels(waiting[0].id).await;
    assert_eq!(learner.standing("r-1").await, (ResultState::Delivered, None));
}

#[tokio::test]
async fn a_decision_to_write_to_another_account_is_carried_out_there() {
    let (learner, _) = tampered().await;
    learner.moves();
    learner.decides("r-1", Verdict::WriteOurs).await;
    let changed = Some(Code::IdentityChanged.as_str().to_owned());
    assert_eq!(learner.standing("r-1").await, (ResultState::Parked, changed));
    assert_eq!(learner.case("r-1").await.user_id, Some(NAMESAKE));
    learner.decides("r-1", Verdict::WriteOurs).await;
    learner.scene.pass(PROVED).await;
    assert_eq!(learner.standing("r-1").await, (ResultState::Verified, None));
    assert_eq!(learner.slate(NAMESAKE), Learner::marked(Mark::Pass87, 9));
}

#[tokio::test]
async fn a_decided_result_that_a_newer_one_overtakes_ends_as_superseded() {
    let (mut learner, _) = tampered().await;
    learner.scene.kill_all().await;
    learner.decide("r-1", Verdict::WriteOurs).await.unwrap();
    learner.hands_in("r-2", Mark::Pass93, 10).await;
    learner.scene.hire_two(4);
    learner.scene.still().await;
    let overtaken = learner.result("r-1").await;
    assert_eq!(
        (overtaken.state, overtaken.superseded_by.as_deref()),
        (ResultState::Superseded, Some("r-2"))
    );
}

#[tokio::test]
async fn a_decided_result_that_docebo_refuses_is_dead_and_may_be_redriven() {
    let (learner, job) = tampered().await;
    let docebo = &learner.scene.stage.docebo;
    docebo.add_fault(Fault::new(FaultOn::EnrollmentWrite, FaultKind::NotUpdated).times(1));
    learner.decides("r-1", Verdict::WriteOurs).await;
    let (state, code) = learner.standing("r-1").await;
    assert_eq!((state, code.as_deref()), (ResultState::Dead, Some("rejected")));
    let by = passback_queue::Intervention {
        actor: "ops".to_owned(),
        reason: "repaired".to_owned(),
        at_ms: learner.scene.clock.now_ms(),
    };
    let queue = learner.scene.stage.producer.queue();
    queue.redrive(&[job], &by).await.unwrap();
    learner.scene.still().await;
    learner.scene.pass(PROVED).await;
    assert_eq!(learner.standing("r-1").await, (ResultState::Verified, None));
    assert_eq!(learner.slate(LEARNER).score, Learner::marked(Mark::Pass87, 9).score);
}

#[tokio::test]
async fn a_case_that_is_found_again_as_it_was_stays_the_one_that_was_shown() {
    let (learner, _) = tampered().await;
    let shown = learner.case("r-1").await;
    learner.scene.jump(LOOKED_AT).await;
    assert_eq!(learner.case("r-1").await, shown);
    learner.edits(Enrollment::COMPLETED, Some(13.0), None);
    learner.scene.jump(LOOKED_AT).await;
    let found = learner.case("r-1").await;
    assert!(found.found_at > shown.found_at, "{found:?}");
}
