//! Says that this worker lives, on a task of its own: it beats on while jobs drain, and after any outage. With each
//! beat it looks whether a person has paused the worker.

use std::time::Duration;

use passback_queue::{Name, PauseMode, Queue, QueueError, Target, WorkerInfo};
use tokio::time::{Instant, sleep, timeout};

use crate::hearing::Heard;
use crate::orders::{Order, OrderDesk};
use crate::patience::Patience;
use crate::tempo::Tempo;

/// A beat that takes longer is tried again.
const BEAT_TIMEOUT: Duration = Duration::from_secs(3);

/// Beats until it is dropped. The first beat registers the worker, and so does any beat after it was forgotten.
pub(crate) async fn beat(
    queue: Queue,
    worker: Name,
    mut info: WorkerInfo,
    heard: Heard,
    desk: OrderDesk,
    tempo: Tempo,
) {
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
                // Time-limited like the beat itself, so that the next one is never late.
                if timeout(BEAT_TIMEOUT, look_for_orders(&queue, &worker, &desk))
                    .await
                    .is_err()
                {
                    tracing::debug!(%worker, "no time to look whether this worker is paused");
                }
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

/// Hands on what a person has decided about this worker.
async fn look_for_orders(queue: &Queue, worker: &Name, desk: &OrderDesk) {
    let pause = match queue.pause_of(&Target::Worker(worker.clone())).await {
        Ok(pause) => pause,
        Err(error) => {
            tracing::debug!(%worker, %error, "it cannot be seen whether this worker is paused");
            return;
        }
    };
    match pause {
        None => {
            if desk.hand_on(Order::Serve) {
                tracing::info!(%worker, "resumed: this worker takes jobs again");
            }
        }
        Some(pause) => {
            let (actor, reason) = (pause.actor.as_str(), pause.reason.as_str());
            match pause.mode {
                PauseMode::Pause => {
                    if desk.hand_on(Order::Pause) {
                        tracing::info!(%worker, actor, reason, "paused: this worker takes no more jobs");
                    }
                }
                PauseMode::Drain => {
                    if desk.hand_on(Order::Drain) {
                        tracing::info!(%worker, actor, reason, "drained: this worker ends once nothing runs");
                    }
                }
            }
        }
    }
}
