//! Who may come in, and what every answer has.

use axum::{
    body::Body,
    http::{HeaderName, Method, Request, StatusCode, header},
};
use passback_server::Role;
use rstest::rstest;

use crate::{
    outage::becomes_ready,
    world::{JSON, World, token},
};

const ID: &str = "01JD0000000000000000000000";

#[rstest]
#[case::asks(Method::POST, "/v1/eligibility-checks", Role::Ingest)]
#[case::reads_a_check(Method::GET, "/v1/eligibility-checks/{id}", Role::Ingest)]
#[case::hands_in(Method::POST, "/v1/results", Role::Ingest)]
#[case::hands_in_many(Method::POST, "/v1/results/batch", Role::Ingest)]
#[case::reads_a_result(Method::GET, "/v1/results/r-1", Role::Ingest)]
#[case::lists_jobs(Method::GET, "/v1/jobs", Role::Viewer)]
#[case::reads_a_job(Method::GET, "/v1/jobs/{id}", Role::Viewer)]
#[case::lists_the_dead(Method::GET, "/v1/dead-letters", Role::Viewer)]
#[case::reads_a_dead_one(Method::GET, "/v1/dead-letters/{id}", Role::Viewer)]
#[case::lists_connectors(Method::GET, "/v1/connectors", Role::Viewer)]
#[case::reads_a_connector(Method::GET, "/v1/connectors/acme", Role::Viewer)]
#[case::lists_exams(Method::GET, "/v1/exams", Role::Viewer)]
#[case::reads_an_exam(Method::GET, "/v1/exams/forklift-01", Role::Viewer)]
#[case::lists_workers(Method::GET, "/v1/workers", Role::Viewer)]
#[case::reads_numbers(Method::GET, "/v1/stats", Role::Viewer)]
#[case::reads_the_trail(Method::GET, "/v1/audit", Role::Viewer)]
#[case::cancels(Method::POST, "/v1/jobs/{id}/cancel", Role::Operator)]
#[case::redrives(Method::POST, "/v1/dead-letters/redrive", Role::Operator)]
#[case::discards(Method::POST, "/v1/dead-letters/discard", Role::Operator)]
#[case::validates(Method::POST, "/v1/connectors/nobody/validate", Role::Operator)]
#[case::stores_a_connector(Method::PUT, "/v1/connectors/acme", Role::Admin)]
#[case::removes_a_connector(Method::DELETE, "/v1/connectors/acme", Role::Admin)]
#[case::stores_an_exam(Method::PUT, "/v1/exams/forklift-01", Role::Admin)]
#[case::removes_an_exam(Method::DELETE, "/v1/exams/forklift-01", Role::Admin)]
#[case::lists_tokens(Method::GET, "/v1/tokens", Role::Admin)]
#[case::reads_a_token(Method::GET, "/v1/tokens/0123456789abcdef", Role::Admin)]
#[case::makes_a_token(Method::POST, "/v1/tokens", Role::Admin)]
#[case::revokes_a_token(Method::POST, "/v1/tokens/0123456789abcdef/revoke", Role::Admin)]
#[tokio::test]
async fn a_call_is_open_to_its_role_and_the_stronger_ones(
    #[case] method: Method,
    #[case] path: &str,
    #[case] needed: Role,
) {
    let world = World::start().await;
    let path = path.replace("{id}", ID);
    for role in Role::ALL {
        let answer = world.call(role, method.clone(), &path, JSON, Body::empty()).await;
        let refused = answer.status == StatusCode::FORBIDDEN;
        assert_eq!(refused, role < needed, "{role}: {} {}", answer.status, answer.text);
        if refused {
            assert_eq!(answer.json()["code"], "role_too_low");
        }
    }
    let request = Request::builder()
        .method(method)
        .uri(&path)
        .body(Body::empty())
        .unwrap();
    assert_eq!(world.send(request).await.status, StatusCode::UNAUTHORIZED);
}

