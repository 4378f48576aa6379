//! The last touch: what all operations have in common.

use serde_json::{Map, Value, json};

use super::{
    base::base,
    examples, headers, problem_answers, request_headers,
    request_rules::rules,
    roles::ROLE,
    texts::{age, words},
};

/// Finishes what the handlers and their types say.
pub(super) fn finish(mut document: Value) -> Value {
    patch(&mut document, &base());
    name_again(&mut document["components"]["schemas"]);
    patch(&mut document["components"]["schemas"], &rules());
    let mut problems = Map::new();
    for_each_operation(&mut document, |operation| {
        security(operation);
        parameters(operation);
        request_headers::add(operation);
        lines(operation);
        for (status, response) in operation
            .get_mut("responses")
            .and_then(Value::as_object_mut)
            .into_iter()
            .flatten()
        {
            headers::add(response, status);
        }
        headers::add_tag(operation);
        problem_answers::add(operation, &mut problems);
        examples::add(operation);
    });
    document["components"]["responses"] = Value::Object(problems);
    document["components"]["headers"] = headers::components();
    document["components"]["parameters"] = request_headers::components();
    document
}

/// Changes one value by another, member by member; null takes a member away (RFC 7396).
pub(super) fn patch(target: &mut Value, change: &Value) {
    let Value::Object(change) = change else {
        *target = change.clone();
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    let Value::Object(target) = target else { return };
    for (name, value) in change {
        if value.is_null() {
            target.remove(name);
        } else {
            patch(target.entry(name.clone()).or_insert(Value::Null), value);
        }
    }
}

fn for_each_operation(document: &mut Value, mut touch: impl FnMut(&mut Value)) {
    let items = document
        .get_mut("paths")
        .and_then(Value::as_object_mut)
        .into_iter()
        .flatten();
    for (_, item) in items {
        for (_, operation) in item.as_object_mut().into_iter().flatten() {
            touch(operation);
        }
    }
}

/// Refers to named schemas where they stand written out: in lists and the like, utoipa repeats what they hold.
fn name_again(schemas: &mut Value) {
    let Value::Object(schemas) = schemas else { return };
    let named: Vec<(String, Value)> = schemas
        .iter()
        .filter(|(_, schema)| schema["properties"].is_object() || schema["allOf"].is_array())
        .map(|(name, schema)| (name.clone(), schema.clone()))
        .collect();
    for schema in schemas.values_mut() {
        for_each_inside(schema, &|part| {
            let known = named.iter().find(|(_, schema)| schema == part);
            if let Some((name, _)) = known {
                *part = json!({"$ref": format!("#/components/schemas/{name}")});
            }
        });
    }
}

fn for_each_inside(value: &mut Value, touch: &impl Fn(&mut Value)) {
    let parts: Vec<&mut Value> = match value {
        Value::Object(members) => members.values_mut().collect(),
        Value::Array(entries) => entries.iter_mut().collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    };
    for part in parts {
        touch(part);
        for_each_inside(part, touch);
    }
}

/// Who may make the call, for programs and for people.
fn security(operation: &mut Value) {
    let said = operation["description"].as_str().unwrap_or_default().to_owned();
    let (needs, whom) = match operation[ROLE].as_str() {
        Some(role) => (
            json!([{"bearer": []}]),
            format!("Needs a token with the role `{role}` or more."),
        ),
        None if operation["security"].is_array() => (
            operation["security"].take(),
            "Needs the user name and password of the connector's webhook.".to_owned(),
        ),
        None => (json!([]), "Needs no token.".to_owned()),
    };
    operation["security"] = needs;
    operation["description"] = json!(format!("{said}\n\n{whom}").trim());
}

/// Any bytes are lines: what is wrong with one is said in its own answer, and the call as a whole is none the less right.
fn lines(operation: &mut Value) {
    let contents = operation
        .pointer_mut("/requestBody/content")
        .and_then(Value::as_object_mut);
    for (media_type, content) in contents.into_iter().flatten() {
        if media_type != "application/json" {
            content["schema"] = json!({"description": "Lines of text in UTF-8."});
        }
    }
}

/// What the types of parameters cannot say.
fn parameters(operation: &mut Value) {
    let parameters = operation
        .get_mut("parameters")
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten();
    for parameter in parameters {
        let change = match parameter["name"].as_str() {
            Some("open") => json!({"schema": {"enum": [true]}}),
            Some("reason") => json!({"schema": words(500)}),
            Some("older_than") => json!({"schema": {"pattern": age()}}),
            _ => continue,
        };
        patch(parameter, &change);
    }
}
