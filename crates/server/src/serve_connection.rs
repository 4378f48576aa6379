//! One connection: its requests, each with where it came from, until it ends or is to end.

use std::{
    convert::Infallible,
    net::SocketAddr,
    pin::{Pin, pin},
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{ConnectInfo, Request},
};
use hyper::{
    body::{Frame, Incoming, SizeHint},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use crate::{
    ConnectionLimits,
    serve_deadlines::{Busy, Deadlines},
    whole::OpenWork,
};

/// The most that is read ahead of a caller, and so the longest head of a request.
const MAX_BUFFER_BYTES: usize = 64 * 1024;

/// What all connections share.
pub(crate) struct Door {
    pub(crate) app: Router,
    pub(crate) limits: ConnectionLimits,
    pub(crate) shutdown: CancellationToken,
    /// What the listener waits for at its end.
    pub(crate) open: OpenWork,
}

/// Where a connection comes from, and how.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Origin {
    pub(crate) peer: SocketAddr,
    pub(crate) tls: bool,
}

/// A note on each request that came over TLS to this very server.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OverTls;

/// Serves one connection to its end.
pub(crate) async fn run<S>(door: &Door, stream: S, origin: Origin)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (stream, phase) = Deadlines::new(stream, &door.limits);
    let service = service_fn(move |request: Request<Incoming>| {
        let busy = phase.begin();
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(origin.peer));
        request.extensions_mut().insert(door.open.clone());
        if origin.tls {
            request.extensions_mut().insert(OverTls);
        }
        let answering = door.app.clone().oneshot(request);
        async move {
            let response = match answering.await {
                Ok(response) => response,
                Err(never) => match never {},
            };
            Ok::<_, Infallible>(response.map(|body| Answer { body, _busy: busy }))
        }
    });
    let mut connection = pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            // Runs from the end of the request before: it is the limit of an idle connection.
            .header_read_timeout(Duration::from_millis(door.limits.idle_timeout_ms))
            .max_buf_size(MAX_BUFFER_BYTES)
            .serve_connection(TokioIo::new(stream), service)
    );
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = door.shutdown.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection broke");
    }
}

/// An answer's body; the connection counts as busy until the last of it is sent.
struct Answer {
    body: Body,
    _busy: Busy,
}

impl hyper::body::Body for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.get_mut().body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
