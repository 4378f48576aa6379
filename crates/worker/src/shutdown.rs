//! How a worker is told to stop.

use tokio_util::sync::CancellationToken;

/// Asks a worker to stop: first in good order, then at once. Clones ask the same worker.
#[derive(Debug, Clone, Default)]
pub struct Shutdown {
    graceful: CancellationToken,
    at_once: CancellationToken,
}

impl Shutdown {
    /// Nothing is asked for yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks it to claim nothing more, to finish what runs within its grace, and to give back the rest.
    pub fn request(&self) {
        self.graceful.cancel();
    }

    /// Asks it to give back what runs and to end.
    pub fn request_at_once(&self) {
        self.graceful.cancel();
        self.at_once.cancel();
    }

    /// Whether a shutdown of either kind was asked for.
    pub fn is_requested(&self) -> bool {
        self.graceful.is_cancelled()
    }

    /// Waits until a shutdown of either kind is asked for.
    pub async fn requested(&self) {
        self.graceful.cancelled().await;
    }

    /// Waits until a shutdown at once is asked for.
    pub async fn requested_at_once(&self) {
        self.at_once.cancelled().await;
    }
}

#[cfg(test)]
mod tests {
    use super::Shutdown;

    #[tokio::test]
    async fn stopping_at_once_is_also_stopping() {
        let shutdown = Shutdown::new();
        assert!(!shutdown.is_requested());
        shutdown.clone().request_at_once();
        shutdown.requested().await;
        shutdown.requested_at_once().await;
        assert!(shutdown.is_requested());
    }
}
