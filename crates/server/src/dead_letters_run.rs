//! Starting a plan and stopping it; the work itself is the runner's.

use axum::{
    Json,
    extract::State as Shared,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use passback_producer::Code;
use passback_queue::{JobId, Plan, PlanAction, PlanStart, PlanStop};

use crate::{
    auth::Identity,
    dead_letters_plan::{find, location, missing, parse_id},
    dead_letters_plan_view::PlanView,
    intervention::{intervention, note},
    json::JsonBody,
    parameters::Parameters,
    path_id::PathId,
    pause_request::ReasonRequest,
    problem::{Fault, Problem},
    state::App,
};

/// Starts a plan, or lets a stopped one go on: 202, and where it is watched.
pub(crate) async fn start(
    app: &App,
    identity: &Identity,
    id: JobId,
    action: PlanAction,
    per_second: u32,
    reason: &str,
) -> Result<Response, Problem> {
    let by = intervention(app, identity, reason).await?;
    // Looked at before, so that nothing stands between the start and its place in the audit trail.
    let plan = find(app, id).await?;
    let started = app.queue().start_plan(id, action, per_second, &by).await?;
    let problem = match started {
        PlanStart::Started | PlanStart::Same => {
            if started == PlanStart::Started {
                let (count, left) = (plan.count, plan.left());
                let detail = format!("{}: {left} of {count} left, {per_second} per second", action.as_str());
                let target = format!("plan {id}");
                note(app, identity, "dead_letter.plan_started", &target, reason, Some(detail)).await;
                app.plan_started.notify_one();
            }
            let plan = find(app, id).await?;
            return Ok((StatusCode::ACCEPTED, location(id), Json(PlanView::from(plan))).into_response());
        }
        PlanStart::Running => Problem::new(Code::PlanRunning, "Somebody has started it before."),
        PlanStart::Finished => Problem::new(Code::PlanFinished, "There is nothing left of it to be done."),
        PlanStart::OtherAction => {
            let fix = "send it to the route of its own action, or make a new plan";
            Problem::invalid(vec![Fault::at("/plan", "a plan to do something else", fix)])
        }
        PlanStart::Unknown => missing(),
    };
    Err(problem)
}

/// `POST /v1/dead-letters/plans/{id}/stop`: what was moved by then stays moved.
#[utoipa::path(
    post,
    path = "/v1/dead-letters/plans/{id}/stop",
    operation_id = "stopPlan",
    tag = "dead letters",
    summary = "Stop a plan that runs",
    description = "What was moved by then stays moved; the plan may be started again.",
    params(("id" = JobId, Path, description = "The plan.")),
    request_body = ReasonRequest,
    responses((status = 200, description = "The plan as it stands.", body = PlanView)),
    extensions(("x-passback-codes" = json!(["not_found", "plan_not_running"]))),
)]
pub(crate) async fn stop(
    Shared(app): Shared<App>,
    PathId(id): PathId,
    identity: Identity,
    parameters: Parameters,
    JsonBody(request): JsonBody<ReasonRequest>,
) -> Result<Json<PlanView>, Problem> {
    parameters.only(&[])?;
    let reason = request.checked()?;
    let id = parse_id(&id)?;
    let by = intervention(&app, &identity, &reason).await?;
    match app.queue().stop_plan(id, &by).await? {
        PlanStop::Stopped => {
            // It is stopped, and goes on record as such, whether or not it can be read now.
            let plan = find(&app, id).await;
            let target = format!("plan {id}");
            let detail = plan.as_ref().ok().map(progress);
            note(&app, &identity, "dead_letter.plan_stopped", &target, &reason, detail).await;
            Ok(Json(plan?.into()))
        }
        PlanStop::Same => Ok(Json(find(&app, id).await?.into())),
        PlanStop::NotRunning => Err(Problem::new(Code::PlanNotRunning, "Nothing of it is under way.")),
        PlanStop::Unknown => Err(missing()),
    }
}

/// How far a plan has come, for the audit trail.
pub(crate) fn progress(plan: &Plan) -> String {
    let (action, count, left) = (plan.action.as_str(), plan.count, plan.left());
    format!(
        "{action}: {} done, {} skipped, {left} left of {count}",
        plan.done, plan.skipped
    )
}
