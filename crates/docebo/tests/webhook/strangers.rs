//! Names and fields that this version does not know.

use passback_docebo::webhook::{EVENT_NAMES, Event, UserUpdated};
use rstest::rstest;
use serde_json::{Value, json};

use crate::published::published;

#[rstest]
#[case("course.enrollment.update")]
#[case("course.enrollment.Completed")]
#[case(" course.created")]
#[case("course.created ")]
#[case("survey.answered")]
#[case("")]
fn an_unknown_name_is_kept_with_its_payload_and_not_guessed(#[case] name: &str) {
    let payload = json!({"fired_at": "2026-02-11 09:30:12", "user_id": "13827", "nested": [{"a": null}]});
    let event = Event::read(name, &payload);
    assert!(!event.is_known());
    assert_eq!(event.name(), name);
    assert_eq!(event.to_payload(), payload);
    assert_eq!(event.fired_at(), Some("2026-02-11T09:30:12Z".parse().unwrap()));
    assert_eq!(event.other(), None);
    assert_eq!(event.unset(), None);
}

#[test]
fn every_event_keeps_fields_that_it_does_not_know() {
    for event in published() {
        let unknown = json!({"a": [null, "", 0, {"b": 1.5}]});
        let payload = event.payload_with("not_yet_invented", &unknown);
        let read = Event::read(&event.name, &payload);
        assert!(read.is_known());
        assert_eq!(read.other().unwrap().get("not_yet_invented"), Some(&unknown));
        assert_eq!(read.to_payload(), payload);
    }
}

#[rstest]
#[case(json!(null))]
#[case(json!([]))]
#[case(json!(""))]
#[case(json!({}))]
fn a_payload_that_says_nothing_is_an_event_without_values(#[case] payload: Value) {
    for name in EVENT_NAMES {
        let event = Event::read(name, &payload);
        assert!(event.is_known());
        assert_eq!(event.to_payload(), json!({}));
        assert_eq!(event.fired_at(), None);
    }
    assert_eq!(
        Event::read("user.updated", &payload),
        Event::from(UserUpdated::default())
    );
}

#[rstest]
#[case(json!("user_id=1"))]
#[case(json!(7))]
#[case(json!(true))]
#[case(json!([{"user_id": 1}]))]
fn a_payload_that_is_no_object_is_kept_without_a_type(#[case] payload: Value) {
    for name in EVENT_NAMES {
        let event = Event::read(name, &payload);
        assert!(!event.is_known());
        assert_eq!(event.name(), name);
        assert_eq!(event.to_payload(), payload);
        assert_eq!(event.fired_at(), None);
    }
}
