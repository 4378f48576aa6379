//! Whatever comes is read without a panic, and nothing of it is lost.

use std::collections::BTreeSet;

use passback_docebo::webhook::{EVENT_NAMES, Event, WebhookError, WebhookMessage, fields};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

use crate::any_json::{any_json, any_leaf};

fn any_name() -> impl Strategy<Value = String> {
    prop_oneof![
        9 => select(EVENT_NAMES.to_vec()).prop_map(str::to_owned),
        1 => "[a-z]{1,9}(\\.[a-z]{1,9}){0,2}",
        1 => any::<String>(),
    ]
}

/// A name of an event, and a payload with its fields, some of them, and others.
fn any_event() -> impl Strategy<Value = (String, Value)> {
    any_name().prop_flat_map(|name| {
        let known = fields(&name).unwrap_or_default();
        let mut names: Vec<_> = known.iter().map(|field| field.name.to_owned()).collect();
        names.push("invented".to_owned());
        let field = (
            select(names.clone()),
            prop_oneof![8 => any_leaf().boxed(), 1 => any_json(select(names)).boxed()],
        );
        let payload = prop::collection::vec(field, 0..14)
            .prop_map(|fields| Value::from(fields.into_iter().collect::<Map<_, _>>()));
        (Just(name), payload)
    })
}

fn any_envelope() -> impl Strategy<Value = Value> {
    let names = || {
        prop_oneof![
            4 => select(vec![
                "event",
                "message_id",
                "webhook_id",
                "original_domain",
                "payload",
                "payloads",
                "fired_by_batch_action",
                "fired_by_background_job_hash",
                "body",
                "context",
            ])
            .prop_map(str::to_owned),
            1 => "[a-z0-9]{1,3}",
        ]
        .boxed()
    };
    let any_value = || any_json(names());
    let event = prop_oneof![any_name().prop_map(Value::from), any_value()];
    (event, prop::collection::vec((names(), any_value()), 0..8)).prop_map(|(event, fields)| {
        let mut envelope: Map<_, _> = fields.into_iter().collect();
        envelope.entry("event").or_insert(event);
        Value::Object(envelope)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn any_payload_is_read_and_keeps_every_key((name, payload) in any_event()) {
        let event = Event::read(&name, &payload);
        let written = event.to_payload();
        let keys = |value: &Value| value.as_object().map(|fields| fields.keys().cloned().collect::<BTreeSet<_>>());
        prop_assert_eq!(keys(&written), keys(&payload));
        prop_assert_eq!(Event::read(&name, &written), event.clone());
        prop_assert_eq!(event.name(), name);
        prop_assert_eq!(event.fired_at(), Event::read("invented", &payload).fired_at());
    }

    #[test]
    fn any_json_at_all_is_a_payload(name in any_name(), payload in any_json(Just("fired_at".to_owned()))) {
        let event = Event::read(&name, &payload);
        prop_assert_eq!(event.name(), &name);
        let kept = event.to_payload();
        prop_assert_eq!(Event::read(&name, &kept), event);
    }

    #[test]
    fn any_object_is_a_message_or_lacks_an_event(envelope in any_envelope()) {
        match WebhookMessage::parse(envelope.to_string().as_bytes()) {
            Ok(message) => {
                prop_assert!(!message.event.trim().is_empty());
                prop_assert!(!message.message_id.trim().is_empty());
                prop_assert!(!message.items.is_empty());
                prop_assert!(!message.other.contains_key("event"));
            }
            Err(error) => {
                let named = envelope["event"].as_str().is_some_and(|name| !name.trim().is_empty());
                prop_assert!(!named, "{error}");
            }
        }
    }

    #[test]
    fn any_bytes_are_answered(body in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(WebhookMessage::parse(&body).is_err());
    }

    #[test]
    fn a_message_that_is_cut_off_is_refused(cut in 0_usize..90) {
        let body = json!({"event": "course.created", "message_id": "wh-1", "payload": {"course_id": 146, "name": "é"}});
        let whole = body.to_string();
        let end = cut.min(whole.len() - 1);
        prop_assert_eq!(WebhookMessage::parse(&whole.as_bytes()[..end]), Err(WebhookError::NotJson));
    }
}
