//! A connection that is never waited for without end: for the rest of a request's head, or for its answer to be taken.
//!
//! The HTTP library has one time-out for both an idle connection and a slow head; here the slow head has its own, which
//! begins with its first byte. A body has the time-outs of who reads it, and an answer may be long in the making.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep_until},
};

use crate::ConnectionLimits;

/// Counts the begins and ends of requests on one connection: while it is odd, one is worked on.
#[derive(Debug, Clone, Default)]
pub(crate) struct Phase(Arc<AtomicU64>);

impl Phase {
    /// A request's head is there.
    pub(crate) fn begin(&self) -> Busy {
        self.0.fetch_add(1, Ordering::Relaxed);
        Busy(self.clone())
    }

    fn number(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A request that is worked on; dropped with its answer.
#[derive(Debug)]
pub(crate) struct Busy(Phase);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// A connection with its deadlines.
pub(crate) struct Deadlines<S> {
    stream: S,
    phase: Phase,
    head: Deadline,
    /// The phase in which a head began to come.
    head_of: Option<u64>,
    write: Deadline,
    /// Whether the caller has something to take.
    writing: bool,
}

impl<S> Deadlines<S> {
    /// Puts deadlines on a connection; the phase is for who works on its requests.
    pub(crate) fn new(stream: S, limits: &ConnectionLimits) -> (Self, Phase) {
        let phase = Phase::default();
        let deadlines = Self {
            stream,
            phase: phase.clone(),
            head: Deadline::new(limits.head_timeout_ms),
            head_of: None,
            write: Deadline::new(limits.write_timeout_ms),
            writing: false,
        };
        (deadlines, phase)
    }

    /// Ends a write that makes no headway.
    fn headway<T>(&mut self, context: &mut Context<'_>, polled: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if polled.is_ready() {
            self.writing = false;
            return polled;
        }
        if !self.writing {
            self.writing = true;
            self.write.restart();
        }
        self.write.poll(context).map(|()| Err(too_slow()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Deadlines<S> {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = into.filled().len();
        let polled = Pin::new(&mut this.stream).poll_read(context, into);
        let phase = this.phase.number();
        if phase % 2 == 1 {
            return polled;
        }
        if polled.is_pending() && this.head_of == Some(phase) {
            return this.head.poll(context).map(|()| Err(too_slow()));
        }
        if into.filled().len() > before && this.head_of != Some(phase) {
            this.head_of = Some(phase);
            this.head.restart();
        }
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Deadlines<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.stream).poll_write(context, bytes);
        this.headway(context, polled)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.stream).poll_write_vectored(context, pieces);
        this.headway(context, polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.stream).poll_flush(context);
        this.headway(context, polled)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.stream).poll_shutdown(context);
        this.headway(context, polled)
    }
}

/// A timer that is made once and set again for each thing that is waited for.
struct Deadline {
    patience: Duration,
    sleep: Pin<Box<Sleep>>,
}

impl Deadline {
    fn new(patience_ms: u64) -> Self {
        let patience = Duration::from_millis(patience_ms);
        Self {
            patience,
            sleep: Box::pin(sleep_until(Instant::now() + patience)),
        }
    }

    fn restart(&mut self) {
        self.sleep.as_mut().reset(Instant::now() + self.patience);
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        self.sleep.as_mut().poll(context)
    }
}

fn too_slow() -> io::Error {
    io::ErrorKind::TimedOut.into()
}
