//! Whether a tenant's single jobs start in time while another tenant has very many waiting.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::crew::Worker;
use super::draining::concurrency;
use super::figures::{Figures, float};
use super::ground::Ground;
use super::latency::{StartTold, Starts, starts};
use super::load::{Manner, Owner, job, store};
use super::plan::Plan;
use super::tally::Tally;
use super::waiting::until_ended;
use crate::exit::Failure;

/// The tenant with very many jobs.
const BUSY: &str = "bench-busy";
/// The tenant with one job at a time.
const QUIET: &str = "bench-quiet";
/// What a job takes here, so that slots are what is scarce.
const WORK: Duration = Duration::from_millis(1);
/// Between two jobs of the quiet tenant.
const EVERY: Duration = Duration::from_millis(20);
/// Jobs of the quiet tenant on an idle system, in each round.
const IDLE_SAMPLES: u64 = 200;

/// The delays of the quiet tenant's jobs over all rounds: a round alone has too few for a 99th percentile.
#[derive(Debug, Default)]
pub(crate) struct QuietDelays {
    idle: Vec<Duration>,
    beside: Vec<Duration>,
}

/// How many jobs of the busy tenant have begun.
#[derive(Debug, Default)]
struct Busy {
    begun: AtomicU64,
    first: Notify,
}

impl QuietDelays {
    /// Measures one round: first on an idle system, then beside the busy tenant.
    pub(crate) async fn measure(&mut self, ground: &Ground, plan: &Plan) -> Result<(), Failure> {
        let (told, mut starts) = starts();
        let busy = Arc::new(Busy::default());
        let worker = start_worker(ground, plan, told.clone(), &busy)?;
        // The first waits for the worker to connect.
        delay(ground, plan, &mut starts).await?;
        for _ in 0..IDLE_SAMPLES {
            self.idle.push(delay(ground, plan, &mut starts).await?);
        }
        worker.stop().await?;

        store(
            ground.queue(),
            plan,
            Owner::Only(BUSY),
            Manner::quickly(plan),
            plan.jobs,
        )
        .await?;
        let before = Tally::of(ground.queue()).await?;
        let worker = start_worker(ground, plan, told, &busy)?;
        busy.first.notified().await;
        loop {
            let delay = delay(ground, plan, &mut starts).await?;
            // Only what started while others still waited says anything.
            if busy.begun.load(Ordering::Relaxed) + u64::from(plan.concurrency) >= plan.jobs {
                break;
            }
            self.beside.push(delay);
        }
        until_ended(ground, plan.jobs, &before).await?;
        worker.stop().await
    }

    /// Adds what all rounds together say.
    pub(crate) fn add_to(&self, figures: &mut Figures) {
        figures.add_delays("fairness_idle_p50_ms", "fairness_idle_p99_ms", &self.idle);
        figures.add_delays("fairness_busy_p50_ms", "fairness_busy_p99_ms", &self.beside);
        figures.add_ratio(
            "fairness_busy_over_idle_p50",
            "fairness_busy_p50_ms",
            "fairness_idle_p50_ms",
        );
        figures.add_ratio(
            "fairness_busy_over_idle_p99",
            "fairness_busy_p99_ms",
            "fairness_idle_p99_ms",
        );
        figures.add("fairness_samples", float(self.beside.len() as u64));
    }
}

fn start_worker(ground: &Ground, plan: &Plan, told: StartTold, busy: &Arc<Busy>) -> Result<Worker, Failure> {
    let busy = Arc::clone(busy);
    let began = move |record: &passback_queue::JobRecord| {
        if record.connector == QUIET {
            told.of(record);
        } else if busy.begun.fetch_add(1, Ordering::Relaxed) == 0 {
            busy.first.notify_one();
        }
    };
    Ok(Worker::start(ground.another_queue()?, concurrency(plan), began, WORK))
}

/// The start delay of one job of the quiet tenant; returns when it is time for the next.
async fn delay(ground: &Ground, plan: &Plan, starts: &mut Starts) -> Result<Duration, Failure> {
    let next = Instant::now() + EVERY;
    let job = job(plan, Owner::Only(QUIET), 0)?;
    let delay = starts.delay_of(ground.queue(), &job).await?;
    sleep_until(next).await;
    Ok(delay)
}
