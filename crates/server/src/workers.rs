//! The worker incarnations that Redis knows: list them, pause one, resume it, drain it.

use std::collections::BTreeMap;

use axum::{Json, extract::State};
use passback_producer::PauseView;
use passback_queue::{Lane, Name, Target, Worker};
use serde::Serialize;

use crate::{
    auth::Identity,
    failure::not_found,
    json::JsonBody,
    list::List,
    openapi::query,
    parameters::Parameters,
    path_id::PathId,
    pause_request::{PauseRequest, ReasonRequest},
    pausing::{Held, Wish, dry_run, fulfil},
    problem::Problem,
    state::App,
    time::rfc3339,
};

/// A worker incarnation as the API shows it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct WorkerView {
    id: String,
    host: Option<String>,
    pid: Option<u32>,
    version: Option<String>,
    started_at: Option<String>,
    last_beat_at: String,
    concurrency: BTreeMap<Lane, usize>,
    running: BTreeMap<Lane, u64>,
    pause: Option<PauseView>,
    /// Whether it is paused and runs nothing any more.
    drained: bool,
}

impl WorkerView {
    fn new(worker: Worker, pause: Option<PauseView>) -> Self {
        let info = worker.info.as_ref();
        Self {
            host: info.map(|info| info.host.clone()),
            pid: info.map(|info| info.pid),
            version: info.map(|info| info.version.clone()),
            started_at: info.map(|info| rfc3339(info.started_ms)),
            last_beat_at: rfc3339(worker.last_beat_ms),
            concurrency: info.map(|info| info.concurrency.clone()).unwrap_or_default(),
            drained: pause.is_some() && worker.running.values().all(|jobs| *jobs == 0),
            running: worker.running,
            pause,
            id: worker.id,
        }
    }
}

/// `GET /v1/workers`
#[utoipa::path(
    get,
    path = "/v1/workers",
    operation_id = "listWorkers",
    tag = "workers",
    summary = "The worker incarnations that are known",
    description = "",
    responses((status = 200, description = "The workers.", body = List<WorkerView>)),
)]
pub(crate) async fn list(State(app): State<App>, parameters: Parameters) -> Result<Json<List<WorkerView>>, Problem> {
    parameters.only(&[])?;
    let now_ms = app.queue().now_ms().await?;
    let mut views = Vec::new();
    for worker in app.queue().workers().await? {
        views.push(view(&app, worker, now_ms).await?);
    }
    Ok(Json(List::whole(views)))
}

/// `POST /v1/workers/{id}/pause[?dry_run=true]`
#[utoipa::path(
    post,
    path = "/v1/workers/{id}/pause",
    operation_id = "pauseWorker",
    tag = "workers",
    summary = "Pause a worker",
    description = "",
    params(("id" = String, Path, description = "The worker incarnation.", pattern = "^[A-Za-z0-9._:/@+-]{1,200}$"), query::DryRun),
    request_body = PauseRequest,
    responses((status = 200, description = "The worker as it now is.", body = Held<WorkerView>)),
    extensions(("x-passback-codes" = json!(["not_found"]))),
)]
pub(crate) async fn pause(
    State(app): State<App>,
    PathId(id): PathId,
    identity: Identity,
    parameters: Parameters,
    JsonBody(request): JsonBody<PauseRequest>,
) -> Result<Json<Held<WorkerView>>, Problem> {
    let dry_run = dry_run(parameters)?;
    let wish = Wish::pause(&app, &request).await?;
    change(&app, &identity, &id, &wish, dry_run).await
}

/// `POST /v1/workers/{id}/drain[?dry_run=true]`: a drained worker ends by itself.
#[utoipa::path(
    post,
    path = "/v1/workers/{id}/drain",
    operation_id = "drainWorker",
    tag = "workers",
    summary = "Have a worker end once nothing runs",
    description = "",
    params(("id" = String, Path, description = "The worker incarnation.", pattern = "^[A-Za-z0-9._:/@+-]{1,200}$"), query::DryRun),
    request_body = ReasonRequest,
    responses((status = 200, description = "The worker as it now is.", body = Held<WorkerView>)),
    extensions(("x-passback-codes" = json!(["not_found"]))),
)]
pub(crate) async fn drain(
    State(app): State<App>,
    PathId(id): PathId,
    identity: Identity,
    parameters: Parameters,
    JsonBody(request): JsonBody<ReasonRequest>,
) -> Result<Json<Held<WorkerView>>, Problem> {
    let dry_run = dry_run(parameters)?;
    change(&app, &identity, &id, &Wish::Pause(request.drain()?), dry_run).await
}

/// `POST /v1/workers/{id}/resume[?dry_run=true]`
#[utoipa::path(
    post,
    path = "/v1/workers/{id}/resume",
    operation_id = "resumeWorker",
    tag = "workers",
    summary = "Resume a worker",
    description = "",
    params(("id" = String, Path, description = "The worker incarnation.", pattern = "^[A-Za-z0-9._:/@+-]{1,200}$"), query::DryRun),
    request_body = ReasonRequest,
    responses((status = 200, description = "The worker as it now is.", body = Held<WorkerView>)),
    extensions(("x-passback-codes" = json!(["not_found"]))),
)]
pub(crate) async fn resume(
    State(app): State<App>,
    PathId(id): PathId,
    identity: Identity,
    parameters: Parameters,
    JsonBody(request): JsonBody<ReasonRequest>,
) -> Result<Json<Held<WorkerView>>, Problem> {
    let dry_run = dry_run(parameters)?;
    change(&app, &identity, &id, &Wish::resume(&request)?, dry_run).await
}

async fn change(
    app: &App,
    identity: &Identity,
    id: &str,
    wish: &Wish,
    dry_run: bool,
) -> Result<Json<Held<WorkerView>>, Problem> {
    let worker = find(app, id).await?.ok_or_else(missing)?;
    let changed = fulfil(app, identity, &target(&worker)?, wish, dry_run).await?;
    // It may have taken jobs until the pause was there.
    let worker = find(app, id).await?.unwrap_or(worker);
    let now_ms = app.queue().now_ms().await?;
    let view = view(app, worker, now_ms).await?;
    Ok(Json(Held { changed, dry_run, view }))
}

async fn find(app: &App, id: &str) -> Result<Option<Worker>, Problem> {
    let workers = app.queue().workers().await?;
    Ok(workers.into_iter().find(|worker| worker.id == id))
}

async fn view(app: &App, worker: Worker, now_ms: u64) -> Result<WorkerView, Problem> {
    let pause = app.queue().pause_of(&target(&worker)?).await?;
    let pause = pause.and_then(|pause| PauseView::in_force(&pause, now_ms));
    Ok(WorkerView::new(worker, pause))
}

fn target(worker: &Worker) -> Result<Target, Problem> {
    Name::new(&worker.id).map(Target::Worker).map_err(|_| missing())
}

fn missing() -> Problem {
    not_found("worker of this id; GET /v1/workers lists those that are known")
}
