//! The webhook target, what was sent, and waiting until all is.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::routing::{get, post, put};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::Value;

use crate::control::{Refusal, Tenant, done, read};
use crate::handle::TenantHandle;
use crate::webhook::{WebhookCounts, WebhookSent, WebhookTarget};

/// The longest that a request waits for all webhooks to be sent.
const MAX_WAIT_MS: u64 = 60_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Emission {
    event: String,
    payload: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Resend {
    message_id: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Patience {
    #[serde(default)]
    wait_ms: u64,
}

pub(super) fn routes() -> Router<TenantHandle> {
    Router::new()
        .route("/webhook", put(set_target).delete(clear_target))
        .route("/webhooks", get(list))
        .route("/webhooks/counts", get(counts))
        .route("/webhooks/emit", post(emit))
        .route("/webhooks/resend", post(resend))
        .route("/webhooks/settle", post(settle))
}

async fn set_target(State(tenant): Tenant, body: Bytes) -> Result<StatusCode, Refusal> {
    let target: WebhookTarget = read(&body)?;
    let set = tenant.set_webhook(target);
    set.map_err(|error| Refusal::wrong(error.to_string()))?;
    Ok(StatusCode::NO_CONTENT)
}

async fn clear_target(State(tenant): Tenant) -> StatusCode {
    tenant.clear_webhook();
    StatusCode::NO_CONTENT
}

async fn list(State(tenant): Tenant) -> Json<Vec<WebhookSent>> {
    Json(tenant.webhooks())
}

async fn counts(State(tenant): Tenant) -> Json<WebhookCounts> {
    Json(tenant.webhook_counts())
}

async fn emit(State(tenant): Tenant, body: Bytes) -> Result<StatusCode, Refusal> {
    let Emission { event, payload } = read(&body)?;
    done(
        tenant.emit(&event, payload),
        "webhook target, or too much is waiting for it",
    )
}

async fn resend(State(tenant): Tenant, body: Bytes) -> Result<StatusCode, Refusal> {
    let Resend { message_id } = read(&body)?;
    done(tenant.resend_webhook(&message_id), "message, or no webhook target")
}

/// Lets go what is held and waits; 202 says that some still wait.
async fn settle(
    State(tenant): Tenant,
    patience: Result<Query<Patience>, axum::extract::rejection::QueryRejection>,
) -> Result<(StatusCode, Json<WebhookCounts>), Refusal> {
    let Query(patience) = patience.map_err(|error| Refusal::wrong(error.body_text()))?;
    let wait = Duration::from_millis(patience.wait_ms.min(MAX_WAIT_MS));
    let settled = tokio::time::timeout(wait, tenant.webhooks_settled()).await;
    Ok(match settled {
        Ok(counts) => (StatusCode::OK, Json(counts)),
        Err(_) => (StatusCode::ACCEPTED, Json(tenant.webhook_counts())),
    })
}
