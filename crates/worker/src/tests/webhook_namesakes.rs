//! One Docebo user with two addresses: two results of two persons, as passback sees them, in one enrolment.

use std::time::Duration;

use passback_producer::{ReactionState, ResultState, Verdict};
use passback_registry::VerifyPolicy;
use passback_simulator::Enrollment;

use super::herald::{of_enrollment, outcome};
use super::learner::{COURSE, LEARNER, Learner, PROVED};
use super::oracle::{Mark, Sitting};
use super::perils::Peril;

const COMPLETED: &str = "course.enrollment.completed";
const UPDATED: &str = "course.enrollment.updated";
const CHANGED: &str = "changed_by_someone_else";
const NEW_ADDRESS: &str = "newly-married@example.org";
/// More than our clock and Docebo's may be apart.
const A_WHILE: Duration = Duration::from_mins(1);

/// A learner with a fail by the first address, who has another address since.
async fn renamed() -> Learner {
    let learner = Learner::with(|connector, _| connector.verify = VerifyPolicy::UnlessWebhook).await;
    assert_eq!(learner.sits("r-1", Mark::Fail41, 9).await.state, ResultState::Delivered);
    learner.scene.jump(A_WHILE).await;
    assert!(learner.scene.stage.docebo.set_email(LEARNER, NEW_ADDRESS));
    learner
}

async fn hands_in_by_the_new_address(learner: &Learner, result_id: &str) {
    let sitting = Sitting {
        mark: Mark::Pass87,
        hour: 10,
    };
    let result = sitting.result(result_id.to_owned(), "forklift-01".to_owned(), NEW_ADDRESS.to_owned());
    learner.scene.stage.producer.push(&result).await.unwrap();
    learner.scene.still().await;
}

/// The same with a pass by the new address, which a person has allowed over the fail.
async fn passed_since() -> Learner {
    let learner = renamed().await;
    hands_in_by_the_new_address(&learner, "r-2").await;
    // Nothing is known of this address: what is there may be somebody's own.
    assert_eq!(learner.standing("r-2").await.1.as_deref(), Some("manual_override"));
    learner.decides("r-2", Verdict::WriteOurs).await;
    assert_eq!(learner.result("r-2").await.state, ResultState::Delivered);
    assert_eq!(learner.slate(LEARNER).score, Some(87.0));
    learner
}

#[tokio::test]
async fn the_echo_of_one_address_s_result_confirms_that_and_is_nobody_s_change_of_the_other_s() {
    let learner = passed_since().await;
    let event = learner.hears(COMPLETED, of_enrollment(&learner, "completed", 10)).await;
    assert_eq!(
        (outcome(&event), event.reaction.result_id.as_deref()),
        ("confirmed", Some("r-2"))
    );
    assert_eq!(learner.result("r-2").await.state, ResultState::Confirmed);
    assert_eq!(learner.standing("r-1").await, (ResultState::Delivered, None));
    assert_eq!(learner.steps("r-1").await, ["accepted", "delivered"]);
}

#[tokio::test]
async fn what_somebody_changes_after_two_results_of_one_enrolment_is_told_of_both() {
    let learner = passed_since().await;
    learner.hears(COMPLETED, of_enrollment(&learner, "completed", 10)).await;
    learner.scene.jump(A_WHILE).await;
    learner.edits(Enrollment::SUSPENDED, None, None);
    let event = learner.hears(UPDATED, of_enrollment(&learner, "suspended", 10)).await;
    assert_eq!(outcome(&event), "by_someone_else");
    for result_id in ["r-1", "r-2"] {
        let (state, code) = learner.standing(result_id).await;
        assert_eq!(
            (state, code.as_deref()),
            (ResultState::Parked, Some("verify_mismatch")),
            "{result_id}"
        );
        let steps = learner.steps(result_id).await;
        assert_eq!(
            steps.iter().filter(|step| *step == CHANGED).count(),
            1,
            "{result_id}: {steps:?}"
        );
    }
}

#[tokio::test]
async fn an_event_waits_while_one_of_two_results_is_under_way_and_then_serves_both() {
    let mut learner = renamed().await;
    // Only what somebody has put there stands in the way of a write, and nobody has.
    learner
        .scene
        .stage
        .docebo
        .put_enrollment(Enrollment::new(COURSE, LEARNER));
    learner.scene.perils.arm("r-2", (COURSE, LEARNER), Peril::CrashAfter);
    hands_in_by_the_new_address(&learner, "r-2").await;
    assert_eq!(
        learner.slate(LEARNER).score,
        Some(87.0),
        "Docebo has it, and nobody here knows"
    );
    let event = learner.hears(COMPLETED, of_enrollment(&learner, "completed", 0)).await;
    assert_eq!(event.reaction.state, ReactionState::Queued);
    assert_eq!(learner.steps("r-1").await, ["accepted", "delivered"]);
    learner.scene.kill_all().await;
    learner.scene.hire_two(4);
    learner.scene.pass(PROVED * 2).await;
    let event = learner.event(&event.id).await;
    assert_eq!(
        (outcome(&event), event.reaction.result_id.as_deref()),
        ("confirmed", Some("r-2"))
    );
    assert_eq!(learner.result("r-2").await.state, ResultState::Confirmed);
    assert_eq!(learner.standing("r-1").await, (ResultState::Delivered, None));
    assert_eq!(learner.steps("r-1").await, ["accepted", "delivered"]);
}
