//! A body of lines, read piece by piece: bounded in bytes and in patience, and never more than a piece ahead.

use std::{collections::VecDeque, time::Duration};

use axum::body::BodyDataStream;
use futures::StreamExt;
use passback_producer::Code;

use crate::{
    body::{broken_off, too_slow},
    lines::{Line, LineCutter},
    problem::Problem,
};

/// The most bytes of such a body.
const MAX_BODY_BYTES: usize = 64 * 1024 * 1024;
/// How long a chunk that is not full waits for more, so that a slow sender gets its verdicts, too.
const LINGER: Duration = Duration::from_millis(50);

/// What came of reading on.
pub(crate) enum Read {
    /// Lines, or a piece of one.
    More,
    /// Nothing for a while; the lines that are there are not to wait longer.
    Pause,
    /// The body is at its end.
    End,
    /// Something is wrong with the body as a whole.
    Failed(Problem),
}

/// A body whose lines are taken one chunk after the other.
pub(crate) struct BodyLines {
    body: BodyDataStream,
    cutter: LineCutter,
    waiting: VecDeque<Line>,
    bytes: usize,
    lines: usize,
    max_lines: usize,
    timeout_ms: u64,
}

impl BodyLines {
    /// The lines of a body, up to so many; `timeout_ms` for each piece of it.
    pub(crate) fn new(body: BodyDataStream, max_lines: usize, timeout_ms: u64) -> Self {
        Self {
            body,
            cutter: LineCutter::default(),
            waiting: VecDeque::new(),
            bytes: 0,
            lines: 0,
            max_lines,
            timeout_ms,
        }
    }

    /// Reads the next piece.
    pub(crate) async fn read_on(&mut self) -> Read {
        let patience = if self.waiting.is_empty() {
            Duration::from_millis(self.timeout_ms)
        } else {
            LINGER
        };
        match tokio::time::timeout(patience, self.body.next()).await {
            Err(_) if self.waiting.is_empty() => Read::Failed(too_slow(self.timeout_ms)),
            Err(_) => Read::Pause,
            Ok(None) => {
                self.waiting.extend(self.cutter.finish());
                Read::End
            }
            Ok(Some(Err(_))) => Read::Failed(broken_off()),
            Ok(Some(Ok(piece))) => {
                self.bytes += piece.len();
                if self.bytes > MAX_BODY_BYTES {
                    let detail = format!("The body is larger than {MAX_BODY_BYTES} bytes.");
                    return Read::Failed(Problem::new(Code::TooLarge, detail));
                }
                self.cutter.push(&piece, &mut self.waiting);
                Read::More
            }
        }
    }

    /// Lines that were read and not taken.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// The next lines; none if the body has had all that it may have.
    pub(crate) fn take(&mut self, at_most: usize) -> Vec<Line> {
        let count = self.waiting.len().min(at_most).min(self.max_lines - self.lines);
        self.lines += count;
        self.waiting.drain(..count).collect()
    }

    /// The number of the first line that was not taken.
    pub(crate) fn next_number(&self) -> u64 {
        let front = self.waiting.front().map(|line| line.number);
        front.unwrap_or_else(|| self.cutter.next_number())
    }
}
