//! A job as the API shows it: no payload, no e-mail.

use std::str::FromStr;

use passback_producer::{Actor, Code};
use passback_queue::{AttemptRecord, CallRecord, JobId, JobRecord, Lane, State};
use serde::Serialize;

use crate::time::rfc3339;

/// A job as the API shows it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct JobView {
    id: JobId,
    kind: String,
    lane: Lane,
    state: State,
    connector: String,
    exam_id: Option<String>,
    /// The event of Docebo's that it looks after.
    docebo_event: Option<String>,
    result_id: Option<String>,
    code: Option<String>,
    title: Option<&'static str>,
    explanation: Option<&'static str>,
    who_acts: Option<Actor>,
    resolution: &'static [&'static str],
    attempts: u32,
    crashes: u32,
    claims: u64,
    created_at: String,
    since: String,
    due_at: Option<String>,
    deadline_at: Option<String>,
    wake: Option<String>,
    worker: Option<String>,
    history: Vec<StepView>,
}

/// One line of a job's history.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = JobStep)]
struct StepView {
    #[serde(skip_serializing_if = "Option::is_none")]
    attempt: Option<u32>,
    #[serde(skip_serializing_if = "String::is_empty")]
    worker: String,
    started_at: String,
    duration_ms: u64,
    outcome: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'static str>,
    calls: Vec<CallRecord>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    actor: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

impl From<JobRecord> for JobView {
    fn from(job: JobRecord) -> Self {
        // A code of a newer version has no entry here; it is shown all the same.
        let entry = job
            .code
            .as_deref()
            .and_then(|code| Code::from_str(code).ok())
            .map(Code::entry);
        let of_event = job.kind.starts_with("webhook.");
        let (docebo_event, exam_id) = if of_event { (job.about, None) } else { (None, job.about) };
        Self {
            id: job.id,
            kind: job.kind,
            lane: job.lane,
            state: job.state,
            connector: job.connector,
            exam_id,
            docebo_event,
            result_id: job.result_id,
            code: job.code,
            title: entry.as_ref().map(|entry| entry.title),
            explanation: entry.as_ref().map(|entry| entry.explanation),
            who_acts: entry.as_ref().map(|entry| entry.who_acts),
            resolution: entry.as_ref().map_or(&[], |entry| entry.resolution),
            attempts: job.attempts,
            crashes: job.crashes,
            claims: job.claims,
            created_at: rfc3339(job.created_ms),
            since: rfc3339(job.since_ms),
            due_at: job.due_ms.map(rfc3339),
            deadline_at: job.deadline_ms.map(rfc3339),
            wake: job.wake,
            worker: job.worker,
            history: job.history.into_iter().map(StepView::from).collect(),
        }
    }
}

impl From<AttemptRecord> for StepView {
    fn from(step: AttemptRecord) -> Self {
        let code = (!step.code.is_empty()).then_some(step.code);
        let title = code
            .as_deref()
            .and_then(|code| Code::from_str(code).ok())
            .map(|code| code.entry().title);
        Self {
            attempt: (step.attempt > 0).then_some(step.attempt),
            worker: step.worker,
            started_at: rfc3339(step.started_ms),
            duration_ms: step.duration_ms,
            outcome: step.outcome,
            code,
            title,
            calls: step.calls,
            detail: step.detail,
            actor: step.actor,
            reason: step.reason,
        }
    }
}
