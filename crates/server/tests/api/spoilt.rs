//! Bodies for the fuzz tests: good ones, and what a thousand bugs on the other side would make of them.

use proptest::{
    collection::{btree_map, vec},
    prelude::*,
};
use serde_json::{Map, Value, json};

/// Any JSON, small.
pub(crate) fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(|number| json!(number)),
        odd_text().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            btree_map(odd_text(), inner, 0..4).prop_map(|fields| fields.into_iter().collect::<Map<_, _>>().into()),
        ]
    })
}

/// Texts that have broken something somewhere.
pub(crate) fn odd_text() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec![
            "",
            " ",
            "\0",
            "\r\n",
            "null",
            "-1",
            "NaN",
            "1e999",
            "9223372036854775808",
            "0000-00-00 00:00:00",
            "../..",
            "%00",
            "'; --",
            "a@b",
            "@",
            "ann@example.org",
            "𝒳@🦀.org",
            "\u{202e}",
            "\u{feff}",
            "forklift-01",
            "acme",
            "r-1",
            "2025-11-20T09:30:11Z",
            "2025-11-20T09:30:11",
            "99999-01-01T00:00:00Z",
            "passed",
            "13827",
            "course.*",
        ])
        .prop_map(str::to_owned),
        "\\PC{0,40}",
        any::<String>(),
        (1_usize..3_000).prop_map(|length| "x".repeat(length)),
    ]
}

/// One thing that goes wrong with a body.
#[derive(Debug, Clone)]
enum Spoiling {
    Replace(usize, Value),
    Remove(usize),
    Add(String, Value),
    Cut(usize),
    Flip(usize, u8),
    Insert(usize, Vec<u8>),
    Twice(usize),
}

fn spoiling() -> impl Strategy<Value = Spoiling> {
    prop_oneof![
        4 => (any::<usize>(), any_json()).prop_map(|(at, value)| Spoiling::Replace(at, value)),
        2 => any::<usize>().prop_map(Spoiling::Remove),
        1 => (odd_text(), any_json()).prop_map(|(name, value)| Spoiling::Add(name, value)),
        1 => any::<usize>().prop_map(Spoiling::Cut),
        1 => (any::<usize>(), any::<u8>()).prop_map(|(at, byte)| Spoiling::Flip(at, byte)),
        1 => (any::<usize>(), vec(any::<u8>(), 1..8)).prop_map(|(at, bytes)| Spoiling::Insert(at, bytes)),
        1 => any::<usize>().prop_map(Spoiling::Twice),
    ]
}

/// A good body with up to three things gone wrong, or any JSON, or any bytes.
pub(crate) fn spoilt(good: impl Strategy<Value = Value>) -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        12 => (good, vec(spoiling(), 0..4)).prop_map(|(body, spoilings)| spoil(body, &spoilings)),
        2 => any_json().prop_map(|body| body.to_string().into_bytes()),
        1 => vec(any::<u8>(), 0..200),
    ]
}

fn spoil(mut body: Value, spoilings: &[Spoiling]) -> Vec<u8> {
    for spoiling in spoilings {
        match spoiling {
            Spoiling::Replace(at, value) => place(&mut body, *at, Some(value)),
            Spoiling::Remove(at) => place(&mut body, *at, None),
            Spoiling::Add(name, value) => {
                if let Some(fields) = body.as_object_mut() {
                    fields.insert(name.clone(), value.clone());
                }
            }
            Spoiling::Cut(_) | Spoiling::Flip(..) | Spoiling::Insert(..) | Spoiling::Twice(_) => {}
        }
    }
    let mut bytes = body.to_string().into_bytes();
    for spoiling in spoilings {
        let length = bytes.len().max(1);
        match spoiling {
            Spoiling::Cut(at) => bytes.truncate(at % length),
            Spoiling::Flip(at, byte) => {
                if let Some(place) = bytes.get_mut(at % length) {
                    *place ^= byte;
                }
            }
            Spoiling::Insert(at, more) => {
                let at = at % length;
                bytes.splice(at.min(bytes.len())..at.min(bytes.len()), more.iter().copied());
            }
            Spoiling::Twice(at) => {
                let from = at % length;
                let tail = bytes.get(from..).unwrap_or_default().to_vec();
                bytes.extend(tail);
            }
            Spoiling::Replace(..) | Spoiling::Remove(_) | Spoiling::Add(..) => {}
        }
    }
    bytes
}

/// Changes one field, at any depth: `at` counts them all.
fn place(body: &mut Value, at: usize, value: Option<&Value>) {
    let fields = count(body);
    if fields > 0 {
        let _ = visit(body, &mut (at % fields), value);
    }
}

fn count(body: &Value) -> usize {
    match body {
        Value::Object(fields) => fields.values().map(|field| 1 + count(field)).sum(),
        Value::Array(items) => items.iter().map(|item| 1 + count(item)).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

/// Whether the field was found; `left` is how many come before it.
fn visit(body: &mut Value, left: &mut usize, value: Option<&Value>) -> bool {
    match body {
        Value::Object(fields) => {
            let names: Vec<String> = fields.keys().cloned().collect();
            for name in names {
                if *left == 0 {
                    match value {
                        Some(value) => fields.insert(name, value.clone()),
                        None => fields.remove(&name),
                    };
                    return true;
                }
                *left -= 1;
                if fields.get_mut(&name).is_some_and(|field| visit(field, left, value)) {
                    return true;
                }
            }
            false
        }
        Value::Array(items) => {
            for at in 0..items.len() {
                if *left == 0 {
                    match value {
                        Some(value) => items[at] = value.clone(),
                        None => {
                            items.remove(at);
                        }
                    }
                    return true;
                }
                *left -= 1;
                if visit(&mut items[at], left, value) {
                    return true;
                }
            }
            false
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}
