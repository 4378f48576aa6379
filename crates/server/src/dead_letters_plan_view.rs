//! A plan as it is kept and as it is shown: what is in it, and how far it has come.

use std::str::FromStr;

use passback_producer::Code;
use passback_queue::{JobId, JobRecord, Plan, PlanAction, PlanState};
use serde::{Deserialize, Serialize};

use crate::{
    dead_letters_filter::DeadFilter,
    dead_letters_groups::{Group, GroupView},
    time::rfc3339,
};

/// What is kept with a plan beside its ids. It lives in Redis longer than the process that wrote it.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct About {
    pub(crate) filter: DeadFilter,
    pub(crate) limit: Option<usize>,
    /// Whether more dead letters matched than were taken.
    pub(crate) more: bool,
    pub(crate) groups: Vec<Group>,
    pub(crate) samples: Vec<Sample>,
}

/// One of a plan's dead letters, as it was when the plan was made.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Sample {
    id: JobId,
    kind: String,
    connector: String,
    #[serde(default)]
    exam_id: Option<String>,
    #[serde(default)]
    result_id: Option<String>,
    #[serde(default)]
    code: Option<String>,
    since_ms: u64,
}

impl From<&JobRecord> for Sample {
    fn from(job: &JobRecord) -> Self {
        Self {
            id: job.id,
            kind: job.kind.clone(),
            connector: job.connector.clone(),
            exam_id: job.about.clone(),
            result_id: job.result_id.clone(),
            code: job.code.clone(),
            since_ms: job.since_ms,
        }
    }
}

/// A sample as it is shown.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct SampleView {
    id: JobId,
    kind: String,
    connector: String,
    exam_id: Option<String>,
    result_id: Option<String>,
    code: Option<String>,
    title: Option<&'static str>,
    since: String,
}

impl From<Sample> for SampleView {
    fn from(sample: Sample) -> Self {
        let code = sample.code.as_deref().and_then(|code| Code::from_str(code).ok());
        Self {
            id: sample.id,
            kind: sample.kind,
            connector: sample.connector,
            exam_id: sample.exam_id,
            result_id: sample.result_id,
            title: code.map(|code| code.entry().title),
            code: sample.code,
            since: rfc3339(sample.since_ms),
        }
    }
}

/// A plan as it is shown.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct PlanView {
    id: JobId,
    state: PlanState,
    action: PlanAction,
    filter: DeadFilter,
    limit: Option<usize>,
    created_at: String,
    created_by: String,
    /// Dead letters in the plan.
    count: u64,
    /// Whether more matched than are in it; they are left for another plan.
    more: bool,
    done: u64,
    /// Those that were no dead letters any more when their turn came, or had died again.
    skipped: u64,
    left: u64,
    per_second: Option<u32>,
    started_at: Option<String>,
    by: Option<String>,
    reason: Option<String>,
    stopped_at: Option<String>,
    stopped_by: Option<String>,
    stop_reason: Option<String>,
    ended_at: Option<String>,
    groups: Vec<GroupView>,
    samples: Vec<SampleView>,
}

impl From<Plan> for PlanView {
    fn from(plan: Plan) -> Self {
        // What another version wrote otherwise is left out; how far the plan has come does not depend on it.
        let about: About = serde_json::from_str(&plan.about).unwrap_or_default();
        Self {
            id: plan.id,
            state: plan.state,
            action: plan.action,
            filter: about.filter,
            limit: about.limit,
            created_at: rfc3339(plan.made_ms),
            count: plan.count,
            more: about.more,
            done: plan.done,
            skipped: plan.skipped,
            left: plan.left(),
            created_by: plan.made_by,
            per_second: plan.per_second,
            started_at: plan.started_ms.map(rfc3339),
            by: plan.by,
            reason: plan.reason,
            stopped_at: plan.stopped_ms.map(rfc3339),
            stopped_by: plan.stopped_by,
            stop_reason: plan.stop_reason,
            ended_at: plan.ended_ms.map(rfc3339),
            groups: about.groups.into_iter().map(GroupView::from).collect(),
            samples: about.samples.into_iter().map(SampleView::from).collect(),
        }
    }
}
