//! An event's payload without people: names and words become dots, numbers, times and states stay.

use passback_docebo::webhook::{Field, fields};
use serde_json::{Map, Value};

/// What stands in place of a text.
const MASK: &str = "•••";
/// Fields of Docebo's events that name a person, or hold what a person wrote.
const PERSONAL: [&str; 9] = [
    "username",
    "email",
    "firstname",
    "lastname",
    "comment",
    "description",
    "filename",
    "url",
    "files",
];

/// The payload of an event without people. Of an event or a field that nobody knows, no text is shown.
pub(crate) fn masked(event: &str, payload: &Value) -> Value {
    let known = fields(event).unwrap_or_default();
    match payload {
        Value::Object(map) => {
            let shown = map
                .iter()
                .map(|(name, value)| (name.clone(), field(known, name, value)));
            Value::Object(shown.collect::<Map<_, _>>())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => without_texts(payload),
    }
}

fn field(known: &[Field], name: &str, value: &Value) -> Value {
    // Of every event, whatever its name.
    let of_every_event = name == "fired_at";
    let documented = of_every_event || known.iter().any(|field| field.name == name);
    match value {
        Value::String(text) if documented && !PERSONAL.contains(&name) && !text.contains('@') => value.clone(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => {
            without_texts(value)
        }
    }
}

/// Names of fields stay, and so do numbers; every text goes.
fn without_texts(value: &Value) -> Value {
    match value {
        Value::String(text) if text.is_empty() => value.clone(),
        Value::String(_) => Value::String(MASK.to_owned()),
        Value::Array(values) => Value::Array(values.iter().map(without_texts).collect()),
        Value::Object(map) => {
            let shown = map.iter().map(|(name, value)| (name.clone(), without_texts(value)));
            Value::Object(shown.collect())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use passback_docebo::webhook::{EVENT_NAMES, sample};
    use serde_json::json;

    use super::*;

    #[test]
    fn people_go_and_numbers_times_and_states_stay() {
        let payload = json!({
            "user_id": 7, "course_id": "146", "username": "r.moreau", "course_name": "Forklift", "status": "subscribed",
            "fired_at": "2026-02-11 09:30:12", "extra_data": {"score": 87, "note": "Remy"}, "nick": "remy", "level": null,
        });
        let expected = json!({
            "user_id": 7, "course_id": "146", "username": "•••", "course_name": "Forklift", "status": "subscribed",
            "fired_at": "2026-02-11 09:30:12", "extra_data": {"score": 87, "note": "•••"}, "nick": "•••", "level": null,
        });
        assert_eq!(masked("course.enrollment.created", &payload), expected);
    }

    #[test]
    fn of_an_unknown_event_no_text_is_shown_and_an_address_is_shown_nowhere() {
        let payload = json!({"who": "Remy", "list": ["a", 1, {"deep": "b"}], "fired_at": "2026-02-11 09:30:12"});
        let expected = json!({"who": "•••", "list": ["•••", 1, {"deep": "•••"}], "fired_at": "2026-02-11 09:30:12"});
        assert_eq!(masked("some.future.event", &payload), expected);
        assert_eq!(masked("some.future.event", &json!("Remy")), json!("•••"));
        let named = json!({"course_name": "Course of r.moreau@example.org"});
        assert_eq!(masked("course.enrollment.created", &named)["course_name"], MASK);
    }

    #[test]
    fn no_sample_shows_anybody() {
        for name in EVENT_NAMES {
            let shown = masked(name, &sample(name).unwrap()["payload"]).to_string();
            for word in ["moreau", "Moreau", "Remy", "@"] {
                assert!(!shown.contains(word), "{name}: {shown}");
            }
        }
    }
}
