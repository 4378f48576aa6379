//! Round after round: store, drain, start one by one, start beside a busy tenant.

use super::draining::drain;
use super::fairness::QuietDelays;
use super::figures::Figures;
use super::filling::fill;
use super::ground::Ground;
use super::idle::measure_idle;
use super::latency::measure_latency;
use super::plan::{Plan, Topic};
use super::progress::Progress;
use super::redis_info::Snapshot;
use super::tally::Tally;
use crate::exit::Failure;

/// One step of a round.
#[derive(Debug, Clone, Copy)]
enum Step {
    FillAndDrain,
    Latency,
    Fairness,
}

impl Step {
    const ALL: [Self; 3] = [Self::FillAndDrain, Self::Latency, Self::Fairness];

    fn is_wanted(self, plan: &Plan) -> bool {
        match self {
            Self::FillAndDrain => [Topic::Enqueue, Topic::Drain, Topic::Memory]
                .iter()
                .any(|topic| plan.wants(*topic)),
            Self::Latency => plan.wants(Topic::Latency),
            Self::Fairness => plan.wants(Topic::Fairness),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::FillAndDrain => "storing and draining jobs",
            Self::Latency => "starting jobs one by one",
            Self::Fairness => "starting jobs beside a busy tenant",
        }
    }
}

/// Measures all that the plan wants.
pub(crate) async fn measure(ground: &Ground, plan: &Plan) -> Result<Figures, Failure> {
    let steps: Vec<Step> = Step::ALL.into_iter().filter(|step| step.is_wanted(plan)).collect();
    let idle = u64::from(plan.wants(Topic::Idle));
    let progress = Progress::new(steps.len() as u64 * u64::from(plan.rounds) + idle);
    let mut figures = Figures::default();
    let mut quiet = QuietDelays::default();
    if plan.wants(Topic::Idle) {
        progress.begin(format!("watching an idle worker for {} s", plan.idle_seconds));
        measure_idle(ground, plan, &mut figures).await?;
        progress.end();
    }
    for round in 1..=plan.rounds {
        for step in &steps {
            progress.begin(format!("round {round} of {}: {}", plan.rounds, step.name()));
            ground.clear().await?;
            match step {
                Step::FillAndDrain => fill_and_drain(ground, plan, &mut figures).await?,
                Step::Latency => measure_latency(ground, plan, &mut figures).await?,
                Step::Fairness => quiet.measure(ground, plan).await?,
            }
            progress.end();
        }
    }
    if plan.wants(Topic::Fairness) {
        quiet.add_to(&mut figures);
    }
    Ok(figures)
}

async fn fill_and_drain(ground: &Ground, plan: &Plan, figures: &mut Figures) -> Result<(), Failure> {
    let empty = Snapshot::take(ground.redis()).await?;
    let before = Tally::of(ground.queue()).await?;
    fill(ground, plan, figures).await?;
    drain(ground, plan, &before, &empty, figures).await
}
