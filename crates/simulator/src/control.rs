//! The control endpoint under `/__simulator/`: for other processes what a handle is for this one.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::enrollment::Enrollment;
use crate::fault::Fault;
use crate::handle::TenantHandle;
use crate::state::Platform;
use crate::world::User;

const PREFIX: &str = "/__simulator";

/// The largest control body that is read.
const MAX_CONTROL_BYTES: usize = 1024 * 1024;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CredentialsWish {
    refused: bool,
}

/// A control request that was refused.
struct Refusal(StatusCode, String);

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
        .route("/faults", get(list_faults).post(add_fault).delete(clear_faults))
        .route("/credentials", put(set_credentials))
        .route("/tokens/expire", post(expire_tokens))
        .route("/users", put(put_user))
        .route("/enrollments", put(put_enrollment))
        .route(
            "/enrollments/{course}/{user}",
            get(show_enrollment).delete(remove_enrollment),
        );
    Router::new()
        .nest(PREFIX, routes)
        .fallback(async || Refusal(StatusCode::NOT_FOUND, "no such control request".to_owned()))
        .method_not_allowed_fallback(async || {
            Refusal(StatusCode::METHOD_NOT_ALLOWED, "no such control request".to_owned())
        })
        .layer(DefaultBodyLimit::max(MAX_CONTROL_BYTES))
        .with_state(tenant)
}

type Tenant = State<TenantHandle>;

async fn list_faults(State(tenant): Tenant) -> Json<Vec<Fault>> {
    Json(tenant.faults())
}

async fn add_fault(State(tenant): Tenant, body: Bytes) -> Result<StatusCode, Refusal> {
    let fault: Fault = read(&body)?;
    accept(fault.complaint())?;
    if tenant.try_add_fault(fault) {
        Ok(StatusCode::CREATED)
    } else {
        Err(Refusal(StatusCode::CONFLICT, "there are too many faults".to_owned()))
    }
}

async fn clear_faults(State(tenant): Tenant) -> StatusCode {
    tenant.clear_faults();
    StatusCode::NO_CONTENT
}

async fn set_credentials(State(tenant): Tenant, body: Bytes) -> Result<StatusCode, Refusal> {
    let wish: CredentialsWish = read(&body)?;
    tenant.set_credentials_refused(wish.refused);
    Ok(StatusCode::NO_CONTENT)
}

async fn expire_tokens(State(tenant): Tenant) -> StatusCode {
    tenant.expire_tokens();
    StatusCode::NO_CONTENT
}

async fn put_user(State(tenant): Tenant, body: Bytes) -> Result<StatusCode, Refusal> {
    tenant.put_user(read::<User>(&body)?);
    Ok(StatusCode::NO_CONTENT)
}

async fn put_enrollment(State(tenant): Tenant, body: Bytes) -> Result<StatusCode, Refusal> {
    let enrollment: Enrollment = read(&body)?;
    accept(enrollment.complaint())?;
    tenant.put_enrollment(enrollment);
    Ok(StatusCode::NO_CONTENT)
}

async fn show_enrollment(
    State(tenant): Tenant,
    Path((course_id, user_id)): Path<(u64, u64)>,
) -> Result<Json<Enrollment>, Refusal> {
    tenant
        .enrollment(course_id, user_id)
        .map(Json)
        .ok_or_else(no_enrollment)
}

async fn remove_enrollment(
    State(tenant): Tenant,
    Path((course_id, user_id)): Path<(u64, u64)>,
) -> Result<Json<Enrollment>, Refusal> {
    tenant
        .remove_enrollment(course_id, user_id)
        .map(Json)
        .ok_or_else(no_enrollment)
}

fn no_enrollment() -> Refusal {
    Refusal(StatusCode::NOT_FOUND, "no such enrollment".to_owned())
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|error| Refusal(StatusCode::BAD_REQUEST, error.to_string()))
}

fn accept(complaint: Option<String>) -> Result<(), Refusal> {
    match complaint {
        None => Ok(()),
        Some(detail) => Err(Refusal(StatusCode::BAD_REQUEST, detail)),
    }
}
