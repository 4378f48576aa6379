//! The table of events in the code is Docebo's list.

use std::collections::BTreeSet;

use passback_docebo::webhook::{EVENT_NAMES, Event, WebhookMessage, area, fields, sample, title};
use serde_json::json;

use crate::published::published;

#[test]
fn the_names_are_those_of_the_list_in_its_order() {
    let listed: Vec<_> = published().into_iter().map(|event| event.name).collect();
    assert_eq!(EVENT_NAMES.to_vec(), listed);
    assert_eq!(EVENT_NAMES.iter().collect::<BTreeSet<_>>().len(), 71);
}

#[test]
fn each_event_has_the_area_and_title_of_the_list() {
    for event in published() {
        assert_eq!(area(&event.name), Some(event.area.as_str()));
        assert_eq!(title(&event.name), Some(event.title.as_str()));
    }
}

#[test]
fn each_property_of_the_list_is_a_field_and_each_field_a_property() {
    for event in published() {
        let listed: BTreeSet<_> = event.properties.iter().map(|property| property.name.as_str()).collect();
        let mut known: BTreeSet<_> = fields(&event.name).unwrap().iter().map(|field| field.name).collect();
        if event.properties.is_empty() {
            assert!(known.remove("fired_at"), "every event has a time");
        }
        assert_eq!(known, listed, "{}", event.name);
    }
}

#[test]
fn each_property_has_a_kind_that_holds_the_type_of_the_list() {
    for event in published() {
        for property in &event.properties {
            let field = fields(&event.name)
                .unwrap()
                .iter()
                .find(|field| field.name == property.name);
            let kinds: &[&str] = match property.form.as_str() {
                "integer" => &["id", "count", "bit"],
                "string" => &[
                    "text",
                    "enrolment status",
                    "course level",
                    "course type",
                    "training material type",
                    "training material status",
                    "payment status",
                ],
                "datetime" => &["moment", "end"],
                "date" => &["day"],
                "boolean" => &["flag"],
                "object" => &["object", "any"],
                "array" => &["list"],
                "unknown" => &["any"],
                other => panic!("the list has a type that the tests do not know: {other}"),
            };
            let kind = field.unwrap().kind;
            assert!(kinds.contains(&kind), "{} {}: {kind}", event.name, property.name);
        }
    }
}

#[test]
fn each_event_has_a_sample_that_is_a_whole_message_of_that_event() {
    for name in EVENT_NAMES {
        let body = sample(name).unwrap();
        let message = WebhookMessage::parse(body.to_string().as_bytes()).unwrap();
        assert_eq!(message.event, name);
        assert_eq!(message.items, [body["payload"].clone()]);
        assert!(Event::read(&message.event, &message.items[0]).is_known());
    }
}

#[test]
fn an_unknown_name_has_no_area_title_fields_or_sample() {
    for name in ["course.enrollment.update", "Course.created", "course.created ", ""] {
        assert_eq!(area(name), None);
        assert_eq!(title(name), None);
        assert_eq!(fields(name), None);
        assert_eq!(sample(name), None);
        assert!(!Event::read(name, &json!({})).is_known());
    }
}

#[test]
fn the_documentation_has_the_table_of_all_events_and_fields() {
    let mut areas: Vec<_> = EVENT_NAMES.iter().filter_map(|name| area(name)).collect();
    areas.sort_unstable();
    areas.dedup();
    let section = |heading: &str| {
        let events = EVENT_NAMES.into_iter().filter(|name| area(name) == Some(heading));
        let rows: String = events.map(row).collect();
        format!("\n## {heading}\n\n| event | fields |\n|---|---|\n{rows}")
    };
    let table = format!("# The events\n{}", areas.into_iter().map(section).collect::<String>());
    assert_eq!(table, include_str!("../../src/webhook/events.md"));
}

fn row(name: &str) -> String {
    let printed = format!("{:?}", Event::read(name, &json!({})));
    let structure = printed.split_whitespace().next().unwrap();
    let listed = fields(name).unwrap().iter();
    let words: Vec<_> = listed.map(|field| format!("`{}` {}", field.name, field.kind)).collect();
    format!("| [`{name}`]({structure}) | {} |\n", words.join(", "))
}
