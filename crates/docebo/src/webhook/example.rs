//! Examples of every event.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::event::area;

/// Docebo's events with an example each; a test proves that the file can be read.
static EVENTS: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../webhook-events.json")).unwrap_or_default());

/// A whole example body of an event, as Docebo posts it; `None` for an unknown name.
///
/// The two events whose fields Docebo does not publish have an empty payload.
pub fn sample(name: &str) -> Option<Value> {
    area(name)?;
    let listed = EVENTS.as_array()?.iter().find(|event| event["event"] == name)?;
    let example = listed.get("example").filter(|example| example.is_object());
    Some(example.cloned().unwrap_or_else(|| {
        json!({
            "event": name,
            "fired_by_batch_action": false,
            "message_id": "wh-20260211-093012-5f0c1f4e-7a51-4c0e-9c38-6f6a3a1f2b10",
            "webhook_id": 11,
            "original_domain": "example-domain.docebosaas.com",
            "payload": {},
        })
    }))
}
