//! Who is asking, and may they?

use std::sync::Arc;

use axum::{
    extract::{FromRequestParts, Request, State},
    http::{HeaderMap, header, request::Parts},
    middleware::Next,
    response::Response,
};
use jiff::Timestamp;
use passback_producer::Code;
use passback_registry::{StoredTokens, TokenId};
use secrecy::SecretString;
use subtle::ConditionallySelectable;

use crate::{Role, TokenEntry, TokenHash, problem::Problem, rate_limit::admit_token, state::App};

/// Longer tokens are not even hashed.
const MAX_TOKEN_BYTES: usize = 512;

/// The bearer of a token.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    pub(crate) id: TokenId,
    pub(crate) name: String,
    pub(crate) role: Role,
    /// When the token ends by itself.
    pub(crate) expires_at: Option<Timestamp>,
}

impl<S: Sync> FromRequestParts<S> for Identity {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let identity = parts.extensions.get::<Self>().cloned();
        identity.ok_or_else(|| Problem::new(Code::TokenMissing, "This call needs a bearer token."))
    }
}

/// Lets only bearers of a token that is good pass, each as fast as it may, and tells the handlers who it is.
pub(crate) async fn authenticate(
    State(app): State<App>,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let identity = identify(&app, request.headers()).await?;
    admit_token(&app, &identity.id, &identity.name)?;
    app.token_use
        .note(app.registry(), &identity.id, app.config.clock.uptime());
    request.extensions_mut().insert(identity);
    Ok(next.run(request).await)
}

/// Lets only bearers of at least this role pass.
pub(crate) async fn require(
    State(role): State<Role>,
    identity: Identity,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    demand(&identity, role)?;
    Ok(next.run(request).await)
}

/// Refuses bearers of less than this role.
pub(crate) fn demand(identity: &Identity, role: Role) -> Result<(), Problem> {
    if identity.role >= role {
        return Ok(());
    }
    let detail = format!(
        "This call needs the role {role}; the token '{}' has {}.",
        identity.name, identity.role
    );
    Err(Problem::new(Code::RoleTooLow, detail))
}

async fn identify(app: &App, headers: &HeaderMap) -> Result<Identity, Problem> {
    let hash = shown(headers)?;
    let mut stored = app.tokens.tokens().await;
    let mut known = find(&hash, &app.config.tokens, &stored);
    if known.is_none() {
        // It may have been made a moment ago, at another server. Those who try tokens out share one look at a time.
        stored = app.tokens.tokens_now().await;
        known = find(&hash, &app.config.tokens, &stored);
    }
    let Some(known) = known else {
        return Err(unknown(app));
    };
    still_good(&known, &stored, app.config.clock.now())?;
    Ok(known)
}

/// Refuses a token that was good when its call began and is so no more; for answers that go on for long.
pub(crate) async fn recheck(app: &App, identity: &Identity) -> Result<(), Problem> {
    let stored = app.tokens.tokens().await;
    still_good(identity, &stored, app.config.clock.now())
}

/// The hash of the token that was sent.
fn shown(headers: &HeaderMap) -> Result<TokenHash, Problem> {
    let Some(value) = headers.get(header::AUTHORIZATION) else {
        return Err(Problem::new(Code::TokenMissing, "There is no Authorization header.")
            .fix("Send the header `Authorization: Bearer TOKEN`."));
    };
    let Some(token) = value.to_str().ok().and_then(bearer) else {
        return Err(
            Problem::new(Code::TokenInvalid, "The Authorization header holds no bearer token.")
                .fix("Send the header `Authorization: Bearer TOKEN`."),
        );
    };
    Ok(TokenHash::of(&SecretString::from(token)))
}

/// The token with this hash; where both know it, the configuration's word counts.
///
/// Every token is looked at, so that the time says nothing about which one matched.
fn find(hash: &TokenHash, configured: &[TokenEntry], stored: &Arc<StoredTokens>) -> Option<Identity> {
    let of_store = stored.tokens.values().map(|token| &token.sha256);
    let in_configuration = configured.iter().map(|entry| entry.sha256.as_bytes());
    let mut found = u32::MAX;
    for (known, index) in of_store.chain(in_configuration).zip(0_u32..) {
        found.conditional_assign(&index, hash.same(known));
    }
    let index = usize::try_from(found).ok()?;
    if let Some(token) = stored.tokens.values().nth(index) {
        return Some(Identity {
            id: token.id.clone(),
            name: token.name.clone(),
            // A role of a newer version is not known here, and lets nobody in.
            role: token.role.parse().ok()?,
            expires_at: token.expires_at,
        });
    }
    let entry = configured.get(index.checked_sub(stored.tokens.len())?)?;
    Some(Identity {
        id: entry.sha256.id(),
        name: entry.name.clone(),
        role: entry.role,
        expires_at: entry.expires_at,
    })
}

/// Refuses a token that was ended by a person, or by its time.
fn still_good(identity: &Identity, stored: &StoredTokens, now: Timestamp) -> Result<(), Problem> {
    if stored.revocation(&identity.id).is_some() {
        let detail = format!("The token '{}' was revoked.", identity.name);
        return Err(Problem::new(Code::TokenRevoked, detail));
    }
    match identity.expires_at.filter(|end| *end <= now) {
        Some(end) => {
            let detail = format!("The token '{}' ended at {end}.", identity.name);
            Err(Problem::new(Code::TokenExpired, detail))
        }
        None => Ok(()),
    }
}

fn unknown(app: &App) -> Problem {
    if app.tokens.has_looked() {
        return Problem::new(
            Code::TokenInvalid,
            "No token of this server is the one in the Authorization header.",
        );
    }
    Problem::new(
        Code::StoreUnavailable,
        "Redis has not answered since this server began, so it only knows the tokens of its configuration; this is none of them.",
    )
}

fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim();
    let fits = (1..=MAX_TOKEN_BYTES).contains(&token.len());
    (scheme.eq_ignore_ascii_case("bearer") && fits).then_some(token)
}
