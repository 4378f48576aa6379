//! What Docebo tells of enrolments: it confirms what was written, shows what somebody else has changed, and whatever the
//! order in which it comes, the rows are the same in the end.

use std::time::Duration;

use passback_producer::{Code, DoceboEventView, ReactionState, ReplayStatus, ResultState, Verdict};
use passback_queue::State;
use passback_registry::VerifyPolicy;
use passback_simulator::{Endpoint, Enrollment};
use serde_json::json;

use super::herald::{in_seconds, of_enrollment, outcome};
use super::learner::{COURSE, LEARNER, LOOKED_AT, Learner, PROVED};
use super::oracle::Mark;
use super::perils::Peril;

const COMPLETED: &str = "course.enrollment.completed";
const UPDATED: &str = "course.enrollment.updated";
/// Until a write is read that no webhook has confirmed.
const UNCONFIRMED: Duration = Duration::from_mins(16);

/// A learner whose pass was delivered, at a connector that reads only what no webhook confirms.
async fn delivered() -> Learner {
    let learner = Learner::with(|connector, _| connector.verify = VerifyPolicy::UnlessWebhook).await;
    assert_eq!(learner.sits("r-1", Mark::Pass87, 9).await.state, ResultState::Delivered);
    // A read that is asked for shows the write by now, and is made at once.
    learner.scene.jump(PROVED).await;
    learner
}

fn mismatch() -> (ResultState, Option<String>) {
    (ResultState::Parked, Some(Code::VerifyMismatch.as_str().to_owned()))
}

#[tokio::test]
async fn the_echo_of_a_write_confirms_it_and_saves_the_read() {
    let learner = delivered().await;
    let requests = learner.requests();
    let event = learner.hears(COMPLETED, of_enrollment(&learner, "completed", 1)).await;
    assert_eq!(
        (outcome(&event), event.reaction.result_id.as_deref()),
        ("confirmed", Some("r-1"))
    );
    let result = learner.result("r-1").await;
    assert_eq!(result.state, ResultState::Confirmed);
    let last = result.steps.last().unwrap();
    assert_eq!(
        (last.step.as_str(), last.reference.as_deref()),
        ("confirmed", Some(event.id.as_str()))
    );
    let told = learner.scene.stage.producer.feed(None, 10).await.unwrap().events;
    assert_eq!(
        serde_json::to_value(told.last().unwrap()).unwrap()["state"],
        "confirmed"
    );
    learner.scene.pass(UNCONFIRMED).await;
    assert_eq!(learner.asked_since(requests), [], "the word of the webhook is enough");
    assert_eq!(learner.result("r-1").await.state, ResultState::Confirmed);
}

#[tokio::test]
async fn what_no_webhook_confirms_is_read() {
    let learner = delivered().await;
    let requests = learner.requests();
    learner.scene.pass(UNCONFIRMED).await;
    assert_eq!(learner.asked_since(requests), [Endpoint::EnrollmentRead]);
    assert_eq!(learner.result("r-1").await.state, ResultState::Verified);
}

#[tokio::test]
async fn an_echo_that_comes_before_docebo_s_answer_waits_for_it_and_confirms() {
    let mut learner = Learner::with(|connector, _| connector.verify = VerifyPolicy::UnlessWebhook).await;
    learner.scene.perils.arm("r-1", (COURSE, LEARNER), Peril::CrashAfter);
    learner.hands_in("r-1", Mark::Pass87, 9).await;
    learner.scene.still().await;
    assert_eq!(learner.writes(), 1, "Docebo has it, and nobody here knows");
    let event = learner.hears(COMPLETED, of_enrollment(&learner, "completed", 0)).await;
    assert_eq!(event.reaction.state, ReactionState::Queued);
    let job = learner
        .scene
        .stage
        .producer
        .queue()
        .job(event.reaction.job_id.unwrap())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(job.attempts, 0, "waiting burns no attempt");
    learner.scene.kill_all().await;
    learner.scene.hire_two(4);
    learner.scene.pass(PROVED * 2).await;
    assert_eq!(learner.result("r-1").await.state, ResultState::Confirmed);
    assert_eq!(
        (outcome(&learner.event(&event.id).await), learner.writes()),
        ("confirmed", 1)
    );
}

