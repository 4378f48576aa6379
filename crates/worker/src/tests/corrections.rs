//! What people change by hand in Docebo is theirs: a result is written over it only if a person says so.

use passback_producer::{Code, DecideError, ResultState, Verdict};
use passback_registry::{ReadBeforeWrite, VersionPolicy};
use passback_simulator::Enrollment;

use super::learner::{LEARNER, LOOKED_AT, Learner, NAMESAKE, PROVED};
use super::oracle::{Mark, Slate};
use super::perils::Peril;

fn parked(code: Code) -> (ResultState, Option<String>) {
    (ResultState::Parked, Some(code.as_str().to_owned()))
}

fn kept() -> (ResultState, Option<String>) {
    (ResultState::Discarded, Some(Code::KeptTheirs.as_str().to_owned()))
}

/// A learner whose failure was corrected by hand before the pass came.
async fn corrected() -> (Learner, Slate) {
    let learner = Learner::new().await;
    assert_eq!(learner.sits("r-1", Mark::Fail41, 9).await.state, ResultState::Delivered);
    learner.scene.pass(PROVED).await;
    let theirs = learner.edits(Enrollment::IN_PROGRESS, Some(55.0), None);
    learner.sits("r-2", Mark::Pass87, 10).await;
    (learner, theirs)
}

#[tokio::test]
async fn a_correction_is_put_before_a_person_with_three_values() {
    let (learner, theirs) = corrected().await;
    assert_eq!(learner.slate(LEARNER), theirs);
    assert_eq!(learner.standing("r-2").await, parked(Code::ManualOverride));
    let case = learner.case("r-2").await;
    let [ours, theirs, known] = [Some(case.ours), case.theirs, case.last_known].map(Option::unwrap);
    assert_eq!(ours.status.as_deref(), Some("completed"));
    assert_eq!(
        [ours.score, theirs.score, known.score],
        [Some(87.0), Some(55.0), Some(41.0)]
    );
    assert_eq!(theirs.status, known.status);
}

#[tokio::test]
async fn a_correction_that_is_kept_ends_the_result() {
    let (learner, theirs) = corrected().await;
    learner.decides("r-2", Verdict::KeepTheirs).await;
    learner.scene.pass(PROVED).await;
    learner.scene.jump(LOOKED_AT).await;
    assert_eq!(learner.standing("r-2").await, kept());
    assert_eq!((learner.slate(LEARNER), learner.writes()), (theirs, 1));
    // What a person has kept stays until a person says otherwise, whatever comes.
    learner.sits("r-3", Mark::Pass93, 11).await;
    assert_eq!(learner.standing("r-3").await, parked(Code::ManualOverride));
    assert_eq!(learner.writes(), 1);
}

#[tokio::test]
async fn a_correction_that_gives_way_is_written_over_and_proved() {
    let (learner, _) = corrected().await;
    learner.decides("r-2", Verdict::WriteOurs).await;
    assert_eq!(learner.slate(LEARNER), Learner::marked(Mark::Pass87, 10));
    learner.scene.pass(PROVED).await;
    assert_eq!(learner.result("r-2").await.state, ResultState::Verified);
    assert!(matches!(
        learner.decide("r-2", Verdict::WriteOurs).await,
        Err(DecideError::NothingToDecide)
    ));
}

#[tokio::test]
async fn a_decision_holds_only_for_the_value_that_the_person_saw() {
    let (mut learner, _) = corrected().await;
    learner.scene.kill_all().await;
    learner.decide("r-2", Verdict::WriteOurs).await.unwrap();
    let theirs = learner.edits(Enrollment::COMPLETED, Some(70.0), Some("2026-11-21 12:00:00"));
    learner.scene.hire_two(4);
    learner.scene.still().await;
    assert_eq!(learner.standing("r-2").await, parked(Code::ManualOverride));
    assert_eq!(learner.case("r-2").await.theirs.unwrap().score, Some(70.0));
    assert_eq!(learner.slate(LEARNER), theirs);
}

