//! The description is whole and sound.

use std::collections::BTreeSet;

use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use passback_producer::Code;
use serde_json::Value;

use crate::{openapi_document::Document, world::World};

/// Calls `look` with every object in a value and where it is.
fn walk(value: &Value, place: &str, look: &mut impl FnMut(&str, &Value)) {
    look(place, value);
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                walk(member, &format!("{place}/{name}"), look);
            }
        }
        Value::Array(entries) => {
            for (index, entry) in entries.iter().enumerate() {
                walk(entry, &format!("{place}/{index}"), look);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[tokio::test]
async fn every_reference_leads_somewhere_and_every_component_is_referred_to() {
    let document = Document::read(&World::start().await).await;
    let mut referred = BTreeSet::new();
    walk(&document.0, "", &mut |place, value| {
        // A schema's property may have the name `$ref`; none has.
        if let Some(path) = value.get("$ref") {
            let path = path.as_str().unwrap().strip_prefix('#').unwrap();
            assert!(document.0.pointer(path).is_some(), "{place} refers to {path}");
            referred.insert(path.to_owned());
        }
    });
    for kind in ["schemas", "responses", "headers", "parameters"] {
        for name in document.0["components"][kind].as_object().unwrap().keys() {
            let path = format!("/components/{kind}/{name}");
            assert!(referred.contains(&path), "nothing refers to {path}");
        }
    }
}

#[tokio::test]
async fn every_operation_says_what_it_is_who_may_call_it_and_how_it_refuses() {
    let document = Document::read(&World::start().await).await;
    assert_eq!(document.0["openapi"], "3.1.0");
    let tags: Vec<&Value> = document.0["tags"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tag| &tag["name"])
        .collect();
    let mut ids = BTreeSet::new();
    for operation in document.operations() {
        let id = operation.id();
        assert!(ids.insert(id.to_owned()), "{id} is there twice");
        assert!(
            operation.of["summary"].as_str().is_some_and(|text| !text.is_empty()),
            "{id}"
        );
        assert!(tags.contains(&&operation.of["tags"][0]), "{id}");
        let secured = !operation.of["security"].as_array().unwrap().is_empty();
        let with_token = operation.path.starts_with("/v1/");
        assert_eq!(secured, with_token || operation.path.starts_with("/webhooks/"), "{id}");
        assert_eq!(with_token, operation.role().is_some(), "{id}");
        let statuses = operation.of["responses"].as_object().unwrap();
        assert!(statuses.keys().any(|status| status.starts_with('2')), "{id}");
        assert!(statuses.contains_key("500"), "{id}");
        for refusal in operation.of["x-passback-codes"].as_array().into_iter().flatten() {
            let word = refusal.as_str().unwrap();
            assert!(word.parse::<Code>().is_ok(), "{id} names {word}, which is no code");
        }
        for place in operation.path.split('/').filter_map(|part| part.strip_prefix('{')) {
            let name = place.strip_suffix('}').unwrap();
            let parameters = operation.of["parameters"].as_array().unwrap();
            let described = parameters
                .iter()
                .any(|parameter| parameter["in"] == "path" && parameter["name"] == name);
            assert!(described, "{id} does not describe {name}");
        }
    }
}

#[tokio::test]
async fn requests_take_no_field_that_is_not_described() {
    let document = Document::read(&World::start().await).await;
    for operation in document.operations() {
        let body = &operation.of["requestBody"]["content"]["application/json"];
        // What Docebo sends is taken whatever else it holds.
        if body.is_object() && operation.id() != "receiveWebhook" {
            let schema = document.resolved(&body["schema"]);
            assert_eq!(schema["additionalProperties"], false, "{}", operation.id());
        }
    }
}

#[tokio::test]
async fn the_description_is_open_to_all_and_told_once() {
    let world = World::start().await;
    let ask = |tag: Option<String>| {
        let request = Request::builder().uri("/openapi.json");
        let request = match tag {
            Some(tag) => request.header(header::IF_NONE_MATCH, tag),
            None => request,
        };
        request.body(Body::empty()).unwrap()
    };
    let first = world.send(ask(None)).await;
    assert_eq!(first.status, StatusCode::OK);
    assert_eq!(first.header(header::CONTENT_TYPE), "application/json");
    assert!(first.header(header::CACHE_CONTROL).contains("max-age"));
    let etag = first.header(header::ETAG).to_owned();
    let again = world.send(ask(Some(etag.clone()))).await;
    assert_eq!((again.status, again.text.as_str()), (StatusCode::NOT_MODIFIED, ""));
    assert_eq!(again.header(header::ETAG), etag);
    let other = world.send(ask(Some("\"another\"".to_owned()))).await;
    assert_eq!(other.status, StatusCode::OK);
}
