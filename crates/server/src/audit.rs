//! Who changed what, when and why.

use axum::{Json, extract::State};
use passback_registry::AuditEntry;

use crate::{list::List, parameters::Parameters, problem::Problem, state::App};

/// `GET /v1/audit[?limit=&cursor=]`: oldest first; `?recent=true` gives the last ones, newest first.
pub(crate) async fn list(State(app): State<App>, parameters: Parameters) -> Result<Json<List<AuditEntry>>, Problem> {
    let parameters = parameters.only(&["limit", "cursor", "recent"])?;
    let limit = parameters.limit()?;
    if parameters.switch("recent", false)? {
        return Ok(Json(List::whole(app.registry().recent_audit(limit).await?)));
    }
    let page = app.registry().audit(parameters.text("cursor"), limit).await?;
    Ok(Json(List::page(page.entries, page.next)))
}
