//! Is the process alive, and can it do its work?

use axum::{Json, extract::State};
use serde::Serialize;

use crate::{problem::Problem, state::App};

/// How it is.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Health {
    status: &'static str,
}

/// `GET /healthz`: the process answers.
#[utoipa::path(
    get,
    path = "/healthz",
    operation_id = "readLiveness",
    tag = "watching",
    summary = "Does the process answer?",
    description = "",
    responses((status = 200, description = "It does.", body = Health)),
)]
pub(crate) async fn alive() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// `GET /readyz`: Redis takes writes, and keeps what it is given.
#[utoipa::path(
    get,
    path = "/readyz",
    operation_id = "readReadiness",
    tag = "watching",
    summary = "Can the server do its work?",
    description = "Redis takes writes, and keeps what it is given.",
    responses((status = 200, description = "It can.", body = Health)),
    extensions(("x-passback-codes" = json!(["store_unavailable", "store_full"]))),
)]
pub(crate) async fn ready(State(app): State<App>) -> Result<Json<Health>, Problem> {
    app.readiness.of(app.queue(), app.config.allow_unsafe_redis).await?;
    Ok(Json(Health { status: "ready" }))
}
