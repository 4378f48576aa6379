//! Results: hand in one, read one.

use axum::{Json, extract::State, http::StatusCode};
use passback_producer::{ExamResult, Receipt, ResultView};
use passback_queue::JobId;
use serde::Serialize;

use crate::{
    failure::not_found, json::JsonBody, parameters::Parameters, path_id::PathId, problem::Problem, state::App,
};

/// The receipt of a result.
#[derive(Debug, Serialize)]
pub(crate) struct ReceiptView {
    result_id: String,
    job_id: JobId,
    state: &'static str,
    status: &'static str,
}

/// What the receipt says of a result: new, or here before.
pub(crate) fn status_word(receipt: &Receipt) -> &'static str {
    match receipt {
        Receipt::Accepted { .. } => "accepted",
        Receipt::AlreadyAccepted { .. } => "already_accepted",
    }
}

/// `POST /v1/results`
pub(crate) async fn hand_in(
    State(app): State<App>,
    parameters: Parameters,
    JsonBody(result): JsonBody<ExamResult>,
) -> Result<(StatusCode, Json<ReceiptView>), Problem> {
    parameters.only(&[])?;
    let receipt = app.producer.push(&result).await?;
    let http_status = match &receipt {
        Receipt::Accepted { .. } => StatusCode::ACCEPTED,
        Receipt::AlreadyAccepted { .. } => StatusCode::OK,
    };
    let job_id = receipt.job_id();
    let status = status_word(&receipt);
    Ok((
        http_status,
        Json(ReceiptView {
            result_id: result.result_id,
            job_id,
            state: "accepted",
            status,
        }),
    ))
}

/// `GET /v1/results/{result_id}`
pub(crate) async fn read(
    State(app): State<App>,
    PathId(result_id): PathId,
    parameters: Parameters,
) -> Result<Json<ResultView>, Problem> {
    parameters.only(&[])?;
    let view = app.producer.result(&result_id).await?;
    view.map(Json).ok_or_else(|| not_found("result of this id"))
}
