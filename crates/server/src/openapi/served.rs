//! The description, served.

use axum::{
    Extension,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use super::Description;

/// A day would be too long after an update; asking again costs next to nothing.
const CACHED: HeaderValue = HeaderValue::from_static("public, max-age=300");

/// `GET /openapi.json`
#[utoipa::path(
    get,
    path = "/openapi.json",
    operation_id = "readDescription",
    tag = "watching",
    summary = "This description",
    description = "OpenAPI 3.1. Answers 304 to an If-None-Match with the ETag of the answer before.",
    responses(
        (status = 200, description = "The description.", body = Object, content_type = "application/json", headers(("ETag" = String, description = "Changes with the description."))),
        (status = 304, description = "It has not changed."),
    ),
)]
pub(crate) async fn document(Extension(description): Extension<&'static Description>, headers: HeaderMap) -> Response {
    fixed(&headers, &description.etag, "application/json", &description.json)
}

/// Answers with a text that only changes with the program, or says that it has not changed.
pub(crate) fn fixed(headers: &HeaderMap, etag: &str, media_type: &'static str, text: &'static str) -> Response {
    let asked = headers.get_all(header::IF_NONE_MATCH).iter();
    let known = asked
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|tag| tag.trim().trim_start_matches("W/"))
        .any(|tag| tag == "*" || tag == etag);
    let mut response = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let kind = HeaderValue::from_static(media_type);
        ([(header::CONTENT_TYPE, kind)], text).into_response()
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, CACHED);
    if let Ok(etag) = HeaderValue::from_str(etag) {
        headers.insert(header::ETAG, etag);
    }
    response
}
