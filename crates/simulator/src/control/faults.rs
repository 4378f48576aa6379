//! Faults, credentials and tokens.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post, put};
use axum::{Json, Router};
use serde::Deserialize;

use crate::control::{Refusal, Tenant, accept, read};
use crate::fault::Fault;
use crate::handle::TenantHandle;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CredentialsWish {
    refused: bool,
}

pub(super) fn routes() -> Router<TenantHandle> {
    Router::new()
        .route("/faults", get(list_faults).post(add_fault).delete(clear_faults))
        .route("/credentials", put(set_credentials))
        .route("/tokens/expire", post(expire_tokens))
}

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
