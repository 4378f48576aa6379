//! What time brings about: due jobs become ready, jobs of lost workers come back. Every worker does it.

use std::sync::Arc;
use std::time::Duration;

use passback_queue::{Name, Queue};
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

use crate::patience::Patience;
use crate::tempo::Tempo;

/// The shortest time between two looks, so that a clock that jumps never makes a busy loop.
const SHORTEST_WAIT: Duration = Duration::from_millis(2);

/// Makes ready what is due until it is dropped; looks at once when told that a job was sent into the future.
pub(crate) async fn promote(queue: Queue, scheduled: Arc<Notify>, tempo: Tempo) {
    let mut patience = Patience::new("promoting due jobs", tempo.redis_retry);
    loop {
        match queue.promote().await {
            Ok(promoted) => {
                patience.succeeded();
                // After a full batch the next job is due now, so batches follow each other until none is due.
                let wait = promoted.next_in.unwrap_or(tempo.housekeeping);
                let wait = wait.clamp(SHORTEST_WAIT, tempo.housekeeping.max(SHORTEST_WAIT));
                let _ = timeout(wait, scheduled.notified()).await;
            }
            Err(error) => sleep(patience.failed(&error)).await,
        }
    }
}

/// Takes back the jobs of lost workers until it is dropped.
pub(crate) async fn reclaim(queue: Queue, worker: Name, tempo: Tempo) {
    let mut patience = Patience::new("reclaiming jobs of lost workers", tempo.redis_retry);
    loop {
        match queue.reclaim(&worker).await {
            Ok(reclaimed) => {
                patience.succeeded();
                if reclaimed.ready + reclaimed.buried > 0 {
                    tracing::warn!(
                        ready = reclaimed.ready,
                        buried = reclaimed.buried,
                        "took back jobs of workers that are lost"
                    );
                }
                sleep(tempo.housekeeping).await;
            }
            Err(error) => sleep(patience.failed(&error)).await,
        }
    }
}
