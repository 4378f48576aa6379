//! The feed as a stream of server-sent events: it goes on where the reader was, over restarts of both sides.

use std::time::Duration;

use axum::{
    Router,
    body::{Body, BodyDataStream},
    http::{Request, StatusCode, header},
};
use futures::StreamExt;
use passback_server::Role;
use serde_json::Value;
use tower::ServiceExt;

use crate::{
    tokens::{made, revoked},
    world::{World, result, token},
};

/// Far longer than anything here takes.
const LIMIT: Duration = Duration::from_mins(1);

/// An event as it came.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) data: Value,
}

/// The reading end of a stream.
pub(crate) struct Reader {
    body: BodyDataStream,
    text: String,
}

fn request(query: &str, last_event_id: Option<&str>) -> Request<Body> {
    request_as(&token(Role::Ingest), &format!("/v1/events{query}"), last_event_id)
}

pub(crate) fn request_as(token: &str, path: &str, last_event_id: Option<&str>) -> Request<Body> {
    let mut request = Request::builder()
        .uri(path)
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .header(header::ACCEPT, "text/event-stream");
    if let Some(id) = last_event_id {
        request = request.header("last-event-id", id);
    }
    request.body(Body::empty()).unwrap()
}

impl Reader {
    async fn open(app: &Router, query: &str, last_event_id: Option<&str>) -> Self {
        Self::open_with(app, || request(query, last_event_id)).await
    }

    pub(crate) async fn open_with(app: &Router, request: impl Fn() -> Request<Body>) -> Self {
        let opened = async {
            loop {
                let response = app.clone().oneshot(request()).await.unwrap();
                // Right after a restart of Redis a server may not have found it again.
                if response.status() != StatusCode::SERVICE_UNAVAILABLE {
                    break response;
                }
                tokio::task::yield_now().await;
            }
        };
        let response = tokio::time::timeout(LIMIT, opened).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()[header::CONTENT_TYPE], "text/event-stream");
        Self {
            body: response.into_body().into_data_stream(),
            text: String::new(),
        }
    }

    /// The next event; none if the stream is at its end. By the standard, what has no data is none.
    pub(crate) async fn next(&mut self) -> Option<Message> {
        loop {
            let message = self.message().await?;
            if !message.data.is_null() {
                return Some(message);
            }
        }
    }

    /// The next message, which may be a place without an event.
    pub(crate) async fn message(&mut self) -> Option<Message> {
        tokio::time::timeout(LIMIT, self.read()).await.unwrap()
    }

    /// Comments are passed over.
    async fn read(&mut self) -> Option<Message> {
        loop {
            if let Some(end) = self.text.find("\n\n") {
                let message: String = self.text.drain(..end + 2).collect();
                if message.starts_with(':') {
                    continue;
                }
                let part = |name: &str| {
                    message
                        .lines()
                        .find_map(|line| line.strip_prefix(name))
                        .unwrap_or_default()
                };
                return Some(Message {
                    id: part("id: ").to_owned(),
                    kind: part("event: ").to_owned(),
                    data: match part("data: ") {
                        "" => Value::Null,
                        data => serde_json::from_str(data).unwrap(),
                    },
                });
            }
            let piece = self.body.next().await?;
            self.text.push_str(std::str::from_utf8(&piece.unwrap()).unwrap());
        }
    }

    async fn result(&mut self) -> (String, String) {
        let message = self.next().await.unwrap();
        assert_eq!(
            (message.kind.as_str(), &message.data["cursor"]),
            ("result", &Value::from(message.id.clone()))
        );
        (message.data["result_id"].as_str().unwrap().to_owned(), message.id)
    }
}

#[tokio::test]
async fn a_stream_tells_what_was_and_what_comes() {
    let world = World::start().await;
    world.delivered("r-1").await;
    let mut reader = Reader::open(&world.app, "", None).await;
    assert_eq!(reader.result().await.0, "r-1");
    world.delivered("r-2").await;
    assert_eq!(reader.result().await.0, "r-2");
    world.answered_check().await;
    let check = reader.next().await.unwrap();
    assert_eq!(
        (check.kind.as_str(), check.data["answer"].as_str()),
        ("check", Some("not_eligible"))
    );
    let mut latest = Reader::open(&world.app, "?after=latest", None).await;
    world.delivered("r-3").await;
    assert_eq!(latest.result().await.0, "r-3");
    assert_eq!(reader.result().await.0, "r-3");
}

