//! How many jobs there are in each state, and what ended how.

use axum::{Json, extract::State};
use passback_queue::Counts;

use crate::{parameters::Parameters, problem::Problem, state::App};

/// `GET /v1/stats`
pub(crate) async fn read(State(app): State<App>, parameters: Parameters) -> Result<Json<Counts>, Problem> {
    parameters.only(&[])?;
    Ok(Json(app.queue().counts().await?))
}