/// Lets time pass until the reaction to an event has come to something. The worker that has the write hangs and beats, so
/// that nobody takes its job over for an hour.
async fn within_the_hour(learner: &Learner, id: &str) -> DoceboEventView {
    for _ in 0..120 {
        learner.scene.jump(Duration::from_secs(30)).await;
        let event = learner.event(id).await;
        if event.reaction.state == ReactionState::Done {
            return event;
        }
    }
    panic!("it still waits: {:?}", learner.event(id).await);
}

#[tokio::test]
async fn an_event_does_not_wait_for_ever_for_a_write_that_comes_to_nothing() {
    let learner = Learner::new().await;
    learner.scene.perils.arm("r-1", (COURSE, LEARNER), Peril::CrashAfter);
    learner.hands_in("r-1", Mark::Pass87, 9).await;
    learner.scene.still().await;
    let event = learner.hears(COMPLETED, of_enrollment(&learner, "completed", 0)).await;
    let event = within_the_hour(&learner, &event.id).await;
    assert_eq!(
        (outcome(&event), event.reaction.result_id.as_deref()),
        ("asked_docebo", None)
    );
    assert_eq!(
        event.reaction.detail.as_deref(),
        Some("a write is under way; its next attempt reads the enrolment")
    );
}

#[tokio::test]
async fn an_event_that_waits_too_long_for_a_write_has_what_was_written_before_read_after_it() {
    let mut learner = delivered().await;
    learner.scene.pass(UNCONFIRMED).await;
    assert_eq!(learner.result("r-1").await.state, ResultState::Verified);
    learner.scene.perils.arm("r-2", (COURSE, LEARNER), Peril::CrashAfter);
    learner.hands_in("r-2", Mark::Pass93, 10).await;
    learner.scene.still().await;
    let event = learner.hears(COMPLETED, of_enrollment(&learner, "completed", 0)).await;
    let event = within_the_hour(&learner, &event.id).await;
    assert_eq!(
        (outcome(&event), event.reaction.result_id.as_deref()),
        ("asked_docebo", Some("r-1"))
    );
    assert_eq!(
        event.reaction.detail.as_deref(),
        Some("a write is under way; the enrolment is read after it")
    );
    let waiting = learner.scene.all(State::Ready).await;
    let results: Vec<_> = waiting.iter().map(|job| job.result_id.as_deref()).collect();
    assert_eq!(results, [Some("r-1")], "a read waits behind the write");
    learner.scene.kill_all().await;
    learner.scene.hire_two(4);
    learner.scene.pass(UNCONFIRMED + PROVED).await;
    assert_eq!(learner.result("r-2").await.state, ResultState::Verified);
    assert_eq!(learner.result("r-1").await.state, ResultState::Verified);
    assert_eq!(learner.slate(LEARNER), Learner::marked(Mark::Pass93, 10));
}

#[tokio::test]
async fn an_echo_that_is_told_again_changes_nothing() {
    let learner = delivered().await;
    let payload = of_enrollment(&learner, "completed", 1);
    learner.posts("wh-1", COMPLETED, std::slice::from_ref(&payload)).await;
    learner.scene.still().await;
    let before = learner.result("r-1").await;
    let again = learner.posts("wh-1", COMPLETED, std::slice::from_ref(&payload)).await;
    assert_eq!((again.stored, again.duplicates), (0, 1));
    // The same thing under another id, and another word for it in the same second.
    let other_id = learner.hears(COMPLETED, payload).await;
    assert_eq!(outcome(&other_id), "confirmed");
    let other_word = learner.hears(UPDATED, of_enrollment(&learner, "completed", 1)).await;
    assert_eq!(outcome(&other_word), "already_confirmed");
    let later = learner.hears(UPDATED, of_enrollment(&learner, "completed", 9)).await;
    assert_eq!(outcome(&later), "already_confirmed");
    assert_eq!(learner.result("r-1").await, before);
}

#[tokio::test]
async fn what_was_told_before_a_write_or_before_something_newer_is_stale() {
    let learner = delivered().await;
    let before = learner
        .hears(UPDATED, of_enrollment(&learner, "in_progress", -60))
        .await;
    assert_eq!(outcome(&before), "stale");
    learner.hears(COMPLETED, of_enrollment(&learner, "completed", 20)).await;
    let older = learner.hears(UPDATED, of_enrollment(&learner, "in_progress", 10)).await;
    assert_eq!(outcome(&older), "stale");
    assert_eq!(learner.result("r-1").await.state, ResultState::Confirmed);
    assert_eq!(learner.steps("r-1").await, ["accepted", "delivered", "confirmed"]);
}

