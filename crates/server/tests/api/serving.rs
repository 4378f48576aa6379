//! The server on a socket: it answers, it stops when told, and nobody keeps it waiting.

use std::time::Duration;

use axum::{Router, http::StatusCode, routing::get};
use passback_server::{ConnectionLimits, ServeOptions, serve, serve_with};
use rstest::rstest;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    task::JoinHandle,
};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::world::World;

/// Far longer than anything here takes.
pub(crate) const LIMIT: Duration = Duration::from_secs(30);
/// A time-out that passes while a test waits for it.
const SHORT_MS: u64 = 50;

/// A server that stops with its test.
pub(crate) struct Server {
    pub(crate) port: u16,
    pub(crate) task: JoinHandle<std::io::Result<()>>,
    pub(crate) stop: DropGuard,
}

impl Server {
    pub(crate) async fn start(app: Router, change: impl FnOnce(&mut ServeOptions)) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let mut options = ServeOptions::new(CancellationToken::new(), LIMIT);
        change(&mut options);
        let stop = options.shutdown.clone().drop_guard();
        let task = tokio::spawn(serve_with(listener, app, options));
        Self { port, task, stop }
    }

    pub(crate) async fn connect(&self) -> TcpStream {
        TcpStream::connect(("127.0.0.1", self.port)).await.unwrap()
    }
}

/// Everything up to the end of a connection, which has to come.
async fn rest(connection: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    // A connection that is cut ends in an error or in nothing more; both are an end.
    let _ = tokio::time::timeout(LIMIT, connection.read_to_end(&mut answer))
        .await
        .unwrap();
    String::from_utf8(answer).unwrap()
}

async fn fetch(port: u16, path: &str) -> String {
    let mut connection = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    connection.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.unwrap();
    answer
}

/// One request on a connection that stays; its answer's body is `ok`.
async fn ask(connection: &mut TcpStream) {
    connection
        .write_all(b"GET /ok HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .await
        .unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"ok") {
        let read = tokio::time::timeout(LIMIT, connection.read_buf(&mut answer));
        assert_ne!(read.await.unwrap().unwrap(), 0, "{}", String::from_utf8_lossy(&answer));
    }
}

fn plain() -> Router {
    Router::new().route("/ok", get(async || "ok"))
}

fn limits(change: impl FnOnce(&mut ConnectionLimits)) -> impl FnOnce(&mut ServeOptions) {
    |options| change(&mut options.limits)
}

#[tokio::test]
async fn a_server_answers_until_it_is_told_to_stop() {
    let world = World::start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let shutdown = CancellationToken::new();
    let server = tokio::spawn(serve(listener, world.app.clone(), shutdown.clone(), LIMIT));
    let answer = fetch(port, "/healthz").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(!answer.to_lowercase().contains("\r\nserver:"), "{answer}");
    shutdown.cancel();
    tokio::time::timeout(LIMIT, server).await.unwrap().unwrap().unwrap();
    assert!(TcpStream::connect(("127.0.0.1", port)).await.is_err());
}

#[tokio::test]
async fn connections_without_a_request_do_not_delay_the_stop() {
    let server = Server::start(plain(), |_| {}).await;
    let untouched = server.connect().await;
    let mut idle = server.connect().await;
    ask(&mut idle).await;
    let Server { task, stop, .. } = server;
    drop(stop);
    tokio::time::timeout(LIMIT / 2, task).await.unwrap().unwrap().unwrap();
    drop(untouched);
}

