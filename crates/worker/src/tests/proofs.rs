//! A write is read back: what differs from what was sent is a person's case, and both decisions lead to an end.

use passback_producer::{Code, ResultState, Verdict};
use passback_registry::VerifyPolicy;
use passback_simulator::{Endpoint, Enrollment};

use super::learner::{COURSE, LEARNER, LOOKED_AT, Learner, PROVED};
use super::oracle::{Mark, Slate};

/// A learner whose pass was delivered and then changed by hand.
async fn tampered() -> (Learner, Slate) {
    let learner = Learner::new().await;
    assert_eq!(learner.sits("r-1", Mark::Pass87, 9).await.state, ResultState::Delivered);
    let theirs = learner.edits(Enrollment::COMPLETED, Some(12.0), Some("2026-11-20 09:00:00"));
    learner.scene.pass(PROVED).await;
    (learner, theirs)
}

fn mismatch() -> (ResultState, Option<String>) {
    (ResultState::Parked, Some(Code::VerifyMismatch.as_str().to_owned()))
}

#[tokio::test]
async fn what_is_as_sent_is_verified_and_asked_for_no_more() {
    let learner = Learner::new().await;
    learner.sits("r-1", Mark::Pass87, 9).await;
    let requests = learner.requests();
    learner.scene.pass(PROVED).await;
    assert_eq!(learner.result("r-1").await.state, ResultState::Verified);
    learner.scene.jump(LOOKED_AT).await;
    assert_eq!(learner.asked_since(requests), [Endpoint::EnrollmentRead]);
}

#[tokio::test]
async fn what_was_changed_by_hand_is_shown_beside_what_was_sent() {
    let (learner, theirs) = tampered().await;
    assert_eq!(learner.standing("r-1").await, mismatch());
    let case = learner.case("r-1").await;
    let scores = [
        case.ours.score,
        case.theirs.unwrap().score,
        case.last_known.unwrap().score,
    ];
    assert_eq!(scores, [Some(87.0), Some(12.0), Some(87.0)]);
    assert_eq!((learner.slate(LEARNER), learner.writes()), (theirs, 1));
}

#[tokio::test]
async fn what_was_changed_by_hand_and_back_again_is_verified_at_the_next_look() {
    let (learner, _) = tampered().await;
    learner.edits(Enrollment::COMPLETED, Some(87.0), Some("2026-11-20 09:00:00"));
    learner.scene.jump(LOOKED_AT).await;
    assert_eq!(learner.standing("r-1").await, (ResultState::Verified, None));
}

#[tokio::test]
async fn what_was_changed_by_hand_stays_if_a_person_keeps_it() {
    let (learner, theirs) = tampered().await;
    learner.decides("r-1", Verdict::KeepTheirs).await;
    learner.scene.jump(LOOKED_AT).await;
    assert_eq!((learner.slate(LEARNER), learner.writes()), (theirs, 1));
    let kept = Some(Code::KeptTheirs.as_str().to_owned());
    assert_eq!(learner.standing("r-1").await, (ResultState::Discarded, kept));
}

#[tokio::test]
async fn what_was_changed_by_hand_is_written_again_if_a_person_says_so_and_proved_again() {
    let (learner, _) = tampered().await;
    learner.decides("r-1", Verdict::WriteOurs).await;
    assert_eq!(learner.slate(LEARNER), Learner::marked(Mark::Pass87, 9));
    assert_eq!(learner.standing("r-1").await, (ResultState::Delivered, None));
    learner.scene.pass(PROVED).await;
    assert_eq!(learner.standing("r-1").await, (ResultState::Verified, None));
    assert_eq!(learner.writes(), 2);
}

#[tokio::test]
async fn what_is_changed_again_before_it_is_written_again_is_a_new_case_that_can_be_decided() {
    let (mut learner, _) = tampered().await;
    learner.scene.kill_all().await;
    learner.decide("r-1", Verdict::WriteOurs).await.unwrap();
    let theirs = learner.edits(Enrollment::IN_PROGRESS, Some(13.0), None);
    learner.scene.hire_two(4);
    learner.scene.still().await;
    assert_eq!(learner.slate(LEARNER), theirs);
    let overridden = Some(Code::ManualOverride.as_str().to_owned());
    assert_eq!(learner.standing("r-1").await, (ResultState::Parked, overridden));
    assert_eq!(learner.case("r-1").await.theirs.unwrap().score, Some(13.0));
    learner.decides("r-1", Verdict::WriteOurs).await;
    learner.scene.pass(PROVED).await;
    assert_eq!(
        learner.slate(LEARNER),
        Slate {
            date: Some("2026-11-20 09:00:00".to_owned()),
            ..Learner::marked(Mark::Pass87, 9)
        }
    );
    assert_eq!(learner.standing("r-1").await, (ResultState::Verified, None));
}

