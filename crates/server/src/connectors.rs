//! Connectors: list, show, store, try out, pause, resume, remove.

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use futures::{StreamExt, TryStreamExt, stream};
use passback_producer::{Code, StandingView, StoreError, Validation, connector_name};
use passback_queue::Target;
use passback_registry::{ApplyFile, Connector, ConnectorId, ConnectorInput, ConnectorView, Removal, Stamp};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;

use crate::{
    auth::Identity,
    entry_plan::{Planned, apply, plan},
    etag::{Conditions, refused, tagged},
    failure::not_found,
    json::JsonBody,
    list::{List, id_cursor, page_by_id},
    openapi::query,
    parameters::Parameters,
    path_id::PathId,
    pause_request::{PauseRequest, ReasonRequest},
    pausing::{Held, Wish, dry_run, fulfil},
    problem::{Fault, Problem},
    state::App,
};

/// The most connectors on one page: each of them is asked after in Redis.
const MAX_PAGE_CONNECTORS: usize = 200;
/// Standings asked for at the same time.
pub(crate) const STANDINGS_AT_ONCE: usize = 16;

/// A connector and how it stands.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ConnectorState {
    #[serde(flatten)]
    connector: ConnectorView,
    #[serde(flatten)]
    standing: StandingView,
}

/// What storing a connector did, or would do.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = StoredConnector)]
pub(crate) struct Stored {
    id: ConnectorId,
    dry_run: bool,
    #[serde(flatten)]
    planned: Planned,
    validation: Option<Validation>,
    released_jobs: u64,
}

/// `GET /v1/connectors[?limit=&cursor=]`: sorted by id.
#[utoipa::path(
    get,
    path = "/v1/connectors",
    operation_id = "listConnectors",
    tag = "connectors",
    summary = "Connectors and how they stand",
    description = "Sorted by id; at most 200 on a page.",
    params(query::Connectors),
    responses((status = 200, description = "A page of connectors.", body = List<ConnectorState>)),
)]
pub(crate) async fn list(
    State(app): State<App>,
    parameters: Parameters,
) -> Result<Json<List<ConnectorState>>, Problem> {
    let parameters = parameters.only(&["limit", "cursor"])?;
    let limit = parameters.limit()?.min(MAX_PAGE_CONNECTORS);
    let after = id_cursor::<ConnectorId>(&parameters)?;
    let views = app.registry().connector_views().await?;
    let (page, next) = page_by_id(views, after.as_ref(), limit, |view| &view.id);
    let states = stream::iter(page).map(|connector| with_standing(&app, connector));
    let states = states.buffered(STANDINGS_AT_ONCE).try_collect().await?;
    Ok(Json(List::page(states, next)))
}

/// `GET /v1/connectors/{id}`
#[utoipa::path(
    get,
    path = "/v1/connectors/{id}",
    operation_id = "readConnector",
    tag = "connectors",
    summary = "A connector and how it stands",
    description = "",
    params(("id" = ConnectorId, Path, description = "The connector.")),
    responses((status = 200, description = "The connector.", body = ConnectorState)),
    extensions(("x-passback-codes" = json!(["not_found"]))),
)]
pub(crate) async fn read(
    State(app): State<App>,
    PathId(id): PathId,
    parameters: Parameters,
) -> Result<Response, Problem> {
    parameters.only(&[])?;
    let state = state(&app, &parse_id(&id)?).await?;
    Ok(tagged(state.connector.stamp(), Json(state)))
}

/// `POST /v1/connectors/{id}/pause[?dry_run=true]`
#[utoipa::path(
    post,
    path = "/v1/connectors/{id}/pause",
    operation_id = "pauseConnector",
    tag = "connectors",
    summary = "Pause a connector",
    description = "",
    params(("id" = ConnectorId, Path, description = "The connector."), query::DryRun),
    request_body = PauseRequest,
    responses((status = 200, description = "The connector as it now is.", body = Held<ConnectorState>)),
    extensions(("x-passback-codes" = json!(["not_found"]))),
)]
pub(crate) async fn pause(
    State(app): State<App>,
    PathId(id): PathId,
    identity: Identity,
    parameters: Parameters,
    JsonBody(request): JsonBody<PauseRequest>,
) -> Result<Json<Held<ConnectorState>>, Problem> {
    let dry_run = dry_run(parameters)?;
    let wish = Wish::pause(&app, &request).await?;
    hold(&app, &identity, &id, &wish, dry_run).await
}

