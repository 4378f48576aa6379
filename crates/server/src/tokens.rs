//! API tokens: list, show, make, revoke.

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::State,
    http::{HeaderName, StatusCode, header},
    response::{IntoResponse, Response},
};
use jiff::{SignedDuration, Timestamp};
use passback_registry::{NewToken, Revocation, Revoked, StoredToken, StoredTokens, TokenId};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};

use crate::{
    Role, TokenEntry, TokenHash, TokenLife,
    auth::Identity,
    failure::not_found,
    json::JsonBody,
    list::{List, id_cursor, page_by_id},
    openapi::query,
    parameters::Parameters,
    path_id::PathId,
    pause_request::ReasonRequest,
    problem::{Fault, Problem},
    state::App,
    token::{is_token_name, new_token},
};

/// A token that ends so soon is to be replaced.
const SOON: SignedDuration = SignedDuration::from_hours(14 * 24);

/// Where a token is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = TokenSource)]
enum Source {
    /// In the configuration of the server that answers.
    Configuration,
    /// In Redis, for all servers.
    Store,
}

/// What a token is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = TokenStanding)]
enum Standing {
    /// It lets its bearer in.
    Active,
    /// Its time is over.
    Expired,
    /// Somebody ended it.
    Revoked,
}

/// A token as lists show it: never the token, nor its hash.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct TokenView {
    id: TokenId,
    name: String,
    role: String,
    source: Source,
    state: Standing,
    created_at: Option<Timestamp>,
    created_by: Option<String>,
    expires_at: Option<Timestamp>,
    /// Whether it is good, but not for two weeks more.
    ends_soon: bool,
    /// To the minute.
    last_used_at: Option<Timestamp>,
    revoked: Option<Revocation>,
}

/// A token that is asked for.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TokenRequest {
    name: String,
    role: Role,
    expires_in: Option<String>,
    expires_at: Option<String>,
}

/// A token that was made; it is shown this once.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = MadeToken)]
struct Made {
    dry_run: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    #[serde(flatten)]
    view: TokenView,
}

/// What would be made.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = PlannedToken)]
struct Planned {
    dry_run: bool,
    name: String,
    role: Role,
    expires_at: Option<Timestamp>,
}

/// `GET /v1/tokens[?limit=&cursor=]`: sorted by id.
#[utoipa::path(
    get,
    path = "/v1/tokens",
    operation_id = "listTokens",
    tag = "tokens",
    summary = "Every token, configured or stored",
    description = "Sorted by id. Never the token, nor its hash.",
    params(query::Tokens),
    responses((status = 200, description = "A page of the tokens.", body = List<TokenView>)),
)]
pub(crate) async fn list(State(app): State<App>, parameters: Parameters) -> Result<Json<List<TokenView>>, Problem> {
    let parameters = parameters.only(&["limit", "cursor"])?;
    let limit = parameters.limit()?;
    let after = id_cursor::<TokenId>(&parameters)?;
    let views = views(&app).await?.into_values().collect();
    let (page, next) = page_by_id(views, after.as_ref(), limit, |view: &TokenView| &view.id);
    Ok(Json(List::page(page, next)))
}

/// `GET /v1/tokens/{id}`
#[utoipa::path(
    get,
    path = "/v1/tokens/{id}",
    operation_id = "readToken",
    tag = "tokens",
    summary = "A token",
    description = "",
    params(("id" = String, Path, description = "The first 16 hex digits of the token's SHA-256.")),
    responses((status = 200, description = "The token.", body = TokenView)),
    extensions(("x-passback-codes" = json!(["not_found"]))),
)]
pub(crate) async fn read(
    State(app): State<App>,
    PathId(id): PathId,
    parameters: Parameters,
) -> Result<Json<TokenView>, Problem> {
    parameters.only(&[])?;
    let view = views(&app).await?.remove(&parse_id(&id)?);
    view.map(Json).ok_or_else(missing)
}

