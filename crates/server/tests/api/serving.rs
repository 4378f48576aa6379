//! The server on a socket: it answers, and it stops when told.

use std::time::Duration;

use axum::{Router, http::StatusCode, routing::get};
use passback_server::serve;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};
use tokio_util::sync::CancellationToken;

use crate::world::World;

/// Far longer than anything here takes.
const LIMIT: Duration = Duration::from_secs(30);

async fn fetch(port: u16, path: &str) -> String {
    let mut connection = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    connection.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn a_server_answers_until_it_is_told_to_stop() {
    let world = World::start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let shutdown = CancellationToken::new();
    let server = tokio::spawn(serve(listener, world.app.clone(), shutdown.clone(), LIMIT));
    assert!(fetch(port, "/healthz").await.starts_with("HTTP/1.1 200"));
    shutdown.cancel();
    tokio::time::timeout(LIMIT, server).await.unwrap().unwrap().unwrap();
    assert!(TcpStream::connect(("127.0.0.1", port)).await.is_err());
}

#[tokio::test]
async fn a_request_that_does_not_end_delays_the_stop_by_no_more_than_the_grace() {
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
    request.abort();
}