/// `POST /v1/connectors/{id}/resume[?dry_run=true]`
#[utoipa::path(
    post,
    path = "/v1/connectors/{id}/resume",
    operation_id = "resumeConnector",
    tag = "connectors",
    summary = "Resume a connector",
    description = "",
    params(("id" = ConnectorId, Path, description = "The connector."), query::DryRun),
    request_body = ReasonRequest,
    responses((status = 200, description = "The connector as it now is.", body = Held<ConnectorState>)),
    extensions(("x-passback-codes" = json!(["not_found"]))),
)]
pub(crate) async fn resume(
    State(app): State<App>,
    PathId(id): PathId,
    identity: Identity,
    parameters: Parameters,
    JsonBody(request): JsonBody<ReasonRequest>,
) -> Result<Json<Held<ConnectorState>>, Problem> {
    let dry_run = dry_run(parameters)?;
    hold(&app, &identity, &id, &Wish::resume(&request)?, dry_run).await
}

/// `PUT /v1/connectors/{id}[?validate=false][&dry_run=true]`
#[utoipa::path(
    put,
    path = "/v1/connectors/{id}",
    operation_id = "storeConnector",
    tag = "connectors",
    summary = "Create or change a connector",
    description = "The credentials are tried first, unless validate=false says not to. With dry_run=true nothing is stored.",
    params(("id" = ConnectorId, Path, description = "The connector."), query::StoreConnector),
    request_body = ConnectorInput,
    responses((status = 201, description = "What the write did: the connector is new.", body = Stored, headers(("Location" = String, description = "Where the connector is."))), (status = 200, description = "What the write did, or would do.", body = Stored)),
    extensions(("x-passback-codes" = json!(["precondition_failed", "registry_full", "docebo_unreachable", "certificate_invalid", "docebo_timed_out", "docebo_throttled", "docebo_unavailable", "credentials_refused", "forbidden", "unexpected_page", "unexpected_response", "rejected"]))),
)]
pub(crate) async fn store(
    State(app): State<App>,
    PathId(id): PathId,
    identity: Identity,
    parameters: Parameters,
    conditions: Conditions,
    JsonBody(input): JsonBody<ConnectorInput>,
) -> Result<Response, Problem> {
    let parameters = parameters.only(&["validate", "dry_run"])?;
    let try_out = parameters.switch("validate", true)?;
    let dry_run = parameters.switch("dry_run", false)?;
    let connector = ConnectorInput {
        id: Some(same_id(id, input.id.as_deref())?),
        ..input
    }
    .validate()?;
    let file = ApplyFile::of_connector(connector.clone());
    let id = connector.id.clone();
    if dry_run {
        let planned = plan(&app, &file, &conditions).await?;
        return Ok(Json(Stored {
            id,
            dry_run,
            planned,
            validation: None,
            released_jobs: 0,
        })
        .into_response());
    }
    // Refuses what the registry would, before the secrets go anywhere.
    plan(&app, &file, &conditions).await?;
    let validation = if try_out {
        Some(tried_out(&app, &connector).await?)
    } else {
        None
    };
    let planned = apply(&app, &file, &conditions, &identity.name).await?;
    if let Some(validation) = &validation {
        note_validation(&app, &connector, validation).await?;
    }
    // Also of an entry that stays as it was: the call before may have stored it and told nobody of it. A gate that this
    // opens lets one job through, which decides.
    let mut released_jobs = app.producer.connector_stored(&id).await?;
    if validation.is_some() {
        released_jobs += app.producer.connector_works(&id).await?;
    }
    let place = format!("/v1/connectors/{id}");
    let written = planned.written();
    let stored = Stored {
        id,
        dry_run,
        planned,
        validation,
        released_jobs,
    };
    Ok(written.answer(place, Json(stored)))
}

/// `POST /v1/connectors/{id}/validate`
#[utoipa::path(
    post,
    path = "/v1/connectors/{id}/validate",
    operation_id = "validateConnector",
    tag = "connectors",
    summary = "Try the credentials of a connector",
    description = "A fresh token and one harmless read. A success opens the gate and releases the jobs that waited for it.",
    params(("id" = ConnectorId, Path, description = "The connector.")),
    responses((status = 200, description = "What was found, whether good or bad.", body = Validation)),
    extensions(("x-passback-codes" = json!(["not_found"]))),
)]
pub(crate) async fn validate(
    State(app): State<App>,
    PathId(id): PathId,
    identity: Identity,
    parameters: Parameters,
) -> Result<Json<Validation>, Problem> {
    parameters.only(&[])?;
    let id = parse_id(&id)?;
    let validation = app.producer.validate(&id, &identity.name).await?;
    validation.map(Json).ok_or_else(missing)
}

