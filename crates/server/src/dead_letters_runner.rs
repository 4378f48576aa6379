//! Going through plans that run, in the background of every server.
//!
//! Which server takes a step does not matter: pace and progress are in Redis, and each step is one script. So a plan
//! outlives the server it was started on, and several servers are no faster than one.

use std::time::Duration;

use passback_queue::{JobId, PlanStep, QueueError};
use passback_registry::NewAuditEntry;

use crate::{dead_letters_run::progress, state::App};

/// How often plans are looked for that another server was told to start, and may have left behind.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// The longest and the shortest time between two steps.
const MAX_REST: Duration = Duration::from_secs(1);
const MIN_REST: Duration = Duration::from_millis(100);

/// Works until the server is to stop.
pub(crate) fn start(app: App) {
    tokio::spawn(async move {
        let closing = app.config.closing.clone();
        let mut well = true;
        loop {
            let rest = match step_all(&app).await {
                Ok(rest) => {
                    well = true;
                    rest
                }
                Err(error) => {
                    if well {
                        tracing::warn!(%error, "plans wait for Redis");
                    }
                    well = false;
                    LOOK_EVERY
                }
            };
            tokio::select! {
                () = tokio::time::sleep(rest) => {}
                () = app.plan_started.notified() => {}
                () = closing.cancelled() => return,
            }
        }
    });
}

/// Takes a step of each plan that runs; says when the next ones are due.
async fn step_all(app: &App) -> Result<Duration, QueueError> {
    let mut rest = LOOK_EVERY;
    for id in app.queue().running_plans().await? {
        let next = match app.queue().step_plan(id).await? {
            PlanStep::Tell => {
                tell_end(app, id).await?;
                continue;
            }
            PlanStep::Going(next) | PlanStep::BeingTold(next) => next,
            PlanStep::Over => continue,
        };
        rest = rest.min(next.clamp(MIN_REST, MAX_REST));
    }
    Ok(rest)
}

/// Puts the end of a plan on record. Where that fails, a later step of some server is told to do it.
async fn tell_end(app: &App, id: JobId) -> Result<(), QueueError> {
    let Some(plan) = app.queue().plan(id).await? else {
        return app.queue().end_of_plan_told(id).await;
    };
    let entry = NewAuditEntry {
        actor: plan.by.clone().unwrap_or_else(|| plan.made_by.clone()),
        action: "dead_letter.plan_finished".to_owned(),
        target: format!("plan {id}"),
        reason: plan.reason.clone(),
        detail: Some(progress(&plan)),
    };
    if let Err(error) = app.registry().record_audit(&entry).await {
        tracing::warn!(%error, plan = %id, "the end of a plan is not in the audit trail yet");
        return Ok(());
    }
    tracing::info!(plan = %id, done = plan.done, skipped = plan.skipped, "a plan is finished");
    app.queue().end_of_plan_told(id).await
}
