//! What the master keys have sealed, and sealing it again with a new one.

use axum::{Json, extract::State};
use passback_producer::{KeyUsage, Resealed};
use serde::Deserialize;

use crate::{
    auth::Identity,
    intervention::note,
    json::JsonBody,
    openapi::query,
    parameters::{Parameters, reason_in_body},
    problem::{Fault, Problem},
    scan_cursor,
    state::App,
};

/// Which slice is to be sealed again, and why.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[schema(as = RotationRequest)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rotation {
    cursor: Option<String>,
    reason: String,
}

/// `GET /v1/secrets[?cursor=]`: one slice; the connectors' secrets are counted with the first.
#[utoipa::path(
    get,
    path = "/v1/secrets",
    operation_id = "listSecrets",
    tag = "people and secrets",
    summary = "What each master key has sealed",
    description = "One slice of all jobs at a time; the connectors' secrets are counted with the first.",
    params(query::Slice),
    responses((status = 200, description = "What the keys have sealed, as far as this slice shows it.", body = KeyUsage)),
)]
pub(crate) async fn list(State(app): State<App>, parameters: Parameters) -> Result<Json<KeyUsage>, Problem> {
    let parameters = parameters.only(&["cursor"])?;
    let cursor = scan_cursor::parse(parameters.text("cursor"));
    let cursor = cursor.ok_or_else(|| {
        Problem::invalid(vec![Fault::of_parameter(
            "cursor",
            scan_cursor::PROBLEM,
            scan_cursor::FIX,
        )])
    })?;
    Ok(Json(app.producer.key_usage(cursor).await?))
}

/// `POST /v1/secrets/rotate`: one slice; the connectors' secrets are done with the first.
#[utoipa::path(
    post,
    path = "/v1/secrets/rotate",
    operation_id = "rotateSecrets",
    tag = "people and secrets",
    summary = "Seal with the current master key what older ones sealed",
    description = "One slice at a time; may end at any point and be begun again.",
    request_body = Rotation,
    responses((status = 200, description = "What was sealed again in this slice.", body = Resealed)),
)]
pub(crate) async fn rotate(
    State(app): State<App>,
    identity: Identity,
    parameters: Parameters,
    JsonBody(rotation): JsonBody<Rotation>,
) -> Result<Json<Resealed>, Problem> {
    parameters.only(&[])?;
    let cursor = scan_cursor::parse(rotation.cursor.as_deref());
    let cursor = cursor.ok_or_else(|| Fault::at("/cursor", scan_cursor::PROBLEM, scan_cursor::FIX));
    let (cursor, reason) = match (cursor, reason_in_body(&rotation.reason)) {
        (Ok(cursor), Ok(reason)) => (cursor, reason),
        (cursor, reason) => {
            return Err(Problem::invalid(cursor.err().into_iter().chain(reason.err()).collect()));
        }
    };
    // Before anything is done: who stops half-way has rotated all the same, and nobody begins in the middle unseen.
    let part = if cursor == 0 { "" } else { ", continued" };
    let key = format!("to key {}{part}", app.registry().vault().current_key_id());
    note(&app, &identity, "secrets.rotated", "secrets", &reason, Some(key)).await;
    Ok(Json(app.producer.reseal(cursor).await?))
}