#[tokio::test]
async fn a_correction_beside_what_a_result_wants_survives_that_it_has_nothing_to_write() {
    let learner = Learner::with(|_, exam| exam.write_score_on_failed = false).await;
    learner.sits("r-1", Mark::Fail41, 9).await;
    learner.scene.pass(PROVED).await;
    let theirs = learner.edits(Enrollment::IN_PROGRESS, Some(55.0), None);
    assert_eq!(learner.sits("r-2", Mark::Fail41, 10).await.state, ResultState::NoOp);
    learner.sits("r-3", Mark::Pass87, 11).await;
    assert_eq!(learner.slate(LEARNER), theirs);
    assert_eq!(learner.standing("r-3").await, parked(Code::ManualOverride));
}

#[tokio::test]
async fn a_value_that_stood_there_before_any_result_survives_a_result_with_nothing_to_write() {
    let learner = Learner::with(|_, exam| exam.write_score_on_failed = false).await;
    let theirs = learner.edits(Enrollment::IN_PROGRESS, Some(55.0), None);
    assert_eq!(learner.sits("r-1", Mark::Fail41, 9).await.state, ResultState::NoOp);
    learner.sits("r-2", Mark::Pass87, 10).await;
    assert_eq!(learner.slate(LEARNER), theirs);
    assert_eq!(learner.standing("r-2").await, parked(Code::ManualOverride));
}

#[tokio::test]
async fn a_correction_during_a_lost_workers_silence_is_seen_and_stays_if_it_is_kept() {
    let mut learner = Learner::new().await;
    learner.scene.perils.arm("r-1", (146, LEARNER), Peril::CrashNoted);
    learner.hands_in("r-1", Mark::Fail41, 9).await;
    learner.scene.still().await;
    learner.scene.kill_all().await;
    let theirs = learner.edits(Enrollment::IN_PROGRESS, Some(55.0), None);
    learner.scene.hire_two(4);
    // The attempt of after the crash parks; what the one before it left behind to prove must not confuse the case.
    learner.scene.pass(PROVED * 2).await;
    assert_eq!(learner.result("r-1").await.state, ResultState::Parked);
    learner.decides("r-1", Verdict::KeepTheirs).await;
    learner.scene.jump(LOOKED_AT).await;
    learner.scene.jump(LOOKED_AT).await;
    assert_eq!(learner.slate(LEARNER), theirs);
    assert_eq!(learner.standing("r-1").await, kept());
}

#[tokio::test]
async fn an_address_that_leads_to_another_account_is_put_before_a_person() {
    let learner = Learner::new().await;
    learner.sits("r-1", Mark::Fail41, 9).await;
    learner.moves();
    learner.sits("r-2", Mark::Pass87, 10).await;
    assert_eq!(learner.standing("r-2").await, parked(Code::IdentityChanged));
    let case = learner.case("r-2").await;
    assert_eq!((case.user_id_before, case.user_id), (Some(LEARNER), Some(NAMESAKE)));
    assert_eq!(case.last_known.unwrap().score, Some(41.0));
    assert_eq!((learner.slate(NAMESAKE), learner.writes()), (Slate::clean(), 1));
    learner.decides("r-2", Verdict::KeepTheirs).await;
    learner.scene.jump(LOOKED_AT).await;
    assert_eq!(learner.standing("r-2").await, kept());
    assert_eq!((learner.slate(NAMESAKE), learner.writes()), (Slate::clean(), 1));
}

#[tokio::test]
async fn a_person_who_knows_the_new_account_lets_the_result_go_there_and_nowhere_else() {
    let learner = Learner::new().await;
    learner.sits("r-1", Mark::Fail41, 9).await;
    learner.moves();
    learner.sits("r-2", Mark::Pass87, 10).await;
    learner.decides("r-2", Verdict::WriteOurs).await;
    learner.scene.pass(PROVED).await;
    assert_eq!(learner.result("r-2").await.state, ResultState::Verified);
    assert_eq!(learner.slate(NAMESAKE), Learner::marked(Mark::Pass87, 10));
    assert_eq!(learner.slate(LEARNER), Learner::marked(Mark::Fail41, 9));
}

