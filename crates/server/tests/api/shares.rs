//! One caller's part: what is slow, long or much of one token leaves room for the others.

use std::time::Duration;

use axum::{
    body::{Body, Bytes},
    http::{Method, Request, StatusCode, header},
    response::Response,
};
use futures::{StreamExt, stream};
use passback_server::{Role, ServerConfig};
use rstest::rstest;
use serde_json::json;
use tower::ServiceExt;

use crate::world::{Answer, JSON, NDJSON, World, config, token};

const RECONCILE: &str = "/v1/reconcile";
/// Shorter than the longest wait.
const LIMIT: Duration = Duration::from_secs(20);

impl World {
    /// A call whose answer is not read yet.
    async fn open(&self, role: Role, method: Method, path: &str, media_type: &str, body: Body) -> Response {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::AUTHORIZATION, format!("Bearer {}", token(role)))
            .header(header::CONTENT_TYPE, media_type)
            .body(body)
            .unwrap();
        self.app.clone().oneshot(request).await.unwrap()
    }
}

fn refusal(answer: &Answer) -> (u16, &str) {
    assert_eq!(answer.header(header::RETRY_AFTER), "1", "{}", answer.text);
    assert_eq!(answer.json()["code"], "too_busy");
    let whose = if answer.text.contains("This caller has") {
        "own"
    } else {
        "all"
    };
    (answer.status.as_u16(), whose)
}

/// A list of ids that are not there, whose answer is far longer than a piece.
fn many(media_type: &str) -> String {
    let ids: Vec<String> = (0..20_000).map(|number| format!("r-{number}")).collect();
    if media_type == JSON {
        json!({"result_ids": ids}).to_string()
    } else {
        ids.join("\n")
    }
}

#[rstest]
#[case::in_one_document(JSON)]
#[case::by_lines("text/plain")]
#[tokio::test]
async fn a_reader_that_takes_nothing_of_a_reconciliation_holds_up_nobody_but_itself(#[case] media_type: &str) {
    let world = World::start().await;
    let again = async |role| {
        world
            .call(role, Method::POST, RECONCILE, media_type, many(media_type))
            .await
    };
    let body = Body::from(many(media_type));
    let slow = world
        .open(Role::Ingest, Method::POST, RECONCILE, media_type, body)
        .await;
    assert_eq!(slow.status(), StatusCode::OK);
    assert_eq!(refusal(&again(Role::Ingest).await), (429, "own"));
    // Another caller gets through.
    assert_eq!(again(Role::Viewer).await.status, StatusCode::OK);

    // Its place is free once it has taken all.
    let whole = axum::body::to_bytes(slow.into_body(), usize::MAX).await.unwrap();
    assert!(whole.len() > 64 * 1024);
    let free = async {
        while again(Role::Ingest).await.status != StatusCode::OK {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(LIMIT, free).await.unwrap();
}

#[tokio::test]
async fn two_exports_of_one_caller_leave_room_for_another_one() {
    let world = World::start().await;
    for prefix in ["a", "b", "c", "d", "e"] {
        crate::plans::dead_letters(&world, prefix, 50, "rejected").await;
    }
    let export = async |role| {
        world
            .open(role, Method::GET, "/v1/dead-letters/export", JSON, Body::empty())
            .await
    };
    let groups = async |role| world.call_get(role, "/v1/dead-letters/groups").await;
    let mut open = Vec::new();
    for _ in 0..2 {
        open.push(export(Role::Operator).await);
    }
    assert_eq!(refusal(&groups(Role::Operator).await), (429, "own"));
    assert_eq!(groups(Role::Viewer).await.status, StatusCode::OK);
    for _ in 0..2 {
        open.push(export(Role::Admin).await);
    }
    // Who holds none is told that it is the server that is full.
    assert_eq!(refusal(&groups(Role::Viewer).await), (503, "all"));
    assert!(open.iter().all(|response| response.status() == StatusCode::OK));
}

#[tokio::test]
async fn who_waits_in_all_places_of_one_caller_gets_answers_at_once_and_another_one_still_waits() {
    let world = World::start_with(ServerConfig {
        max_waiting_requests: 4,
        ..config()
    })
    .await;
    let wait = |role| {
        let path = "/v1/events?wait=30s";
        let request = Request::get(path).header(header::AUTHORIZATION, format!("Bearer {}", token(role)));
        tokio::spawn(world.app.clone().oneshot(request.body(Body::empty()).unwrap()))
    };
    // Of two, one waits, and the other one has nowhere to.
    let (first, second) = (wait(Role::Ingest), wait(Role::Ingest));
    let (_, _, mut left) = tokio::time::timeout(LIMIT, futures::future::select_all([first, second]))
        .await
        .unwrap();
    let others = [Role::Viewer, Role::Operator, Role::Admin].map(wait);
    left.extend(others);
    world.delivered("r-1").await;
    let told = futures::future::join_all(left);
    for response in tokio::time::timeout(LIMIT, told).await.unwrap() {
        let body = axum::body::to_bytes(response.unwrap().unwrap().into_body(), 64 * 1024);
        assert!(String::from_utf8_lossy(&body.await.unwrap()).contains("r-1"));
    }
}

#[tokio::test]
async fn bodies_of_one_caller_that_do_not_come_leave_slots_for_the_others() {
    let world = World::start_with(ServerConfig {
        max_concurrent_requests: 8,
        ..config()
    })
    .await;
    let slow = || {
        let (arrived, arrival) = tokio::sync::oneshot::channel();
        let first = stream::once(async move {
            // The body is asked for, so the request holds what it holds.
            let _ = arrived.send(());
            Ok::<_, std::convert::Infallible>(Bytes::from_static(b"{"))
        });
        let request = Request::post("/v1/results")
            .header(header::AUTHORIZATION, format!("Bearer {}", token(Role::Ingest)))
            .header(header::CONTENT_TYPE, JSON)
            .body(Body::from_stream(first.chain(stream::pending())))
            .unwrap();
        (tokio::spawn(world.app.clone().oneshot(request)), arrival)
    };
    for _ in 0..2 {
        let (_, arrival) = slow();
        tokio::time::timeout(LIMIT, arrival).await.unwrap().unwrap();
    }
    let more = world
        .call(Role::Ingest, Method::POST, "/v1/results/batch", NDJSON, "")
        .await;
    assert_eq!(refusal(&more), (429, "own"));
    assert_eq!(world.get("/v1/stats").await.status, StatusCode::OK);
}