/// `POST /v1/tokens[?dry_run=true]`
#[utoipa::path(
    post,
    path = "/v1/tokens",
    operation_id = "createToken",
    tag = "tokens",
    summary = "Make a token",
    description = "It is shown in this answer only, and good at every server at once.",
    params(query::DryRun),
    request_body = TokenRequest,
    responses((status = 201, description = "The token.", body = Made, headers(("Location" = String, description = "Where the token is listed."))), (status = 200, description = "Of a dry run: what would be made.", body = Planned)),
    extensions(("x-passback-codes" = json!(["registry_full"]))),
)]
pub(crate) async fn create(
    State(app): State<App>,
    identity: Identity,
    parameters: Parameters,
    JsonBody(request): JsonBody<TokenRequest>,
) -> Result<Response, Problem> {
    let dry_run = parameters.only(&["dry_run"])?.switch("dry_run", false)?;
    let now = app.config.clock.now();
    let expires_at = request.checked(now)?;
    if dry_run {
        let planned = Planned {
            dry_run,
            name: request.name,
            role: request.role,
            expires_at,
        };
        return Ok(Json(planned).into_response());
    }
    let token = new_token().map_err(|error| {
        tracing::error!(%error, "no token can be made");
        Problem::new(
            passback_producer::Code::InternalError,
            "The machine gave no random bytes.",
        )
    })?;
    let hash = TokenHash::of(&token);
    let wanted = NewToken {
        name: request.name,
        role: request.role.as_str().to_owned(),
        sha256: *hash.as_bytes(),
        expires_at,
    };
    let stored = app.registry().create_token(&wanted, &identity.name).await?;
    let location = format!("/v1/tokens/{}", stored.id);
    let made = Made {
        dry_run,
        token: Some(token.expose_secret().to_owned()),
        view: TokenView::of_stored(&stored, &StoredTokens::default(), now),
    };
    let headers: [(HeaderName, String); 1] = [(header::LOCATION, location)];
    Ok((StatusCode::CREATED, headers, Json(made)).into_response())
}

/// `POST /v1/tokens/{id}/revoke`: at once here, within a second at every other server. No DELETE, for what is revoked stays
/// to be seen.
#[utoipa::path(
    post,
    path = "/v1/tokens/{id}/revoke",
    operation_id = "revokeToken",
    tag = "tokens",
    summary = "End a token for good",
    description = "At once at this server, within a second at every other one. Also a token of the configuration. What is revoked stays in the list for 30 days, as revoked; the same again changes nothing.",
    params(("id" = String, Path, description = "The token.")),
    request_body = ReasonRequest,
    responses((status = 200, description = "The token as it stands: it lets nobody in any more.", body = TokenView)),
    extensions(("x-passback-codes" = json!(["not_found"]))),
)]
pub(crate) async fn revoke(
    State(app): State<App>,
    PathId(id): PathId,
    identity: Identity,
    parameters: Parameters,
    JsonBody(request): JsonBody<ReasonRequest>,
) -> Result<Json<TokenView>, Problem> {
    parameters.only(&[])?;
    let reason = request.checked()?;
    let id = parse_id(&id)?;
    let configured = app.config.tokens.iter().any(|entry| entry.sha256.id() == id);
    let revoked = app
        .registry()
        .revoke_token(&id, configured, &identity.name, &reason)
        .await?;
    match revoked {
        Revoked::Unknown => Err(missing()),
        Revoked::Now | Revoked::Before => {
            app.tokens.tokens_now().await;
            views(&app).await?.remove(&id).map(Json).ok_or_else(missing)
        }
    }
}

impl TokenRequest {
    /// Checks every field, and says all that is wrong with them.
    fn checked(&self, now: Timestamp) -> Result<Option<Timestamp>, Problem> {
        let mut faults = Vec::new();
        if !is_token_name(&self.name) {
            let fix = "use 1 to 64 letters, digits, '-', '_' or '.'";
            faults.push(Fault::at("/name", "cannot name a token", fix));
        }
        let end = self.end(now).unwrap_or_else(|fault| {
            faults.push(fault);
            None
        });
        if faults.is_empty() {
            Ok(end)
        } else {
            Err(Problem::invalid(faults))
        }
    }

