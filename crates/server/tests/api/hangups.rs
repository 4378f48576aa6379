//! Callers that hang up in the middle of a change: it is whole all the same, and in the audit trail.

use std::time::Duration;

use axum::{
    Router,
    extract::Request,
    http::Method,
    middleware::{Next, from_fn},
};
use passback_producer::Producer;
use passback_queue::{JobId, Queue, RedisOptions, State};
use passback_server::{Role, app};
use rstest::rstest;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
};
use tokio_util::sync::CancellationToken;

use crate::{
    plans::dead_letters,
    serving::{LIMIT, Server},
    world::{JSON, World, config, token},
};

const WHY: &str = "the-course-is-repaired";

/// A way to Redis on which every answer is held back once a word was sent, until it is let go.
#[derive(Clone)]
struct Hold {
    word: String,
    said: CancellationToken,
    let_go: CancellationToken,
}

impl Hold {
    /// Listens; returns the address to reach Redis by.
    async fn start(&self, redis_port: u16) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let hold = self.clone();
        tokio::spawn(async move {
            loop {
                let (caller, _) = listener.accept().await.unwrap();
                let redis = TcpStream::connect(("127.0.0.1", redis_port)).await.unwrap();
                let ((from, to), (back_from, back_to)) = (caller.into_split(), redis.into_split());
                tokio::spawn(hold.clone().carry(from, back_to));
                tokio::spawn(hold.clone().carry_back(back_from, to));
            }
        });
        format!("redis://127.0.0.1:{port}")
    }

    async fn carry(self, mut from: OwnedReadHalf, mut to: OwnedWriteHalf) {
        let (mut piece, mut seen) = (vec![0; 64 * 1024], String::new());
        while let Ok(length @ 1..) = from.read(&mut piece).await {
            seen.push_str(&String::from_utf8_lossy(&piece[..length]));
            if seen.contains(&self.word) {
                // Before it is sent on, so that its own answer is held back too.
                self.said.cancel();
            }
            if to.write_all(&piece[..length]).await.is_err() {
                return;
            }
        }
    }

    async fn carry_back(self, mut from: OwnedReadHalf, mut to: OwnedWriteHalf) {
        let mut piece = vec![0; 64 * 1024];
        while let Ok(length @ 1..) = from.read(&mut piece).await {
            if self.said.is_cancelled() {
                self.let_go.cancelled().await;
            }
            if to.write_all(&piece[..length]).await.is_err() {
                return;
            }
        }
    }
}

/// The routes, and a token that is cancelled when the connection drops what it works on.
fn watched(routes: Router) -> (Router, CancellationToken) {
    let dropped = CancellationToken::new();
    let watch = dropped.clone();
    let layer = from_fn(move |request: Request, next: Next| {
        let guard = watch.clone().drop_guard();
        async move {
            let response = next.run(request).await;
            drop(guard);
            response
        }
    });
    (routes.layer(layer), dropped)
}

/// Sends a change, hangs up once a word of it is on its way to Redis, stops the server, and waits for its end.
async fn hang_up_at(world: &World, mark: &str, path: &str, body: &Value) {
    let hold = Hold {
        word: mark.to_owned(),
        said: CancellationToken::new(),
        let_go: CancellationToken::new(),
    };
    let url = world.redis.url();
    let redis_port = url.trim_end_matches('/').rsplit(':').next().unwrap();
    let url = hold.start(redis_port.parse().unwrap()).await;
    let queue = Queue::new(RedisOptions::new(url)).unwrap();
    let (routes, dropped) = watched(app(Producer::new(queue, world.registry.clone()), config()));
    let Server { port, task, stop } = Server::start(routes, |_| {}).await;
    let mut caller = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let body = body.to_string();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n\
         Content-Type: {JSON}\r\nContent-Length: {}\r\n\r\n",
        token(Role::Operator),
        body.len()
    );
    caller.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
    let within = async |token: &CancellationToken| tokio::time::timeout(LIMIT, token.cancelled()).await.unwrap();
    within(&hold.said).await;
    drop(caller);
    within(&dropped).await;
    // No connection is left, and what was begun is not at its end.
    drop(stop);
    while TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
        tokio::task::yield_now().await;
    }
    hold.let_go.cancel();
    tokio::time::timeout(LIMIT, task).await.unwrap().unwrap().unwrap();
}

/// The newest entry of the audit trail.
async fn last_noted(world: &World) -> Value {
    let trail = world.get("/v1/audit").await.json();
    trail["items"].as_array().unwrap().last().unwrap().clone()
}

#[tokio::test]
async fn a_selection_is_discarded_to_its_last_job_although_the_caller_hangs_up_between_two_calls() {
    let world = World::start().await;
    let mut ids: Vec<JobId> = Vec::new();
    for prefix in 0..10 {
        ids.extend(dead_letters(&world, &format!("r{prefix}"), 50, "rejected").await);
    }
    let body = json!({"ids": ids, "reason": WHY});
    // Of the second call of three.
    let second = ids[200].to_string();
    hang_up_at(&world, &second, "/v1/dead-letters/discard", &body).await;
    let noted = last_noted(&world).await;
    assert_eq!(
        (&noted["action"], &noted["target"]),
        (&json!("dead_letter.discarded"), &json!("500 jobs"))
    );
    for id in [ids[0], ids[200], ids[499]] {
        assert_eq!(world.state(id).await, State::Discarded);
    }
}

#[rstest]
#[case::a_pause("/v1/connectors/acme/pause", "connector.paused")]
#[case::a_cancelled_job("/v1/jobs/{id}/cancel", "job.cancelled")]
#[tokio::test]
async fn a_change_is_on_record_although_the_caller_hangs_up_before_that(#[case] path: &str, #[case] action: &str) {
    let world = World::start().await;
    let id = world.dead_letter("r-1").await;
    let path = path.replace("{id}", &id.to_string());
    hang_up_at(&world, WHY, &path, &json!({"reason": WHY})).await;
    let noted = last_noted(&world).await;
    assert_eq!((&noted["action"], &noted["reason"]), (&json!(action), &json!(WHY)));
}

#[tokio::test]
async fn what_only_looks_ends_with_its_caller() {
    let world = World::start().await;
    let (routes, dropped) = watched(world.app.clone());
    let server = Server::start(routes, |_| {}).await;
    let mut caller = server.connect().await;
    let head = format!(
        "{} /v1/events?after=latest&wait=30s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n\r\n",
        Method::GET,
        token(Role::Ingest)
    );
    caller.write_all(head.as_bytes()).await.unwrap();
    drop(caller);
    // Long before the wait is over.
    let soon = Duration::from_secs(20);
    tokio::time::timeout(soon, dropped.cancelled()).await.unwrap();
}
