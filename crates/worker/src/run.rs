//! Wiring: the tasks of a worker, and the order in which they end.

use std::sync::Arc;
use std::time::Duration;

use passback_producer::Producer;
use passback_queue::{Lane, Name, Queue, Target, WorkerInfo};
use tokio::sync::Notify;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

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
use crate::orders::{Order, Orders, orders};
use crate::other_platform::Strangers;
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
        strangers: Strangers::default(),
    };
    let jobs = Jobs {
        desk,
        sync_limits_every: tempo.sync_limits,
        overdue_after: config.overdue_after,
    };
    run_with(jobs, queue, config, tempo, shutdown).await
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
    let slots = config.concurrency.iter().map(|(lane, slots)| (*lane, *slots));
    let slots: Vec<(Lane, usize)> = slots.filter(|(_, slots)| *slots > 0).collect();
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
    let mut background = JoinSet::new();
    let (order_desk, orders) = orders();
    background.spawn(beat(queue.clone(), worker.clone(), info, heard, order_desk, tempo));
    background.spawn(promote(queue.clone(), Arc::clone(&scheduled), tempo));
    background.spawn(reclaim(queue.clone(), worker.clone(), tempo));
    let (ended, settler) = settler(queue.clone(), worker.clone(), scheduled, tempo.redis_retry);
    let mut settling = JoinSet::new();
    settling.spawn(settler.run());
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
        orders: orders.clone(),
        stop: stop.clone(),
        abort: abort.clone(),
    });
    let handler = Arc::new(handler);
    let at_chores = Arc::clone(&handler);
    background.spawn(async move { at_chores.chores().await });
    let mut lanes = JoinSet::new();
    for &(lane, slots) in &slots {
        let (queue, handler, conditions) = (queue.clone(), Arc::clone(&handler), Arc::clone(&conditions));
        lanes.spawn(lane::serve(lane, slots, queue, handler, conditions, tempo));
    }
    drop(conditions);
    let crew = Crew {
        queue,
        worker,
        slots,
        lanes,
        background,
        settling,
        orders,
        stop,
        abort,
        grace: config.shutdown_grace,
        tempo,
    };
    crew.until_the_end(&shutdown).await
}

/// The tasks of a running worker.
struct Crew {
    queue: Queue,
    worker: Name,
    slots: Vec<(Lane, usize)>,
    lanes: JoinSet<Result<(), WorkerError>>,
    background: JoinSet<()>,
    settling: JoinSet<()>,
    orders: Orders,
    stop: CancellationToken,
    abort: CancellationToken,
    grace: Duration,
    tempo: Tempo,
}

impl Crew {
    /// Waits until there is a reason to end, and ends the tasks in their order.
    async fn until_the_end(mut self, shutdown: &Shutdown) -> Result<(), WorkerError> {
        let (lanes, background, settling) = (&mut self.lanes, &mut self.background, &mut self.settling);
        let end = first_end(lanes, background, settling, shutdown, &mut self.orders).await;
        self.stop.cancel();
        let drained = matches!(end, Ok(End::Drained));
        let mut grace_ends = Instant::now() + self.grace;
        let grace = async {
            // A drained worker lets its jobs end, each within its own limit, unless it is asked to stop as well.
            if drained {
                shutdown.requested().await;
                sleep(self.grace).await;
            } else {
                sleep_until(grace_ends).await;
            }
        };
        let end = end.map(|_| ());
        let outcome = lanes_end(self.lanes, end, grace, &self.tempo, shutdown, &self.abort).await;
        if drained {
            grace_ends = Instant::now() + self.grace;
        }
        let order = self.orders.now();
        let farewell = farewell(
            self.settling,
            self.background,
            self.queue,
            self.worker,
            &self.slots,
            order,
        );
        let in_time = tokio::select! {
            biased;
            () = farewell => true,
            () = too_late(grace_ends, &self.tempo, shutdown) => false,
        };
        if !in_time {
            tracing::warn!("Redis did not take the last settlements in time; other workers take the jobs over");
        }
        outcome
    }
}

/// Returns when the farewell has had its time: what is left of the grace and a little in any case, but only that
/// little once a shutdown at once is asked for.
async fn too_late(grace_ends: Instant, tempo: &Tempo, shutdown: &Shutdown) {
    let hurried = async {
        shutdown.requested_at_once().await;
        sleep(tempo.farewell).await;
    };
    tokio::select! {
        () = sleep_until(grace_ends.max(Instant::now() + tempo.farewell)) => {}
        () = hurried => {}
    }
}

/// Why a worker ends in good order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// Its process was asked to stop.
    Asked,
    /// A person drains it.
    Drained,
}

/// Waits until a shutdown is asked for, or a drain; an error if anything ends before that.
async fn first_end(
    lanes: &mut JoinSet<Result<(), WorkerError>>,
    background: &mut JoinSet<()>,
    settling: &mut JoinSet<()>,
    shutdown: &Shutdown,
    orders: &mut Orders,
) -> Result<End, WorkerError> {
    let by_itself = |ended: Option<Result<(), JoinError>>, part| match ended {
        Some(Err(error)) => WorkerError::Failed(error),
        Some(Ok(())) | None => WorkerError::PartEnded { part },
    };
    tokio::select! {
        biased;
        () = shutdown.requested() => Ok(End::Asked),
        () = orders.until_drained() => Ok(End::Drained),
        ended = settling.join_next() => Err(by_itself(ended, "the settling of jobs")),
        ended = background.join_next() => Err(by_itself(ended, "heartbeat or housekeeping")),
        // A lane ends in good order only when it was told to stop: then nobody settles what it does.
        ended = lanes.join_next() => joined(ended).and(Err(WorkerError::PartEnded { part: "a lane" })),
    }
}