#[tokio::test]
async fn an_event_of_the_future_hides_nothing_that_happens_until_then() {
    let learner = delivered().await;
    let mut future = of_enrollment(&learner, "completed", 1);
    future["fired_at"] = json!("2099-01-01 00:00:00");
    // Without a time of Docebo's, only a read proves anything.
    assert_eq!(outcome(&learner.hears(UPDATED, future).await), "asked_docebo");
    assert_eq!(learner.result("r-1").await.state, ResultState::Verified);
    learner.edits(Enrollment::IN_PROGRESS, Some(12.0), None);
    let event = learner.hears(UPDATED, of_enrollment(&learner, "in_progress", 60)).await;
    assert_eq!(outcome(&event), "by_someone_else");
    assert_eq!(learner.standing("r-1").await, mismatch());
}

#[tokio::test]
async fn a_clock_that_is_a_little_ahead_is_believed() {
    let learner = delivered().await;
    let ahead = learner
        .hears(COMPLETED, of_enrollment(&learner, "completed", 299))
        .await;
    assert_eq!(outcome(&ahead), "confirmed");
}

#[tokio::test]
async fn what_somebody_else_has_changed_becomes_a_person_s_case_at_once() {
    let learner = delivered().await;
    learner.hears(COMPLETED, of_enrollment(&learner, "completed", 1)).await;
    learner.edits(Enrollment::IN_PROGRESS, Some(12.0), None);
    let event = learner.hears(UPDATED, of_enrollment(&learner, "in_progress", 60)).await;
    assert_eq!(
        (outcome(&event), event.reaction.result_id.as_deref()),
        ("by_someone_else", Some("r-1"))
    );
    assert_eq!(learner.standing("r-1").await, mismatch());
    assert_eq!(learner.case("r-1").await.theirs.unwrap().score, Some(12.0));
    assert!(
        learner
            .steps("r-1")
            .await
            .contains(&"changed_by_someone_else".to_owned())
    );
    // Whatever else is told of it, one person is asked one time.
    let again = learner.hears(UPDATED, of_enrollment(&learner, "subscribed", 70)).await;
    assert_eq!(outcome(&again), "by_someone_else");
    assert_eq!(learner.standing("r-1").await, mismatch());
    learner.decides("r-1", Verdict::WriteOurs).await;
    assert_eq!(
        learner.slate(LEARNER),
        Learner::marked(Mark::Pass87, 9),
        "without the e-mail, to the same user"
    );
    learner.scene.pass(UNCONFIRMED).await;
    assert_eq!(learner.result("r-1").await.state, ResultState::Verified);
    learner
        .scene
        .stage
        .producer
        .queue()
        .violations()
        .await
        .map(|wrong| assert!(wrong.is_empty(), "{wrong:?}"))
        .unwrap();
}

#[tokio::test]
async fn what_somebody_else_has_changed_stays_if_a_person_keeps_it_and_nothing_newer_is_lost() {
    let learner = delivered().await;
    let theirs = learner.edits(Enrollment::IN_PROGRESS, Some(12.0), None);
    learner.hears(UPDATED, of_enrollment(&learner, "in_progress", 60)).await;
    assert_eq!(learner.standing("r-1").await, mismatch());
    learner.decides("r-1", Verdict::KeepTheirs).await;
    learner.scene.jump(LOOKED_AT).await;
    assert_eq!(learner.slate(LEARNER), theirs);
    // The same content is in force: what is older gives way to it, as if the e-mail had been there.
    assert_eq!(
        learner.sits("r-0", Mark::Fail41, 8).await.state,
        ResultState::Superseded
    );
}

#[tokio::test]
async fn what_was_changed_and_changed_back_is_proved_by_the_event_of_it() {
    let learner = delivered().await;
    let ours = learner.slate(LEARNER);
    learner.edits(Enrollment::IN_PROGRESS, Some(12.0), None);
    learner.hears(UPDATED, of_enrollment(&learner, "in_progress", 60)).await;
    assert_eq!(learner.standing("r-1").await, mismatch());
    learner.edits(ours.status, ours.score, ours.date.as_deref());
    let event = learner.hears(COMPLETED, of_enrollment(&learner, "completed", 90)).await;
    assert_eq!(outcome(&event), "asked_docebo");
    assert_eq!(learner.standing("r-1").await, (ResultState::Verified, None));
}

