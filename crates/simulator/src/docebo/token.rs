//! `POST /oauth2/token`: the password grant.

use axum::Form;
use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Json, Multipart};
use axum::http::request::Parts;
use axum::http::{Request, Response, header};
use serde::{Deserialize, Serialize};

use crate::clock::Moment;
use crate::docebo::wire;
use crate::state::Platform;
use crate::tokens::random_token;

#[derive(Default, Deserialize)]
#[serde(default)]
struct TokenRequest {
    grant_type: String,
    client_id: String,
    client_secret: String,
    username: String,
    password: String,
    scope: Option<String>,
}

#[derive(Serialize)]
struct TokenAnswer {
    access_token: String,
    expires_in: u64,
    token_type: &'static str,
    scope: &'static str,
    refresh_token: String,
}

/// The error body of RFC 6749, section 5.2.
#[derive(Serialize)]
struct OauthError {
    error: &'static str,
    error_description: &'static str,
}

/// Gives out a token, or says why not.
pub(super) async fn give(platform: &Platform, parts: Parts, body: Bytes) -> Response<Body> {
    let Some(asked) = read(parts, body).await else {
        return refusal(400, "invalid_request", "The request cannot be read.");
    };
    if asked.grant_type != "password" {
        return refusal(400, "unsupported_grant_type", "The grant type is not supported.");
    }
    if asked.scope.is_some_and(|scope| scope != "api") {
        return refusal(400, "invalid_scope", "The scope is unknown.");
    }
    let settings = &platform.settings;
    if asked.client_id != settings.client_id || asked.client_secret != settings.client_secret {
        return invalid_client();
    }
    if asked.username != settings.username || asked.password != settings.password {
        return refusal(400, "invalid_grant", "Invalid username and password combination.");
    }
    let expires = Moment::now().plus_seconds(settings.token_seconds);
    let token = platform.state().issue_token(expires);
    match token {
        None => invalid_client(),
        Some(access_token) => wire::json(
            200,
            &TokenAnswer {
                access_token,
                expires_in: settings.token_seconds,
                token_type: "Bearer",
                scope: "api",
                refresh_token: random_token(),
            },
        ),
    }
}

/// Answers as to an unknown or revoked client.
pub(super) fn invalid_client() -> Response<Body> {
    refusal(401, "invalid_client", "The client credentials are invalid.")
}

fn refusal(status: u16, error: &'static str, error_description: &'static str) -> Response<Body> {
    wire::json(
        status,
        &OauthError {
            error,
            error_description,
        },
    )
}

/// Reads the three encodings that are in use: urlencoded form, multipart form, JSON.
async fn read(parts: Parts, body: Bytes) -> Option<TokenRequest> {
    let content_type = parts.headers.get(header::CONTENT_TYPE)?.to_str().ok()?.to_owned();
    let request = Request::from_parts(parts, Body::from(body));
    if content_type.starts_with("multipart/form-data") {
        return read_multipart(Multipart::from_request(request, &()).await.ok()?).await;
    }
    if content_type.starts_with("application/json") {
        return Json::from_request(request, &()).await.ok().map(|Json(asked)| asked);
    }
    Form::from_request(request, &()).await.ok().map(|Form(asked)| asked)
}

async fn read_multipart(mut form: Multipart) -> Option<TokenRequest> {
    let mut asked = TokenRequest::default();
    while let Some(field) = form.next_field().await.ok()? {
        let name = field.name()?.to_owned();
        let value = field.text().await.ok()?;
        match name.as_str() {
            "grant_type" => asked.grant_type = value,
            "client_id" => asked.client_id = value,
            "client_secret" => asked.client_secret = value,
            "username" => asked.username = value,
            "password" => asked.password = value,
            "scope" => asked.scope = Some(value),
            _ => {}
        }
    }
    Some(asked)
}
