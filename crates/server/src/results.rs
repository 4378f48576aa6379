//! Results: hand in one, read one, list those that are not at their end.

use std::time::Duration;

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use passback_producer::{ExamResult, OpenResult, Receipt, ResultView};
use passback_queue::JobId;
use serde::Serialize;

use crate::{
    age,
    auth::Identity,
    dry_run,
    failure::not_found,
    idempotency,
    json::JsonBody,
    list::List,
    openapi::{HandedIn, query},
    parameters::Parameters,
    path_id::PathId,
    problem::{Fault, Problem},
    state::App,
};

/// The receipt of a result.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Receipt)]
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

/// `POST /v1/results[?dry_run=true]`, the id in the body or in the `Idempotency-Key` header
#[utoipa::path(
    post,
    path = "/v1/results",
    operation_id = "handInResult",
    tag = "results",
    summary = "Hand in a result",
    description = "The result_id is the idempotency key: the same content again is the same answer, other content is refused. With dry_run=true nothing is stored and the answer says what would be written; that needs the role operator.",
    params(query::DryRun),
    request_body = ExamResult,
    responses((status = 202, description = "Accepted: it is stored, and will not be lost.", body = ReceiptView), (status = 200, description = "Accepted before with the same content; or, of a dry run, what would become of it.", body = HandedIn)),
    extensions(("x-passback-codes" = json!(["unknown_exam", "result_id_taken", "role_too_low"]))),
)]
pub(crate) async fn hand_in(
    State(app): State<App>,
    identity: Identity,
    parameters: Parameters,
    headers: HeaderMap,
    JsonBody(mut result): JsonBody<ExamResult>,
) -> Result<Response, Problem> {
    let dry_run = parameters.only(&["dry_run"])?.switch("dry_run", false)?;
    result.result_id = idempotency::result_id(&headers, &result.result_id)?;
    if dry_run {
        return Ok(dry_run::preview(&app, &identity, &result).await?.into_response());
    }
    let receipt = app.producer.push(&result).await?;
    let http_status = match &receipt {
        Receipt::Accepted { .. } => StatusCode::ACCEPTED,
        Receipt::AlreadyAccepted { .. } => StatusCode::OK,
    };
    let job_id = receipt.job_id();
    let status = status_word(&receipt);
    let location = HeaderValue::from_str(&format!("/v1/results/{}", result.result_id));
    let view = ReceiptView {
        result_id: result.result_id,
        job_id,
        state: "accepted",
        status,
    };
    let mut response = (http_status, Json(view)).into_response();
    if let Ok(location) = location {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

/// `GET /v1/results?open=true[&older_than=24h|&overdue=true]`
#[utoipa::path(
    get,
    path = "/v1/results",
    operation_id = "listOpenResults",
    tag = "results",
    summary = "Results that are not at their end",
    description = "Oldest first. A page may be shorter than its limit although there is a next one.",
    params(query::OpenResults),
    responses((status = 200, description = "A page of open results.", body = List<OpenResult>)),
)]
pub(crate) async fn list(State(app): State<App>, parameters: Parameters) -> Result<Json<List<OpenResult>>, Problem> {
    let parameters = parameters.only(&["open", "older_than", "overdue", "limit", "cursor"])?;
    let refused = |name, problem, fix| Problem::invalid(vec![Fault::of_parameter(name, problem, fix)]);
    if !parameters.switch("open", false)? {
        let fix = "use open=true; other results are read one by one, or by POST /v1/reconcile";
        return Err(refused("open", "only open results are listed", fix));
    }
    let overdue = parameters.switch("overdue", false)?;
    let older_than = match parameters.text("older_than") {
        Some(_) if overdue => {
            return Err(refused(
                "overdue",
                "given beside older_than",
                "give the one or the other",
            ));
        }
        Some(text) => age::parse("older_than", text).map_err(|fault| Problem::invalid(vec![fault]))?,
        None if overdue => app.config.overdue_after,
        None => Duration::ZERO,
    };
    let limit = parameters.limit()?;
    let cursor = parameters.text("cursor");
    if cursor.is_some_and(|cursor| !is_open_cursor(cursor)) {
        return Err(refused(
            "cursor",
            "not a cursor of this list",
            "use the next_cursor of the page before",
        ));
    }
    let page = app.producer.open_results(older_than, cursor, limit).await?;
    Ok(Json(List::page(page.results, page.next)))
}

/// Whether a text can be a place in the list: a time and an id.
fn is_open_cursor(text: &str) -> bool {
    let place = text.split_once('-');
    place.is_some_and(|(ms, id)| ms.parse::<u64>().is_ok() && !id.is_empty())
}

/// `GET /v1/results/{result_id}`
#[utoipa::path(
    get,
    path = "/v1/results/{result_id}",
    operation_id = "readResult",
    tag = "results",
    summary = "A result and every step of its way",
    description = "",
    params(("result_id" = String, Path, description = "The idempotency key of the result.", pattern = "^[A-Za-z0-9._:-]{1,128}$")),
    responses((status = 200, description = "The result as it stands.", body = ResultView)),
    extensions(("x-passback-codes" = json!(["not_found"]))),
)]
pub(crate) async fn read(
    State(app): State<App>,
    PathId(result_id): PathId,
    parameters: Parameters,
) -> Result<Json<ResultView>, Problem> {
    parameters.only(&[])?;
    let view = app.producer.result(&result_id).await?;
    view.map(Json).ok_or_else(|| not_found("result of this id"))
}
