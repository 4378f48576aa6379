//! How long it takes from the call that stores a job to its start: one job at a time, in one process, on one clock.

use std::collections::BTreeMap;
use std::time::Duration;

use passback_queue::{JobId, JobRecord, NewJob, Queue};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout};

use super::crew::Worker;
use super::draining::concurrency;
use super::figures::Figures;
use super::ground::Ground;
use super::load::{Owner, job, not_stored};
use super::plan::Plan;
use crate::exit::Failure;

/// The longest pause between the start of a job and the call for the next.
const MOST_PAUSE_US: u64 = 5_000;
/// A job that has not started by then never will.
const PATIENCE: Duration = Duration::from_mins(1);

/// Starts of jobs, as the worker tells of them.
pub(crate) struct Starts {
    heard: mpsc::UnboundedReceiver<(JobId, Instant)>,
}

/// Where the worker tells of a job's start.
#[derive(Clone)]
pub(crate) struct StartTold {
    tell: mpsc::UnboundedSender<(JobId, Instant)>,
}

pub(crate) fn starts() -> (StartTold, Starts) {
    let (tell, heard) = mpsc::unbounded_channel();
    (StartTold { tell }, Starts { heard })
}

impl StartTold {
    pub(crate) fn of(&self, record: &JobRecord) {
        // Nobody listens any more at the very end.
        let _ = self.tell.send((record.id, Instant::now()));
    }
}

impl Starts {
    /// Stores a job and returns how long after the call it started.
    pub(crate) async fn delay_of(&mut self, queue: &Queue, job: &NewJob) -> Result<Duration, Failure> {
        let called = Instant::now();
        queue.enqueue(job).await.map_err(|error| not_stored(&error))?;
        loop {
            match timeout(PATIENCE, self.heard.recv()).await {
                Ok(Some((id, started))) if id == job.id => return Ok(started - called),
                Ok(Some(_)) => {}
                Ok(None) | Err(_) => return Err(Failure::failed("a job that was stored does not start")),
            }
        }
    }
}

/// Measures the start latency of a worker that has nothing else to do.
pub(crate) async fn measure_latency(ground: &Ground, plan: &Plan, figures: &mut Figures) -> Result<(), Failure> {
    let (told, mut starts) = starts();
    let slots: BTreeMap<_, _> = concurrency(plan);
    let worker = Worker::start(
        ground.another_queue()?,
        slots,
        move |record| told.of(record),
        Duration::ZERO,
    );
    let mut delays = Vec::with_capacity(plan.latency_jobs.into());
    for number in 0..=u64::from(plan.latency_jobs) {
        let job = job(plan, Owner::Connectors(plan.connectors), number)?;
        let delay = starts.delay_of(ground.queue(), &job).await?;
        // The first waits for the worker to connect.
        if number > 0 {
            delays.push(delay);
        }
        sleep(Duration::from_micros(fastrand::u64(0..=MOST_PAUSE_US))).await;
    }
    worker.stop().await?;
    figures.add_delays("start_latency_p50_ms", "start_latency_p99_ms", &delays);
    Ok(())
}
