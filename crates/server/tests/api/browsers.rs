//! What browsers are told: who may read an answer, and what they must not do with it.

use axum::{
    body::Body,
    http::{HeaderName, Method, Request, StatusCode, header},
};
use passback_server::{Role, ServerConfig};
use rstest::rstest;
use serde_json::Value;

use crate::world::{Answer, World, config};

const CONSOLE: &str = "https://console.example.org";

async fn world() -> World {
    World::start_with(ServerConfig {
        cors_origins: vec![CONSOLE.to_owned(), "http://localhost:3000".to_owned()],
        ..config()
    })
    .await
}

async fn preflight(world: &World, origin: &str) -> Answer {
    let request = Request::builder()
        .method(Method::OPTIONS)
        .uri("/v1/results")
        .header(header::ORIGIN, origin)
        .header(header::ACCESS_CONTROL_REQUEST_METHOD, "POST")
        .header(header::ACCESS_CONTROL_REQUEST_HEADERS, "authorization,idempotency-key")
        .body(Body::empty())
        .unwrap();
    world.send(request).await
}

async fn ask(world: &World, origin: &str, role: Role, path: &str) -> Answer {
    let headers = [("Origin", origin)];
    world.call_with(role, Method::GET, path, &headers, &Value::Null).await
}

#[tokio::test]
async fn no_origin_is_let_in_unless_it_is_named() {
    let world = World::start().await;
    let answer = preflight(&world, CONSOLE).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    let asked = ask(&world, CONSOLE, Role::Viewer, "/v1/stats").await;
    assert_eq!(asked.status, StatusCode::OK);
    for answer in [answer, asked] {
        assert_eq!(answer.header(header::ACCESS_CONTROL_ALLOW_ORIGIN), "");
        assert_eq!(answer.header(header::ACCESS_CONTROL_ALLOW_METHODS), "");
    }
}

#[tokio::test]
async fn a_named_origin_may_call_and_read_answers_and_refusals() {
    let world = world().await;
    let answer = preflight(&world, CONSOLE).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    assert_eq!(answer.header(header::ACCESS_CONTROL_ALLOW_ORIGIN), CONSOLE);
    assert!(answer.header(header::ACCESS_CONTROL_ALLOW_METHODS).contains("POST"));
    let allowed = answer.header(header::ACCESS_CONTROL_ALLOW_HEADERS);
    assert!(
        allowed.contains("authorization") && allowed.contains("idempotency-key"),
        "{allowed}"
    );
    assert_eq!(answer.header(header::ACCESS_CONTROL_ALLOW_CREDENTIALS), "");

    // A refusal can be read as well, or a page could not say what is wrong.
    for (role, path, status) in [
        (Role::Viewer, "/v1/stats", StatusCode::OK),
        (Role::Ingest, "/v1/stats", StatusCode::FORBIDDEN),
        (Role::Viewer, "/v1/jobs/x", StatusCode::NOT_FOUND),
    ] {
        let answer = ask(&world, CONSOLE, role, path).await;
        assert_eq!(answer.status, status);
        assert_eq!(answer.header(header::ACCESS_CONTROL_ALLOW_ORIGIN), CONSOLE, "{path}");
        assert!(answer.header(header::ACCESS_CONTROL_EXPOSE_HEADERS).contains("etag"));
        assert!(answer.header(header::VARY).to_lowercase().contains("origin"));
    }
}

#[rstest]
#[case("https://evil.example.org")]
#[case("https://console.example.org.evil.example")]
#[case("http://console.example.org")]
#[case("null")]
#[tokio::test]
async fn another_origin_is_not_let_in_beside_a_named_one(#[case] origin: &str) {
    let world = world().await;
    assert_eq!(
        preflight(&world, origin)
            .await
            .header(header::ACCESS_CONTROL_ALLOW_ORIGIN),
        ""
    );
    let answer = ask(&world, origin, Role::Viewer, "/v1/stats").await;
    assert_eq!(answer.header(header::ACCESS_CONTROL_ALLOW_ORIGIN), "");
}

#[tokio::test]
async fn every_answer_tells_browsers_to_keep_their_hands_off() {
    let world = world().await;
    let mut answers = vec![preflight(&world, CONSOLE).await];
    for (role, path) in [
        (Role::Viewer, "/v1/stats"),
        (Role::Ingest, "/v1/stats"),
        (Role::Viewer, "/v1/nothing-here"),
        (Role::Viewer, "/healthz"),
        (Role::Viewer, "/v1/exams/forklift-01"),
    ] {
        answers.push(world.call_get(role, path).await);
    }
    for answer in answers {
        for (name, value) in [
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (header::REFERRER_POLICY, "no-referrer"),
            (header::X_FRAME_OPTIONS, "DENY"),
            (
                header::CONTENT_SECURITY_POLICY,
                "default-src 'none'; frame-ancestors 'none'",
            ),
            (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
            (header::CACHE_CONTROL, "no-store"),
            // Only who ends TLS knows that there is any.
            (header::STRICT_TRANSPORT_SECURITY, ""),
            (header::SERVER, ""),
        ] {
            assert_eq!(answer.header(name.clone()), value, "{name} of {}", answer.status);
        }
    }
}
