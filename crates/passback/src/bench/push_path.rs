//! How fast results travel the whole path, and how long a single one takes.

use std::ops::Range;
use std::time::Duration;

use passback_producer::{Producer, Receipt};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::figures::{Figures, float, per, rate};
use super::ground::Ground;
use super::progress::Progress;
use super::push_plan::PushPlan;
use super::push_stand::{PushStand, result};
use super::tally::Tally;
use super::waiting::until_ended;
use crate::exit::Failure;

/// Between two looks whether results have arrived.
const LOOK: Duration = Duration::from_millis(2);
/// A result that has not arrived by then never will.
const PATIENCE: Duration = Duration::from_mins(1);
const DELIVERED: &str = "delivered";

/// Measures the path, on a platform of its own each round.
pub(crate) async fn measure_push(ground: &Ground, plan: &PushPlan) -> Result<Figures, Failure> {
    if !ground.was_empty() {
        return Err(Failure::refused(
            "this Redis holds something already, and connectors and exams would get among it",
        )
        .fix("let --redis-url name an empty Redis, or leave it away to have a private one started"));
    }
    let progress = Progress::new(u64::from(plan.rounds));
    let mut figures = Figures::default();
    for round in 1..=plan.rounds {
        progress.begin(format!("round {round} of {}: carrying results", plan.rounds));
        ground.clear().await?;
        let mut stand = PushStand::set(ground, plan).await?;
        let producer = stand.producer.clone();
        let measured = tokio::select! {
            measured = measure_round(ground, plan, &producer, &mut figures) => measured,
            failure = stand.worker.broken() => Err(failure),
        };
        let docebo = stand.docebo();
        stand.strike().await?;
        measured?;
        if docebo.effects != plan.all_results() {
            return Err(Failure::failed(format!(
                "{} results took effect {} times; the figures would mean nothing",
                plan.all_results(),
                docebo.effects
            )));
        }
        let calls = per(float(docebo.requests), float(plan.all_results()));
        figures.add("push_docebo_calls_per_result", calls);
        progress.end();
    }
    Ok(figures)
}

async fn measure_round(
    ground: &Ground,
    plan: &PushPlan,
    producer: &Producer,
    figures: &mut Figures,
) -> Result<(), Failure> {
    let singles = 0..plan.latency_results;
    let mut delays = Vec::new();
    for number in singles.clone() {
        accept(producer, number..number + 1).await?;
        let delay = delivered(producer, number).await?;
        // The first fetches the token.
        if number > 0 || plan.latency_results == 1 {
            delays.push(delay);
        }
    }
    figures.add_delays(
        "push_accepted_to_delivered_p50_ms",
        "push_accepted_to_delivered_p99_ms",
        &delays,
    );

    let before = Tally::of(ground.queue()).await?;
    let many = singles.end..plan.all_results();
    let share = plan.results.div_ceil(plan.callers.into());
    let started = Instant::now();
    let mut callers = JoinSet::new();
    for from in many.clone().step_by(usize::try_from(share).unwrap_or(usize::MAX)) {
        let (producer, mine) = (producer.clone(), from..many.end.min(from + share));
        callers.spawn(async move { accept(&producer, mine).await });
    }
    while let Some(ended) = callers.join_next().await {
        ended.map_err(|error| Failure::failed(format!("a caller failed: {error}")))??;
    }
    figures.add("push_accepted_results_per_s", rate(plan.results, started.elapsed()));
    let (ended, _) = until_ended(ground, plan.results, &before).await?;
    figures.add("push_delivered_results_per_s", rate(plan.results, ended - started));
    Tally::of(ground.queue()).await?.expect_done(&before, plan.results)
}

/// Hands in results one by one.
async fn accept(producer: &Producer, numbers: Range<u64>) -> Result<(), Failure> {
    for number in numbers {
        match producer.push(&result(number)).await {
            Ok(Receipt::Accepted { .. }) => {}
            Ok(other) => return Err(Failure::failed(format!("a new result was answered with {other:?}"))),
            Err(error) => return Err(Failure::failed(format!("a result was not accepted: {error}"))),
        }
    }
    Ok(())
}

/// Waits for a result and returns what its row says: from its acceptance to its delivery, by Redis' clock.
async fn delivered(producer: &Producer, number: u64) -> Result<Duration, Failure> {
    let started = Instant::now();
    while started.elapsed() < PATIENCE {
        let row = producer.result(&result(number).result_id).await;
        let row = row.map_err(|error| Failure::unavailable(format!("a result cannot be read: {error}")))?;
        if let Some(row) = row.filter(|row| row.state.is_written()) {
            let at = |name: &str| row.steps.iter().find(|step| step.step == name).map(|step| step.at);
            let ends = at("accepted").zip(at(DELIVERED));
            let took = ends.and_then(|(from, to)| Duration::try_from(to.duration_since(from)).ok());
            return took.ok_or_else(|| Failure::failed("a result's row does not say when it was delivered"));
        }
        sleep(LOOK).await;
    }
    Err(Failure::failed("a result does not arrive"))
}
