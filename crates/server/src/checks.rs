//! Eligibility checks: ask, stay on the line, ask again.

use std::time::Duration;

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use passback_producer::{CheckRequest, CheckView, StoreError};
use passback_queue::JobId;
use serde_json::json;

use crate::{
    auth::Identity,
    failure::not_found,
    json::JsonBody,
    openapi::query,
    parameters::Parameters,
    path_id::PathId,
    problem::Problem,
    state::App,
    wait::{self, Wait},
};

/// `POST /v1/eligibility-checks[?wait=8s]`, or with `Prefer: wait=8`
#[utoipa::path(
    post,
    path = "/v1/eligibility-checks",
    operation_id = "askEligibility",
    tag = "checks",
    summary = "May this candidate sit this exam?",
    description = "The same question again, while the first is under way, gets the same check. An outage is never \"not eligible\".",
    params(query::Wait),
    request_body = CheckRequest,
    responses((status = 200, description = "The final answer.", body = CheckView), (status = 202, description = "Still under way: ask again at the address in Location.", body = CheckView, headers(("Location" = String, description = "Where the check is.")))),
    extensions(("x-passback-codes" = json!(["unknown_exam"]))),
)]
pub(crate) async fn ask(
    State(app): State<App>,
    identity: Identity,
    parameters: Parameters,
    headers: HeaderMap,
    JsonBody(request): JsonBody<CheckRequest>,
) -> Result<Response, Problem> {
    let wait = Wait::of(&parameters.only(&["wait"])?, &headers)?;
    let id = app.producer.check(&request).await?;
    let view = match wait_for(&app, &identity, id, wait.time).await {
        Ok(view) => view,
        // The check is stored whatever became of the waiting, and the caller is told where it is.
        Err(error) => {
            tracing::warn!(error = %error, check = %id, "cannot wait for the answer of a check");
            None
        }
    };
    wait.recheck(&app, &identity).await?;
    Ok(wait.confirm(match view {
        Some(view) if view.is_final() => Json(view).into_response(),
        Some(_) | None => waiting(id, &request.exam_id),
    }))
}

/// `GET /v1/eligibility-checks/{id}[?wait=8s]`, or with `Prefer: wait=8`
#[utoipa::path(
    get,
    path = "/v1/eligibility-checks/{id}",
    operation_id = "readEligibility",
    tag = "checks",
    summary = "The answer of a check",
    description = "Answers are kept for 24 hours.",
    params(("id" = JobId, Path, description = "The check."), query::Wait),
    responses((status = 200, description = "The check as it stands.", body = CheckView)),
    extensions(("x-passback-codes" = json!(["not_found"]))),
)]
pub(crate) async fn read(
    State(app): State<App>,
    PathId(id): PathId,
    identity: Identity,
    parameters: Parameters,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let wait = Wait::of(&parameters.only(&["wait"])?, &headers)?;
    let missing = || not_found("check of this id, or it was made more than a day ago");
    let id: JobId = id.parse().map_err(|_| missing())?;
    let view = match wait.time {
        Some(_) => wait_for(&app, &identity, id, wait.time).await?,
        None => app.producer.check_view(id).await?,
    };
    wait.recheck(&app, &identity).await?;
    let view = view.ok_or_else(missing)?;
    Ok(wait.confirm(Json(view).into_response()))
}

/// Waits for the answer, unless too many wait already or the server is to stop.
async fn wait_for(
    app: &App,
    identity: &Identity,
    id: JobId,
    wait: Option<Duration>,
) -> Result<Option<CheckView>, StoreError> {
    let Some(wait) = wait else { return Ok(None) };
    let Some(_place) = wait::place(app, identity) else {
        return app.producer.check_view(id).await;
    };
    tokio::select! {
        view = app.producer.wait_for_check(id, wait) => view,
        () = app.config.closing.cancelled() => app.producer.check_view(id).await,
    }
}

fn waiting(id: JobId, exam_id: &str) -> Response {
    let body = json!({"id": id, "exam_id": exam_id, "state": "waiting"});
    let mut response = (StatusCode::ACCEPTED, Json(body)).into_response();
    if let Ok(location) = HeaderValue::from_str(&format!("/v1/eligibility-checks/{id}")) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}
