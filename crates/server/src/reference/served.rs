//! The pages, served.

use std::sync::OnceLock;

use axum::{
    Extension,
    http::{HeaderMap, HeaderName, HeaderValue, header},
    response::Response,
};

use super::{calls, errors as messages};
use crate::openapi::{Description, entity_tag, fixed};

const HTML: &str = "text/html; charset=utf-8";
const STYLE: &str = include_str!("style.css");
/// Nothing but our own style sheet, wherever the page is shown.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);
const REFERRER: (HeaderName, HeaderValue) = (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));

/// A text that only changes with the program, and its fingerprint.
struct Fixed {
    text: String,
    etag: String,
}

impl Fixed {
    fn new(text: String) -> Self {
        let etag = entity_tag(&text);
        Self { text, etag }
    }

    fn answer(&'static self, headers: &HeaderMap, media_type: &'static str) -> Response {
        let mut response = fixed(headers, &self.etag, media_type, &self.text);
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_SECURITY_POLICY, POLICY);
        let (name, value) = REFERRER;
        headers.insert(name, value);
        response
    }
}

/// `GET /reference`
#[utoipa::path(
    get,
    path = "/reference",
    operation_id = "readReference",
    tag = "watching",
    summary = "This description for people",
    description = "",
    responses(
        (status = 200, description = "A page.", body = String, content_type = "text/html"),
        (status = 304, description = "It has not changed."),
    ),
)]
pub(crate) async fn page(Extension(description): Extension<&'static Description>, headers: HeaderMap) -> Response {
    static PAGE: OnceLock<Fixed> = OnceLock::new();
    let page = PAGE.get_or_init(|| Fixed::new(calls::render(&description.document)));
    page.answer(&headers, HTML)
}

/// `GET /reference/errors`
#[utoipa::path(
    get,
    path = "/reference/errors",
    operation_id = "readMessages",
    tag = "watching",
    summary = "Every code with its meaning and its steps, for people",
    description = "",
    responses(
        (status = 200, description = "A page.", body = String, content_type = "text/html"),
        (status = 304, description = "It has not changed."),
    ),
)]
pub(crate) async fn errors(headers: HeaderMap) -> Response {
    static PAGE: OnceLock<Fixed> = OnceLock::new();
    let page = PAGE.get_or_init(|| Fixed::new(messages::render()));
    page.answer(&headers, HTML)
}

/// `GET /reference/style.css`
#[utoipa::path(
    get,
    path = "/reference/style.css",
    operation_id = "readReferenceStyle",
    tag = "watching",
    summary = "How the pages for people look",
    description = "",
    responses(
        (status = 200, description = "A style sheet.", body = String, content_type = "text/css"),
        (status = 304, description = "It has not changed."),
    ),
)]
pub(crate) async fn style(headers: HeaderMap) -> Response {
    static SHEET: OnceLock<Fixed> = OnceLock::new();
    let sheet = SHEET.get_or_init(|| Fixed::new(STYLE.to_owned()));
    sheet.answer(&headers, "text/css; charset=utf-8")
}