/// Waits until the lanes, which were told to stop, have ended; interrupts what outlasts the grace.
async fn lanes_end(
    mut lanes: JoinSet<Result<(), WorkerError>>,
    mut outcome: Result<(), WorkerError>,
    grace: impl Future<Output = ()>,
    tempo: &Tempo,
    shutdown: &Shutdown,
    abort: &CancellationToken,
) -> Result<(), WorkerError> {
    let in_good_order = async {
        let mut all = Ok(());
        while let Some(ended) = lanes.join_next().await {
            all = all.and(joined(Some(ended)));
        }
        all
    };
    tokio::select! {
        biased;
        ended = in_good_order => return outcome.and(ended),
        () = grace => {}
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

fn joined(ended: Option<Result<Result<(), WorkerError>, JoinError>>) -> Result<(), WorkerError> {
    match ended {
        None => Ok(()),
        Some(Ok(outcome)) => outcome,
        Some(Err(error)) => Err(WorkerError::Failed(error)),
    }
}

/// The last things: settlements out, forgotten leases back, then silence.
async fn farewell(
    mut settling: JoinSet<()>,
    mut background: JoinSet<()>,
    queue: Queue,
    worker: Name,
    slots: &[(Lane, usize)],
    order: Order,
) {
    if let Some(Err(error)) = settling.join_next().await {
        tracing::error!(%error, "the settling of jobs failed");
    }
    // The heartbeat ends before the worker signs off: a beat after that would register it again.
    background.shutdown().await;
    for &(lane, _) in slots {
        give_back(&queue, lane, &worker).await;
    }
    match queue.leave(&worker).await {
        Ok(0) => tracing::info!(%worker, "signed off"),
        Ok(leases) => tracing::warn!(%worker, leases, "signed off with jobs that other workers must take back"),
        Err(error) => tracing::warn!(%worker, %error, "could not sign off; other workers will notice"),
    }
    if order != Order::Serve
        && let Err(error) = queue.resume(&Target::Worker(worker)).await
    {
        tracing::debug!(%error, "the pause of a worker that has ended stays behind");
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

#[cfg(test)]
mod tests {
    use tokio::task::JoinSet;

    use super::{End, first_end};
    use crate::orders::{Order, orders};
    use crate::{Shutdown, WorkerError};

    fn going_on<T: Send + 'static>() -> JoinSet<T> {
        let mut set = JoinSet::new();
        set.spawn(std::future::pending());
        set
    }

    #[tokio::test]
    async fn a_heartbeat_that_ends_by_itself_ends_the_worker() {
        let mut background = going_on();
        background.spawn(async {});
        let (_desk, mut orders) = orders();
        let shutdown = Shutdown::new();
        let end = first_end(
            &mut going_on(),
            &mut background,
            &mut going_on(),
            &shutdown,
            &mut orders,
        )
        .await;
        assert!(matches!(end, Err(WorkerError::PartEnded { .. })), "{end:?}");
    }

    #[tokio::test]
    async fn a_settler_that_panics_ends_the_worker() {
        let mut settling = JoinSet::new();
        settling.spawn(async { panic!("the settler panics") });
        let (_desk, mut orders) = orders();
        let shutdown = Shutdown::new();
        let end = first_end(&mut going_on(), &mut going_on(), &mut settling, &shutdown, &mut orders).await;
        assert!(matches!(end, Err(WorkerError::Failed(_))), "{end:?}");
    }

    #[tokio::test]
    async fn a_lane_that_ends_although_nobody_asked_is_an_error() {
        let mut lanes = JoinSet::new();
        lanes.spawn(async { Ok(()) });
        let (_desk, mut orders) = orders();
        let shutdown = Shutdown::new();
        let end = first_end(&mut lanes, &mut going_on(), &mut going_on(), &shutdown, &mut orders).await;
        assert!(matches!(end, Err(WorkerError::PartEnded { .. })), "{end:?}");
    }

    #[tokio::test]
    async fn neither_a_shutdown_nor_a_drain_is_an_error() {
        let shutdown = Shutdown::new();
        shutdown.request();
        let (desk, mut orders) = orders();
        desk.hand_on(Order::Pause);
        let end = first_end(
            &mut going_on(),
            &mut going_on(),
            &mut going_on(),
            &shutdown,
            &mut orders,
        )
        .await;
        assert!(matches!(end, Ok(End::Asked)), "{end:?}");
        desk.hand_on(Order::Drain);
        let going = Shutdown::new();
        let end = first_end(&mut going_on(), &mut going_on(), &mut going_on(), &going, &mut orders).await;
        assert!(matches!(end, Ok(End::Drained)), "{end:?}");
    }
}
