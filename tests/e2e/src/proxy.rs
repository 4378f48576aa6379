//! A broken network: a TCP proxy that passes, refuses, or swallows replies.

use std::{net::SocketAddr, sync::Arc};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream, tcp::OwnedReadHalf, tcp::OwnedWriteHalf},
    sync::watch,
};

/// What the network does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Everything gets through.
    Pass,
    /// Connections break and no new one stands.
    Refuse,
    /// Requests get through; their replies do not.
    SwallowReplies,
}

/// A proxy in front of one address.
#[derive(Debug, Clone)]
pub struct Proxy {
    address: SocketAddr,
    mode: Arc<watch::Sender<Mode>>,
}

impl Proxy {
    /// Stands before `host:port`.
    pub async fn before(target: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mode = Arc::new(watch::Sender::new(Mode::Pass));
        let (target, changes) = (target.to_owned(), Arc::clone(&mode));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let mut mode = changes.subscribe();
                // A connection begun while all is refused is dropped at once.
                if *mode.borrow_and_update() == Mode::Refuse {
                    continue;
                }
                let target = target.clone();
                tokio::spawn(async move {
                    if let Ok(server) = TcpStream::connect(target).await {
                        pass(client, server, mode).await;
                    }
                });
            }
        });
        Self { address, mode }
    }

    /// Where it listens, as `host:port`.
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// Changes the network.
    pub fn set(&self, mode: Mode) {
        self.mode.send_replace(mode);
    }
}

async fn pass(client: TcpStream, server: TcpStream, mut mode: watch::Receiver<Mode>) {
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let replies = mode.clone();
    tokio::select! {
        () = copy(from_client, to_server, None) => {}
        () = copy(from_server, to_client, Some(replies)) => {}
        () = broken(&mut mode) => {}
    }
}

/// Returns when the connection must break: refused, or with replies missing that nobody may wait for any more.
async fn broken(mode: &mut watch::Receiver<Mode>) {
    loop {
        let before = *mode.borrow_and_update();
        if before == Mode::Refuse || mode.changed().await.is_err() {
            return;
        }
        if before == Mode::SwallowReplies {
            return;
        }
    }
}

/// Copies one direction; with a mode, what comes while replies are swallowed is dropped for good.
async fn copy(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mode: Option<watch::Receiver<Mode>>) {
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        if mode.as_ref().is_some_and(|mode| *mode.borrow() == Mode::SwallowReplies) {
            continue;
        }
        if to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
}
