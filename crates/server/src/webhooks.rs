//! Docebo's webhooks in: who calls is checked, the events are kept, and only then is 200 answered.
//!
//! Docebo takes 2xx and 3xx for "delivered", waits five seconds, and sends again what was answered otherwise. So there is
//! never a redirect, 200 means that the events are in Redis, and whatever keeps them from getting there is a 5xx.

use std::{sync::Arc, time::Duration};

use axum::{
    Json,
    extract::{Request, State},
};
use passback_docebo::webhook::{WebhookError, WebhookMessage};
use passback_producer::Code;
use passback_registry::{Connector, ConnectorId, WebhookAccess};
use serde::Serialize;

use crate::{
    body::read_whole,
    client_address::ClientAddress,
    failure::not_found,
    openapi::DoceboMessage,
    parameters::Parameters,
    path_id::PathId,
    problem::Problem,
    rate_limit::{admit_connector, refusal},
    state::App,
    webhook_login::{Login, header_secret},
    webhook_strangers::Look,
};

/// How long all of it may take: Docebo gives up after five seconds, and we would not know whether it heard us.
const IN_TIME: Duration = Duration::from_millis(4_500);
/// How long the body may take of that.
const BODY_TIMEOUT_MS: u64 = 3_000;

/// How many events of a message were kept, and how many had come before.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct WebhookReceived {
    stored: usize,
    duplicates: usize,
}

/// `POST /webhooks/docebo/{connector}`
#[utoipa::path(
    post,
    path = "/webhooks/docebo/{connector}",
    operation_id = "receiveWebhook",
    tag = "webhooks",
    summary = "Where Docebo calls",
    description = "With HTTP Basic of the connector, not with a token. Answered with 200 once every event of the message is kept; one that came before counts as a duplicate. Any JSON object that names an event is taken, whatever else it holds.",
    params(("connector" = ConnectorId, Path, description = "The connector.")),
    request_body = DoceboMessage,
    responses((status = 200, description = "All events are kept.", body = WebhookReceived)),
    security(("webhook" = [])),
    extensions(("x-passback-codes" = json!(["not_found", "webhook_unauthorized", "webhook_source_refused", "invalid_request", "malformed_json", "too_large", "too_busy", "rate_limited", "store_unavailable", "store_full"]))),
)]
pub(crate) async fn receive(
    State(app): State<App>,
    PathId(connector): PathId,
    client: ClientAddress,
    parameters: Parameters,
    request: Request,
) -> Result<Json<WebhookReceived>, Problem> {
    parameters.only(&[])?;
    let received = tokio::time::timeout(IN_TIME, take_in(&app, &connector, client, request));
    received.await.unwrap_or_else(|_| {
        let detail = "The events could not be stored in time. Sending them again is safe.";
        Err(Problem::new(Code::StoreUnavailable, detail))
    })
}

async fn take_in(
    app: &App,
    connector: &str,
    client: ClientAddress,
    request: Request,
) -> Result<Json<WebhookReceived>, Problem> {
    let missing = || not_found("connector of this id that takes webhooks");
    let id: ConnectorId = connector.parse().map_err(|_| missing())?;
    let registered = look_up(app, &id).await?.ok_or_else(missing)?;
    let access = registered.webhook.as_ref().ok_or_else(missing)?;
    admit(access, client, &request).map_err(|refused| refused.told(app, &id))?;
    admit_connector(app, &id)?;
    // Only now: who has no credentials, which come with the head, holds no place while its body is waited for.
    let _place = app.webhooks.take(&id, "webhooks coming in")?;
    let body = read_whole(request.into_body(), app.config.max_webhook_body_bytes, BODY_TIMEOUT_MS).await?;
    let message = WebhookMessage::parse(&body).map_err(|error| unreadable(&id, &error))?;
    let receipt = app.producer.receive_webhook(&id, &message).await?;
    tracing::debug!(connector = %id, stored = receipt.stored, duplicates = receipt.duplicates, "a webhook came in");
    Ok(Json(WebhookReceived {
        stored: receipt.stored,
        duplicates: receipt.duplicates,
    }))
}

/// The connector; for ids that nobody registered Redis is asked seldom.
async fn look_up(app: &App, id: &ConnectorId) -> Result<Option<Arc<Connector>>, Problem> {
    let now = app.config.clock.uptime();
    match app.strangers.may_look(id, now) {
        Look::Missing => return Ok(None),
        Look::Later(wait) if !is_listed(app, id, now).await? => {
            let detail = "Too many calls for connectors that there are not come in.";
            return Err(refusal(wait, detail.to_owned()));
        }
        Look::Now | Look::Later(_) => {}
    }
    let found = app.registry().connector_cached(id).await?;
    app.strangers.note(id, found.is_some(), now);
    Ok(found)
}

/// Whether an id stands in the list of all connectors, as read a second ago at most.
async fn is_listed(app: &App, id: &ConnectorId, now: Duration) -> Result<bool, Problem> {
    if app.strangers.may_list(now) {
        app.strangers.note_all(app.registry().connector_ids().await?);
    }
    Ok(app.strangers.may_look(id, now) == Look::Now)
}

/// Why a caller is not let in.
struct Refused {
    problem: Problem,
    /// For our log only.
    why: String,
}

impl Refused {
    /// What the caller is told: beyond so many refusals a second, only that there are too many of them. Right
    /// credentials still come through, for they are compared before.
    fn told(self, app: &App, id: &ConnectorId) -> Problem {
        let now = app.config.clock.uptime();
        if let Some(count) = app.refusals.to_log(id, self.problem.code(), now) {
            tracing::warn!(connector = %id, count, why = self.why, "webhooks were refused; the reason is that of the last one");
        }
        match app.refusals.count(id, now) {
            Ok(()) => self.problem,
            Err(wait) => refusal(wait, "Too many calls with wrong credentials come in.".to_owned()),
        }
    }
}

/// Address, login and extra header must all be right; which of them was not is for our log only.
fn admit(access: &WebhookAccess, ClientAddress(address): ClientAddress, request: &Request) -> Result<(), Refused> {
    if !access.source_fits(address) {
        return Err(Refused {
            problem: Problem::new(
                Code::WebhookSourceRefused,
                "Webhooks of this connector are not taken from this address.",
            ),
            why: format!("the address {address} is not on the connector's list"),
        });
    }
    let login = Login::of(request.headers());
    let known = login.as_ref().is_some_and(|login| login.is_admitted(access));
    // Both are looked at in any case, so that the time says nothing about which one was wrong.
    let header = access.header_fits(header_secret(access, request.headers()));
    if known && header {
        return Ok(());
    }
    let given = login.is_some();
    Err(Refused {
        problem: Problem::new(
            Code::WebhookUnauthorized,
            "The credentials are not those of this connector's webhook.",
        ),
        why: format!("login given: {given}, login right: {known}, extra header right: {header}"),
    })
}

/// What cannot be read will not be readable the next time either; Docebo's list of failed webhooks shows it.
fn unreadable(connector: &ConnectorId, error: &WebhookError) -> Problem {
    tracing::warn!(%connector, %error, "a webhook cannot be read");
    let detail = format!("The body is no webhook of Docebo: {error}.");
    match error {
        WebhookError::NotJson => Problem::new(Code::MalformedJson, detail),
        WebhookError::NotAnObject | WebhookError::EventMissing => Problem::new(Code::InvalidRequest, detail),
        WebhookError::TooManyItems { .. } => Problem::new(Code::TooLarge, detail),
    }
}