#[tokio::test]
async fn a_request_that_does_not_end_delays_the_stop_by_no_more_than_the_grace_and_is_cut_off() {
    let (reached, mut arrivals) = mpsc::channel(1);
    let stuck = get(async move || {
        reached.send(()).await.unwrap();
        std::future::pending::<StatusCode>().await
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let shutdown = CancellationToken::new();
    let app = Router::new().route("/stuck", stuck);
    let server = tokio::spawn(serve(listener, app, shutdown.clone(), Duration::from_millis(10)));
    let request = tokio::spawn(async move { fetch(port, "/stuck").await });
    arrivals.recv().await.unwrap();
    shutdown.cancel();
    tokio::time::timeout(LIMIT, server).await.unwrap().unwrap().unwrap();
    let cut = tokio::time::timeout(LIMIT, request).await.unwrap();
    assert!(cut.map_or(true, |answer| answer.is_empty()));
}

#[rstest]
#[case::a_part_of_a_line("GET /ok HT")]
#[case::a_part_of_the_headers("GET /ok HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")]
#[tokio::test]
async fn a_head_that_does_not_come_to_its_end_ends_the_connection(#[case] head: &str) {
    let server = Server::start(plain(), limits(|limits| limits.head_timeout_ms = SHORT_MS)).await;
    let mut connection = server.connect().await;
    connection.write_all(head.as_bytes()).await.unwrap();
    let answer = rest(&mut connection).await;
    assert!(!answer.contains("200"), "{answer}");

    // On a connection that has been of use before just the same.
    let mut connection = server.connect().await;
    ask(&mut connection).await;
    connection.write_all(head.as_bytes()).await.unwrap();
    rest(&mut connection).await;
}

#[tokio::test]
async fn a_head_that_drips_is_not_waited_for_because_it_drips() {
    let server = Server::start(plain(), limits(|limits| limits.head_timeout_ms = SHORT_MS)).await;
    let (mut reading, mut writing) = server.connect().await.into_split();
    let dripping = tokio::spawn(async move {
        writing.write_all(b"GET /ok HTTP/1.1\r\n").await?;
        loop {
            writing.write_all(b"X: y\r\n").await?;
            tokio::time::sleep(Duration::from_millis(SHORT_MS / 10)).await;
        }
        #[expect(unreachable_code, reason = "says what the loop's errors are")]
        Ok::<(), std::io::Error>(())
    });
    let mut answer = Vec::new();
    let _ = tokio::time::timeout(LIMIT, reading.read_to_end(&mut answer))
        .await
        .unwrap();
    dripping.abort();
    assert!(!String::from_utf8_lossy(&answer).contains("200"));
}

#[tokio::test]
async fn an_answer_may_be_longer_in_the_making_than_a_head_may_take() {
    let slow = get(async || {
        tokio::time::sleep(Duration::from_millis(SHORT_MS * 3)).await;
        "ok"
    });
    let app = Router::new().route("/ok", slow);
    let server = Server::start(app, limits(|limits| limits.head_timeout_ms = SHORT_MS)).await;
    let mut connection = server.connect().await;
    ask(&mut connection).await;
    ask(&mut connection).await;
}

#[tokio::test]
async fn an_idle_connection_ends_whether_it_was_ever_of_use_or_not() {
    let server = Server::start(plain(), limits(|limits| limits.idle_timeout_ms = SHORT_MS)).await;
    let mut untouched = server.connect().await;
    let mut used = server.connect().await;
    ask(&mut used).await;
    assert!(!rest(&mut untouched).await.contains("200"));
    assert!(!rest(&mut used).await.contains("200"));
}

#[tokio::test]
async fn a_connection_too_many_waits_until_another_one_ends() {
    let server = Server::start(plain(), limits(|limits| limits.max_connections = 2)).await;
    let mut first = server.connect().await;
    let mut second = server.connect().await;
    ask(&mut first).await;
    ask(&mut second).await;
    // It is in the system's queue: connected, and not looked at.
    let mut third = server.connect().await;
    third
        .write_all(b"GET /ok HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        .await
        .unwrap();
    ask(&mut second).await;
    let mut nothing = [0];
    let read = third.try_read(&mut nothing);
    assert_eq!(read.unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
    drop(first);
    assert!(rest(&mut third).await.ends_with("ok"));
}

#[tokio::test]
async fn who_does_not_take_the_answer_is_cut_off() {
    let dropped = CancellationToken::new();
    let ended = dropped.clone();
    let endless = get(async move || {
        let held = dropped.clone().drop_guard();
        let stream = futures::stream::repeat_with(move || {
            let _held = &held;
            Ok::<_, std::convert::Infallible>(vec![b'x'; 64 * 1024])
        });
        axum::body::Body::from_stream(stream)
    });
    let app = Router::new().route("/endless", endless);
    let server = Server::start(app, limits(|limits| limits.write_timeout_ms = SHORT_MS)).await;
    let mut connection = server.connect().await;
    connection
        .write_all(b"GET /endless HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .await
        .unwrap();
    // The body is dropped, and with it what it holds, although the caller neither reads nor goes.
    tokio::time::timeout(LIMIT, ended.cancelled()).await.unwrap();
    drop(connection);
}
