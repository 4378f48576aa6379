//! Docebo's envelopes.

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
use serde::Serialize;

/// The version that every answer carries.
const API_VERSION: &str = "1.0.0";

#[derive(Serialize)]
struct Envelope<T> {
    data: T,
    version: &'static str,
    #[serde(rename = "_links")]
    links: [(); 0],
}

#[derive(Serialize)]
struct ErrorEnvelope<'a> {
    name: &'a str,
    message: [&'a str; 1],
    code: u32,
    status: u16,
}

/// Wraps data as a success.
pub(super) fn success<T: Serialize>(data: T) -> Response<Body> {
    json(
        200,
        &Envelope {
            data,
            version: API_VERSION,
            links: [],
        },
    )
}

/// Wraps a name and a message as an error.
pub(super) fn error(status: u16, name: &str, message: &str) -> Response<Body> {
    json(
        status,
        &ErrorEnvelope {
            name,
            message: [message],
            code: u32::from(status),
            status,
        },
    )
}

/// Answers 404.
pub(super) fn not_found(message: &str) -> Response<Body> {
    error(404, "Not Found", message)
}

/// Answers 400.
pub(super) fn bad_request(message: &str) -> Response<Body> {
    error(400, "Bad Request", message)
}

/// Answers 401, as to a missing or stale token.
pub(super) fn unauthorized() -> Response<Body> {
    error(401, "Unauthorized", "Your request was made with invalid credentials.")
}

/// Answers 429, with or without the time to wait.
pub(super) fn throttled(retry_after_seconds: Option<u64>) -> Response<Body> {
    let answer = error(429, "Too Many Requests", "Rate limit exceeded.");
    with_retry_after(answer, retry_after_seconds)
}

/// Adds a `Retry-After` header.
pub(super) fn with_retry_after(mut response: Response<Body>, seconds: Option<u64>) -> Response<Body> {
    if let Some(seconds) = seconds {
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// Answers with a value as JSON.
pub(super) fn json<T: Serialize>(status: u16, value: &T) -> Response<Body> {
    // Our own wire types have string keys and finite numbers only, so this does not fail.
    let text = serde_json::to_string(value).unwrap_or_default();
    raw(status, "application/json; charset=UTF-8", text)
}

/// Answers with a text as it is.
pub(super) fn raw(status: u16, content_type: &'static str, text: String) -> Response<Body> {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::SERVER, HeaderValue::from_static("openresty"));
    headers.insert("x-docebo-api-version", HeaderValue::from_static(API_VERSION));
    response
}
