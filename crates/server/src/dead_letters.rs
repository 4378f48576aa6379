//! Dead letters: look at them, give them a new life, or end them for good.

use axum::{Json, extract::State as Shared};
use passback_producer::Code;
use passback_queue::{Discarded, JobId, Redriven, State};
use serde::{Deserialize, Serialize};

use crate::{
    auth::Identity,
    chunks::{Done, in_chunks},
    failure::not_found,
    intervention::{intervention, note},
    job_view::JobView,
    jobs,
    json::JsonBody,
    openapi::query,
    parameters::{Parameters, reason_in_body},
    path_id::PathId,
    problem::{Fault, Problem},
    state::App,
};

/// The most jobs of one call.
const MAX_IDS: usize = 1_000;
/// The most ids that one entry of the audit trail names.
const MAX_IDS_NOTED: usize = 10;

/// Which jobs, and why.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Selection {
    ids: Vec<String>,
    reason: String,
}

/// What became of each job of a selection.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = SelectionOutcome)]
pub(crate) struct Outcome {
    changed: usize,
    items: Vec<ItemOutcome>,
}

/// What became of one job.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct ItemOutcome {
    id: JobId,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'static str>,
}

impl ItemOutcome {
    fn new(id: JobId, status: &'static str, refused: Option<Code>) -> Self {
        let entry = refused.map(Code::entry);
        Self {
            id,
            status,
            code: entry.as_ref().map(|entry| entry.code),
            title: entry.as_ref().map(|entry| entry.title),
        }
    }
}

/// `GET /v1/dead-letters`
#[utoipa::path(
    get,
    path = "/v1/dead-letters",
    operation_id = "listDeadLetters",
    tag = "dead letters",
    summary = "Jobs that a person must look at",
    description = "",
    params(query::DeadLetters),
    responses((status = 200, description = "A page of dead letters.", body = crate::list::List<JobView>)),
)]
pub(crate) async fn list(
    Shared(app): Shared<App>,
    parameters: Parameters,
) -> Result<Json<crate::list::List<JobView>>, Problem> {
    let parameters = parameters.only(&["connector", "lane", "code", "limit", "cursor"])?;
    jobs::page(&app, &parameters, Some(State::Dead)).await
}

/// `GET /v1/dead-letters/{id}`
#[utoipa::path(
    get,
    path = "/v1/dead-letters/{id}",
    operation_id = "readDeadLetter",
    tag = "dead letters",
    summary = "A dead letter with its attempts",
    description = "",
    params(("id" = JobId, Path, description = "The job.")),
    responses((status = 200, description = "The dead letter.", body = JobView)),
    extensions(("x-passback-codes" = json!(["not_found"]))),
)]
pub(crate) async fn read(
    Shared(app): Shared<App>,
    PathId(id): PathId,
    parameters: Parameters,
) -> Result<Json<JobView>, Problem> {
    parameters.only(&[])?;
    let job = jobs::find(&app, &id).await?;
    if job.state == State::Dead {
        return Ok(Json(job.into()));
    }
    Err(not_found(&format!(
        "dead letter of this id; the job is {}: see /v1/jobs/{}",
        job.state, job.id
    )))
}

/// `POST /v1/dead-letters/redrive`
#[utoipa::path(
    post,
    path = "/v1/dead-letters/redrive",
    operation_id = "redriveDeadLetters",
    tag = "dead letters",
    summary = "Give dead letters a new life",
    description = "Each job has its own verdict: one that cannot be redriven never stops the others.",
    request_body = Selection,
    responses((status = 200, description = "What became of each job.", body = Outcome)),
    extensions(("x-passback-codes" = json!(["not_found"]))),
)]
pub(crate) async fn redrive(
    Shared(app): Shared<App>,
    identity: Identity,
    parameters: Parameters,
    JsonBody(selection): JsonBody<Selection>,
) -> Result<Json<Outcome>, Problem> {
    parameters.only(&[])?;
    let (ids, reason) = checked(&selection)?;
    let by = intervention(&app, &identity, &reason).await?;
    let done = in_chunks(&ids, |chunk| {
        let (queue, by) = (app.queue(), &by);
        async move { queue.redrive(&chunk, by).await }
    })
    .await;
    let done = done.map(|id, verdict| match verdict {
        Redriven::Ready => ItemOutcome::new(id, "ready", None),
        Redriven::NotDead => ItemOutcome::new(id, "not_dead", Some(Code::NotDead)),
        Redriven::Unknown => ItemOutcome::new(id, "not_found", Some(Code::NotFound)),
    });
    conclude(&app, &identity, "dead_letter.redriven", &reason, done).await
}

