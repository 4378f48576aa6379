//! `lua/plan_start.lua`, `lua/plan_stop.lua`, `lua/plan_step.lua`: going through a plan at its pace.
//!
//! Pace and progress are in Redis and each step is one script, so it does not matter who takes the steps: nobody holds
//! a plan, a process that dies leaves nothing half done, and several at once are no faster than one.

use std::time::Duration;

use crate::{Intervention, JobId, PLAN_KEPT_FOR, PlanAction, Queue, QueueError, keys, queue::millis};

/// The most jobs moved by one step.
const STEP_JOBS: usize = 200;
/// For how long one caller has the word to tell that a plan has ended; then another one has it.
const TELL_WITHIN: Duration = Duration::from_secs(10);

/// What became of the wish to start a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlanStart {
    /// It runs from now.
    Started,
    /// It ran already, started by the same person with the same pace and reason.
    Same,
    /// It runs already, by another's word or at another pace; nothing changed.
    Running,
    /// All its jobs were gone through; nothing changed.
    Finished,
    /// It does something else; nothing changed.
    OtherAction,
    /// No such plan.
    Unknown,
}

/// What became of the wish to stop a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlanStop {
    /// It runs no more.
    Stopped,
    /// It was stopped before.
    Same,
    /// It was not started yet, or has ended; nothing changed.
    NotRunning,
    /// No such plan.
    Unknown,
}

/// What a step through a plan brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlanStep {
    /// There is more; the next step has work to do after this time.
    Going(Duration),
    /// All was gone through, and the caller is the one to put it on record, followed by [`Queue::end_of_plan_told`].
    Tell,
    /// Another one is putting the end on record; should it fail, somebody else has to after this time.
    BeingTold(Duration),
    /// It does not run.
    Over,
}

impl Queue {
    /// Starts a plan, or lets a stopped one go on.
    pub async fn start_plan(
        &self,
        id: JobId,
        action: PlanAction,
        per_second: u32,
        by: &Intervention,
    ) -> Result<PlanStart, QueueError> {
        let mut call = self.timed(&self.shared.scripts.plan_start);
        call.arg(id.to_string())
            .arg(action.as_str())
            .arg(per_second.max(1))
            .arg(&by.actor)
            .arg(&by.reason)
            .arg(millis(PLAN_KEPT_FOR));
        let word: String = self.run(&call).await?;
        Ok(match word.as_str() {
            "started" => PlanStart::Started,
            "same" => PlanStart::Same,
            "running" => PlanStart::Running,
            "finished" => PlanStart::Finished,
            "other_action" => PlanStart::OtherAction,
            _ => PlanStart::Unknown,
        })
    }

    /// Stops a plan; what was moved by then stays moved.
    pub async fn stop_plan(&self, id: JobId, by: &Intervention) -> Result<PlanStop, QueueError> {
        let mut call = self.timed(&self.shared.scripts.plan_stop);
        call.arg(id.to_string())
            .arg(&by.actor)
            .arg(&by.reason)
            .arg(millis(PLAN_KEPT_FOR));
        let word: String = self.run(&call).await?;
        Ok(match word.as_str() {
            "stopped" => PlanStop::Stopped,
            "same" => PlanStop::Same,
            "not_running" => PlanStop::NotRunning,
            _ => PlanStop::Unknown,
        })
    }

    /// The plans that run, and those whose end was not told yet.
    pub async fn running_plans(&self) -> Result<Vec<JobId>, QueueError> {
        let mut read = redis::cmd("SMEMBERS");
        read.arg(keys::key(keys::PLANS_RUNNING));
        let ids: Vec<String> = read.query_async(&mut self.connection()).await?;
        Ok(ids.iter().filter_map(|id| id.parse().ok()).collect())
    }

    /// Moves those jobs of a plan whose turn has come.
    pub async fn step_plan(&self, id: JobId) -> Result<PlanStep, QueueError> {
        let mut call = self.timed(&self.shared.scripts.plan_step);
        call.arg(id.to_string())
            .arg(STEP_JOBS)
            .arg(millis(PLAN_KEPT_FOR))
            .arg(millis(TELL_WITHIN))
            .arg(millis(self.shared.retention.finished));
        let (word, wait_ms): (String, u64) = self.run(&call).await?;
        let wait = Duration::from_millis(wait_ms);
        Ok(match word.as_str() {
            "going" => PlanStep::Going(wait),
            "tell" => PlanStep::Tell,
            "told" => PlanStep::BeingTold(wait),
            _ => PlanStep::Over,
        })
    }

    /// Notes that the end of a plan is on record.
    pub async fn end_of_plan_told(&self, id: JobId) -> Result<(), QueueError> {
        let mut remove = redis::cmd("SREM");
        remove.arg(keys::key(keys::PLANS_RUNNING)).arg(id.to_string());
        let _: u64 = remove.query_async(&mut self.connection()).await?;
        Ok(())
    }
}
