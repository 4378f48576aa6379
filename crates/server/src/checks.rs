//! Eligibility checks: ask, stay on the line, ask again.

use std::time::Duration;

use axum::{
    Json,
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use passback_producer::{CheckRequest, CheckView, StoreError};
use passback_queue::JobId;
use serde_json::json;

use crate::{
    failure::not_found, json::JsonBody, parameters::Parameters, path_id::PathId, problem::Problem, state::App, wait,
};

/// `POST /v1/eligibility-checks[?wait=8s]`
pub(crate) async fn ask(
    State(app): State<App>,
    parameters: Parameters,
    JsonBody(request): JsonBody<CheckRequest>,
) -> Result<Response, Problem> {
    let wait = wait_of(parameters)?;
    let id = app.producer.check(&request).await?;
    let view = match wait_for(&app, id, wait).await {
        Ok(view) => view,
        // The check is stored whatever became of the waiting, and the caller is told where it is.
        Err(error) => {
            tracing::warn!(error = %error, check = %id, "cannot wait for the answer of a check");
            None
        }
    };
    Ok(match view {
        Some(view) if view.is_final() => Json(view).into_response(),
        Some(_) | None => waiting(id, &request.exam_id),
    })
}

/// `GET /v1/eligibility-checks/{id}[?wait=8s]`
pub(crate) async fn read(
    State(app): State<App>,
    PathId(id): PathId,
    parameters: Parameters,
) -> Result<Json<CheckView>, Problem> {
    let wait = wait_of(parameters)?;
    let missing = || not_found("check of this id, or it was made more than a day ago");
    let id: JobId = id.parse().map_err(|_| missing())?;
    let view = match wait {
        Some(_) => wait_for(&app, id, wait).await?,
        None => app.producer.check_view(id).await?,
    };
    view.map(Json).ok_or_else(missing)
}

fn wait_of(parameters: Parameters) -> Result<Option<Duration>, Problem> {
    let parameters = parameters.only(&["wait"])?;
    parameters
        .text("wait")
        .map(wait::parse)
        .transpose()
        .map_err(|fault| Problem::invalid(vec![fault]))
}

/// Waits for the answer, unless too many wait already or the server is to stop.
async fn wait_for(app: &App, id: JobId, wait: Option<Duration>) -> Result<Option<CheckView>, StoreError> {
    let Some(wait) = wait else { return Ok(None) };
    let Ok(_permit) = app.waiters.try_acquire() else {
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
