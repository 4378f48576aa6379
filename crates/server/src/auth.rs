//! Who is asking, and may they?

use axum::{
    extract::{FromRequestParts, Request, State},
    http::{HeaderMap, header, request::Parts},
    middleware::Next,
    response::Response,
};
use passback_producer::Code;
use secrecy::SecretString;
use subtle::{Choice, ConditionallySelectable};

use crate::{Role, ServerConfig, TokenHash, problem::Problem, state::App};

/// Longer tokens are not even hashed.
const MAX_TOKEN_BYTES: usize = 512;

/// The bearer of a token.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    pub(crate) name: String,
    pub(crate) role: Role,
}

impl<S: Sync> FromRequestParts<S> for Identity {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let identity = parts.extensions.get::<Self>().cloned();
        identity.ok_or_else(|| Problem::new(Code::TokenMissing, "This call needs a bearer token."))
    }
}

/// Lets only bearers of a known token pass, and tells the handlers who it is.
pub(crate) async fn authenticate(
    State(app): State<App>,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let identity = identify(request.headers(), &app.config)?;
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

fn identify(headers: &HeaderMap, config: &ServerConfig) -> Result<Identity, Problem> {
    let Some(value) = headers.get(header::AUTHORIZATION) else {
        return Err(Problem::new(Code::TokenMissing, "There is no Authorization header.")
            .fix("Send the header `Authorization: Bearer TOKEN`."));
    };
    let bearer = value.to_str().ok().and_then(bearer);
    let Some(token) = bearer else {
        return Err(
            Problem::new(Code::TokenInvalid, "The Authorization header holds no bearer token.")
                .fix("Send the header `Authorization: Bearer TOKEN`."),
        );
    };
    let hash = TokenHash::of(&SecretString::from(token));
    // Every entry is looked at, so that the time says nothing about which one matched.
    let mut found = u32::MAX;
    for (entry, index) in config.tokens.iter().zip(0_u32..) {
        let same: Choice = entry.sha256.same(&hash);
        found.conditional_assign(&index, same);
    }
    let entry = usize::try_from(found).ok().and_then(|index| config.tokens.get(index));
    let Some(entry) = entry else {
        return Err(Problem::new(
            Code::TokenInvalid,
            "No token of this server is the one in the Authorization header.",
        ));
    };
    Ok(Identity {
        name: entry.name.clone(),
        role: entry.role,
    })
}

fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim();
    let fits = (1..=MAX_TOKEN_BYTES).contains(&token.len());
    (scheme.eq_ignore_ascii_case("bearer") && fits).then_some(token)
}
