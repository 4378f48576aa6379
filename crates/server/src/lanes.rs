//! Lanes: how much waits and runs in each; pause one, resume one.

use std::collections::BTreeMap;

use axum::{Json, extract::State};
use futures::{StreamExt, TryStreamExt, stream};
use passback_producer::{PauseView, connector_name};
use passback_queue::{Lane, QueueError, Target};
use serde::Serialize;

use crate::{
    auth::Identity,
    connectors::STANDINGS_AT_ONCE,
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
};

/// A lane as the API shows it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct LaneView {
    lane: Lane,
    /// Jobs of registered connectors that are ready, but for those behind another job of the same person and course.
    ready: u64,
    /// Jobs that run.
    running: u64,
    /// Jobs that the known workers could run at once.
    slots: usize,
    pause: Option<PauseView>,
    /// Whether it is paused and nothing runs any more.
    drained: bool,
}

/// `GET /v1/lanes`
#[utoipa::path(
    get,
    path = "/v1/lanes",
    operation_id = "listLanes",
    tag = "lanes",
    summary = "How much waits and runs in each lane",
    description = "",
    responses((status = 200, description = "The lanes.", body = List<LaneView>)),
)]
pub(crate) async fn list(State(app): State<App>, parameters: Parameters) -> Result<Json<List<LaneView>>, Problem> {
    parameters.only(&[])?;
    Ok(Json(List::whole(views(&app).await?)))
}

/// `POST /v1/lanes/{lane}/pause[?dry_run=true]`
#[utoipa::path(
    post,
    path = "/v1/lanes/{lane}/pause",
    operation_id = "pauseLane",
    tag = "lanes",
    summary = "Pause a lane",
    description = "",
    params(("lane" = Lane, Path, description = "The lane."), query::DryRun),
    request_body = PauseRequest,
    responses((status = 200, description = "The lane as it now is.", body = Held<LaneView>)),
    extensions(("x-passback-codes" = json!(["not_found"]))),
)]
pub(crate) async fn pause(
    State(app): State<App>,
    PathId(lane): PathId,
    identity: Identity,
    parameters: Parameters,
    JsonBody(request): JsonBody<PauseRequest>,
) -> Result<Json<Held<LaneView>>, Problem> {
    let dry_run = dry_run(parameters)?;
    let lane = parse(&lane)?;
    let wish = Wish::pause(&app, &request).await?;
    change(&app, &identity, lane, &wish, dry_run).await
}

/// `POST /v1/lanes/{lane}/resume[?dry_run=true]`
#[utoipa::path(
    post,
    path = "/v1/lanes/{lane}/resume",
    operation_id = "resumeLane",
    tag = "lanes",
    summary = "Resume a lane",
    description = "",
    params(("lane" = Lane, Path, description = "The lane."), query::DryRun),
    request_body = ReasonRequest,
    responses((status = 200, description = "The lane as it now is.", body = Held<LaneView>)),
    extensions(("x-passback-codes" = json!(["not_found"]))),
)]
pub(crate) async fn resume(
    State(app): State<App>,
    PathId(lane): PathId,
    identity: Identity,
    parameters: Parameters,
    JsonBody(request): JsonBody<ReasonRequest>,
) -> Result<Json<Held<LaneView>>, Problem> {
    let dry_run = dry_run(parameters)?;
    let lane = parse(&lane)?;
    change(&app, &identity, lane, &Wish::resume(&request)?, dry_run).await
}

async fn change(
    app: &App,
    identity: &Identity,
    lane: Lane,
    wish: &Wish,
    dry_run: bool,
) -> Result<Json<Held<LaneView>>, Problem> {
    let changed = fulfil(app, identity, &Target::Lane(lane), wish, dry_run).await?;
    let view = views(app).await?.into_iter().find(|view| view.lane == lane);
    let view = view.ok_or_else(missing)?;
    Ok(Json(Held { changed, dry_run, view }))
}

async fn views(app: &App) -> Result<Vec<LaneView>, Problem> {
    let queue = app.queue();
    let now_ms = queue.now_ms().await?;
    let ready = ready_jobs(app).await?;
    let workers = queue.workers().await?;
    let mut views = Vec::new();
    for lane in Lane::ALL {
        let pause = queue.pause_of(&Target::Lane(lane)).await?;
        let pause = pause.and_then(|pause| PauseView::in_force(&pause, now_ms));
        let running = workers.iter().filter_map(|worker| worker.running.get(&lane)).sum();
        let infos = workers.iter().filter_map(|worker| worker.info.as_ref());
        views.push(LaneView {
            lane,
            ready: ready.get(&lane).copied().unwrap_or(0),
            running,
            slots: infos.filter_map(|info| info.concurrency.get(&lane)).sum(),
            drained: pause.is_some() && running == 0,
            pause,
        });
    }
    Ok(views)
}

/// Jobs that are ready per lane, over all connectors.
async fn ready_jobs(app: &App) -> Result<BTreeMap<Lane, u64>, Problem> {
    let connectors = app.registry().connector_views().await?;
    let standings = stream::iter(connectors)
        .map(|connector| async move { app.queue().standing(&connector_name(&connector.id)).await })
        .buffer_unordered(STANDINGS_AT_ONCE);
    let ready = standings.try_fold(BTreeMap::new(), |mut ready: BTreeMap<Lane, u64>, standing| async move {
        for (lane, found) in standing.lanes {
            *ready.entry(lane).or_default() += found.ready;
        }
        Ok::<_, QueueError>(ready)
    });
    Ok(ready.await?)
}

fn parse(text: &str) -> Result<Lane, Problem> {
    text.parse().map_err(|_| missing())
}

fn missing() -> Problem {
    not_found("lane of this name; the lanes are check, push and background")
}
