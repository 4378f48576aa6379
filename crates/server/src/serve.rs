//! Serving a listener until told to stop: bounded in connections, and patient with none of them for ever.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use axum::Router;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    serve_connection::{Door, Origin, run},
    serve_tls::Tls,
    whole::OpenWork,
};

/// The pause after the system had no connection to give: most often too many files are open.
const ACCEPT_PAUSE: Duration = Duration::from_secs(1);

/// What one connection, and all of them together, may take.
#[derive(Debug, Clone)]
pub struct ConnectionLimits {
    /// Connections open at once; more wait in the system's own queue.
    pub max_connections: usize,
    /// From the first byte of a request's head to its last one.
    pub head_timeout_ms: u64,
    /// How long a connection may stay without a request.
    pub idle_timeout_ms: u64,
    /// How long a TLS handshake may take.
    pub handshake_timeout_ms: u64,
    /// How long a caller may take no byte of an answer that is there.
    pub write_timeout_ms: u64,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self {
            max_connections: 4_096,
            head_timeout_ms: 10_000,
            idle_timeout_ms: 60_000,
            handshake_timeout_ms: 10_000,
            write_timeout_ms: 30_000,
        }
    }
}

/// How a listener is served.
#[derive(Debug)]
pub struct ServeOptions {
    /// When to take no new connection.
    pub shutdown: CancellationToken,
    /// How long open requests then have to end.
    pub grace: Duration,
    /// What connections may take.
    pub limits: ConnectionLimits,
    /// The certificate to serve TLS with; none serves plain HTTP.
    pub tls: Option<Tls>,
}

impl ServeOptions {
    /// Plain HTTP with the usual limits.
    pub fn new(shutdown: CancellationToken, grace: Duration) -> Self {
        Self {
            shutdown,
            grace,
            limits: ConnectionLimits::default(),
            tls: None,
        }
    }
}

/// Serves plain HTTP with the usual limits until `shutdown`, then gives open requests `grace` to end.
pub async fn serve(listener: TcpListener, app: Router, shutdown: CancellationToken, grace: Duration) -> io::Result<()> {
    serve_with(listener, app, ServeOptions::new(shutdown, grace)).await
}

/// Serves until `shutdown`, then takes no new connection and gives open requests `grace` to end.
///
/// Requests still open after that are cut off, as they are when the future is dropped. A change whose caller hung up is
/// waited for in the same way.
pub async fn serve_with(listener: TcpListener, app: Router, options: ServeOptions) -> io::Result<()> {
    let ServeOptions {
        shutdown,
        grace,
        limits,
        tls,
    } = options;
    let cut = CancellationToken::new();
    let _cut_at_the_end = cut.clone().drop_guard();
    let connections = TaskTracker::new();
    let mut slots = Slots::new(limits.max_connections);
    let door = Arc::new(Door {
        app,
        limits,
        shutdown: shutdown.clone(),
        open: OpenWork(connections.clone()),
    });
    if let Some(tls) = &tls {
        tokio::spawn(cut.clone().run_until_cancelled_owned(tls.clone().renew()));
    }
    loop {
        let (stream, peer, slot) = tokio::select! {
            () = shutdown.cancelled() => break,
            accepted = slots.accept(&listener) => accepted,
        };
        let serving = serve_one(Arc::clone(&door), stream, peer, tls.clone(), slot);
        connections.spawn(cut.clone().run_until_cancelled_owned(serving));
    }
    drop(listener);
    connections.close();
    if tokio::time::timeout(grace, connections.wait()).await.is_err() {
        let grace_ms = u64::try_from(grace.as_millis()).unwrap_or(u64::MAX);
        tracing::warn!(grace_ms, "some requests did not end in time");
    }
    Ok(())
}

/// The connections that may be open, and whether that was said.
struct Slots {
    free: Arc<Semaphore>,
    told: bool,
}

impl Slots {
    fn new(max_connections: usize) -> Self {
        Self {
            free: Arc::new(Semaphore::new(max_connections)),
            told: false,
        }
    }

    /// The next connection, as soon as there is room for it; never an error, for a server outlives its bad moments.
    async fn accept(&mut self, listener: &TcpListener) -> (TcpStream, SocketAddr, OwnedSemaphorePermit) {
        loop {
            let full = self.free.available_permits() == 0;
            if full && !self.told {
                tracing::warn!("as many connections are open as there may be; more wait until one ends");
            }
            self.told = full;
            let Ok(slot) = Arc::clone(&self.free).acquire_owned().await else {
                // The semaphore is never closed.
                return std::future::pending().await;
            };
            match listener.accept().await {
                Ok((stream, peer)) => return (stream, peer, slot),
                Err(error) if is_of_one_connection(&error) => {}
                Err(error) => {
                    tracing::error!(%error, "no connection can be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }
}

/// Whether only the one connection failed, before it was taken.
fn is_of_one_connection(error: &io::Error) -> bool {
    [
        io::ErrorKind::ConnectionAborted,
        io::ErrorKind::ConnectionRefused,
        io::ErrorKind::ConnectionReset,
    ]
    .contains(&error.kind())
}

async fn serve_one(door: Arc<Door>, stream: TcpStream, peer: SocketAddr, tls: Option<Tls>, slot: OwnedSemaphorePermit) {
    // Events and verdicts are small, and each is to leave at once.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection cannot be told to send at once");
    }
    match tls {
        None => run(&door, stream, Origin { peer, tls: false }).await,
        Some(tls) => {
            let patience = Duration::from_millis(door.limits.handshake_timeout_ms);
            match tokio::time::timeout(patience, tls.accept(stream)).await {
                Ok(Ok(stream)) => run(&door, stream, Origin { peer, tls: true }).await,
                Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake failed"),
                Err(_) => tracing::debug!("a TLS handshake took too long"),
            }
        }
    }
    drop(slot);
}
