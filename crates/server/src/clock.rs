//! What time it is for a server: when tokens end, and how fast requests come.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

/// What time it is; cheap to clone.
#[derive(Debug, Clone)]
pub struct Clock(Source);

#[derive(Debug, Clone)]
enum Source {
    System { since: Instant },
    Manual(ManualClock),
}

impl Clock {
    /// The time of this machine.
    pub fn system() -> Self {
        Self(Source::System { since: Instant::now() })
    }

    /// A clock that stands until it is moved, and what moves it; for tests.
    pub fn manual(start: Timestamp) -> (Self, ManualClock) {
        let ms = u64::try_from(start.as_millisecond()).unwrap_or(0);
        let hand = ManualClock(Arc::new(AtomicU64::new(ms)));
        (Self(Source::Manual(hand.clone())), hand)
    }

    /// The time of day to the millisecond; somebody may set it back.
    #[expect(clippy::disallowed_methods, reason = "the one place where a server asks the machine")]
    pub fn now(&self) -> Timestamp {
        let ms = match &self.0 {
            Source::System { .. } => Timestamp::now().as_millisecond(),
            Source::Manual(hand) => i64::try_from(hand.ms()).unwrap_or(i64::MAX),
        };
        Timestamp::from_millisecond(ms).unwrap_or(Timestamp::MAX)
    }

    /// The time since some moment; it never goes back.
    pub(crate) fn uptime(&self) -> Duration {
        match &self.0 {
            Source::System { since } => since.elapsed(),
            Source::Manual(hand) => Duration::from_millis(hand.ms()),
        }
    }
}

/// Moves a clock that stands.
#[derive(Debug, Clone)]
pub struct ManualClock(Arc<AtomicU64>);

impl ManualClock {
    /// Moves it forward.
    pub fn advance(&self, by: Duration) {
        let ms = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
        self.0.fetch_add(ms, Ordering::SeqCst);
    }

    fn ms(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}
