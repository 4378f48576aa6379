//! What the master keys have sealed, and sealing it again with a new one.

use axum::{Json, extract::State};
use passback_producer::{KeyUsage, Resealed};
use serde::Deserialize;

use crate::{
    auth::Identity,
    intervention::note,
    json::JsonBody,
    parameters::{Parameters, reason_in_body},
    problem::{Fault, Problem},
    scan_cursor,
    state::App,
};

/// Which slice is to be sealed again, and why.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rotation {
    cursor: Option<String>,
    reason: String,
}

/// `GET /v1/secrets[?cursor=]`: one slice; the connectors' secrets are counted with the first.
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
    if cursor == 0 {
        // Once, and before anything is done: who stops half-way has rotated all the same.
        let key = format!("to key {}", app.registry().vault().current_key_id());
        note(&app, &identity, "secrets.rotated", "secrets", &reason, Some(key)).await;
    }
    Ok(Json(app.producer.reseal(cursor).await?))
}
