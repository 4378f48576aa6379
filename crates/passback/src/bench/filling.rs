//! How fast jobs are stored, and what they take.

use super::figures::{Figures, float, per, rate};
use super::ground::Ground;
use super::load::{Manner, Owner, store};
use super::plan::{Plan, Topic};
use super::redis_info::Snapshot;
use crate::exit::Failure;

/// Stores the round's jobs and notes what it took.
pub(crate) async fn fill(ground: &Ground, plan: &Plan, figures: &mut Figures) -> Result<(), Failure> {
    let owner = Owner::Connectors(plan.connectors);
    let before = Snapshot::take(ground.redis()).await?;
    let took = if plan.wants(Topic::Enqueue) {
        store(ground.queue(), plan, owner, Manner::of(plan), plan.jobs).await?
    } else {
        store(ground.queue(), plan, owner, Manner::quickly(plan), plan.jobs).await?
    };
    let after = Snapshot::take(ground.redis()).await?;
    let jobs = float(plan.jobs);
    if plan.wants(Topic::Enqueue) {
        figures.add("enqueue_jobs_per_s", rate(plan.jobs, took));
        figures.add("enqueue_redis_cpu_us_per_job", (after.cpu_us - before.cpu_us) / jobs);
        let commands = float(after.client_commands - before.client_commands);
        figures.add("enqueue_commands_per_job", per(commands, jobs));
    }
    if plan.wants(Topic::Memory) {
        let grown = float(after.used_memory_bytes) - float(before.used_memory_bytes);
        figures.add("waiting_bytes_per_job", grown / jobs);
    }
    Ok(())
}
