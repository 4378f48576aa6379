//! Schemas as people read them.

use maud::{Markup, html};
use serde_json::Value;

use super::prose::line;

const PREFIX: &str = "#/components/schemas/";

/// What a schema is, in a few words, with links to the named ones.
pub(super) fn kind(schema: &Value) -> Markup {
    if let Some(name) = schema["$ref"].as_str().and_then(|path| path.strip_prefix(PREFIX)) {
        return html! { a href={ "#schema-" (name) } { (name) } };
    }
    for several in ["oneOf", "anyOf", "allOf"] {
        if let Some(parts) = schema[several].as_array() {
            let between = if several == "allOf" { " and " } else { " or " };
            let parts = parts.iter().filter(|part| is_shown(part)).enumerate();
            return html! {
                @for (index, part) in parts {
                    @if index > 0 { (between) }
                    (kind(part))
                }
            };
        }
    }
    let words = schema["enum"].as_array();
    if let Some(words) = words.filter(|words| words.len() <= 12) {
        return html! { @for (index, word) in words.iter().enumerate() { @if index > 0 { " | " } code { (plain(word)) } } };
    }
    let kinds = match &schema["type"] {
        Value::Array(kinds) => kinds.iter().map(plain).collect::<Vec<_>>().join(" or "),
        Value::String(kind) => kind.clone(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => "any value".to_owned(),
    };
    html! {
        (kinds)
        @if let Some(format) = schema["format"].as_str().filter(|format| !format.starts_with("int")) { " (" (format) ")" }
        @if schema["items"].is_object() { " of " (kind(&schema["items"])) }
        @if schema["additionalProperties"].is_object() { " of " (kind(&schema["additionalProperties"])) }
    }
}

/// A part that only narrows another one says nothing to people that the text does not.
fn is_shown(part: &Value) -> bool {
    part.as_object().is_some_and(|part| {
        ["$ref", "type", "oneOf", "allOf", "enum"]
            .iter()
            .any(|name| part.contains_key(*name))
    })
}

/// The limits of a value.
pub(super) fn limits(schema: &Value) -> Markup {
    const LIMITS: [(&str, &str); 7] = [
        ("minimum", "at least"),
        ("maximum", "at most"),
        ("minLength", "characters at least"),
        ("maxLength", "characters at most"),
        ("minItems", "entries at least"),
        ("maxItems", "entries at most"),
        ("default", "if left out"),
    ];
    let said: Vec<String> = LIMITS
        .iter()
        .filter(|(name, _)| !schema[*name].is_null())
        .map(|(name, words)| format!("{words}: {}", plain(&schema[*name])))
        .collect();
    html! {
        @if !said.is_empty() { " " span.quiet { (said.join(", ")) } }
        @if let Some(pattern) = schema["pattern"].as_str().filter(|pattern| !pattern.contains("\\u")) { " " code { (pattern) } }
    }
}

/// Every named schema.
pub(super) fn all(document: &Value) -> Markup {
    let schemas = document["components"]["schemas"].as_object();
    html! {
        h2 #schemas { "Schemas" }
        @for (name, schema) in schemas.into_iter().flatten() {
            article id={ "schema-" (name) } {
                h3 { (name) }
                @if let Some(text) = schema["description"].as_str() { p { (line(text)) } }
                (fields(schema))
            }
        }
    }
}

fn fields(schema: &Value) -> Markup {
    if let Some(parts) = schema["allOf"].as_array() {
        return html! { @for part in parts { (fields(part)) } };
    }
    let Some(properties) = schema["properties"].as_object() else {
        return html! { p.type { (kind(schema)) (limits(schema)) } };
    };
    let required = |name: &str| {
        schema["required"]
            .as_array()
            .is_some_and(|names| names.iter().any(|other| other == name))
    };
    html! {
        div.scroll { table {
            thead { tr { th { "Field" } th { "Type" } th { "Meaning" } } }
            tbody { @for (name, property) in properties {
                tr {
                    td { code { (name) } @if required(name) { " " span.quiet { "required" } } }
                    td.type { (kind(property)) }
                    td { (line(property["description"].as_str().unwrap_or_default())) (limits(property)) }
                }
            } }
        } }
    }
}

/// A value without quotes around a text.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