#[tokio::test]
async fn a_removed_enrolment_is_a_case_and_writing_again_waits_for_it_without_taking_a_new_one_for_the_old() {
    let learner = Learner::new().await;
    learner.sits("r-1", Mark::Pass87, 9).await;
    learner.scene.stage.docebo.remove_enrollment(COURSE, LEARNER).unwrap();
    learner.scene.pass(PROVED).await;
    assert_eq!(learner.standing("r-1").await, mismatch());
    assert_eq!(learner.case("r-1").await.theirs, None);
    learner.decides("r-1", Verdict::WriteOurs).await;
    learner
        .scene
        .stage
        .docebo
        .put_enrollment(Enrollment::new(COURSE, LEARNER));
    learner.scene.jump(LOOKED_AT).await;
    // The case of the new enrolment, or the result on it: never a result that stands nowhere.
    let (state, code) = learner.standing("r-1").await;
    assert_eq!(
        (state, code.as_deref()),
        (ResultState::Parked, Some(Code::ManualOverride.as_str()))
    );
    learner.decides("r-1", Verdict::WriteOurs).await;
    learner.scene.pass(PROVED).await;
    assert_eq!(learner.standing("r-1").await, (ResultState::Verified, None));
    assert_eq!(learner.slate(LEARNER), Learner::marked(Mark::Pass87, 9));
}

#[tokio::test]
async fn a_case_that_a_newer_result_has_settled_does_not_stay_open() {
    let (learner, _) = tampered().await;
    learner.sits("r-2", Mark::Pass93, 10).await;
    learner.decides("r-2", Verdict::WriteOurs).await;
    learner.scene.pass(PROVED).await;
    learner.scene.jump(LOOKED_AT).await;
    assert_eq!(learner.standing("r-2").await, (ResultState::Verified, None));
    let overtaken = learner.result("r-1").await;
    assert!(overtaken.state.is_final(), "{:?} {:?}", overtaken.state, overtaken.code);
}

#[tokio::test]
async fn a_learner_who_begins_the_course_has_changed_nothing_by_hand() {
    let learner = Learner::with(|_, exam| exam.on_non_graded = passback_registry::OnOutcome::Subscribed).await;
    learner.edits(Enrollment::SUSPENDED, None, None);
    learner.sits("r-1", Mark::NonGraded, 9).await;
    learner.decides("r-1", Verdict::WriteOurs).await;
    learner.edits(Enrollment::IN_PROGRESS, None, None);
    learner.scene.pass(PROVED).await;
    assert_eq!(learner.standing("r-1").await, (ResultState::Verified, None));
}

#[tokio::test]
async fn only_what_no_webhook_has_confirmed_is_read_where_the_policy_says_so() {
    let learner = Learner::with(|connector, _| connector.verify = VerifyPolicy::UnlessWebhook).await;
    learner.sits("r-1", Mark::Pass87, 9).await;
    let note = passback_queue::RowNote {
        result_id: "r-1".parse().unwrap(),
        from: &["delivered"],
        state: Some("confirmed"),
        step: "confirmed",
        code: String::new(),
        reference: String::new(),
        case: None,
    };
    assert!(learner.scene.stage.producer.queue().note(&note).await.unwrap());
    let requests = learner.requests();
    learner.scene.pass(PROVED * 30).await;
    assert_eq!(learner.requests(), requests);
    assert_eq!(learner.result("r-1").await.state, ResultState::Confirmed);
    learner.sits("r-2", Mark::Pass93, 10).await;
    learner.scene.pass(PROVED * 30).await;
    assert_eq!(learner.result("r-2").await.state, ResultState::Verified);
}

#[tokio::test]
async fn a_sample_reads_some_writes_back_and_the_same_ones_whoever_asks() {
    let mut verified = Vec::new();
    let learner = Learner::with(|connector, _| connector.verify = VerifyPolicy::Sample).await;
    for number in 0..40_u8 {
        let mark = if number % 2 == 0 { Mark::Pass87 } else { Mark::Pass93 };
        let id = format!("r-{number}");
        let result = super::oracle::Sitting { mark, hour: 0 }.result(
            id.clone(),
            "forklift-01".to_owned(),
            super::town::email(LEARNER),
        );
        let result = passback_producer::ExamResult {
            completed_at: format!("2026-11-20T09:{number:02}:00Z"),
            ..result
        };
        learner.scene.stage.producer.push(&result).await.unwrap();
        learner.scene.pass(PROVED).await;
        let state = learner.result(&id).await.state;
        if state == ResultState::Verified {
            verified.push(id);
        } else {
            assert_eq!(state, ResultState::Delivered);
        }
    }
    // The key is another one in each run, and so is the sample; how many of forty it has is chance.
    let vault = learner.scene.stage.producer.registry().vault().clone();
    let in_sample = |id: &String| {
        let hash = vault.keyed_hash(&format!("sample/{id}"));
        let bits = u128::from_str_radix(&hash, 16).unwrap() & ((1 << 80) - 1);
        bits.is_multiple_of(10)
    };
    let expected: Vec<String> = (0..40).map(|number| format!("r-{number}")).filter(in_sample).collect();
    assert_eq!(verified, expected);
}