#[rstest]
#[case::none(None, "token_missing")]
#[case::unknown(Some("Bearer nobody"), "token_invalid")]
#[case::empty(Some("Bearer "), "token_invalid")]
#[case::another_scheme(Some("Basic dG9rZW4="), "token_invalid")]
#[case::almost(Some("Bearer token-of-admi"), "token_invalid")]
#[tokio::test]
async fn nobody_comes_in_without_a_token_of_this_server(#[case] value: Option<&str>, #[case] code: &str) {
    let world = World::start().await;
    for path in ["/v1/jobs", "/v1/nothing-here"] {
        let mut request = Request::builder().uri(path);
        if let Some(value) = value {
            request = request.header(header::AUTHORIZATION, value);
        }
        let answer = world.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(
            (answer.status, answer.json()["code"].as_str()),
            (StatusCode::UNAUTHORIZED, Some(code))
        );
        assert!(answer.header(header::WWW_AUTHENTICATE).starts_with("Bearer"));
    }
}

#[tokio::test]
async fn every_answer_has_the_request_s_id_and_is_never_stored_or_sniffed() {
    let world = World::start().await;
    let request_id = HeaderName::from_static("x-request-id");
    for (given, kept) in [("abc-1", true), ("a b", false), ("ann@example.org", false)] {
        for path in ["/healthz", "/v1/stats", "/v1/nothing-here"] {
            let request = Request::builder()
                .uri(path)
                .header(header::AUTHORIZATION, format!("Bearer {}", token(Role::Admin)))
                .header(&request_id, given)
                .body(Body::empty())
                .unwrap();
            let answer = world.send(request).await;
            let id = answer.header(request_id.clone());
            assert_eq!(id == given, kept, "{path} gave {id}");
            assert!(!id.is_empty());
            assert_eq!(answer.header(header::X_CONTENT_TYPE_OPTIONS), "nosniff");
            assert_eq!(answer.header(header::CACHE_CONTROL), "no-store");
            if !answer.status.is_success() {
                assert_eq!(answer.json()["request_id"], id);
            }
        }
    }
}

#[tokio::test]
async fn a_route_that_is_none_and_a_method_that_is_none_are_problems() {
    let world = World::start().await;
    let answer = world.get("/v1/nothing-here").await;
    assert_eq!(
        (answer.status, answer.json()["code"].as_str()),
        (StatusCode::NOT_FOUND, Some("not_found"))
    );
    for path in [
        "results",
        "eligibility-checks",
        "jobs",
        "dead-letters",
        "connectors",
        "exams",
    ] {
        let answer = world
            .call(
                Role::Admin,
                Method::GET,
                &format!("/v1/{path}/%FF"),
                JSON,
                Body::empty(),
            )
            .await;
        assert_eq!(
            (answer.status, answer.json()["code"].as_str()),
            (StatusCode::NOT_FOUND, Some("not_found")),
            "{path}"
        );
    }
    for path in ["/v1/jobs", "/healthz"] {
        let answer = world.call(Role::Admin, Method::DELETE, path, JSON, Body::empty()).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(answer.json()["code"], "method_not_allowed");
        assert!(answer.header(header::ALLOW).contains("GET"), "{:?}", answer.headers);
    }
}

#[tokio::test]
async fn probes_need_no_token() {
    let world = World::start().await;
    for (path, status) in [("/healthz", "ok"), ("/readyz", "ready")] {
        let answer = world
            .send(Request::builder().uri(path).body(Body::empty()).unwrap())
            .await;
        assert_eq!(
            (answer.status, answer.json()["status"].as_str()),
            (StatusCode::OK, Some(status))
        );
    }
    world
        .redis
        .cli(&["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"])
        .await;
    let answer = becomes_ready(&world, false).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.json()["detail"].as_str().unwrap().contains("allkeys-lru"));
}
