//! Calls that go on for long end with their token.

use std::{convert::Infallible, time::Duration};

use axum::{
    body::{Body, Bytes},
    http::{Request, StatusCode, header},
};
use futures::{StreamExt, channel::mpsc};
use passback_server::{Clock, Role, ServerConfig};
use rstest::rstest;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::{
    tokens::{made, revoked},
    world::{JSON, NDJSON, World, config, result, token},
};

const LIMIT: Duration = Duration::from_secs(20);
const NOON: &str = "2026-11-22T12:00:00Z";

/// A body of which a line is sent when the test says so, and the lines of its answer.
struct Open {
    lines: mpsc::UnboundedSender<Result<Bytes, Infallible>>,
    answers: futures::stream::BoxStream<'static, Value>,
}

impl Open {
    async fn start(world: &World, bearer: &str, path: &str) -> Self {
        let (lines, body) = mpsc::unbounded();
        let request = Request::post(path)
            .header(header::AUTHORIZATION, format!("Bearer {bearer}"))
            .header(header::CONTENT_TYPE, NDJSON)
            .body(Body::from_stream(body))
            .unwrap();
        let response = world.app.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        let answers = response.into_body().into_data_stream();
        let answers = answers.map(|line| serde_json::from_slice(&line.unwrap()).unwrap());
        Self {
            lines,
            answers: answers.boxed(),
        }
    }

    /// Sends a line; what is said of it.
    async fn say(&mut self, line: &Value) -> Value {
        self.lines.unbounded_send(Ok(Bytes::from(format!("{line}\n")))).unwrap();
        self.next().await.unwrap()
    }

    async fn next(&mut self) -> Option<Value> {
        tokio::time::timeout(LIMIT, self.answers.next()).await.unwrap()
    }
}

#[rstest]
#[case::a_batch("/v1/results/batch", "accepted")]
#[case::a_reconciliation("/v1/reconcile", "missing")]
#[tokio::test]
async fn lines_that_come_after_the_token_was_revoked_are_not_looked_at(#[case] path: &str, #[case] good: &str) {
    let world = World::start().await;
    let (bearer, id) = made(&world, &json!({"name": "engine", "role": "ingest"})).await;
    let mut open = Open::start(&world, &bearer, path).await;
    assert_eq!(open.say(&result("r-1")).await["status"], good);
    let gone = revoked(&world, &id).await;
    assert_eq!(gone.status, StatusCode::OK, "{}", gone.text);
    let last = open.say(&result("r-2")).await;
    assert_eq!(
        (&last["line"], &last["status"], &last["code"]),
        (&json!(2), &json!("refused"), &json!("token_revoked"))
    );
    assert!(open.next().await.is_none(), "no summary, and no verdict");
    assert_eq!(world.jobs().await, u64::from(good == "accepted"));
}

#[rstest]
#[case::a_batch("/v1/results/batch")]
#[case::a_reconciliation("/v1/reconcile")]
#[tokio::test]
async fn lines_that_come_after_the_token_s_time_are_not_looked_at(#[case] path: &str) {
    let (clock, hand) = Clock::manual(NOON.parse().unwrap());
    let mut told = ServerConfig { clock, ..config() };
    told.tokens[0].expires_at = Some("2026-11-22T13:00:00Z".parse().unwrap());
    let world = World::start().await.told(told);
    let mut open = Open::start(&world, &token(Role::Ingest), path).await;
    assert_ne!(open.say(&result("r-1")).await["status"], "refused");
    hand.advance(Duration::from_hours(1));
    assert_eq!(open.say(&result("r-2")).await["code"], "token_expired");
    assert!(open.next().await.is_none());
}

#[rstest]
#[case::the_feed("GET", "/v1/events?wait=30s")]
#[case::the_log_of_docebo("GET", "/v1/docebo-events?wait=30s")]
#[case::a_check("POST", "/v1/eligibility-checks?wait=30s")]
#[tokio::test]
async fn who_waits_is_told_nothing_once_the_token_has_ended(#[case] method: &str, #[case] path: &str) {
    let (clock, hand) = Clock::manual(NOON.parse().unwrap());
    let world = World::start().await.told(ServerConfig { clock, ..config() });
    let (bearer, id) = made(&world, &json!({"name": "engine", "role": "viewer", "expires_in": "1h"})).await;
    let question = json!({"exam_id": "forklift-01", "email": crate::world::EMAIL});
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::AUTHORIZATION, format!("Bearer {bearer}"))
        .header(header::CONTENT_TYPE, JSON)
        .body(if method == "POST" {
            Body::from(question.to_string())
        } else {
            Body::empty()
        })
        .unwrap();
    let app = world.app.clone();
    let waiting = tokio::spawn(crate::world::send(app, request));
    // Its use is noted, so it is past the first look at its token.
    let waits = async {
        let path = format!("/v1/tokens/{id}");
        while world.call_get(Role::Admin, &path).await.json()["last_used_at"].is_null() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(LIMIT, waits).await.unwrap();
    hand.advance(Duration::from_hours(1));
    world.closing.cancel();
    let answer = tokio::time::timeout(LIMIT, waiting).await.unwrap().unwrap();
    assert_eq!(
        (answer.status, answer.json()["code"].as_str()),
        (StatusCode::UNAUTHORIZED, Some("token_expired"))
    );
}
