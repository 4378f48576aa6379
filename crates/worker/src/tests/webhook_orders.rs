//! The same events in any order, any number of times: the same rows in the end.

use passback_producer::ResultState;
use passback_simulator::Enrollment;
use serde_json::{Value, json};

use super::herald::of_enrollment;
use super::learner::{COURSE, LEARNER, Learner, PROVED};
use super::oracle::Mark;

/// How many orders are tried.
const ORDERS: u64 = 12;

/// What Docebo tells of a write and of what somebody did before and after it.
fn tidings(learner: &Learner, changed: bool) -> Vec<(&'static str, Value)> {
    let mut tidings = vec![
        ("course.enrollment.created", of_enrollment(learner, "subscribed", -3600)),
        ("course.enrollment.updated", of_enrollment(learner, "in_progress", -600)),
        ("course.enrollment.completed", of_enrollment(learner, "completed", 1)),
        ("course.enrollment.updated", of_enrollment(learner, "completed", 1)),
        (
            "user.updated",
            json!({"user_id": LEARNER, "username": "x", "fired_at": "2026-11-22 09:00:00"}),
        ),
    ];
    if changed {
        tidings.push(("course.enrollment.updated", of_enrollment(learner, "suspended", 60)));
        tidings.push(("course.enrollment.updated", of_enrollment(learner, "in_progress", 120)));
    }
    tidings
}

/// Where the result stands after the events came in an order that the seed decides, some of them more than once.
async fn after(seed: u64, changed: bool) -> (ResultState, Option<String>, Option<f64>) {
    let learner = Learner::new().await;
    learner.sits("r-1", Mark::Pass87, 9).await;
    if changed {
        learner.edits(Enrollment::IN_PROGRESS, Some(12.0), None);
    }
    let mut order = tidings(&learner, changed);
    let mut random = fastrand::Rng::with_seed(seed);
    let repeated: Vec<_> = order.iter().filter(|_| random.bool()).cloned().collect();
    order.extend(repeated);
    random.shuffle(&mut order);
    for (number, (event, payload)) in order.iter().enumerate() {
        learner
            .posts(&format!("wh-{number}"), event, std::slice::from_ref(payload))
            .await;
        if random.bool() {
            learner.scene.still().await;
        }
    }
    learner.scene.pass(PROVED).await;
    let wrong = learner.scene.stage.producer.queue().violations().await.unwrap();
    assert!(wrong.is_empty(), "{wrong:?}");
    assert_eq!(learner.writes(), 1, "an event writes nothing");
    assert!(learner.scene.stage.docebo.enrollment(COURSE, LEARNER).is_some());
    let result = learner.result("r-1").await;
    let theirs = result.case.and_then(|case| case.theirs).and_then(|theirs| theirs.score);
    (result.state, result.code, theirs)
}

#[tokio::test]
async fn events_in_any_order_and_number_prove_a_result_that_is_there() {
    for seed in 0..ORDERS {
        assert_eq!(
            after(seed, false).await,
            (ResultState::Verified, None, None),
            "seed {seed}"
        );
    }
}

#[tokio::test]
async fn events_in_any_order_and_number_show_what_somebody_else_has_changed() {
    for seed in 0..ORDERS {
        let expected = (ResultState::Parked, Some("verify_mismatch".to_owned()), Some(12.0));
        assert_eq!(after(seed, true).await, expected, "seed {seed}");
    }
}