/// `POST /v1/dead-letters/discard`
#[utoipa::path(
    post,
    path = "/v1/dead-letters/discard",
    operation_id = "discardDeadLetters",
    tag = "dead letters",
    summary = "End dead letters for good",
    description = "",
    request_body = Selection,
    responses((status = 200, description = "What became of each job.", body = Outcome)),
    extensions(("x-passback-codes" = json!(["not_found"]))),
)]
pub(crate) async fn discard(
    Shared(app): Shared<App>,
    identity: Identity,
    parameters: Parameters,
    JsonBody(selection): JsonBody<Selection>,
) -> Result<Json<Outcome>, Problem> {
    parameters.only(&[])?;
    let (ids, reason) = checked(&selection)?;
    let by = intervention(&app, &identity, &reason).await?;
    let done = in_chunks(&ids, |chunk| {
        let (queue, by) = (app.queue(), &by);
        async move { queue.discard(&chunk, by).await }
    })
    .await;
    let done = done.map(|id, verdict| match verdict {
        Discarded::Discarded => ItemOutcome::new(id, "discarded", None),
        Discarded::Running => ItemOutcome::new(id, "running", Some(Code::JobRunning)),
        Discarded::NotDead => ItemOutcome::new(id, "not_dead", Some(Code::NotDead)),
        Discarded::Ended => ItemOutcome::new(id, "already_ended", Some(Code::AlreadyEnded)),
        Discarded::Unknown => ItemOutcome::new(id, "not_found", Some(Code::NotFound)),
    });
    conclude(&app, &identity, "dead_letter.discarded", &reason, done).await
}

/// Checks ids and reason, and says all that is wrong with them.
fn checked(selection: &Selection) -> Result<(Vec<JobId>, String), Problem> {
    let mut faults = Vec::new();
    if !(1..=MAX_IDS).contains(&selection.ids.len()) {
        let fix = format!("name 1 to {MAX_IDS} jobs");
        faults.push(Fault::at("/ids", "none, or too many", fix));
    }
    let mut ids = Vec::new();
    for (index, text) in selection.ids.iter().take(MAX_IDS).enumerate() {
        match text.parse::<JobId>() {
            Ok(id) if ids.contains(&id) => {
                faults.push(Fault::at(format!("/ids/{index}"), "given twice", "give it once"));
            }
            Ok(id) => ids.push(id),
            Err(error) => faults.push(Fault::at(format!("/ids/{index}"), "not a job id", error.to_string())),
        }
    }
    match reason_in_body(&selection.reason) {
        Ok(reason) if faults.is_empty() => return Ok((ids, reason)),
        Ok(_) => {}
        Err(fault) => faults.push(fault),
    }
    Err(Problem::invalid(faults))
}

/// Puts what was done on record and sums it up, or says after it why the rest was not done.
async fn conclude(
    app: &App,
    identity: &Identity,
    action: &str,
    reason: &str,
    done: Done<ItemOutcome>,
) -> Result<Json<Outcome>, Problem> {
    let Done { items, failed } = done;
    let changed: Vec<&ItemOutcome> = items.iter().filter(|item| item.code.is_none()).collect();
    let changed_count = changed.len();
    if changed_count > 0 {
        let named: Vec<String> = changed
            .iter()
            .take(MAX_IDS_NOTED)
            .map(|item| item.id.to_string())
            .collect();
        let target = match named.as_slice() {
            [one] => format!("job {one}"),
            _ => format!("{changed_count} jobs"),
        };
        let more = if changed_count > MAX_IDS_NOTED { " and more" } else { "" };
        let detail = format!("{}{more}", named.join(", "));
        note(app, identity, action, &target, reason, Some(detail)).await;
    }
    match failed {
        Some(error) if items.is_empty() => Err(error.into()),
        Some(error) => {
            let step = format!("{changed_count} jobs were changed before that; send the call again for the rest.");
            Err(Problem::from(error).fix(step))
        }
        None => Ok(Json(Outcome {
            changed: changed_count,
            items,
        })),
    }
}
