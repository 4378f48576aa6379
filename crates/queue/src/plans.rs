//! `lua/plan_make.lua`: plans, each a frozen set of dead letters that are to be redriven or discarded at a pace.

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};

use crate::{JobId, Queue, QueueError, keys, queue::millis};

/// The most jobs of one plan.
pub const MAX_PLANNED_JOBS: usize = 100_000;
/// How long a plan is kept after it was made or anything was done with it.
pub const PLAN_KEPT_FOR: Duration = Duration::from_hours(24);
/// The most plans kept at once. For one more, the one goes that was left alone longest, unless something of it is still
/// to be done: it runs, or was stopped.
const MAX_PLANS: u64 = 100;
/// How long ids wait for their plan to be made, should its maker die.
const IDS_WAIT_FOR: Duration = Duration::from_mins(10);
/// Ids stored by one command.
const CHUNK_IDS: usize = 5_000;

/// What a plan does to its jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum PlanAction {
    /// Gives them a new life.
    Redrive,
    /// Ends them for good.
    Discard,
}

impl PlanAction {
    /// The action's name in records, requests and answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Redrive => "redrive",
            Self::Discard => "discard",
        }
    }
}

/// Where a plan stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum PlanState {
    /// Nothing of it was done.
    Planned,
    /// Its jobs are moved, at its pace.
    Running,
    /// A person has stopped it; it can go on.
    Stopped,
    /// All its jobs were gone through.
    Finished,
}

impl PlanState {
    fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "planned" => Self::Planned,
            "running" => Self::Running,
            "stopped" => Self::Stopped,
            "finished" => Self::Finished,
            _ => return None,
        })
    }
}

/// A plan to be made.
#[derive(Debug, Clone)]
pub struct NewPlan {
    /// Made by the caller.
    pub id: JobId,
    /// What it does.
    pub action: PlanAction,
    /// Who makes it.
    pub made_by: String,
    /// What else is to be kept with it, as JSON; opaque to the queue.
    pub about: String,
}

/// What became of the wish for a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MadePlan {
    /// It is there.
    Made,
    /// There are as many as are kept at once, and something of each is still to be done.
    TooMany,
}

/// A plan and how far it has come. Times are milliseconds since 1970 by Redis' clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Its id.
    pub id: JobId,
    /// What it does.
    pub action: PlanAction,
    /// Where it stands.
    pub state: PlanState,
    /// Who made it.
    pub made_by: String,
    /// When.
    pub made_ms: u64,
    /// What was kept with it.
    pub about: String,
    /// Its jobs.
    pub count: u64,
    /// Those that were moved.
    pub done: u64,
    /// Those that were no dead letters any more, or have died again since.
    pub skipped: u64,
    /// Who started it last.
    pub by: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// Its pace.
    pub per_second: Option<u32>,
    /// When it was first started.
    pub started_ms: Option<u64>,
    /// When all was gone through.
    pub ended_ms: Option<u64>,
    /// When it was stopped, if it is.
    pub stopped_ms: Option<u64>,
    /// By whom.
    pub stopped_by: Option<String>,
    /// Why.
    pub stop_reason: Option<String>,
}

impl Plan {
    /// Jobs that were not gone through yet.
    pub fn left(&self) -> u64 {
        self.count.saturating_sub(self.done + self.skipped)
    }

    fn parse(id: JobId, fields: &BTreeMap<String, String>) -> Option<Self> {
        let text = |name: &str| fields.get(name).cloned();
        let number = |name: &str| fields.get(name).and_then(|text| text.parse().ok());
        let action = match fields.get("action")?.as_str() {
            "redrive" => PlanAction::Redrive,
            "discard" => PlanAction::Discard,
            _ => return None,
        };
        Some(Self {
            id,
            action,
            state: PlanState::parse(fields.get("state")?)?,
            made_by: text("made_by")?,
            made_ms: number("made_ms")?,
            about: text("about")?,
            count: number("count")?,
            done: number("done")?,
            skipped: number("skipped")?,
            by: text("by"),
            reason: text("reason"),
            per_second: fields.get("per_second").and_then(|text| text.parse().ok()),
            started_ms: number("started_ms"),
            ended_ms: number("ended_ms"),
            stopped_ms: number("stopped_ms"),
            stopped_by: text("stopped_by"),
            stop_reason: text("stop_reason"),
        })
    }
}

