//! How fast workers end jobs that do nothing.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use passback_queue::Lane;
use tokio::time::Instant;

use super::crew::{Member, Worker};
use super::figures::{Figures, float, per, rate};
use super::ground::Ground;
use super::plan::{Plan, Topic};
use super::process_usage::ProcessUsage;
use super::redis_info::Snapshot;
use super::tally::Tally;
use super::waiting::until_ended;
use crate::exit::Failure;

/// Drains what was stored since `before`, whose memory is `empty`, and checks that every job was done.
pub(crate) async fn drain(
    ground: &Ground,
    plan: &Plan,
    before: &Tally,
    empty: &Snapshot,
    figures: &mut Figures,
) -> Result<(), Failure> {
    let look_commands = commands_of_a_look(ground).await?;
    let mut members = Vec::new();
    if plan.processes > 1 {
        for _ in 0..plan.processes {
            members.push(Member::start(ground.url(), concurrency(plan)).await?);
        }
    }
    let began = Arc::new(Began::default());
    let start = Snapshot::take(ground.redis()).await?;
    let used_before = used(&mut members).await?;
    let mut started = Instant::now();
    let mut here = None;
    if members.is_empty() {
        let seen = Arc::clone(&began);
        here = Some(Worker::start(
            ground.another_queue()?,
            concurrency(plan),
            move |_| seen.one_more(),
            Duration::ZERO,
        ));
    }
    for member in &mut members {
        member.begin().await?;
    }
    let watched = until_ended(ground, plan.jobs, before);
    let (ended, looks) = match &mut here {
        Some(worker) => tokio::select! {
            watched = watched => watched?,
            failure = worker.broken() => return Err(failure),
        },
        None => watched.await?,
    };
    started = began.first.get().copied().unwrap_or(started);
    let end = Snapshot::take(ground.redis()).await?;
    let used_after = used(&mut members).await?;
    if let Some(worker) = here {
        worker.stop().await?;
        expect_begun(began.jobs.load(Ordering::Relaxed), plan.jobs)?;
    }
    for member in members {
        member.stop().await?;
    }
    Tally::of(ground.queue()).await?.expect_done(before, plan.jobs)?;
    let jobs = float(plan.jobs);
    if plan.wants(Topic::Drain) {
        figures.add("drain_jobs_per_s", rate(plan.jobs, ended - started));
        figures.add("drain_workers_cpu_us_per_job", (used_after - used_before) / jobs);
        figures.add("drain_redis_cpu_us_per_job", (end.cpu_us - start.cpu_us) / jobs);
        let commands = end.client_commands - start.client_commands;
        let commands = float(commands.saturating_sub(looks * look_commands));
        figures.add("drain_commands_per_job", per(commands, jobs));
    }
    if plan.wants(Topic::Memory) {
        let after = Snapshot::take(ground.redis()).await?;
        let grown = float(after.used_memory_bytes) - float(empty.used_memory_bytes);
        figures.add("finished_bytes_per_job", grown / jobs);
    }
    Ok(())
}

/// What the worker in this process has begun. Its own start, connecting and all, is not what is measured; that of other
/// processes is, for they cannot tell.
#[derive(Default)]
struct Began {
    jobs: AtomicU64,
    first: OnceLock<Instant>,
}

impl Began {
    fn one_more(&self) {
        if self.jobs.fetch_add(1, Ordering::Relaxed) == 0 {
            let _ = self.first.set(Instant::now());
        }
    }
}

/// The slots of each worker.
pub(crate) fn concurrency(plan: &Plan) -> BTreeMap<Lane, usize> {
    BTreeMap::from([(plan.lane, plan.concurrency.into())])
}

/// The processor time that the workers have used, in microseconds; what this process does besides is next to nothing.
async fn used(members: &mut [Member]) -> Result<f64, Failure> {
    let mut used_us = 0.0;
    for member in &mut *members {
        used_us += member.usage().await?.cpu_us();
    }
    if members.is_empty() {
        used_us = ProcessUsage::own()?.cpu_us();
    }
    Ok(used_us)
}

/// What one look of ours adds to the commands that clients send.
async fn commands_of_a_look(ground: &Ground) -> Result<u64, Failure> {
    let before = Snapshot::take(ground.redis()).await?;
    Tally::of(ground.queue()).await?;
    let after = Snapshot::take(ground.redis()).await?;
    Ok(after.client_commands - before.client_commands)
}

fn expect_begun(begun: u64, jobs: u64) -> Result<(), Failure> {
    if begun == jobs {
        return Ok(());
    }
    Err(Failure::failed(format!(
        "{jobs} jobs began {begun} times; the figures would mean nothing"
    )))
}
