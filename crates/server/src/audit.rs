//! Who changed what, when and why.

use axum::{Json, extract::State};
use passback_registry::AuditEntry;

use crate::{list::List, openapi::query, parameters::Parameters, problem::Problem, state::App};

/// `GET /v1/audit[?limit=&cursor=]`: oldest first; `?recent=true` gives the last ones, newest first.
#[utoipa::path(
    get,
    path = "/v1/audit",
    operation_id = "listAudit",
    tag = "watching",
    summary = "Who changed what, when and why",
    description = "Oldest first; recent=true gives the last entries, newest first.",
    params(query::Audit),
    responses((status = 200, description = "A page of the audit trail.", body = List<AuditEntry>)),
)]
pub(crate) async fn list(State(app): State<App>, parameters: Parameters) -> Result<Json<List<AuditEntry>>, Problem> {
    let parameters = parameters.only(&["limit", "cursor", "recent"])?;
    let limit = parameters.limit()?;
    if parameters.switch("recent", false)? {
        return Ok(Json(List::whole(app.registry().recent_audit(limit).await?)));
    }
    let page = app.registry().audit(parameters.text("cursor"), limit).await?;
    Ok(Json(List::page(page.entries, page.next)))
}
