//! Answers that go wrong on purpose.

use axum::body::Body;
use axum::http::Response;
use serde_json::json;

use crate::docebo::{token, wire};
use crate::request::Endpoint;

/// Answers 401 in the manner of the endpoint.
pub(super) fn unauthorized(endpoint: Endpoint) -> Response<Body> {
    match endpoint {
        Endpoint::Token => token::invalid_client(),
        Endpoint::UserSearch
        | Endpoint::UserRead
        | Endpoint::EnrollmentRead
        | Endpoint::EnrollmentWrite
        | Endpoint::EnrollmentList
        | Endpoint::Other => wire::unauthorized(),
    }
}

/// Answers 403: the role lacks the right.
pub(super) fn forbidden() -> Response<Body> {
    wire::error(403, "Forbidden", "You are not allowed to perform this action.")
}

/// Answers 500.
pub(super) fn server_error(retry_after_seconds: Option<u64>) -> Response<Body> {
    let answer = wire::error(500, "Internal Server Error", "An internal server error occurred.");
    wire::with_retry_after(answer, retry_after_seconds)
}

/// Answers 503: overloaded.
pub(super) fn unavailable(retry_after_seconds: Option<u64>) -> Response<Body> {
    let answer = wire::error(503, "Service Unavailable", "The server is overloaded.");
    wire::with_retry_after(answer, retry_after_seconds)
}

/// Answers 200 with the login page.
pub(super) fn html() -> Response<Body> {
    let page = "<!DOCTYPE html><html><head><title>Sign in</title></head>\
                <body><form action=\"/login\"></form></body></html>";
    wire::raw(200, "text/html; charset=UTF-8", page.to_owned())
}

/// Answers 200 with JSON that breaks off.
pub(super) fn garbage() -> Response<Body> {
    wire::raw(
        200,
        "application/json; charset=UTF-8",
        "{\"data\":{\"items\":[{\"user_".to_owned(),
    )
}

/// Answers 200 with JSON that has nothing of the expected.
pub(super) fn other_shape() -> Response<Body> {
    wire::json(200, &json!({"data": "maintenance", "version": "1.0.0", "_links": []}))
}
