//! An event that is read and written again is the same.

use passback_docebo::EnrollmentStatus;
use passback_docebo::webhook::{CourseEnrollmentCompleted, CourseLevel, Event, WebhookMessage};
use serde_json::{Value, json};

use crate::published::published;

#[test]
fn each_example_is_read_as_its_type_and_written_exactly_as_it_was() {
    for published in published() {
        let Some(example) = &published.example else {
            continue;
        };
        let message = WebhookMessage::parse(example.to_string().as_bytes()).unwrap();
        let [payload] = message.items.as_slice() else {
            panic!("{} has one item", published.name);
        };
        let event = Event::read(&message.event, payload);
        assert!(event.is_known(), "{}", published.name);
        assert_eq!(event.name(), published.name);
        assert_eq!(event.to_payload(), example["payload"], "{}", published.name);
        assert_eq!(Event::read(event.name(), &event.to_payload()), event);
    }
}

#[test]
fn each_property_of_each_example_is_a_field_with_a_value() {
    for published in published() {
        let payload = published.payload();
        let event = Event::read(&published.name, &Value::Object(payload.clone()));
        assert_eq!(
            event.other().map(serde_json::Map::len),
            Some(0),
            "{} has a value without a field",
            published.name
        );
        let nothing = |value: &Value| value.is_null();
        let unset: Vec<_> = event.unset().unwrap().iter().collect();
        let blank: Vec<_> = payload.iter().filter(|(_, value)| nothing(value)).collect();
        assert_eq!(unset, blank, "{} has a value that was not read", published.name);
    }
}

#[test]
fn each_example_knows_when_it_happened() {
    for published in published() {
        let payload = published.payload();
        let Some(text) = payload.get("fired_at").and_then(Value::as_str) else {
            assert!(published.example.is_none(), "{} has a time", published.name);
            continue;
        };
        let expected: jiff::Timestamp = format!("{text}Z").parse().unwrap();
        let event = Event::read(&published.name, &Value::Object(payload));
        assert_eq!(event.fired_at(), Some(expected));
        let unknown = Event::read("not.yet.invented", &event.to_payload());
        assert_eq!(unknown.fired_at(), Some(expected));
    }
}

#[test]
fn an_event_made_in_code_is_written_and_read_again() {
    let completed = CourseEnrollmentCompleted {
        fired_at: Some("2026-02-11T09:30:12Z".parse().unwrap()),
        user_id: Some(13827),
        course_id: Some(146),
        status: Some(EnrollmentStatus::Completed),
        level: Some(CourseLevel::Learner),
        ..CourseEnrollmentCompleted::default()
    };
    let event = Event::from(completed);
    assert_eq!(
        event.to_payload(),
        json!({
            "fired_at": "2026-02-11 09:30:12",
            "user_id": 13827,
            "course_id": 146,
            "status": "completed",
            "level": "learner",
        })
    );
    assert_eq!(Event::read(event.name(), &event.to_payload()), event);
}

#[test]
fn a_value_that_is_set_later_wins_over_what_was_sent_for_it() {
    let sent = json!({"user_id": "nobody", "course_id": null});
    let mut completed = CourseEnrollmentCompleted::read(sent.as_object().unwrap());
    completed.user_id = Some(13827);
    completed.course_id = Some(146);
    assert_eq!(
        Value::Object(completed.to_payload()),
        json!({"user_id": 13827, "course_id": 146})
    );
}
