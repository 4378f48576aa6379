//! Jobs as real pushes look, and the callers who store them.

use std::sync::Arc;
use std::time::Duration;

use passback_queue::{Enqueued, JobId, Lane, Name, NewJob, Queue};
use tokio::runtime::Handle;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::plan::{EnqueueMode, Plan};
use crate::exit::Failure;

/// Jobs that are made before they are stored: making them is not what is measured, and memory is bounded.
const STOCK_JOBS: u64 = 100_000;
/// Callers who hand in jobs in bulk at the same time.
const BULK_CALLERS: usize = 4;

/// Whose jobs are made.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Owner {
    /// So many connectors, in turn.
    Connectors(u64),
    /// One, by name.
    Only(&'static str),
}

/// How jobs are stored.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Manner {
    pub(crate) mode: EnqueueMode,
    pub(crate) callers: usize,
    pub(crate) batch: usize,
}

impl Manner {
    pub(crate) fn of(plan: &Plan) -> Self {
        Self {
            mode: plan.enqueue,
            callers: plan.callers.into(),
            batch: plan.batch.into(),
        }
    }

    /// The fastest way, for jobs whose storing is not measured.
    pub(crate) fn quickly(plan: &Plan) -> Self {
        Self {
            mode: EnqueueMode::Bulk,
            ..Self::of(plan)
        }
    }
}

/// One job. Its key is its own, as that of a real push is as long as nobody sits the same exam twice at once.
pub(crate) fn job(plan: &Plan, owner: Owner, number: u64) -> Result<NewJob, Failure> {
    let connector = match owner {
        Owner::Connectors(connectors) => format!("bench-{}", number % connectors),
        Owner::Only(name) => name.to_owned(),
    };
    let kind = match plan.lane {
        Lane::Check => "check.v1",
        Lane::Push => "push.v1",
        Lane::Background => "verify.v1",
    };
    let name = |text: String| Name::new(text).map_err(|error| Failure::failed(error.to_string()));
    let payload = std::iter::repeat_with(|| fastrand::u8(b' '..=b'~'));
    Ok(NewJob {
        id: JobId::generate(),
        lane: plan.lane,
        key: Some(name(format!("{connector}/146/{:016x}", fastrand::u64(..)))?),
        connector: name(connector)?,
        kind: name(kind.to_owned())?,
        delay_ms: 0,
        ttl_ms: None,
        about: None,
        trace: None,
        payload: payload
            .take(usize::try_from(plan.payload_bytes).unwrap_or(usize::MAX))
            .collect(),
    })
}

/// Stores so many new jobs and says how long the callers waited for it.
pub(crate) async fn store(
    queue: &Queue,
    plan: &Plan,
    owner: Owner,
    manner: Manner,
    jobs: u64,
) -> Result<Duration, Failure> {
    let mut took = Duration::ZERO;
    let mut stored = 0;
    while stored < jobs {
        let until = jobs.min(stored + STOCK_JOBS);
        let stock: Result<Vec<NewJob>, Failure> = (stored..until).map(|number| job(plan, owner, number)).collect();
        took += store_stock(queue, stock?, manner).await?;
        stored = until;
    }
    Ok(took)
}

async fn store_stock(queue: &Queue, stock: Vec<NewJob>, manner: Manner) -> Result<Duration, Failure> {
    let callers = match manner.mode {
        EnqueueMode::Single => manner.callers,
        EnqueueMode::Bulk => BULK_CALLERS,
    };
    let share = stock.len().div_ceil(callers).max(1);
    let stock = Arc::new(stock);
    // Threads, unlike tasks, do not end with whoever waits for them.
    let stop = CancellationToken::new();
    let _broken_off = stop.clone().drop_guard();
    let started = Instant::now();
    let mut tasks = JoinSet::new();
    for from in (0..stock.len()).step_by(share) {
        let mine = from..stock.len().min(from + share);
        let (queue, stock) = (queue.clone(), Arc::clone(&stock));
        match manner.mode {
            EnqueueMode::Single => tasks.spawn(async move { one_by_one(&queue, &stock[mine]).await }),
            // A thread each: these callers are few and busy.
            EnqueueMode::Bulk => {
                let (runtime, stop) = (Handle::current(), stop.clone());
                tasks.spawn_blocking(move || {
                    let storing = in_bulk(&queue, &stock[mine], manner.batch);
                    runtime.block_on(stop.run_until_cancelled(storing)).unwrap_or(Ok(()))
                })
            }
        };
    }
    while let Some(ended) = tasks.join_next().await {
        ended.map_err(|error| Failure::failed(format!("a caller failed: {error}")))??;
    }
    Ok(started.elapsed())
}

async fn one_by_one(queue: &Queue, jobs: &[NewJob]) -> Result<(), Failure> {
    for job in jobs {
        let verdict = queue.enqueue(job).await.map_err(|error| not_stored(&error))?;
        expect_stored(&[verdict], 1)?;
    }
    Ok(())
}

async fn in_bulk(queue: &Queue, jobs: &[NewJob], batch: usize) -> Result<(), Failure> {
    for jobs in jobs.chunks(batch.max(1)) {
        let verdicts = queue.enqueue_all(jobs).await.map_err(|error| not_stored(&error))?;
        expect_stored(&verdicts, jobs.len())?;
    }
    Ok(())
}

fn expect_stored(verdicts: &[Enqueued], jobs: usize) -> Result<(), Failure> {
    let stored = verdicts.iter().filter(|verdict| **verdict == Enqueued::Stored).count();
    if stored == jobs {
        return Ok(());
    }
    Err(Failure::failed(format!("{stored} of {jobs} new jobs were stored")))
}

pub(crate) fn not_stored(error: &passback_queue::QueueError) -> Failure {
    Failure::unavailable(format!("jobs cannot be stored: {error}"))
}