impl Queue {
    /// Keeps a frozen set of at most [`MAX_PLANNED_JOBS`] dead letters; nothing happens to them.
    pub async fn make_plan(&self, plan: &NewPlan, jobs: &[JobId]) -> Result<MadePlan, QueueError> {
        let mut redis = self.connection();
        let id = plan.id.to_string();
        let list = keys::key_of(keys::PLAN_IDS, &id);
        let jobs = &jobs[..jobs.len().min(MAX_PLANNED_JOBS)];
        for chunk in jobs.chunks(CHUNK_IDS) {
            let mut pipe = redis::pipe();
            pipe.cmd("RPUSH").arg(&list);
            for job in chunk {
                pipe.arg(job.to_string());
            }
            pipe.ignore();
            pipe.cmd("PEXPIRE").arg(&list).arg(millis(IDS_WAIT_FOR)).ignore();
            let () = pipe.query_async(&mut redis).await?;
        }
        let mut call = self.timed(&self.shared.scripts.plan_make);
        call.arg(&id)
            .arg(plan.action.as_str())
            .arg(&plan.made_by)
            .arg(&plan.about)
            .arg(millis(PLAN_KEPT_FOR))
            .arg(MAX_PLANS)
            .arg(jobs.len());
        let made: String = self.run(&call).await?;
        match made.as_str() {
            "made" => Ok(MadePlan::Made),
            "too_many" => {
                let _: u8 = redis::cmd("DEL").arg(&list).query_async(&mut redis).await?;
                Ok(MadePlan::TooMany)
            }
            _ => Err(QueueError::Unreadable("the ids of a plan".to_owned())),
        }
    }

    /// How long no plan can be made: until one of those that there are is through at its pace, or is kept no more. None
    /// where there is room for one now.
    pub async fn no_plan_for(&self) -> Result<Option<Duration>, QueueError> {
        let now_ms = self.now_ms().await?;
        let mut read = redis::cmd("ZRANGE");
        read.arg(keys::key(keys::PLANS)).arg(format!("({now_ms}")).arg("+inf");
        read.arg("BYSCORE").arg("LIMIT").arg(0).arg(MAX_PLANS).arg("WITHSCORES");
        let kept: Vec<(String, u64)> = read.query_async(&mut self.connection()).await?;
        if (kept.len() as u64) < MAX_PLANS {
            return Ok(None);
        }
        let mut soonest_ms = millis(PLAN_KEPT_FOR);
        for (id, until_ms) in kept {
            let Ok(id) = id.parse() else { return Ok(None) };
            let left_ms = match self.plan(id).await? {
                Some(plan) if plan.state == PlanState::Stopped => until_ms.saturating_sub(now_ms),
                Some(plan) if plan.state == PlanState::Running => {
                    plan.left().saturating_mul(1_000) / u64::from(plan.per_second.unwrap_or(1).max(1))
                }
                Some(_) | None => return Ok(None),
            };
            soonest_ms = soonest_ms.min(left_ms);
        }
        Ok(Some(Duration::from_millis(soonest_ms)))
    }

    /// One plan; none if there is none of this id, or not any more.
    pub async fn plan(&self, id: JobId) -> Result<Option<Plan>, QueueError> {
        let mut read = redis::cmd("HGETALL");
        read.arg(keys::key_of(keys::PLAN, &id.to_string()));
        let fields: BTreeMap<String, String> = read.query_async(&mut self.connection()).await?;
        if fields.is_empty() {
            return Ok(None);
        }
        let plan = Plan::parse(id, &fields);
        plan.map(Some)
            .ok_or_else(|| QueueError::Unreadable(format!("plan {id}")))
    }

    /// The plans that there are, the one that expires last first.
    pub async fn plans(&self) -> Result<Vec<Plan>, QueueError> {
        let mut read = redis::cmd("ZRANGE");
        read.arg(keys::key(keys::PLANS)).arg(0).arg(MAX_PLANS).arg("REV");
        let ids: Vec<String> = read.query_async(&mut self.connection()).await?;
        let mut plans = Vec::with_capacity(ids.len());
        for id in ids.iter().filter_map(|id| id.parse().ok()) {
            plans.extend(self.plan(id).await?);
        }
        Ok(plans)
    }
}
