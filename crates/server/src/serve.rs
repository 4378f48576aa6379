//! Serving a listener until told to stop.

use std::{future::IntoFuture, io, time::Duration};

use axum::Router;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Serves until `shutdown`, then takes no new connection and gives open requests `grace` to end.
///
/// Requests still open after that are dropped with the runtime.
pub async fn serve(listener: TcpListener, app: Router, shutdown: CancellationToken, grace: Duration) -> io::Result<()> {
    let serving = axum::serve(listener, app).with_graceful_shutdown(shutdown.clone().cancelled_owned());
    let out_of_grace = async {
        shutdown.cancelled().await;
        tokio::time::sleep(grace).await;
    };
    tokio::select! {
        ended = serving.into_future() => ended,
        () = out_of_grace => {
            tracing::warn!(grace_ms = u64::try_from(grace.as_millis()).unwrap_or(u64::MAX), "some requests did not end in time");
            Ok(())
        }
    }
}
