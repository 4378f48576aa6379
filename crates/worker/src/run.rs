//! Wiring: the tasks of a worker, and the order in which they end.

use std::sync::Arc;

use passback_producer::Producer;
use passback_queue::{Lane, Name, Queue, WorkerInfo};
use tokio::sync::Notify;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::attempt::{Conditions, Handler};
use crate::clients::Clients;
use crate::config::WorkerConfig;
use crate::decision::Rules;
use crate::desk::Desk;
use crate::error::WorkerError;
use crate::hearing::hearing;
use crate::heartbeat::beat;
use crate::housekeeping::{promote, reclaim};
use crate::incarnation::Incarnation;
use crate::jobs::Jobs;
use crate::lane;
use crate::settler::settler;
use crate::shutdown::Shutdown;
use crate::tempo::Tempo;

/// Batches of leases that are given back at the end; more than any lane has slots.
const MAX_GIVE_BACKS: usize = 100;

/// Runs a worker until it is asked to stop and has given back or settled all it held.
///
/// It needs Redis at no time in particular: it goes on trying, and goes on where it was. An `Err` means that a part of
/// it ended by itself; the process should then end too, so that something starts it anew.
pub async fn run(producer: Producer, config: WorkerConfig, shutdown: Shutdown) -> Result<(), WorkerError> {
    let tempo = Tempo::default();
    let queue = producer.queue().clone();
    let desk = Desk {
        producer,
        clients: Clients::default(),
        check_retry: tempo.check_retry,
    };
    run_with(Jobs { desk }, queue, config, tempo, shutdown).await
}

/// The same with any handler and any intervals.
pub(crate) async fn run_with<H: Handler>(
    handler: H,
    queue: Queue,
    config: WorkerConfig,
    tempo: Tempo,
    shutdown: Shutdown,
) -> Result<(), WorkerError> {
    let incarnation = Incarnation::of_this_process(fastrand::u32(..))?;
    let worker = incarnation.id.clone();
    let slots: Vec<(Lane, usize)> = config.concurrency.iter().map(|(lane, slots)| (*lane, *slots)).collect();
    let slots: Vec<(Lane, usize)> = slots.into_iter().filter(|(_, slots)| *slots > 0).collect();
    if slots.is_empty() {
        return Err(WorkerError::NoSlots);
    }
    let info = WorkerInfo {
        host: incarnation.host,
        pid: incarnation.pid,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        started_ms: 0,
        concurrency: slots.iter().copied().collect(),
    };
    let scheduled = Arc::new(Notify::new());
    let (heard, hearing) = hearing(tempo.unheard_after);
    let background = [
        spawn(beat(queue.clone(), worker.clone(), info, heard, tempo)),
        spawn(promote(queue.clone(), Arc::clone(&scheduled), tempo)),
        spawn(reclaim(queue.clone(), worker.clone(), tempo)),
    ];
    let (ended, settler) = settler(queue.clone(), worker.clone(), scheduled, tempo.redis_retry);
    let settling = spawn(settler.run());
    let (stop, abort) = (CancellationToken::new(), CancellationToken::new());
    let conditions = Arc::new(Conditions {
        worker: worker.clone(),
        rules: Rules {
            limits: config.limits,
            push_retry: tempo.push_retry,
            check_retry: tempo.check_retry,
        },
        push_deadline: config.push_deadline,
        ended,
        hearing,
        stop: stop.clone(),
        abort: abort.clone(),
    });
    let handler = Arc::new(handler);
    let mut lanes = JoinSet::new();
    for &(lane, slots) in &slots {
        let (queue, handler, conditions) = (queue.clone(), Arc::clone(&handler), Arc::clone(&conditions));
        lanes.spawn(lane::serve(lane, slots, queue, handler, conditions, tempo.redis_retry));
    }
    drop(conditions);

    let outcome = lanes_end(lanes, &config, &tempo, &shutdown, &stop, &abort).await;
    let farewell = farewell(settling, background, queue, worker, &slots);
    if timeout(tempo.farewell, farewell).await.is_err() {
        tracing::warn!("Redis did not take the last settlements in time; other workers take the jobs over");
    }
    outcome
}

fn spawn(task: impl Future<Output = ()> + Send + 'static) -> AbortOnDropHandle<()> {
    AbortOnDropHandle::new(tokio::spawn(task))
}

/// Waits for the lanes: until a shutdown is asked for or one ends by itself; then until all have ended.
async fn lanes_end(
    mut lanes: JoinSet<Result<(), WorkerError>>,
    config: &WorkerConfig,
    tempo: &Tempo,
    shutdown: &Shutdown,
    stop: &CancellationToken,
    abort: &CancellationToken,
) -> Result<(), WorkerError> {
    let mut outcome = tokio::select! {
        () = shutdown.requested() => Ok(()),
        ended = lanes.join_next() => joined(ended),
    };
    stop.cancel();
    let grace_ends = Instant::now() + config.shutdown_grace;
    let in_good_order = async {
        let mut all = Ok(());
        while let Some(ended) = lanes.join_next().await {
            all = all.and(joined(Some(ended)));
        }
        all
    };
    tokio::select! {
        biased;
        ended = timeout_at(grace_ends, in_good_order) => if let Ok(ended) = ended {
            return outcome.and(ended);
        },
        () = shutdown.requested_at_once() => {}
    }
    tracing::info!("giving back the jobs that still run");
    abort.cancel();
    let interrupted = async {
        while let Some(ended) = lanes.join_next().await {
            if outcome.is_ok() {
                outcome = joined(Some(ended));
            }
        }
    };
    if timeout(tempo.farewell, interrupted).await.is_err() {
        tracing::warn!("a job does not let itself be interrupted");
        lanes.shutdown().await;
    }
    outcome
}

fn joined(ended: Option<Result<Result<(), WorkerError>, tokio::task::JoinError>>) -> Result<(), WorkerError> {
    match ended {
        None => Ok(()),
        Some(Ok(outcome)) => outcome,
        Some(Err(error)) => Err(WorkerError::Failed(error)),
    }
}

/// The last things: settlements out, forgotten leases back, then silence.
async fn farewell(
    settling: AbortOnDropHandle<()>,
    background: [AbortOnDropHandle<()>; 3],
    queue: Queue,
    worker: Name,
    slots: &[(Lane, usize)],
) {
    if let Err(error) = settling.await {
        tracing::error!(%error, "the settling of jobs failed");
    }
    // The heartbeat ends before the worker signs off: a beat after that would register it again.
    for task in background {
        let task: JoinHandle<()> = task.detach();
        task.abort();
        let _ = task.await;
    }
    for &(lane, _) in slots {
        give_back(&queue, lane, &worker).await;
    }
    match queue.leave(&worker).await {
        Ok(0) => tracing::info!(%worker, "signed off"),
        Ok(leases) => tracing::warn!(%worker, leases, "signed off with jobs that other workers must take back"),
        Err(error) => tracing::warn!(%worker, %error, "could not sign off; other workers will notice"),
    }
}

/// Gives back every lease of a lane, a bounded batch at a time.
async fn give_back(queue: &Queue, lane: Lane, worker: &Name) {
    for _ in 0..MAX_GIVE_BACKS {
        match queue.unclaim(lane, worker, &[]).await {
            Ok(0) => return,
            Ok(jobs) => tracing::info!(%lane, jobs, "gave back jobs that were not settled"),
            Err(error) => {
                tracing::warn!(%lane, %error, "could not give back what was not settled");
                return;
            }
        }
    }
}
