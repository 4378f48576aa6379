//! Connectors: list, show, store, try out, remove.

use axum::{Json, extract::State, http::StatusCode};
use passback_producer::{Code, Validation, wake};
use passback_registry::{Change, Connector, ConnectorId, ConnectorInput, ConnectorView};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;

use crate::{
    auth::Identity,
    entry_plan::{Planned, apply, connector_file, plan},
    failure::not_found,
    json::JsonBody,
    list::List,
    parameters::Parameters,
    path_id::PathId,
    problem::{Fault, Problem},
    state::App,
};

/// What storing a connector did, or would do.
#[derive(Debug, Serialize)]
pub(crate) struct Stored {
    id: ConnectorId,
    dry_run: bool,
    #[serde(flatten)]
    planned: Planned,
    validation: Option<Validation>,
    released_jobs: u64,
}

/// `GET /v1/connectors`
pub(crate) async fn list(State(app): State<App>, parameters: Parameters) -> Result<Json<List<ConnectorView>>, Problem> {
    parameters.only(&[])?;
    Ok(Json(List::whole(app.registry().connector_views().await?)))
}

/// `GET /v1/connectors/{id}`
pub(crate) async fn read(
    State(app): State<App>,
    PathId(id): PathId,
    parameters: Parameters,
) -> Result<Json<ConnectorView>, Problem> {
    parameters.only(&[])?;
    let id = parse_id(&id)?;
    let view = app.registry().connector_view(&id).await?;
    view.map(Json).ok_or_else(missing)
}

/// `PUT /v1/connectors/{id}[?validate=false][&dry_run=true]`
pub(crate) async fn store(
    State(app): State<App>,
    PathId(id): PathId,
    identity: Identity,
    parameters: Parameters,
    JsonBody(input): JsonBody<ConnectorInput>,
) -> Result<Json<Stored>, Problem> {
    let parameters = parameters.only(&["validate", "dry_run"])?;
    let try_out = parameters.switch("validate", true)?;
    let dry_run = parameters.switch("dry_run", false)?;
    let connector = ConnectorInput {
        id: Some(same_id(id, input.id.as_deref())?),
        ..input
    }
    .validate()?;
    let file = connector_file(&connector)?;
    let id = connector.id.clone();
    if dry_run {
        let planned = plan(&app, &file).await?;
        return Ok(Json(Stored {
            id,
            dry_run,
            planned,
            validation: None,
            released_jobs: 0,
        }));
    }
    // Refuses what the registry would, before the secrets go anywhere.
    plan(&app, &file).await?;
    let validation = if try_out {
        Some(tried_out(&app, &connector).await?)
    } else {
        None
    };
    let planned = apply(&app, &file, &identity.name).await?;
    let mut released_jobs = 0;
    if let Some(validation) = &validation {
        note_validation(&app, &connector, validation).await?;
    }
    // A connector that works releases what waited for it; so does one that was missing altogether.
    if validation.is_some() || planned.change == Change::Created {
        released_jobs = app.queue().wake(&wake::connector(&id)).await?;
    }
    Ok(Json(Stored {
        id,
        dry_run,
        planned,
        validation,
        released_jobs,
    }))
}

/// `POST /v1/connectors/{id}/validate`
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
pub(crate) async fn remove(
    State(app): State<App>,
    PathId(id): PathId,
    identity: Identity,
    parameters: Parameters,
) -> Result<StatusCode, Problem> {
    let reason = parameters.only(&["reason"])?.reason()?;
    let id = parse_id(&id)?;
    let removed = app
        .registry()
        .remove_connector(&id, &identity.name, Some(&reason))
        .await?;
    if removed {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(missing())
    }
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
