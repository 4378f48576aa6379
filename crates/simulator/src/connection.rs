//! Accepts connections and hands each request to the platform or to the control endpoint.
//!
//! axum's own `serve` always answers. Here a request may end in [`Cut`]: the service returns an
//! error, and hyper closes the connection without a status line.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tower::ServiceExt;

use crate::control;
use crate::docebo;
use crate::state::Platform;

/// The most connections one tenant serves at a time; more wait to be accepted.
const MAX_CONNECTIONS: usize = 2_048;

/// How long a connection may idle; longer than HTTP clients keep theirs, so that they close first.
const MAX_IDLE: Duration = Duration::from_mins(2);

/// How long to wait after a failed accept, which is likely to fail again at once.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The connection is to be closed without an answer.
#[derive(Debug, thiserror::Error)]
#[error("the connection was cut on purpose")]
pub(crate) struct Cut;

/// Serves a tenant until it is stopped.
pub(crate) async fn serve(listener: TcpListener, platform: Arc<Platform>) {
    let slots = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let control = control::router(&platform);
    loop {
        let Ok(slot) = Arc::clone(&slots).acquire_owned().await else {
            return;
        };
        match listener.accept().await {
            Ok((stream, _)) => {
                let talk = talk(stream, Arc::clone(&platform), control.clone(), slot);
                let stop = platform.stop.clone();
                platform.tasks.spawn(stop.run_until_cancelled_owned(talk));
            }
            Err(error) => {
                tracing::warn!(tenant = platform.settings.name, %error, "cannot accept");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn talk(stream: TcpStream, platform: Arc<Platform>, control: Router, slot: OwnedSemaphorePermit) {
    let service = service_fn(|request| answer(Arc::clone(&platform), control.clone(), request));
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(MAX_IDLE)
        .serve_connection(TokioIo::new(stream), service)
        .await;
    if let Err(error) = served {
        tracing::debug!(tenant = platform.settings.name, %error, "connection ended");
    }
    drop(slot);
}

async fn answer(
    platform: Arc<Platform>,
    control: Router,
    request: Request<hyper::body::Incoming>,
) -> Result<Response<Body>, Cut> {
    let request = request.map(Body::new);
    if control::is_control(request.uri().path()) {
        return control.oneshot(request).await.map_err(|never| match never {});
    }
    docebo::answer(platform, request).await
}
