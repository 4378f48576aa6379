//! What every answer tells browsers not to do with it.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

/// For every answer, whatever it says of itself.
const FIXED: [(HeaderName, HeaderValue); 4] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    ),
];
/// For answers that do not say another thing: a page has scripts and styles of its own, data has none.
const USUAL: [(HeaderName, HeaderValue); 2] = [
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"),
    ),
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
];
/// For what was asked for over our own TLS; a proxy that ends TLS says so itself.
const HSTS: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// Adds them to an answer.
pub(crate) fn add(headers: &mut HeaderMap, over_tls: bool) {
    for (name, value) in FIXED {
        headers.insert(name, value);
    }
    for (name, value) in USUAL {
        headers.entry(name).or_insert(value);
    }
    if over_tls {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HSTS);
    }
}
