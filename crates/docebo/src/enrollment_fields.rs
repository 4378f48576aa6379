//! Reads the additional fields of an enrolment: field id to text.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::lenient;

/// Docebo's own limit is far below; more are not ours to keep.
const MAX_FIELDS: usize = 500;
/// A longer text is not one of an exam's outcome.
const MAX_TEXT_BYTES: usize = 4_096;
const FIELD_ID: [&str; 2] = ["id", "field_id"];

/// The fields in every form that PHP gives them: a map of texts, a list of rows, an empty list.
///
/// Nobody's eligibility depends on them: what cannot be read is left out, and so is what is empty.
pub(crate) fn decode(value: Option<&Value>) -> BTreeMap<String, String> {
    let entries: Box<dyn Iterator<Item = Option<(String, String)>>> = match value {
        Some(Value::Object(map)) => Box::new(map.iter().map(|(key, value)| entry(key, value))),
        Some(Value::Array(rows)) => Box::new(rows.iter().map(row)),
        Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) | None => Box::new(std::iter::empty()),
    };
    entries.flatten().take(MAX_FIELDS).collect()
}

/// An entry of a map: the id and its text, or a row under a key that only counts.
fn entry(key: &str, value: &Value) -> Option<(String, String)> {
    if value.is_object() {
        return row(value);
    }
    let id = lenient::id(&Value::from(key))?;
    Some((id.to_string(), text(value)?))
}

fn row(row: &Value) -> Option<(String, String)> {
    let id = FIELD_ID.iter().find_map(|name| lenient::id(row.get(name)?))?;
    Some((id.to_string(), text(row.get("value")?)?))
}

fn text(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(flag) => flag.to_string(),
        Value::Null | Value::Array(_) | Value::Object(_) => return None,
    };
    (!text.trim().is_empty() && text.len() <= MAX_TEXT_BYTES).then_some(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::{MAX_FIELDS, MAX_TEXT_BYTES, decode};
    use crate::any_json::any_json;

    #[rstest]
    #[case(json!({"12": "Passed", "13": 87}))]
    #[case(json!([{"id": 12, "value": "Passed"}, {"id": "13", "value": "87"}]))]
    #[case(json!([{"field_id": "12", "value": "Passed"}, {"field_id": 13.0, "value": 87}]))]
    #[case(json!({"0": {"id": 12, "title": "Outcome", "value": "Passed"}, "2": {"id": 13, "value": 87}}))]
    fn fields_are_read_in_every_form(#[case] value: Value) {
        let fields = decode(Some(&value));
        let expected = [("12", "Passed"), ("13", "87")].map(|(id, text)| (id.to_owned(), text.to_owned()));
        assert_eq!(fields, expected.into());
    }

    #[rstest]
    #[case(json!([]))]
    #[case(json!({}))]
    #[case(json!(null))]
    #[case(json!("none"))]
    #[case(json!({"12": "", "13": null, "14": " "}))]
    #[case(json!([{"id": 12}, {"value": "Passed"}, {"id": "x", "value": "Passed"}, "Passed"]))]
    #[case(json!({"12": ["Passed"], "outcome": "Passed", "-1": "Passed"}))]
    fn what_is_empty_or_cannot_be_read_is_left_out(#[case] value: Value) {
        assert!(decode(Some(&value)).is_empty());
    }

    #[test]
    fn an_unreadable_field_does_not_hide_its_neighbour() {
        let fields = decode(Some(&json!({"12": "Passed", "13": {"deep": true}, "14": true})));
        assert_eq!(fields.keys().collect::<Vec<_>>(), ["12", "14"]);
        assert_eq!(fields["14"], "true");
    }

    #[test]
    fn there_is_a_limit_to_the_fields_and_to_each_text() {
        let many: Value = (0..=MAX_FIELDS).map(|id| json!({"id": id, "value": "x"})).collect();
        assert_eq!(decode(Some(&many)).len(), MAX_FIELDS);
        let long = |bytes| json!({"12": "x".repeat(bytes)});
        assert_eq!(decode(Some(&long(MAX_TEXT_BYTES))).len(), 1);
        assert!(decode(Some(&long(MAX_TEXT_BYTES + 1))).is_empty());
    }

    proptest! {
        #[test]
        fn any_json_becomes_some_fields(value in any_json()) {
            let _ = decode(Some(&value));
        }
    }
}
