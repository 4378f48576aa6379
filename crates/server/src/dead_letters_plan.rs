//! Plans: a set of dead letters, frozen, before anything is done to them.

use std::time::Duration;

use axum::{
    Json,
    extract::State as Shared,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use passback_producer::Code;
use passback_queue::{JobId, MAX_PLANNED_JOBS, MadePlan, NewPlan, Plan, PlanAction, PlanState};
use serde::Deserialize;
use tokio::time::Instant;

use crate::{
    auth::Identity,
    dead_letters_filter::{DeadFilter, ReadyFilter},
    dead_letters_groups::{MAX_LOOKED_AT, Tally},
    dead_letters_plan_view::{About, PlanView, Sample},
    dead_letters_walk::{Walk, permit},
    failure::not_found,
    json::JsonBody,
    json_object,
    list::List,
    openapi::query,
    parameters::Parameters,
    path_id::PathId,
    problem::{Fault, Problem},
    state::App,
    wait::{self, Wait},
};

/// The most groups and samples that are kept with a plan.
const MAX_GROUPS_KEPT: usize = 100;
const MAX_SAMPLES: usize = 5;
/// How often a plan is looked at for somebody who waits for its end.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// What is to be planned.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlanRequest {
    #[serde(deserialize_with = "json_object::deserialize")]
    filter: DeadFilter,
    action: PlanAction,
    #[serde(default, deserialize_with = "passback_registry::whole_number::deserialize")]
    limit: Option<usize>,
}

impl PlanRequest {
    fn checked(&self) -> Result<ReadyFilter, Problem> {
        let mut faults = Vec::new();
        if self.limit.is_some_and(|limit| !(1..=MAX_PLANNED_JOBS).contains(&limit)) {
            let fix = format!("use a whole number from 1 to {MAX_PLANNED_JOBS}, or leave it out");
            faults.push(Fault::at("/limit", "not a number of jobs", fix));
        }
        match self.filter.checked() {
            Ok(filter) if faults.is_empty() => return Ok(filter),
            Ok(_) => {}
            Err(more) => faults.extend(more),
        }
        Err(Problem::invalid(faults))
    }
}

/// `POST /v1/dead-letters/plan`: nothing is changed yet.
#[utoipa::path(
    post,
    path = "/v1/dead-letters/plan",
    operation_id = "planDeadLetters",
    tag = "dead letters",
    summary = "Freeze a set of dead letters, to do something to them later",
    description = "Nothing is changed yet: the answer says what the plan holds. A plan is kept for a day after the last thing that was done with it. A hundred are kept; for one more, the oldest goes that is finished or was never started.",
    request_body = PlanRequest,
    responses((status = 201, description = "The plan.", body = PlanView, headers(("Location" = String, description = "Where the plan is.")))),
    extensions(("x-passback-codes" = json!(["too_busy"]))),
)]
pub(crate) async fn make(
    Shared(app): Shared<App>,
    identity: Identity,
    parameters: Parameters,
    JsonBody(request): JsonBody<PlanRequest>,
) -> Result<Response, Problem> {
    parameters.only(&[])?;
    let filter = request.checked()?;
    let _permit = permit(&app, &identity)?;
    // Before all dead letters are gone through for nothing.
    if let Some(wait) = app.queue().no_plan_for().await? {
        return Err(no_room(wait));
    }
    let most = request.limit.unwrap_or(MAX_PLANNED_JOBS);
    let mut walk = Walk::begin(app.queue(), filter, MAX_LOOKED_AT).await?;
    let (mut ids, mut tally, mut samples, mut more) = (Vec::new(), Tally::default(), Vec::new(), false);
    while let Some(jobs) = walk.next().await? {
        more = more || ids.len() + jobs.len() > most;
        for job in jobs.iter().take(most - ids.len()) {
            ids.push(job.id);
            tally.add(job);
            if samples.len() < MAX_SAMPLES {
                samples.push(Sample::from(job));
            }
        }
        if more {
            break;
        }
    }
    let mut groups = tally.groups();
    groups.truncate(MAX_GROUPS_KEPT);
    let about = About {
        more: more || !walk.is_whole(),
        filter: request.filter,
        limit: request.limit,
        groups,
        samples,
    };
    let id = store(&app, &identity, request.action, &about, &ids).await?;
    let plan = find(&app, id).await?;
    Ok((StatusCode::CREATED, location(id), Json(PlanView::from(plan))).into_response())
}

