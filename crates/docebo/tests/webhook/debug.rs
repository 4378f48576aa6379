//! What a debug print tells: enough to find a fault, nothing of a person.

use passback_docebo::webhook::{EVENT_NAMES, Event, WebhookMessage, fields};
use serde_json::{Map, Value, json};

#[test]
fn a_debug_print_shows_ids_and_times_but_no_person() {
    let payload = json!({
        "fired_at": "2026-02-11 09:30:12",
        "user_id": 13827,
        "username": "r.moreau",
        "email": "r.moreau@example.org",
        "firstname": "Remy",
        "extra_data": {"phone": "Moreau"},
        "nickname": "Remy",
    });
    let printed = format!("{:?}", Event::read("user.updated", &payload));
    assert!(printed.contains("UserUpdated") && printed.contains("13827") && printed.contains("2026-02-11T09:30:12Z"));
    assert!(printed.contains("email"), "which fields are set can be seen");
    for personal in ["moreau", "Moreau", "Remy"] {
        assert!(!printed.contains(personal), "{printed}");
    }
}

#[test]
fn no_event_prints_free_text_of_any_field() {
    for name in EVENT_NAMES {
        let hidden = ["text", "any", "object", "list"];
        let known = fields(name)
            .unwrap()
            .iter()
            .filter(|field| hidden.contains(&field.kind));
        let mut payload: Map<_, _> = known.map(|field| (field.name.to_owned(), json!("moreau"))).collect();
        payload.insert("unknown".to_owned(), json!("moreau"));
        let printed = format!("{:?}", Event::read(name, &Value::Object(payload)));
        assert!(!printed.contains("moreau"), "{printed}");
    }
}

#[test]
fn an_unknown_event_prints_its_name_only() {
    let printed = format!("{:?}", Event::read("survey.answered", &json!({"answer": "moreau"})));
    assert!(printed.contains("survey.answered"));
    assert!(!printed.contains("moreau"));
}

#[test]
fn a_message_prints_its_envelope_and_the_number_of_its_items() {
    let body = json!({"event": "user.updated", "message_id": "wh-1", "payloads": [{"a": "moreau"}, {}], "x": "moreau"});
    let printed = format!("{:?}", WebhookMessage::parse(body.to_string().as_bytes()).unwrap());
    assert!(printed.contains("wh-1") && printed.contains("items: 2"));
    assert!(!printed.contains("moreau"));
}
