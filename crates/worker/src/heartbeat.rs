//! Says that this worker lives, on a task of its own: it beats on while jobs drain, and after any outage.

use std::time::Duration;

use passback_queue::{Name, Queue, QueueError, WorkerInfo};
use tokio::time::{Instant, sleep, timeout};

use crate::hearing::Heard;
use crate::patience::Patience;
use crate::tempo::Tempo;

/// A beat that takes longer is tried again.
const BEAT_TIMEOUT: Duration = Duration::from_secs(3);

/// Beats until it is dropped. The first beat registers the worker, and so does any beat after it was forgotten.
pub(crate) async fn beat(queue: Queue, worker: Name, mut info: WorkerInfo, heard: Heard, tempo: Tempo) {
    let mut patience = Patience::new("beating", tempo.beat_retry);
    loop {
        let began = Instant::now();
        let beat = timeout(BEAT_TIMEOUT, one_beat(&queue, &worker, &mut info)).await;
        match beat.unwrap_or(Err(QueueError::TimedOut)) {
            Ok(in_time) => {
                patience.succeeded();
                if !in_time {
                    tracing::info!(%worker, "registered");
                }
                heard.heard(began);
                sleep(tempo.beat.saturating_sub(began.elapsed())).await;
            }
            Err(error) => sleep(patience.failed(&error)).await,
        }
    }
}

async fn one_beat(queue: &Queue, worker: &Name, info: &mut WorkerInfo) -> Result<bool, QueueError> {
    if info.started_ms == 0 {
        info.started_ms = queue.now_ms().await?;
    }
    queue.beat(worker, info).await
}