/// `DELETE /v1/connectors/{id}?reason=…`
#[utoipa::path(
    delete,
    path = "/v1/connectors/{id}",
    operation_id = "removeConnector",
    tag = "connectors",
    summary = "Remove a connector",
    description = "",
    params(("id" = ConnectorId, Path, description = "The connector."), query::Reason),
    responses((status = 204, description = "It is gone.")),
    extensions(("x-passback-codes" = json!(["precondition_failed", "not_found", "connector_in_use"]))),
)]
pub(crate) async fn remove(
    State(app): State<App>,
    PathId(id): PathId,
    identity: Identity,
    parameters: Parameters,
    conditions: Conditions,
) -> Result<StatusCode, Problem> {
    let reason = parameters.only(&["reason"])?.reason()?;
    let id = parse_id(&id)?;
    let wanted = |state: Stamp| conditions.admit(Some(state));
    let wanted = conditions
        .are_made()
        .then_some(&wanted as &(dyn Fn(Stamp) -> bool + Sync));
    let removal = app
        .registry()
        .remove_connector_if(&id, &identity.name, Some(&reason), wanted);
    match removal.await? {
        Removal::Removed => {}
        Removal::Missing => {
            conditions.check(None)?;
            return Err(missing());
        }
        Removal::Refused => {
            let stored = app.registry().connector_view(&id).await?;
            return Err(refused(stored.map(|view| view.stamp())));
        }
    }
    // It is gone whatever comes of this; the workers compare the two from time to time.
    if let Err(error) = app.producer.connector_removed(&id).await {
        tracing::warn!(error = %error, connector = %id, "the queue was not told that a connector was removed");
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Pauses or resumes a connector.
async fn hold(
    app: &App,
    identity: &Identity,
    id: &str,
    wish: &Wish,
    dry_run: bool,
) -> Result<Json<Held<ConnectorState>>, Problem> {
    let id = parse_id(id)?;
    if app.registry().connector_view(&id).await?.is_none() {
        return Err(missing());
    }
    let target = Target::Connector(connector_name(&id));
    let changed = fulfil(app, identity, &target, wish, dry_run).await?;
    let view = state(app, &id).await?;
    Ok(Json(Held { changed, dry_run, view }))
}

async fn state(app: &App, id: &ConnectorId) -> Result<ConnectorState, Problem> {
    let view = app.registry().connector_view(id).await?.ok_or_else(missing)?;
    Ok(with_standing(app, view).await?)
}

async fn with_standing(app: &App, connector: ConnectorView) -> Result<ConnectorState, StoreError> {
    let standing = app.producer.connector_standing(&connector.id).await?;
    Ok(ConnectorState { connector, standing })
}

/// The id in the path, unless the body says another one.
pub(crate) fn same_id(path: String, body: Option<&str>) -> Result<String, Problem> {
    if body.is_none_or(|body| body == path) {
        return Ok(path);
    }
    let fix = "leave it out, or give the id that is in the path";
    Err(Problem::invalid(vec![Fault::at(
        "/id",
        "another id than the one in the path",
        fix,
    )]))
}

/// Tries the credentials; refuses what does not work.
async fn tried_out(app: &App, connector: &Connector) -> Result<Validation, Problem> {
    let validation = app.producer.validate_candidate(connector).await?;
    if validation.ok {
        return Ok(validation);
    }
    let said = validation.detail.unwrap_or_default();
    let detail = format!(
        "The connector does not work, and was not stored. {} ({said})",
        validation.explanation
    );
    let code = validation.code.unwrap_or(Code::CredentialsRefused);
    Err(Problem::new(code, detail).fix("To store it all the same: ?validate=false."))
}

/// Records that the credentials work, unless somebody else has stored other ones since.
async fn note_validation(app: &App, tried: &Connector, validation: &Validation) -> Result<(), Problem> {
    let stored = app.registry().connector(&tried.id).await?.ok_or_else(missing)?;
    if !same_access(&stored, tried) {
        return Ok(());
    }
    let at = validation.checked_at;
    app.registry()
        .set_validation(&tried.id, stored.updated_at, None, at)
        .await?;
    Ok(())
}

fn same_access(a: &Connector, b: &Connector) -> bool {
    let of = |connector: &Connector| {
        (
            connector.domain.to_string(),
            connector.client_id.clone(),
            connector.username.clone(),
        )
    };
    let same = |a: &SecretString, b: &SecretString| a.expose_secret() == b.expose_secret();
    of(a) == of(b) && same(&a.client_secret, &b.client_secret) && same(&a.password, &b.password)
}

fn parse_id(text: &str) -> Result<ConnectorId, Problem> {
    text.parse().map_err(|_| missing())
}

fn missing() -> Problem {
    not_found("connector of this id")
}
