//! How much of a write the word of a webhook proves: the status and the date, the score where one is shown, never a field.

use std::time::Duration;

use passback_producer::{Code, ResultState, Verdict};
use passback_registry::{ResultField, VerifyPolicy};
use passback_simulator::{Endpoint, Enrollment};
use serde_json::{Value, json};

use super::herald::{of_enrollment, outcome};
use super::learner::{COURSE, LEARNER, Learner, PROVED};
use super::oracle::{Mark, Sitting};

const COMPLETED: &str = "course.enrollment.completed";
/// Until a write is read that no webhook has confirmed.
const UNCONFIRMED: Duration = Duration::from_mins(16);

async fn delivered(field: Option<ResultField>) -> Learner {
    let learner = Learner::with(|connector, exam| {
        connector.verify = VerifyPolicy::UnlessWebhook;
        exam.result_field = field;
    })
    .await;
    assert_eq!(learner.sits("r-1", Mark::Pass87, 9).await.state, ResultState::Delivered);
    learner.scene.jump(PROVED).await;
    learner
}

/// An event of the learner's completion that shows a score.
fn scored(learner: &Learner, score: f64) -> Value {
    let mut event = of_enrollment(learner, "completed", 1);
    event["extra_data"] = json!({"score": score});
    event
}

#[tokio::test]
async fn a_score_that_docebo_has_not_taken_is_found_although_its_webhook_shows_the_status() {
    let learner = delivered(None).await;
    let ours = learner.slate(LEARNER);
    learner.edits(ours.status, None, ours.date.as_deref());
    let event = learner.hears(COMPLETED, scored(&learner, 0.0)).await;
    assert_eq!(outcome(&event), "asked_docebo");
    let mismatch = Some(Code::VerifyMismatch.as_str().to_owned());
    assert_eq!(learner.standing("r-1").await, (ResultState::Parked, mismatch));
}

#[tokio::test]
async fn a_score_that_no_webhook_shows_is_read_once() {
    let learner = delivered(None).await;
    let requests = learner.requests();
    let event = learner.hears(COMPLETED, scored(&learner, 0.0)).await;
    assert_eq!(outcome(&event), "asked_docebo");
    assert_eq!(learner.standing("r-1").await, (ResultState::Verified, None));
    learner.scene.pass(UNCONFIRMED).await;
    assert_eq!(learner.asked_since(requests), [Endpoint::EnrollmentRead]);
}

#[tokio::test]
async fn a_score_that_a_webhook_shows_is_confirmed_with_the_status() {
    let learner = delivered(None).await;
    let requests = learner.requests();
    let event = learner.hears(COMPLETED, scored(&learner, 87.0)).await;
    assert_eq!(outcome(&event), "confirmed");
    learner.scene.pass(UNCONFIRMED).await;
    assert_eq!(learner.asked_since(requests), []);
}

#[tokio::test]
async fn the_text_in_a_field_is_read_although_a_webhook_has_confirmed_the_status() {
    let field = ResultField {
        id: 12,
        passed: "passed".to_owned(),
        failed: "failed".to_owned(),
        non_graded: "-".to_owned(),
    };
    let learner = delivered(Some(field)).await;
    let event = learner.hears(COMPLETED, scored(&learner, 87.0)).await;
    assert_eq!(outcome(&event), "confirmed");
    let docebo = &learner.scene.stage.docebo;
    let held = docebo.enrollment(COURSE, LEARNER).unwrap();
    let texts = [("12".to_owned(), json!("failed"))];
    docebo.put_enrollment(Enrollment {
        enrollment_fields: texts.into(),
        ..held
    });
    learner.scene.pass(UNCONFIRMED).await;
    let mismatch = Some(Code::VerifyMismatch.as_str().to_owned());
    assert_eq!(learner.standing("r-1").await, (ResultState::Parked, mismatch));
}

#[tokio::test]
async fn our_own_write_by_another_address_is_known_although_its_score_is_not_shown() {
    let learner = Learner::new().await;
    learner.sits("r-1", Mark::Fail41, 9).await;
    let docebo = &learner.scene.stage.docebo;
    assert!(docebo.set_email(LEARNER, "elsewhere@example.org"));
    learner.scene.jump(PROVED).await;
    let sitting = Sitting {
        mark: Mark::Pass87,
        hour: 10,
    };
    let result = sitting.result(
        "r-2".to_owned(),
        "forklift-01".to_owned(),
        "elsewhere@example.org".to_owned(),
    );
    learner.scene.stage.producer.push(&result).await.unwrap();
    learner.scene.still().await;
    learner.decides("r-2", Verdict::WriteOurs).await;
    assert_eq!(learner.slate(LEARNER), Learner::marked(Mark::Pass87, 10));
    learner.hears(COMPLETED, scored(&learner, 0.0)).await;
    let steps = learner.steps("r-1").await;
    assert!(!steps.contains(&"changed_by_someone_else".to_owned()), "{steps:?}");
}
