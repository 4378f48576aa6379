//! Is the process alive, and can it do its work?

use axum::{Json, extract::State};
use serde_json::{Value, json};

use crate::{problem::Problem, state::App};

/// `GET /healthz`: the process answers.
pub(crate) async fn alive() -> Json<Value> {
    Json(json!({"status": "ok"}))
}

/// `GET /readyz`: Redis takes writes, and keeps what it is given.
pub(crate) async fn ready(State(app): State<App>) -> Result<Json<Value>, Problem> {
    app.readiness.of(app.queue(), app.config.allow_unsafe_redis).await?;
    Ok(Json(json!({"status": "ready"})))
}