#[tokio::test]
async fn a_reader_that_returns_misses_nothing_although_server_and_redis_were_started_anew() {
    let world = World::start().await;
    let mut reader = Reader::open(&world.app, "", None).await;
    world.delivered("r-1").await;
    let (_, cursor) = reader.result().await;
    world.delivered("r-2").await;
    assert_eq!(reader.result().await.0, "r-2");
    // The reader was cut off before it had dealt with the second event.
    world.closing.cancel();
    assert!(reader.next().await.is_none());
    world.delivered("r-3").await;
    world.redis.stop().await;
    world.redis.start_again().await;

    let server = world.another_server();
    // The header is newer than the address, which says where the reader once began.
    let mut reader = Reader::open(&server, "?after=latest", Some(&cursor)).await;
    assert_eq!(reader.result().await.0, "r-2");
    assert_eq!(reader.result().await.0, "r-3");
    world.delivered("r-4").await;
    assert_eq!(reader.result().await.0, "r-4");
}

#[tokio::test]
async fn a_stream_outlives_an_outage_of_redis() {
    let world = World::start().await;
    let mut reader = Reader::open(&world.app, "", None).await;
    world.delivered("r-1").await;
    assert_eq!(reader.result().await.0, "r-1");
    let outage = async {
        world.redis.stop().await;
        world.redis.start_again().await;
        // Each connection comes back at its own pace; a caller repeats the call until it is taken.
        let again = async || world.post(Role::Ingest, "/v1/results", &result("r-2")).await.status;
        while again().await == StatusCode::SERVICE_UNAVAILABLE {
            tokio::task::yield_now().await;
        }
        world.deliver_all().await;
    };
    let ((result_id, _), ()) = tokio::join!(reader.result(), outage);
    assert_eq!(result_id, "r-2");
}

#[tokio::test]
async fn a_reader_that_takes_its_time_gets_every_event() {
    let world = World::start().await;
    let mut reader = Reader::open(&world.app, "", None).await;
    for _ in 0..5 {
        for number in 0..50 {
            world
                .hand_in(&format!("r-{number}-{}", passback_queue::JobId::generate()))
                .await;
        }
        world.deliver_all().await;
    }
    let mut cursors = Vec::new();
    for _ in 0..250 {
        cursors.push(reader.result().await.1);
    }
    cursors.dedup();
    assert_eq!(cursors.len(), 250);
}

#[tokio::test]
async fn a_reader_that_was_away_too_long_is_told_so() {
    let world = World::start().await;
    world.delivered("r-1").await;
    world
        .redis
        .cli(&["SET", "{passback:0}:v1:events:gone", "1700000000000-5"])
        .await;
    let refused = world.send(request("", Some("1700000000000-4"))).await;
    assert_eq!(refused.json()["code"], "cursor_expired");
    let refused = world.send(request("", Some("yesterday"))).await;
    assert_eq!(refused.json()["errors"][0]["header"], "last-event-id");
    let refused = world.send(request("?limit=5", None)).await;
    assert_eq!(refused.json()["errors"][0]["parameter"], "limit");
}

#[tokio::test]
async fn an_event_whose_name_is_no_line_is_told_without_the_field_and_stops_nobody() {
    let world = World::with_webhook().await;
    for (number, name) in ["a\nid: 1-1", "b\r", "user.updated"].iter().enumerate() {
        let message =
            serde_json::json!({"event": name, "message_id": format!("wh-{number}"), "payload": {"user_id": 7}});
        let answer = world.hook(&message).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    }
    let request = || request_as(&token(Role::Viewer), "/v1/docebo-events", None);
    let mut reader = Reader::open_with(&world.app, request).await;
    let mut told = Vec::new();
    for _ in 0..3 {
        let message = reader.next().await.unwrap();
        assert_eq!(message.data["id"], message.id.as_str());
        told.push((message.kind, message.data["event"].as_str().unwrap().to_owned()));
    }
    let expected = [("", "a\nid: 1-1"), ("", "b\r"), ("user.updated", "user.updated")];
    assert_eq!(told, expected.map(|(kind, name)| (kind.to_owned(), name.to_owned())));
}

#[tokio::test]
async fn a_stream_ends_with_the_token_that_opened_it() {
    let world = World::start().await;
    world.delivered("r-1").await;
    let (bearer, id) = made(&world, &serde_json::json!({"name": "engine", "role": "ingest"})).await;
    let request = || request_as(&bearer, "/v1/events", None);
    let mut reader = Reader::open_with(&world.app, request).await;
    assert_eq!(reader.result().await.0, "r-1");
    let gone = revoked(&world, &id).await;
    assert_eq!(gone.status, StatusCode::OK, "{}", gone.text);
    world.delivered("r-2").await;
    let last = reader.next().await.unwrap();
    assert_eq!(
        (last.kind.as_str(), &last.data["code"]),
        ("problem", &Value::from("token_revoked"))
    );
    assert!(reader.next().await.is_none());
}
