//! What is said in headers, and by a server in trouble, is described as well.

use std::collections::BTreeSet;

use axum::{
    body::Body,
    http::{Method, Request, header, request::Builder},
};
use passback_server::{Role, ServerConfig};
use serde_json::json;

use crate::{
    openapi_document::Document,
    tokens::{made, revoked},
    world::{JSON, World, config, token},
};

/// A call with further headers, and what is wrong with its answer.
async fn refused(world: &World, document: &Document, id: &str, request: Request<Body>) -> (u16, String) {
    let operation = document.operation(id);
    let answer = world.send(request).await;
    let faults = document.faults_of(&operation, &answer);
    assert!(faults.is_empty(), "{id}: {faults:?}\n{}", answer.text);
    (
        answer.status.as_u16(),
        answer.json()["code"].as_str().unwrap().to_owned(),
    )
}

fn request(method: Method, path: &str, token: &str) -> Builder {
    Request::builder()
        .method(method)
        .uri(path)
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .header(header::CONTENT_TYPE, JSON)
}

#[tokio::test]
async fn refusals_for_what_stands_in_headers_answer_as_they_are_described() {
    let world = World::start().await;
    let document = Document::read(&world).await;
    let admin = token(Role::Admin);
    let exam = json!({"connector": "acme", "course_id": 147}).to_string();
    for (id, method, path, body) in [
        ("storeExam", Method::PUT, "/v1/exams/forklift-01", exam),
        (
            "removeExam",
            Method::DELETE,
            "/v1/exams/forklift-01?reason=over",
            String::new(),
        ),
    ] {
        let request = request(method, path, &admin).header(header::IF_MATCH, "\"x\"");
        let found = refused(&world, &document, id, request.body(Body::from(body)).unwrap()).await;
        assert_eq!(found, (412, "precondition_failed".to_owned()), "{id}");
    }
    let (bearer, id) = made(&world, &json!({"name": "a", "role": "viewer"})).await;
    assert_eq!(revoked(&world, &id).await.status.as_u16(), 200);
    let stats = request(Method::GET, "/v1/stats", &bearer).body(Body::empty()).unwrap();
    let found = refused(&world, &document, "readStats", stats).await;
    assert_eq!(found, (401, "token_revoked".to_owned()));
}

#[tokio::test]
async fn a_server_without_its_redis_answers_as_it_is_described() {
    let world = World::start().await;
    let document = Document::read(&world).await;
    world.redis.stop().await;
    let viewer = token(Role::Viewer);
    for (id, path) in [("readStats", "/v1/stats"), ("readReadiness", "/readyz")] {
        let request = request(Method::GET, path, &viewer).body(Body::empty()).unwrap();
        let found = refused(&world, &document, id, request).await;
        assert_eq!(found, (503, "store_unavailable".to_owned()), "{id}");
    }
}

#[tokio::test]
async fn a_server_that_is_full_answers_as_it_is_described() {
    let world = World::start_with(ServerConfig {
        max_concurrent_requests: 0,
        ..config()
    })
    .await;
    let document = Document::read(&world).await;
    let request = request(Method::GET, "/v1/stats", &token(Role::Viewer));
    let found = refused(&world, &document, "readStats", request.body(Body::empty()).unwrap()).await;
    assert_eq!(found, (503, "too_busy".to_owned()));
}

/// The description names each header that a handler reads.
#[tokio::test]
async fn every_header_that_is_read_is_described() {
    let document = Document::read(&World::start().await).await;
    let mut described = BTreeSet::new();
    for operation in document.operations() {
        for parameter in operation.of["parameters"].as_array().unwrap() {
            let parameter = document.resolved(parameter);
            if parameter["in"] == "header" {
                described.insert(parameter["name"].as_str().unwrap().to_ascii_lowercase());
            }
        }
    }
    let read = [
        "idempotency-key",
        "if-match",
        "if-none-match",
        "last-event-id",
        "prefer",
        "x-request-id",
    ];
    assert_eq!(described.iter().map(String::as_str).collect::<Vec<_>>(), read);
}
