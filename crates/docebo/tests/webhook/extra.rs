//! The additional data of a completion.

use passback_docebo::webhook::EnrollmentExtra;
use rstest::rstest;
use serde_json::{Value, json};

use crate::published::published;

#[test]
fn the_example_of_a_completion_has_additional_data() {
    let example = published()
        .into_iter()
        .find(|event| event.name == "course.enrollment.completed")
        .unwrap();
    let extra = EnrollmentExtra::of(example.payload()["extra_data"].as_object());
    assert_eq!(extra.total_time_seconds, Some(21934));
    assert_eq!(extra.score, Some(0.0));
    assert!(extra.date_first_access.is_some());
    assert_eq!(extra.additional_fields, None);
}

#[rstest]
#[case(json!(87), Some(87.0))]
#[case(json!("87.5"), Some(87.5))]
#[case(json!(null), None)]
#[case(json!(""), None)]
#[case(json!("good"), None)]
fn a_score_is_a_number_in_any_form(#[case] sent: Value, #[case] score: Option<f64>) {
    let extra_data = json!({"score": sent});
    assert_eq!(EnrollmentExtra::of(extra_data.as_object()).score, score);
}

#[test]
fn without_additional_data_there_is_none() {
    assert_eq!(EnrollmentExtra::of(None), EnrollmentExtra::default());
    assert_eq!(EnrollmentExtra::of(json!({}).as_object()), EnrollmentExtra::default());
}
