//! How many jobs there are in each state, what ended how, and what is left to be done for too long.

use axum::{Json, extract::State};
use passback_queue::Counts;
use serde::Serialize;

use crate::{parameters::Parameters, problem::Problem, state::App};

/// The figures of the whole.
#[derive(Debug, Serialize)]
pub(crate) struct Stats {
    #[serde(flatten)]
    counts: Counts,
    /// Results accepted longer ago than `ledger.overdue_after` that are not at their end.
    overdue_results: u64,
}

/// `GET /v1/stats`
pub(crate) async fn read(State(app): State<App>, parameters: Parameters) -> Result<Json<Stats>, Problem> {
    parameters.only(&[])?;
    let counts = app.queue().counts().await?;
    let overdue = app.producer.overdue_results(app.config.overdue_after).await?;
    Ok(Json(Stats {
        counts,
        overdue_results: overdue.count,
    }))
}