#[tokio::test]
async fn two_results_of_one_moment_are_a_conflict_and_the_first_stays_if_a_person_keeps_it() {
    let learner = Learner::new().await;
    learner.sits("r-1", Mark::Pass87, 9).await;
    learner.sits("r-2", Mark::Pass93, 9).await;
    assert_eq!(learner.standing("r-2").await, parked(Code::Conflict));
    assert_eq!(learner.case("r-2").await.conflicts_with.as_deref(), Some("r-1"));
    learner.decides("r-2", Verdict::KeepTheirs).await;
    learner.scene.pass(PROVED).await;
    learner.scene.jump(LOOKED_AT).await;
    assert_eq!(learner.slate(LEARNER), Learner::marked(Mark::Pass87, 9));
    assert_eq!(learner.standing("r-2").await, kept());
    assert_eq!(learner.result("r-1").await.state, ResultState::Verified);
}

#[tokio::test]
async fn two_results_of_one_moment_are_a_conflict_and_the_second_counts_if_a_person_says_so() {
    let learner = Learner::new().await;
    learner.sits("r-1", Mark::Pass87, 9).await;
    learner.sits("r-2", Mark::Pass93, 9).await;
    learner.decides("r-2", Verdict::WriteOurs).await;
    learner.scene.pass(PROVED).await;
    assert_eq!(learner.slate(LEARNER), Learner::marked(Mark::Pass93, 9));
    assert_eq!(learner.result("r-2").await.state, ResultState::Verified);
    // What is older is older than it, too.
    let older = learner.sits("r-0", Mark::Pass87, 8).await;
    assert_eq!(older.superseded_by.as_deref(), Some("r-2"));
}

#[tokio::test]
async fn a_result_that_a_person_cancels_unwritten_does_not_let_an_overtaken_one_in() {
    for policy in VersionPolicy::ALL {
        let mut learner = Learner::with(|_, exam| exam.version_policy = policy).await;
        learner.sits("r-1", Mark::Pass87, 9).await;
        learner.scene.pass(PROVED).await;
        learner.scene.kill_all().await;
        learner.hands_in("r-2", Mark::Pass93, 10).await;
        learner.cancels(learner.result("r-2").await.job_id).await;
        learner.scene.hire_two(4);
        let stale = learner.sits("r-3", Mark::Fail41, 8).await;
        assert_eq!(learner.slate(LEARNER), Learner::marked(Mark::Pass87, 9), "{policy:?}");
        assert_eq!(stale.superseded_by.as_deref(), Some("r-1"), "{policy:?}");
    }
}

#[tokio::test]
async fn a_correction_that_is_kept_outlives_a_result_with_nothing_to_write() {
    let learner = Learner::with(|_, exam| exam.write_score_on_failed = false).await;
    learner.sits("r-1", Mark::Fail41, 9).await;
    let theirs = learner.edits(Enrollment::IN_PROGRESS, Some(55.0), None);
    learner.scene.pass(PROVED).await;
    learner.decides("r-1", Verdict::KeepTheirs).await;
    assert_eq!(learner.sits("r-2", Mark::Fail41, 10).await.state, ResultState::NoOp);
    learner.sits("r-3", Mark::Pass87, 11).await;
    assert_eq!(learner.standing("r-3").await, parked(Code::ManualOverride));
    assert_eq!(learner.slate(LEARNER), theirs);
}

#[tokio::test]
async fn a_correction_that_is_kept_is_looked_for_where_reads_are_spared() {
    let learner = Learner::with(|connector, _| connector.read_before_write = ReadBeforeWrite::RetryOnly).await;
    learner.sits("r-1", Mark::Fail41, 9).await;
    let theirs = learner.edits(Enrollment::IN_PROGRESS, Some(55.0), None);
    learner.scene.pass(PROVED).await;
    learner.decides("r-1", Verdict::KeepTheirs).await;
    learner.sits("r-2", Mark::Pass87, 10).await;
    assert_eq!(learner.standing("r-2").await, parked(Code::ManualOverride));
    assert_eq!(learner.slate(LEARNER), theirs);
}
