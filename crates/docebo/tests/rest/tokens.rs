//! How tokens are asked for, shared, renewed and refused.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::http::HeaderMap;
use axum::routing::{get, post};
use passback_docebo::{Calls, Endpoint, Error, Failure};
use rstest::rstest;
use tokio::task::JoinSet;

use crate::stub::{
    Answer, COURSE, ENROLLMENT_PATH, Stub, TOKEN_BODY, USER, bare, enrolled, html, json, numbered, server,
};

const CALLERS: usize = 50;

async fn authenticate(answer: Answer) -> Error {
    let stub = Stub::start(Router::new().route("/oauth2/token", post(move || async move { answer.response() }))).await;
    stub.client().authenticate(&mut Calls::default()).await.unwrap_err()
}

#[tokio::test]
async fn the_password_grant_is_a_form_with_scope_api() {
    let stub = Stub::answering(enrolled()).await;
    let mut calls = Calls::default();
    stub.client().authenticate(&mut calls).await.unwrap();
    let seen = &stub.seen("/oauth2/token")[0];
    assert_eq!(seen.headers["content-type"], "application/x-www-form-urlencoded");
    assert_eq!(
        seen.body,
        "grant_type=password&scope=api&client_id=passback&client_secret=s3cret%2Bclient\
         &username=integration%40example.org&password=s3cret%26password"
    );
    assert_eq!(calls.0.len(), 1);
}

#[tokio::test]
async fn a_token_serves_many_calls_and_all_clones() {
    let stub = Stub::answering(enrolled()).await;
    let client = stub.client();
    for _ in 0..3 {
        client
            .clone()
            .enrollment(COURSE, USER, &mut Calls::default())
            .await
            .unwrap();
    }
    assert_eq!(stub.token_requests(), 1);
}

