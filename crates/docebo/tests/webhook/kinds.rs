//! The values of the kinds of fields, seen on events that matter most.

use jiff::Timestamp;
use jiff::civil::{Date, date};
use passback_docebo::EnrollmentStatus;
use passback_docebo::webhook::{
    CertificationAwardUpdated, CourseCreated, CourseEnrollmentCompleted, CourseLevel, LoAssignmentEvaluation,
    TmrepoCourseTrainingmaterialAdded, TrainingMaterialType, UserUpdated,
};
use rstest::rstest;
use serde_json::{Map, Value, json};

fn with(name: &str, value: &Value) -> Map<String, Value> {
    Map::from_iter([(name.to_owned(), value.clone())])
}

fn moment(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn a_completion_has_all_its_values() {
    let payload = json!({
        "fired_at": "2026-02-11 09:30:12",
        "user_id": "13827",
        "course_id": 146,
        "completion_date": "2026-02-11 09:30:11",
        "subscribed_by_id": 13827,
        "status": "completed",
        "level": "student",
        "enrollment_date": "2026-01-20 13:05:00",
        "enrollment_date_begin_validity": null,
        "enrollment_date_end_validity": "2026-06-30",
        "extra_data": {"score": 87},
    });
    let completed = CourseEnrollmentCompleted::read(payload.as_object().unwrap());
    assert_eq!(completed.fired_at, Some(moment("2026-02-11T09:30:12Z")));
    assert_eq!(completed.user_id, Some(13827));
    assert_eq!(completed.course_id, Some(146));
    assert_eq!(completed.completion_date, Some(moment("2026-02-11T09:30:11Z")));
    assert_eq!(completed.subscribed_by_id, Some(13827));
    assert_eq!(completed.status, Some(EnrollmentStatus::Completed));
    assert_eq!(completed.level, Some(CourseLevel::Learner));
    assert_eq!(completed.enrollment_date, Some(moment("2026-01-20T13:05:00Z")));
    assert_eq!(completed.enrollment_date_begin_validity, None);
    assert_eq!(
        completed.enrollment_date_end_validity,
        Some(moment("2026-06-30T23:59:59Z"))
    );
    assert_eq!(completed.extra_data, Some(with("score", &json!(87))));
}

#[rstest]
#[case(json!("2026-01-01"), Some(date(2026, 1, 1)))]
#[case(json!("2026-01-01 00:00:00"), Some(date(2026, 1, 1)))]
#[case(json!("2026-01-01 09:30:00"), None)]
#[case(json!("2026-01-01T00:00:00Z"), None)]
#[case(json!("01/02/2026"), None)]
#[case(json!(20_260_101), None)]
#[case(json!("0000-00-00"), None)]
fn a_day_is_read(#[case] sent: Value, #[case] day: Option<Date>) {
    assert_eq!(CourseCreated::read(&with("start_date", &sent)).start_date, day);
}

#[rstest]
#[case(json!(0), Some(0))]
#[case(json!("0"), Some(0))]
#[case(json!(-1), None)]
#[case(json!("-1"), None)]
#[case(json!(9_223_372_036_854_775_807_i64), Some(9_223_372_036_854_775_807))]
#[case(json!("9007199254740993"), Some(9_007_199_254_740_993))]
#[case(json!("9007199254740993.0"), None)]
#[case(json!(1.5), None)]
#[case(json!(true), None)]
fn an_id_is_whole_exact_and_not_negative(#[case] sent: Value, #[case] id: Option<u64>) {
    let updated = UserUpdated::read(&with("user_id", &sent));
    assert_eq!(updated.user_id, id);
    assert_eq!(updated.other.contains_key("user_id"), id.is_none());
}

#[rstest]
#[case(json!("r.moreau"), Some("r.moreau"))]
#[case(json!(" r.moreau "), Some(" r.moreau "))]
#[case(json!(2024), Some("2024"))]
#[case(json!(1.5), None)]
fn a_text_is_kept_as_it_is(#[case] sent: Value, #[case] username: Option<&str>) {
    assert_eq!(
        UserUpdated::read(&with("username", &sent)).username.as_deref(),
        username
    );
}

#[test]
fn a_flag_that_is_a_number_stays_a_number() {
    let payload = json!({"always_valid": 1, "always_valid_old": "0"});
    let updated = CertificationAwardUpdated::read(payload.as_object().unwrap());
    assert_eq!(
        (updated.always_valid, updated.always_valid_old),
        (Some(true), Some(false))
    );
    assert_eq!(
        Value::from(updated.to_payload()),
        json!({"always_valid": 1, "always_valid_old": 0})
    );
}

#[test]
fn a_value_without_a_published_type_is_kept_as_it_is() {
    for status in [json!("passed"), json!(1), json!(-1), json!({"code": 1}), json!(false)] {
        let evaluated = LoAssignmentEvaluation::read(&with("status", &status));
        assert_eq!(evaluated.status, Some(status));
    }
}

#[test]
fn a_field_named_as_a_keyword_of_rust_has_its_own_name_in_json() {
    let created = CourseCreated::read(&with("type", &json!("classroom")));
    assert_eq!(
        created.r#type.as_ref().map(ToString::to_string).as_deref(),
        Some("classroom")
    );
    assert_eq!(Value::from(created.to_payload()), json!({"type": "classroom"}));
}

#[test]
fn an_unknown_status_or_type_is_kept_in_its_field() {
    let completed = CourseEnrollmentCompleted::read(&with("status", &json!("archived")));
    assert_eq!(completed.status, Some(EnrollmentStatus::Other("archived".to_owned())));
    let added = TmrepoCourseTrainingmaterialAdded::read(&with("training_material_type", &json!("hologram")));
    let unknown = TrainingMaterialType::Other("hologram".to_owned());
    assert_eq!(added.training_material_type, Some(unknown));
}
