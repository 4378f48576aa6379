//! What Docebo tells while an attempt runs that has seen what was before.

use std::time::Duration;

use passback_producer::{ReactionState, ResultState};
use passback_simulator::Enrollment;
use serde_json::json;

use super::herald::{in_seconds, of_enrollment, outcome};
use super::learner::{COURSE, LEARNER, Learner, NAMESAKE};
use super::oracle::Mark;
use super::perils::Peril;
use super::town::email;

const UPDATED: &str = "course.enrollment.updated";
/// Until an event looks again that waits for an attempt.
const A_MOMENT: Duration = Duration::from_secs(5);

/// An attempt of "r-1" that has seen what Docebo holds now, and has not told yet how it ended.
async fn an_attempt_runs(learner: &Learner) {
    learner.scene.perils.arm("r-1", (COURSE, LEARNER), Peril::Held);
    learner.hands_in("r-1", Mark::Pass87, 9).await;
    learner.scene.still().await;
    assert_eq!(learner.writes(), 0);
}

/// The attempt ends, and an event comes that waited for it.
async fn the_attempt_ends(learner: &Learner, expected: &str) {
    learner.scene.perils.let_go();
    learner.scene.still().await;
    assert_eq!(learner.standing("r-1").await.1.as_deref(), Some(expected));
    learner.scene.jump(A_MOMENT).await;
}

#[tokio::test]
async fn a_correction_that_is_taken_back_while_a_push_has_seen_it_is_not_missed() {
    let learner = Learner::new().await;
    learner.edits(Enrollment::IN_PROGRESS, Some(55.0), None);
    an_attempt_runs(&learner).await;
    learner.edits(Enrollment::SUBSCRIBED, None, None);
    let event = learner.hears(UPDATED, of_enrollment(&learner, "subscribed", 0)).await;
    assert_eq!(event.reaction.state, ReactionState::Queued, "it waits for the attempt");
    the_attempt_ends(&learner, "manual_override").await;
    assert_eq!(outcome(&learner.event(&event.id).await), "waits");
    assert_eq!(learner.standing("r-1").await, (ResultState::Delivered, None));
}

#[tokio::test]
async fn an_enrolment_that_is_changed_while_a_push_has_not_found_it_is_not_missed() {
    let learner = Learner::new().await;
    learner.scene.stage.docebo.remove_enrollment(COURSE, LEARNER);
    an_attempt_runs(&learner).await;
    learner
        .scene
        .stage
        .docebo
        .put_enrollment(Enrollment::new(COURSE, LEARNER));
    let event = learner.hears(UPDATED, of_enrollment(&learner, "subscribed", 0)).await;
    assert_eq!(event.reaction.state, ReactionState::Queued, "it waits for the attempt");
    the_attempt_ends(&learner, "enrollment_not_found").await;
    assert_eq!(outcome(&learner.event(&event.id).await), "waits");
    assert_eq!(learner.standing("r-1").await, (ResultState::Delivered, None));
}

#[tokio::test]
async fn an_address_that_goes_to_an_enrolled_account_while_a_push_has_not_found_the_other_enrolled_is_not_missed() {
    let learner = Learner::new().await;
    learner.scene.stage.docebo.remove_enrollment(COURSE, LEARNER);
    an_attempt_runs(&learner).await;
    learner.moves();
    learner.scene.clock.advance_ms(5);
    let moved = json!({"user_id": NAMESAKE, "email": email(LEARNER), "fired_at": in_seconds(&learner, 0)});
    let event = learner.hears("user.updated", moved).await;
    assert_eq!(outcome(&event), "nothing_to_do", "nobody waits yet");
    learner.scene.perils.let_go();
    learner.scene.still().await;
    assert_eq!(learner.standing("r-1").await, (ResultState::Delivered, None));
    assert_eq!(learner.slate(NAMESAKE), Learner::marked(Mark::Pass87, 9));
}