#[tokio::test]
async fn an_event_that_does_not_say_enough_has_the_enrolment_read() {
    let learner = delivered().await;
    let requests = learner.requests();
    let silent = json!({"user_id": LEARNER, "course_id": COURSE, "fired_at": in_seconds(&learner, 60)});
    let event = learner.hears(UPDATED, silent).await;
    assert_eq!(outcome(&event), "asked_docebo");
    assert_eq!(learner.asked_since(requests), [Endpoint::EnrollmentRead]);
    assert_eq!(learner.result("r-1").await.state, ResultState::Verified);
}

#[tokio::test]
async fn two_events_of_one_second_that_contradict_each_other_are_settled_by_a_read() {
    for (first, second) in [("completed", "in_progress"), ("in_progress", "completed")] {
        let learner = delivered().await;
        learner.hears(UPDATED, of_enrollment(&learner, first, 30)).await;
        let tie = learner.hears(UPDATED, of_enrollment(&learner, second, 30)).await;
        assert!(
            ["asked_docebo", "already_confirmed"].contains(&outcome(&tie)),
            "{tie:?}"
        );
        assert_eq!(
            learner.result("r-1").await.state,
            ResultState::Verified,
            "Docebo holds what was written"
        );
    }
}

#[tokio::test]
async fn who_is_taken_out_of_the_course_after_a_write_is_a_person_s_case() {
    let learner = delivered().await;
    learner.scene.stage.docebo.remove_enrollment(COURSE, LEARNER);
    let event = learner
        .hears("course.enrollment.deleted", of_enrollment(&learner, "completed", 60))
        .await;
    assert_eq!(outcome(&event), "asked_docebo");
    assert_eq!(learner.standing("r-1").await, mismatch());
    assert_eq!(learner.case("r-1").await.theirs, None);
}

#[tokio::test]
async fn an_event_about_somebody_else_is_not_ours_and_an_unknown_one_is_only_kept() {
    let learner = delivered().await;
    let requests = learner.requests();
    let other = json!({"user_id": 99, "course_id": COURSE, "status": "completed", "fired_at": in_seconds(&learner, 1)});
    assert_eq!(outcome(&learner.hears(COMPLETED, other).await), "not_ours");
    let unknown = learner
        .hears("some.future.event", json!({"user_id": LEARNER, "text": "Remy"}))
        .await;
    assert_eq!((unknown.reaction.state, unknown.known), (ReactionState::None, false));
    assert_eq!(unknown.payload, json!({"user_id": LEARNER, "text": "•••"}));
    assert_eq!(learner.requests(), requests);
}

#[tokio::test]
async fn a_result_that_waits_for_a_person_looks_anew_when_the_enrolment_is_changed() {
    let learner = Learner::new().await;
    learner.edits(Enrollment::IN_PROGRESS, Some(55.0), None);
    learner.sits("r-1", Mark::Pass87, 9).await;
    assert_eq!(learner.standing("r-1").await.1.as_deref(), Some("manual_override"));
    learner.edits(Enrollment::SUBSCRIBED, None, None);
    let event = learner.hears(UPDATED, of_enrollment(&learner, "subscribed", 60)).await;
    assert_eq!(
        (outcome(&event), event.reaction.result_id.as_deref()),
        ("waits", Some("r-1"))
    );
    assert_eq!(learner.standing("r-1").await.0, ResultState::Delivered);
}

#[tokio::test]
async fn an_event_is_replayed_as_often_as_anybody_likes_and_comes_to_the_same() {
    let learner = delivered().await;
    let event = learner.hears(COMPLETED, of_enrollment(&learner, "completed", 1)).await;
    let before = learner.result("r-1").await;
    let producer = learner.scene.stage.producer.clone();
    for _ in 0..2 {
        let replayed = producer
            .replay_webhooks(std::slice::from_ref(&event.id), "ops", "to be sure")
            .await
            .unwrap();
        assert!(
            matches!(replayed[0].status, ReplayStatus::Queued { .. }),
            "{replayed:?}"
        );
        learner.scene.still().await;
        assert_eq!(outcome(&learner.event(&event.id).await), "confirmed");
    }
    assert_eq!(learner.result("r-1").await, before);
    let audit = producer.registry().recent_audit(1).await.unwrap();
    assert_eq!(
        (audit[0].action.as_str(), audit[0].actor.as_str()),
        ("webhook.replayed", "ops")
    );
}
