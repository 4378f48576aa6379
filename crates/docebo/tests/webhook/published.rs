//! Docebo's list of events, as the tests read it.

use serde_json::{Map, Value};

/// One event of the list.
pub(crate) struct Published {
    pub(crate) name: String,
    pub(crate) area: String,
    pub(crate) title: String,
    pub(crate) properties: Vec<Property>,
    /// The whole body of the example; two events have none.
    pub(crate) example: Option<Value>,
}

/// One property of an event.
pub(crate) struct Property {
    pub(crate) name: String,
    pub(crate) form: String,
}

impl Published {
    /// The example's payload, or an empty one.
    pub(crate) fn payload(&self) -> Map<String, Value> {
        self.example
            .as_ref()
            .map(|example| example["payload"].as_object().unwrap().clone())
            .unwrap_or_default()
    }

    /// The example's payload with one property set to something else.
    pub(crate) fn payload_with(&self, property: &str, value: &Value) -> Value {
        let mut payload = self.payload();
        payload.insert(property.to_owned(), value.clone());
        Value::Object(payload)
    }
}

/// All events of the list.
pub(crate) fn published() -> Vec<Published> {
    let list: Value = serde_json::from_str(include_str!("../../webhook-events.json")).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let property = |property: &Value| Property {
        name: text(&property["name"]),
        form: text(&property["type"]),
    };
    let event = |event: &Value| Published {
        name: text(&event["event"]),
        area: text(&event["area"]),
        title: text(&event["title"]),
        properties: event["properties"].as_array().unwrap().iter().map(property).collect(),
        example: Some(event["example"].clone()).filter(Value::is_object),
    };
    list.as_array().unwrap().iter().map(event).collect()
}
