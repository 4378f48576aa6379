//! Jobs: look at them, ask why one does not run, end one that is not running.

use axum::{Json, extract::State as Shared};
use passback_producer::{Code, ExplanationView};
use passback_queue::{Discarded, Filter, JobId, JobRecord, Lane, State, is_dead_cursor};
use serde::{Deserialize, Serialize};

use crate::{
    auth::Identity,
    failure::not_found,
    intervention::{intervention, note},
    job_view::JobView,
    json::JsonBody,
    list::List,
    openapi::query,
    parameters::{Parameters, reason_in_body},
    path_id::PathId,
    problem::{Fault, Problem},
    state::App,
};

/// More digits than the place of an index in a cursor ever has.
const MAX_PLACE_DIGITS: usize = 9;

/// Why a job is to be ended.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CancelRequest {
    reason: String,
}

/// A job that was ended.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Cancelled {
    id: JobId,
    status: &'static str,
}

/// `GET /v1/jobs`
#[utoipa::path(
    get,
    path = "/v1/jobs",
    operation_id = "listJobs",
    tag = "jobs",
    summary = "Jobs, by their state, connector, lane and code",
    description = "A page may be shorter than its limit, or empty, although there is a next one.",
    params(query::Jobs),
    responses((status = 200, description = "A page of jobs.", body = List<JobView>)),
)]
pub(crate) async fn list(Shared(app): Shared<App>, parameters: Parameters) -> Result<Json<List<JobView>>, Problem> {
    let parameters = parameters.only(&["state", "connector", "lane", "code", "limit", "cursor"])?;
    let state = parameters.parsed::<State>("state")?;
    let fits = if state == Some(State::Dead) {
        is_dead_cursor
    } else {
        is_cursor
    };
    page(&app, &parameters, state, fits).await
}

/// `GET /v1/jobs/{id}`
#[utoipa::path(
    get,
    path = "/v1/jobs/{id}",
    operation_id = "readJob",
    tag = "jobs",
    summary = "A job with its attempts",
    description = "No payload, no e-mail. A job that has ended is kept for a week.",
    params(("id" = JobId, Path, description = "The job.")),
    responses((status = 200, description = "The job.", body = JobView)),
    extensions(("x-passback-codes" = json!(["not_found"]))),
)]
pub(crate) async fn read(
    Shared(app): Shared<App>,
    PathId(id): PathId,
    parameters: Parameters,
) -> Result<Json<JobView>, Problem> {
    parameters.only(&[])?;
    Ok(Json(find(&app, &id).await?.into()))
}

/// `GET /v1/jobs/{id}/explain`: the first thing that keeps the job from running, or how it ended.
#[utoipa::path(
    get,
    path = "/v1/jobs/{id}/explain",
    operation_id = "explainJob",
    tag = "jobs",
    summary = "Why a job is not running",
    description = "The first thing that keeps it, since when, when it is expected to pass, and who can change it.",
    params(("id" = JobId, Path, description = "The job.")),
    responses((status = 200, description = "The explanation.", body = ExplanationView)),
    extensions(("x-passback-codes" = json!(["not_found"]))),
)]
pub(crate) async fn explain(
    Shared(app): Shared<App>,
    PathId(id): PathId,
    parameters: Parameters,
) -> Result<Json<ExplanationView>, Problem> {
    parameters.only(&[])?;
    let id: JobId = id.parse().map_err(|_| missing())?;
    app.producer.explain(id).await?.map(Json).ok_or_else(missing)
}

/// `POST /v1/jobs/{id}/cancel`
#[utoipa::path(
    post,
    path = "/v1/jobs/{id}/cancel",
    operation_id = "cancelJob",
    tag = "jobs",
    summary = "End a job that is not running",
    description = "",
    params(("id" = JobId, Path, description = "The job.")),
    request_body = CancelRequest,
    responses((status = 200, description = "The job was ended.", body = Cancelled)),
    extensions(("x-passback-codes" = json!(["not_found", "job_running", "not_dead", "already_ended"]))),
)]
pub(crate) async fn cancel(
    Shared(app): Shared<App>,
    PathId(id): PathId,
    identity: Identity,
    parameters: Parameters,
    JsonBody(request): JsonBody<CancelRequest>,
) -> Result<Json<Cancelled>, Problem> {
    parameters.only(&[])?;
    let reason = reason_in_body(&request.reason).map_err(|fault| Problem::invalid(vec![fault]))?;
    let id: JobId = id.parse().map_err(|_| not_found("job of this id"))?;
    let by = intervention(&app, &identity, &reason).await?;
    let verdict = app.queue().cancel(&[id], &by).await?.into_iter().next();
    let problem = match verdict {
        Some(Discarded::Discarded) => {
            note(&app, &identity, "job.cancelled", &format!("job {id}"), &reason, None).await;
            return Ok(Json(Cancelled {
                id,
                status: "discarded",
            }));
        }
        Some(Discarded::Running) => Problem::new(Code::JobRunning, "A worker runs the job at this moment."),
        Some(Discarded::NotDead) => Problem::new(Code::NotDead, "The job is not a dead letter."),
        Some(Discarded::Ended) => Problem::new(Code::AlreadyEnded, "The job has ended before."),
        Some(Discarded::Unknown) | None => not_found("job of this id"),
    };
    Err(problem)
}

/// A page of jobs by the filters that all lists of jobs have, from behind a cursor such as this list gives out.
pub(crate) async fn page(
    app: &App,
    parameters: &Parameters,
    state: Option<State>,
    is_cursor: impl Fn(&str) -> bool,
) -> Result<Json<List<JobView>>, Problem> {
    let code = parameters.parsed::<Code>("code")?;
    let filter = Filter {
        state,
        connector: parameters.text("connector").map(str::to_owned),
        code: code.map(|code| code.as_str().to_owned()),
        lane: parameters.parsed::<Lane>("lane")?,
    };
    let cursor = parameters.text("cursor");
    if cursor.is_some_and(|text| !is_cursor(text)) {
        let fix = "use the next_cursor of the page before";
        return Err(Problem::invalid(vec![Fault::of_parameter(
            "cursor",
            "not a cursor of this list",
            fix,
        )]));
    }
    let page = app.queue().jobs(&filter, cursor, parameters.limit()?).await?;
    Ok(Json(List::page(
        page.jobs.into_iter().map(JobView::from).collect(),
        page.next,
    )))
}

/// One job, or a refusal that it is not there.
pub(crate) async fn find(app: &App, id: &str) -> Result<JobRecord, Problem> {
    let id: JobId = id.parse().map_err(|_| missing())?;
    app.queue().job(id).await?.ok_or_else(missing)
}

fn missing() -> Problem {
    not_found("job of this id, or it ended more than a week ago")
}

/// Whether a list of jobs that are not dead can have given the text out: two plain numbers that the queue can count to.
fn is_cursor(text: &str) -> bool {
    let number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    text.split_once('-').is_some_and(|(at, offset)| {
        number(at) && at.len() <= MAX_PLACE_DIGITS && number(offset) && offset.parse::<u64>().is_ok()
    })
}