#[tokio::test]
async fn an_expired_token_is_not_used_again() {
    let stub = server(|_| json(r#"{"access_token":"brief","expires_in":0}"#), "Bearer brief").await;
    let client = stub.client();
    for _ in 0..2 {
        client.enrollment(COURSE, USER, &mut Calls::default()).await.unwrap();
    }
    assert_eq!(stub.token_requests(), 2);
}

#[tokio::test]
async fn authenticating_asks_again_and_replaces_the_cache() {
    let stub = server(numbered, "Bearer token-1").await;
    let client = stub.client();
    client.authenticate(&mut Calls::default()).await.unwrap();
    client.authenticate(&mut Calls::default()).await.unwrap();
    assert!(
        client
            .enrollment(COURSE, USER, &mut Calls::default())
            .await
            .unwrap()
            .is_some()
    );
    assert_eq!(stub.token_requests(), 2);
    assert_eq!(stub.seen(ENROLLMENT_PATH).len(), 1);
}

#[tokio::test]
async fn a_refused_token_is_renewed_once_and_the_call_repeated() {
    let stub = server(numbered, "Bearer token-1").await;
    let mut calls = Calls::default();
    let read = stub.client().enrollment(COURSE, USER, &mut calls).await;
    assert!(read.unwrap().is_some());
    let listed: Vec<_> = calls.0.iter().map(|call| (call.endpoint, call.status)).collect();
    assert_eq!(
        listed,
        [
            (Endpoint::Token, Some(200)),
            (Endpoint::EnrollmentRead, Some(401)),
            (Endpoint::Token, Some(200)),
            (Endpoint::EnrollmentRead, Some(200)),
        ]
    );
}

#[tokio::test]
async fn a_second_refusal_means_that_the_credentials_are_refused() {
    let stub = server(numbered, "Bearer never").await;
    let error = stub
        .client()
        .enrollment(COURSE, USER, &mut Calls::default())
        .await
        .unwrap_err();
    assert_eq!(error.endpoint, Endpoint::EnrollmentRead);
    assert_eq!(
        error.failure,
        Failure::CredentialsRefused {
            detail: "Unauthorized".into()
        }
    );
    assert_eq!(stub.token_requests(), 2);
    assert_eq!(stub.seen(ENROLLMENT_PATH).len(), 2);
}

/// Starts many callers at once against a token route that answers only when all of them wait.
async fn crowd(token_answer: Answer) -> (Stub, Vec<Result<bool, Error>>, usize) {
    let arrived = Arc::new(AtomicUsize::new(0));
    let gate = Arc::clone(&arrived);
    let token = move || async move {
        // The callers share this thread: one that has counted itself has also reached the lock.
        while gate.load(Ordering::SeqCst) < CALLERS {
            tokio::task::yield_now().await;
        }
        token_answer.response()
    };
    let router = Router::new()
        .route("/oauth2/token", post(token))
        .route(ENROLLMENT_PATH, get(|| async { enrolled().response() }));
    let stub = Stub::start(router).await;
    let client = stub.client();
    let mut tasks = JoinSet::new();
    for _ in 0..CALLERS {
        let (client, arrived) = (client.clone(), Arc::clone(&arrived));
        tasks.spawn(async move {
            arrived.fetch_add(1, Ordering::SeqCst);
            let mut calls = Calls::default();
            let read = client.enrollment(COURSE, USER, &mut calls).await;
            let asked = calls.0.iter().filter(|call| call.endpoint == Endpoint::Token).count();
            (read.map(|found| found.is_some()), asked)
        });
    }
    let (reads, asked): (Vec<_>, Vec<_>) = tasks.join_all().await.into_iter().unzip();
    (stub, reads, asked.into_iter().sum())
}

#[rstest]
#[case::kept(json(TOKEN_BODY))]
#[case::expired_at_once(json(r#"{"access_token":"brief","expires_in":0}"#))]
#[tokio::test]
async fn many_callers_at_once_ask_for_one_token(#[case] token_answer: Answer) {
    let (stub, reads, asked) = crowd(token_answer).await;
    assert!(reads.iter().all(|read| *read == Ok(true)), "{reads:?}");
    assert_eq!((stub.token_requests(), asked), (1, 1));
}

#[tokio::test]
async fn a_refusal_is_shared_by_all_who_wait_for_it() {
    let (stub, reads, asked) = crowd(json(r#"{"error":"invalid_grant"}"#).status(400)).await;
    let refused = Failure::CredentialsRefused {
        detail: "invalid_grant".into(),
    };
    let expected = Err(Error {
        endpoint: Endpoint::Token,
        failure: refused,
    });
    assert!(reads.iter().all(|read| *read == expected), "{reads:?}");
    assert_eq!((stub.token_requests(), asked), (1, 1));
}

#[tokio::test]
async fn a_refusal_is_not_remembered_for_later_callers() {
    let stub = server(
        |request| match request {
            0 => json(r#"{"error":"invalid_client"}"#).status(401),
            _ => json(r#"{"access_token":"token-1","expires_in":3600}"#),
        },
        "Bearer token-1",
    )
    .await;
    let client = stub.client();
    assert!(client.enrollment(COURSE, USER, &mut Calls::default()).await.is_err());
    assert!(client.enrollment(COURSE, USER, &mut Calls::default()).await.is_ok());
}

#[tokio::test]
async fn many_callers_with_the_same_refused_token_ask_for_one_new_token() {
    let stub = server(numbered, "Bearer token-1").await;
    let client = stub.client();
    client.authenticate(&mut Calls::default()).await.unwrap();
    let mut tasks = JoinSet::new();
    for _ in 0..CALLERS {
        let client = client.clone();
        tasks.spawn(async move { client.enrollment(COURSE, USER, &mut Calls::default()).await });
    }
    let reads = tasks.join_all().await;
    assert!(reads.iter().all(Result::is_ok), "{reads:?}");
    assert_eq!(stub.token_requests(), 2);
}

#[tokio::test]
async fn a_token_that_was_replaced_meanwhile_is_not_renewed_again() {
    let asked = AtomicUsize::new(0);
    let token = Arc::new(move || numbered(asked.fetch_add(1, Ordering::SeqCst)).response());
    let (refused, renewed) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let slow_first_read = move |headers: HeaderMap| async move {
        if headers["authorization"] == "Bearer token-1" {
            renewed.fetch_add(1, Ordering::SeqCst);
            return enrolled().response();
        }
        if refused.fetch_add(1, Ordering::SeqCst) == 0 {
            // The other caller's new token is in use before this one hears that the old one is refused.
            while renewed.load(Ordering::SeqCst) == 0 {
                tokio::task::yield_now().await;
            }
        }
        json("{}").status(401).response()
    };
    let router = Router::new()
        .route("/oauth2/token", post(move || async move { token() }))
        .route(ENROLLMENT_PATH, get(slow_first_read));
    let stub = Stub::start(router).await;
    let client = stub.client();
    client.authenticate(&mut Calls::default()).await.unwrap();
    let (mut first, mut second) = (Calls::default(), Calls::default());
    let (a, b) = tokio::join!(
        client.enrollment(COURSE, USER, &mut first),
        client.enrollment(COURSE, USER, &mut second),
    );
    assert!(a.is_ok() && b.is_ok(), "{a:?} {b:?}");
    assert_eq!(stub.token_requests(), 2);
}

#[rstest]
#[case::invalid_grant(json(r#"{"error":"invalid_grant","error_description":"Wrong user"}"#).status(400), "invalid_grant: Wrong user")]
#[case::invalid_client(json(r#"{"error":"invalid_client"}"#).status(401), "invalid_client")]
#[case::grant_is_off(json(r#"{"error":"unsupported_grant_type"}"#).status(400), "unsupported_grant_type")]
#[case::forbidden_by_name(json(r#"{"error":"access_denied"}"#).status(403), "access_denied")]
#[case::error_under_200(json(r#"{"error":"invalid_client"}"#), "invalid_client")]
#[case::unknown_body(bare("nope").status(401), "nope")]
#[case::no_body(bare("").status(400), "an empty answer")]
#[case::page(html("<h1>Bad Request</h1>").status(400), "<h1>Bad Request</h1>")]
#[case::echo(json(r#"{"error":"s3cret+client of integration@example.org, s3cret&password"}"#).status(400),
    "[redacted] of [redacted], [redacted]")]
#[tokio::test]
async fn a_refusal_of_the_credentials_is_told_without_them(#[case] answer: Answer, #[case] detail: &str) {
    let expected = Failure::CredentialsRefused {
        detail: detail.to_owned(),
    };
    assert_eq!(
        authenticate(answer).await,
        Error {
            endpoint: Endpoint::Token,
            failure: expected
        }
    );
}

#[rstest]
#[case::throttled(json("{}").status(429).with("retry-after", "3"), Failure::Throttled { retry_after: Some(Duration::from_secs(3)) })]
#[case::down(bare("").status(503), Failure::Unavailable { status: 503, retry_after: None })]
#[case::forbidden_page(html("<p>no</p>").status(403), Failure::Forbidden { detail: "<p>no</p>".into() })]
#[case::missing(bare("").status(404), Failure::NotFound { detail: "an empty answer".into() })]
#[case::page(html("<p>hi</p>"), Failure::NotJson { status: 200,
    content_type: Some("text/html; charset=UTF-8".into()), excerpt: "<p>hi</p>".into() })]
#[case::no_token(json(r#"{"token_type":"Bearer"}"#), Failure::UnexpectedShape {
    detail: "there is no usable `access_token`".into(), excerpt: r#"{"token_type":"Bearer"}"#.into() })]
#[case::unusable_token(json(r#"{"access_token":"a\nb"}"#), Failure::UnexpectedShape {
    detail: "there is no usable `access_token`".into(), excerpt: r#"{"access_token":"[redacted]\nb"}"#.into() })]
#[tokio::test]
async fn a_token_route_in_trouble_does_not_blame_the_credentials(#[case] answer: Answer, #[case] expected: Failure) {
    assert_eq!(
        authenticate(answer).await,
        Error {
            endpoint: Endpoint::Token,
            failure: expected
        }
    );
}
