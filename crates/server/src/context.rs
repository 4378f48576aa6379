//! The outermost layer: request id, problems in their final form, headers that every answer has.

use axum::{
    extract::Request,
    http::{HeaderName, HeaderValue, header},
    middleware::Next,
    response::Response,
};
use passback_queue::JobId;

use crate::{problem::Problem, security_headers, serve_connection::OverTls};

/// The header in which a request's id comes and goes.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The longest request id taken over from a caller.
const MAX_REQUEST_ID_BYTES: usize = 128;

/// A request's id.
#[derive(Debug, Clone)]
pub(crate) struct RequestId(pub(crate) String);

/// Gives each request an id and each answer its last touch.
pub(crate) async fn with_request_id(mut request: Request, next: Next) -> Response {
    let given = request.headers().get(&REQUEST_ID).and_then(|value| value.to_str().ok());
    let id = match given {
        Some(text) if is_sane(text) => text.to_owned(),
        // A ULID, as job ids are: unique and sortable by time.
        Some(_) | None => JobId::generate().to_string(),
    };
    let over_tls = request.extensions().get::<OverTls>().is_some();
    request.extensions_mut().insert(RequestId(id.clone()));
    let mut response = next.run(request).await;
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        let mut rendered = problem.render(&id);
        for (name, value) in response.headers() {
            // What was said of the answer's body is not true of the problem that takes its place.
            if name != header::CONTENT_LENGTH && name != header::CONTENT_TYPE {
                rendered.headers_mut().append(name, value.clone());
            }
        }
        response = rendered;
    }
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&id) {
        headers.insert(REQUEST_ID, value);
    }
    security_headers::add(headers, over_tls);
    response
}

/// Nothing that could break a log line or a header.
fn is_sane(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:/=+".contains(&byte);
    (1..=MAX_REQUEST_ID_BYTES).contains(&text.len()) && text.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_id_that_could_break_a_log_line_is_replaced() {
        for text in [
            "",
            "a b",
            "a\tb",
            "ann@example.org",
            "<b>",
            &"x".repeat(MAX_REQUEST_ID_BYTES + 1),
        ] {
            assert!(!is_sane(text), "{text}");
        }
        assert!(is_sane("01JD-abc_1.2:3"));
    }
}
