//! What a worker without jobs costs: commands, processor time, memory.

use std::time::Duration;

use futures::StreamExt;
use passback_queue::Lane;
use redis::{Client, aio::Monitor};
use secrecy::ExposeSecret;
use tokio::time::{Instant, sleep, timeout_at};

use super::crew::Member;
use super::figures::{Figures, float, per};
use super::ground::Ground;
use super::plan::Plan;
use super::redis_info::unanswered;
use crate::exit::Failure;

/// What a worker does at its start is no idling.
const SETTLING: Duration = Duration::from_secs(3);
/// How Redis marks the commands that a script calls.
const CALLED_BY_SCRIPT: &str = " lua] ";

/// Watches a worker process that serves all lanes and has nothing to do.
pub(crate) async fn measure_idle(ground: &Ground, plan: &Plan, figures: &mut Figures) -> Result<(), Failure> {
    let slots = Lane::ALL.map(|lane| (lane, plan.concurrency.into()));
    let mut member = Member::start(ground.url(), slots.into()).await?;
    member.begin().await?;
    sleep(SETTLING).await;
    let client = Client::open(ground.url().expose_secret()).map_err(|error| unanswered(&error))?;
    // Nothing happens here besides, so that Redis can name every command; under load that would cost too much.
    let monitor = client.get_async_monitor().await.map_err(|error| unanswered(&error))?;
    let before = member.usage().await?;
    let started = Instant::now();
    let commands = sent_until(monitor, started + Duration::from_secs(plan.idle_seconds.into())).await;
    let after = member.usage().await?;
    let seconds = started.elapsed().as_secs_f64();
    member.stop().await?;
    figures.add("idle_commands_per_s", per(float(commands), seconds));
    let cpu_s = (after.cpu_us() - before.cpu_us()) / 1e6;
    figures.add("idle_cpu_percent_of_a_core", per(cpu_s * 100.0, seconds));
    if let Some(bytes) = after.resident_bytes {
        figures.add("idle_resident_mb", float(bytes) / 1e6);
    }
    Ok(())
}

/// Counts the commands that anybody sends until then.
async fn sent_until(monitor: Monitor, until: Instant) -> u64 {
    let mut lines = monitor.into_on_message::<String>();
    let mut sent = 0;
    while let Ok(Some(line)) = timeout_at(until, lines.next()).await {
        if !line.contains(CALLED_BY_SCRIPT) {
            sent += 1;
        }
    }
    sent
}