async fn store(
    app: &App,
    identity: &Identity,
    action: PlanAction,
    about: &About,
    ids: &[JobId],
) -> Result<JobId, Problem> {
    let id = JobId::generate();
    let plan = NewPlan {
        id,
        action,
        made_by: identity.name.clone(),
        // Plain structs of texts and numbers always serialise; a plan without its words still says what it does.
        about: serde_json::to_string(about).unwrap_or_else(|_| "{}".to_owned()),
    };
    match app.queue().make_plan(&plan, ids).await? {
        MadePlan::Made => Ok(id),
        // Others were faster, or started what could have given way.
        MadePlan::TooMany => Err(no_room(app.queue().no_plan_for().await?.unwrap_or_default())),
    }
}

fn no_room(wait: Duration) -> Problem {
    let detail =
        "As many plans as are kept run or are stopped. Each goes when it is finished, or a day after its stop.";
    Problem::new(Code::TooBusy, detail)
        .fix("Let the plans that are stopped go on, or wait for those that run: GET /v1/dead-letters/plans.")
        .retry_after(wait.as_secs().saturating_add(1))
}

/// `GET /v1/dead-letters/plans`
#[utoipa::path(
    get,
    path = "/v1/dead-letters/plans",
    operation_id = "listPlans",
    tag = "dead letters",
    summary = "Every plan that is kept",
    description = "",
    responses((status = 200, description = "The plans.", body = List<PlanView>)),
)]
pub(crate) async fn list(Shared(app): Shared<App>, parameters: Parameters) -> Result<Json<List<PlanView>>, Problem> {
    parameters.only(&[])?;
    let plans = app.queue().plans().await?;
    Ok(Json(List::whole(plans.into_iter().map(PlanView::from).collect())))
}

/// `GET /v1/dead-letters/plans/{id}[?wait=8s]`: with a wait, the answer comes when the plan does not run any more, or
/// when the wait is over.
#[utoipa::path(
    get,
    path = "/v1/dead-letters/plans/{id}",
    operation_id = "readPlan",
    tag = "dead letters",
    summary = "A plan, and how far it has come",
    description = "With a wait the answer comes when the plan does not run any more, or when the wait is over.",
    params(("id" = JobId, Path, description = "The plan."), query::Wait),
    responses((status = 200, description = "The plan as it stands.", body = PlanView)),
    extensions(("x-passback-codes" = json!(["not_found"]))),
)]
pub(crate) async fn read(
    Shared(app): Shared<App>,
    PathId(id): PathId,
    identity: Identity,
    parameters: Parameters,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let wait = Wait::of(&parameters.only(&["wait"])?, &headers)?;
    let id = parse_id(&id)?;
    let mut plan = find(&app, id).await?;
    let answer = |plan: Plan| Json(PlanView::from(plan)).into_response();
    let Some(time) = wait.time else {
        return Ok(answer(plan));
    };
    let until = Instant::now() + time;
    // Where too many wait already, the answer comes at once.
    let place = wait::place(&app, &identity);
    while plan.state == PlanState::Running && place.is_some() && Instant::now() < until {
        tokio::select! {
            () = tokio::time::sleep_until(until.min(Instant::now() + LOOK_EVERY)) => {}
            () = app.config.closing.cancelled() => break,
        }
        plan = find(&app, id).await?;
    }
    wait.recheck(&app, &identity).await?;
    Ok(wait.confirm(answer(plan)))
}

/// One plan, or a refusal that it is not there.
pub(crate) async fn find(app: &App, id: JobId) -> Result<Plan, Problem> {
    app.queue().plan(id).await?.ok_or_else(missing)
}

pub(crate) fn parse_id(text: &str) -> Result<JobId, Problem> {
    text.parse().map_err(|_| missing())
}

pub(crate) fn missing() -> Problem {
    not_found("plan of this id, or nothing was done with it for a day")
}

/// The header that says where a plan is watched.
pub(crate) fn location(id: JobId) -> [(header::HeaderName, HeaderValue); 1] {
    let path = HeaderValue::from_str(&format!("/v1/dead-letters/plans/{id}"));
    // An id is letters and digits, which every header takes.
    [(
        header::LOCATION,
        path.unwrap_or(HeaderValue::from_static("/v1/dead-letters/plans")),
    )]
}
