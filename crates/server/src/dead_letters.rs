//! Dead letters: look at them, give them a new life, or end them for good.

use axum::{
    Json,
    extract::State as Shared,
    response::{IntoResponse, Response},
};
use passback_producer::Code;
use passback_queue::{Discarded, JobId, PlanAction, Redriven, State, is_dead_cursor};
use serde::Serialize;

use crate::{
    auth::Identity,
    chunks::{Done, in_chunks},
    dead_letters_plan_view::PlanView,
    dead_letters_run,
    dead_letters_selection::{Chosen, Selection},
    failure::not_found,
    intervention::{intervention, note},
    job_view::JobView,
    jobs,
    json::JsonBody,
    openapi::query,
    parameters::Parameters,
    path_id::PathId,
    problem::Problem,
    state::App,
};

/// The most ids that one entry of the audit trail names.
const MAX_IDS_NOTED: usize = 10;

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
    description = "Oldest first. Whoever repairs a page and reads on with its next_cursor leaves none out. A page may be shorter than its limit, or empty, although there is a next one.",
    params(query::DeadLetters),
    responses((status = 200, description = "A page of dead letters.", body = crate::list::List<JobView>)),
)]
pub(crate) async fn list(
    Shared(app): Shared<App>,
    parameters: Parameters,
) -> Result<Json<crate::list::List<JobView>>, Problem> {
    let parameters = parameters.only(&["connector", "lane", "code", "limit", "cursor"])?;
    jobs::page(&app, &parameters, Some(State::Dead), is_dead_cursor).await
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

/// `POST /v1/dead-letters/redrive`: some jobs now, or a plan from now on.
#[utoipa::path(
    post,
    path = "/v1/dead-letters/redrive",
    operation_id = "redriveDeadLetters",
    tag = "dead letters",
    summary = "Give dead letters a new life",
    description = "Some jobs now (`ids`), or a plan from now on (`plan`, at `per_second` jobs a second). Each job has its own verdict: one that cannot be redriven never stops the others.",
    request_body = Selection,
    responses((status = 200, description = "What became of each job.", body = Outcome), (status = 202, description = "The plan runs from now on.", body = PlanView, headers(("Location" = String, description = "Where it is watched.")))),
    extensions(("x-passback-codes" = json!(["not_found", "plan_running", "plan_finished"]))),
)]
pub(crate) async fn redrive(
    Shared(app): Shared<App>,
    identity: Identity,
    parameters: Parameters,
    JsonBody(selection): JsonBody<Selection>,
) -> Result<Response, Problem> {
    parameters.only(&[])?;
    let (chosen, reason) = selection.checked()?;
    match chosen {
        Chosen::Jobs(ids) => Ok(redrive_jobs(&app, &identity, &ids, &reason).await?.into_response()),
        Chosen::Plan { id, per_second } => {
            dead_letters_run::start(&app, &identity, id, PlanAction::Redrive, per_second, &reason).await
        }
    }
}

async fn redrive_jobs(app: &App, identity: &Identity, ids: &[JobId], reason: &str) -> Result<Json<Outcome>, Problem> {
    let by = intervention(app, identity, reason).await?;
    let done = in_chunks(ids, |chunk| {
        let (queue, by) = (app.queue(), &by);
        async move { queue.redrive(&chunk, by).await }
    })
    .await;
    let done = done.map(|id, verdict| match verdict {
        Redriven::Ready => ItemOutcome::new(id, "ready", None),
        Redriven::NotDead => ItemOutcome::new(id, "not_dead", Some(Code::NotDead)),
        Redriven::Unknown => ItemOutcome::new(id, "not_found", Some(Code::NotFound)),
    });
    conclude(app, identity, "dead_letter.redriven", reason, done).await
}

/// `POST /v1/dead-letters/discard`: some jobs now, or a plan from now on.
#[utoipa::path(
    post,
    path = "/v1/dead-letters/discard",
    operation_id = "discardDeadLetters",
    tag = "dead letters",
    summary = "End dead letters for good",
    description = "Some jobs now (`ids`), or a plan from now on (`plan`, at `per_second` jobs a second).",
    request_body = Selection,
    responses((status = 200, description = "What became of each job.", body = Outcome), (status = 202, description = "The plan runs from now on.", body = PlanView, headers(("Location" = String, description = "Where it is watched.")))),
    extensions(("x-passback-codes" = json!(["not_found", "plan_running", "plan_finished"]))),
)]
pub(crate) async fn discard(
    Shared(app): Shared<App>,
    identity: Identity,
    parameters: Parameters,
    JsonBody(selection): JsonBody<Selection>,
) -> Result<Response, Problem> {
    parameters.only(&[])?;
    let (chosen, reason) = selection.checked()?;
    match chosen {
        Chosen::Jobs(ids) => Ok(discard_jobs(&app, &identity, &ids, &reason).await?.into_response()),
        Chosen::Plan { id, per_second } => {
            dead_letters_run::start(&app, &identity, id, PlanAction::Discard, per_second, &reason).await
        }
    }
}

async fn discard_jobs(app: &App, identity: &Identity, ids: &[JobId], reason: &str) -> Result<Json<Outcome>, Problem> {
    let by = intervention(app, identity, reason).await?;
    let done = in_chunks(ids, |chunk| {
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
    conclude(app, identity, "dead_letter.discarded", reason, done).await
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
