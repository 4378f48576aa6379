//! Erasing a person.

use axum::{Json, extract::State};
use passback_producer::{ERASURE_LOOKS, Erasure, ErasureWish};
use serde::Deserialize;

use crate::{
    auth::Identity,
    intervention::intervention,
    json::JsonBody,
    parameters::{Parameters, reason_in_body},
    problem::{Fault, Problem},
    scan_cursor,
    state::App,
};

/// Who is to be erased, and why.
#[derive(Deserialize, utoipa::ToSchema)]
#[schema(as = ErasureRequest)]
#[serde(deny_unknown_fields)]
pub(crate) struct Request {
    email: String,
    /// Needed unless nothing is to be changed.
    reason: Option<String>,
    #[serde(default)]
    dry_run: bool,
    cursor: Option<String>,
}

/// `POST /v1/erase`: up to about 100,000 jobs are looked at; `next_cursor` says where the next call goes on.
#[utoipa::path(
    post,
    path = "/v1/erase",
    operation_id = "erasePerson",
    tag = "people and secrets",
    summary = "Erase a person",
    description = "Ends the jobs that hold the address, and forgets what was learned of the person. Up to about 100,000 jobs are looked at in a call.",
    request_body = Request,
    responses((status = 200, description = "What was erased, or would be.", body = Erasure)),
)]
pub(crate) async fn erase(
    State(app): State<App>,
    identity: Identity,
    parameters: Parameters,
    JsonBody(request): JsonBody<Request>,
) -> Result<Json<Erasure>, Problem> {
    parameters.only(&[])?;
    let (cursor, reason) = checked(&request)?;
    let by = intervention(&app, &identity, &reason).await?;
    let wish = ErasureWish {
        email: &request.email,
        cursor,
        looks: ERASURE_LOOKS,
        dry_run: request.dry_run,
    };
    Ok(Json(app.producer.erase(wish, &by).await?))
}

fn checked(request: &Request) -> Result<(u64, String), Problem> {
    let cursor = scan_cursor::parse(request.cursor.as_deref());
    let cursor = cursor.ok_or_else(|| Fault::at("/cursor", scan_cursor::PROBLEM, scan_cursor::FIX));
    let reason = match request.reason.as_deref() {
        None if request.dry_run => Ok(String::new()),
        reason => reason_in_body(reason.unwrap_or_default()),
    };
    match (cursor, reason) {
        (Ok(cursor), Ok(reason)) => Ok((cursor, reason)),
        (cursor, reason) => Err(Problem::invalid(cursor.err().into_iter().chain(reason.err()).collect())),
    }
}