    fn end(&self, now: Timestamp) -> Result<Option<Timestamp>, Fault> {
        match (&self.expires_in, &self.expires_at) {
            (None, None) => Ok(None),
            (Some(_), Some(_)) => {
                let fix = "say either how long it lives or when it ends";
                Err(Fault::at("/expires_in", "given together with expires_at", fix))
            }
            (Some(life), None) => {
                let life = life
                    .parse::<TokenLife>()
                    .map_err(|wrong| fault("/expires_in", &wrong))?;
                Ok(Some(life.end(now)))
            }
            (None, Some(end)) => {
                let fix = "write a time with its zone, like 2027-01-31T00:00:00Z";
                let end: Timestamp = end.parse().map_err(|_| Fault::at("/expires_at", "not a time", fix))?;
                if end <= now {
                    return Err(Fault::at("/expires_at", "in the past", "name a time to come"));
                }
                TokenLife::until(end, now).map_err(|wrong| fault("/expires_at", &wrong))?;
                Ok(Some(end))
            }
        }
    }
}

fn fault(pointer: &str, wrong: &crate::InvalidTokenLife) -> Fault {
    let text = wrong.to_string();
    let (problem, fix) = text.split_once(": ").unwrap_or((&text, "correct it"));
    Fault::at(pointer, problem, fix)
}

impl TokenView {
    fn of_stored(token: &StoredToken, all: &StoredTokens, now: Timestamp) -> Self {
        Self {
            created_at: Some(token.created_at),
            created_by: Some(token.created_by.clone()),
            ..Self::new(
                (&token.id, &token.name, &token.role),
                Source::Store,
                token.expires_at,
                all.revocation(&token.id),
                now,
            )
        }
    }

    fn of_configured(entry: &TokenEntry, all: &StoredTokens, now: Timestamp) -> Self {
        let id = entry.sha256.id();
        let revoked = all.revocation(&id);
        let named = (&id, entry.name.as_str(), entry.role.as_str());
        Self::new(named, Source::Configuration, entry.expires_at, revoked, now)
    }

    fn new(
        (id, name, role): (&TokenId, &str, &str),
        source: Source,
        expires_at: Option<Timestamp>,
        revoked: Option<&Revocation>,
        now: Timestamp,
    ) -> Self {
        let state = match (revoked, expires_at) {
            (Some(_), _) => Standing::Revoked,
            (None, Some(end)) if end <= now => Standing::Expired,
            (None, Some(_) | None) => Standing::Active,
        };
        let soon = expires_at.is_some_and(|end| end.duration_since(now) < SOON);
        Self {
            id: id.clone(),
            name: name.to_owned(),
            role: role.to_owned(),
            source,
            state,
            created_at: None,
            created_by: None,
            expires_at,
            ends_soon: state == Standing::Active && soon,
            last_used_at: None,
            revoked: revoked.cloned(),
        }
    }
}

/// Every token of this server as it stands in Redis now, not as it was last seen.
async fn views(app: &App) -> Result<BTreeMap<TokenId, TokenView>, Problem> {
    let stored = app.registry().stored_tokens().await?;
    let used = app.registry().tokens_last_used().await?;
    let now = app.config.clock.now();
    let of_store = stored
        .tokens
        .values()
        .map(|token| TokenView::of_stored(token, &stored, now));
    let configured = app.config.tokens.iter();
    // Where both know it, the configuration's word counts.
    let of_configuration = configured.map(|entry| TokenView::of_configured(entry, &stored, now));
    let views = of_store.chain(of_configuration).map(|mut view| {
        view.last_used_at = used.get(&view.id).copied();
        (view.id.clone(), view)
    });
    Ok(views.collect())
}

fn parse_id(text: &str) -> Result<TokenId, Problem> {
    text.parse().map_err(|_| missing())
}

fn missing() -> Problem {
    not_found("token of this id")
}
