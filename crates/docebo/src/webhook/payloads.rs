//! The items of a message, from `payload`, `payloads`, or both.

use serde_json::{Map, Value};

use super::message::{MAX_ITEMS_PER_MESSAGE, WebhookError};

/// What a message holds beside its envelope.
pub(super) struct Payloads {
    /// One for each event; at least one.
    pub(super) items: Vec<Value>,
    /// Whether any came in `payloads`.
    pub(super) grouped: bool,
}

/// Takes the items out of an envelope.
///
/// Items of `payloads` come first, so that their places stay the same whether or not `payload` is sent as well. Each item
/// is compared once at most: a body that is all small items would else cost the square of their number.
pub(super) fn take(envelope: &mut Map<String, Value>) -> Result<Payloads, WebhookError> {
    let mut items = envelope.remove("payloads").map(group).unwrap_or_default();
    let more = envelope.remove("payload").map(single).unwrap_or_default();
    let grouped = !items.is_empty();
    // One item is looked for among the others, a list only where it is the same list once more.
    let repeated = match more.as_slice() {
        [item] => items.contains(item),
        list => items == list,
    };
    let sent = if repeated {
        items.len()
    } else {
        items.len() + more.len()
    };
    if sent > MAX_ITEMS_PER_MESSAGE {
        return Err(WebhookError::TooManyItems {
            items: sent,
            limit: MAX_ITEMS_PER_MESSAGE,
        });
    }
    if !repeated {
        items.extend(more);
    }
    if items.is_empty() {
        items.push(Value::Object(Map::new()));
    }
    Ok(Payloads { items, grouped })
}

/// The items of `payloads`: a list, or an object with numbers for names, as PHP writes a list with gaps.
fn group(payloads: Value) -> Vec<Value> {
    match payloads {
        Value::Array(items) => items.into_iter().map(or_empty).collect(),
        Value::Object(fields) => numbered(fields),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => unless_nothing(payloads),
    }
}

/// The items of `payload`: one object, or a list of objects.
fn single(payload: Value) -> Vec<Value> {
    match payload {
        Value::Array(items) if items.iter().all(Value::is_object) => items,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => {
            unless_nothing(payload)
        }
    }
}

/// One item, unless it says nothing.
fn unless_nothing(item: Value) -> Vec<Value> {
    if says_nothing(&item) { Vec::new() } else { vec![item] }
}

fn numbered(fields: Map<String, Value>) -> Vec<Value> {
    let numbers: Option<Vec<u64>> = fields.keys().map(|key| key.parse().ok()).collect();
    let Some(numbers) = numbers else {
        return vec![Value::Object(fields)];
    };
    let mut items: Vec<_> = numbers
        .into_iter()
        .zip(fields.into_iter().map(|(_, item)| item))
        .collect();
    items.sort_by_key(|(number, _)| *number);
    items.into_iter().map(|(_, item)| or_empty(item)).collect()
}

/// An item that says nothing still has its place.
fn or_empty(item: Value) -> Value {
    if says_nothing(&item) {
        Value::Object(Map::new())
    } else {
        item
    }
}

fn says_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => false,
    }
}
