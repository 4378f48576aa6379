//! The control endpoint under `/__simulator/`: for other processes what a handle is for this one.

mod faults;
mod people;
mod webhooks;

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::handle::TenantHandle;
use crate::state::Platform;

const PREFIX: &str = "/__simulator";

/// The largest control body that is read.
const MAX_CONTROL_BYTES: usize = 1024 * 1024;

/// A control request that was refused.
struct Refusal(StatusCode, String);

impl Refusal {
    fn wrong(detail: String) -> Self {
        Self(StatusCode::BAD_REQUEST, detail)
    }

    fn absent(what: &str) -> Self {
        Self(StatusCode::NOT_FOUND, format!("no such {what}"))
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.0, Json(json!({ "error": self.1 }))).into_response()
    }
}

/// Says whether a path is the control endpoint's.
pub(crate) fn is_control(path: &str) -> bool {
    path.strip_prefix(PREFIX)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Routes the control requests of one tenant.
pub(crate) fn router(platform: &Arc<Platform>) -> Router {
    let tenant = TenantHandle::new(Arc::clone(platform));
    let routes = Router::new()
        .route("/effects", get(async |State(tenant): Tenant| Json(tenant.effects())))
        .route("/requests", get(async |State(tenant): Tenant| Json(tenant.requests())))
        .route("/counts", get(async |State(tenant): Tenant| Json(tenant.counts())))
        .merge(faults::routes())
        .merge(people::routes())
        .merge(webhooks::routes());
    Router::new()
        .nest(PREFIX, routes)
        .fallback(async || Refusal::absent("control request"))
        .method_not_allowed_fallback(async || {
            Refusal(StatusCode::METHOD_NOT_ALLOWED, "no such control request".to_owned())
        })
        .layer(DefaultBodyLimit::max(MAX_CONTROL_BYTES))
        .with_state(tenant)
}

type Tenant = State<TenantHandle>;

fn read<T: DeserializeOwned>(body: &Bytes) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|error| Refusal::wrong(error.to_string()))
}

fn accept(complaint: Option<String>) -> Result<(), Refusal> {
    complaint.map_or(Ok(()), |detail| Err(Refusal::wrong(detail)))
}

/// Answers what was found, or that there is nothing.
fn found<T>(thing: Option<T>, what: &str) -> Result<Json<T>, Refusal> {
    thing.map(Json).ok_or_else(|| Refusal::absent(what))
}

/// Answers that it was done, or that there was nothing to do it to.
fn done(was_there: bool, what: &str) -> Result<StatusCode, Refusal> {
    if was_there {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Refusal::absent(what))
    }
}
