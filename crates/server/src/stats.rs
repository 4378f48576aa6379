//! How many jobs there are in each state, what ended how, and what is left to be done for too long.

use axum::{Json, extract::State};
use passback_queue::Counts;
use serde::Serialize;

use crate::{parameters::Parameters, problem::Problem, state::App};

/// The figures of the whole.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Stats {
    #[serde(flatten)]
    counts: Counts,
    /// Results accepted longer ago than `ledger.overdue_after` that are not at their end.
    overdue_results: u64,
}

/// `GET /v1/stats`
#[utoipa::path(
    get,
    path = "/v1/stats",
    operation_id = "readStats",
    tag = "watching",
    summary = "How many jobs there are in each state",
    description = "And what ended how since the beginning, and how many results are overdue.",
    responses((status = 200, description = "The figures.", body = Stats)),
)]
pub(crate) async fn read(State(app): State<App>, parameters: Parameters) -> Result<Json<Stats>, Problem> {
    parameters.only(&[])?;
    let counts = app.queue().counts().await?;
    let overdue = app.producer.overdue_results(app.config.overdue_after).await?;
    Ok(Json(Stats {
        counts,
        overdue_results: overdue.count,
    }))
}
