//! Reading a body whole: bounded in size and in time.

use std::time::Duration;

use axum::{
    body::Body,
    http::{HeaderMap, StatusCode, header},
};
use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use passback_producer::Code;

use crate::problem::Problem;

/// Reads a body up to its end.
pub(crate) async fn read_whole(body: Body, max_bytes: usize, timeout_ms: u64) -> Result<Bytes, Problem> {
    let read = tokio::time::timeout(Duration::from_millis(timeout_ms), collect(body, max_bytes));
    read.await.unwrap_or_else(|_| Err(too_slow(timeout_ms)))
}

async fn collect(body: Body, max_bytes: usize) -> Result<Bytes, Problem> {
    let mut pieces = body.into_data_stream();
    let mut whole = BytesMut::new();
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|_| broken_off())?;
        if whole.len() + piece.len() > max_bytes {
            return Err(Problem::new(
                Code::TooLarge,
                format!("The body is larger than {max_bytes} bytes."),
            ));
        }
        whole.extend_from_slice(&piece);
    }
    Ok(whole.freeze())
}

/// The body did not come in time.
pub(crate) fn too_slow(timeout_ms: u64) -> Problem {
    let detail = format!("Nothing more of the body came within {timeout_ms} ms.");
    Problem::new(Code::BodyIncomplete, detail)
}

/// The body ended before its end.
pub(crate) fn broken_off() -> Problem {
    Problem::new(Code::BodyIncomplete, "The body broke off before its end.").with_status(StatusCode::BAD_REQUEST)
}

/// Refuses a body of another media type.
pub(crate) fn expect_media_type(headers: &HeaderMap, wanted: &[&str]) -> Result<(), Problem> {
    let value = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let essence = value.split(';').next().unwrap_or_default().trim();
    if let Some(coding) = headers.get(header::CONTENT_ENCODING)
        && !coding.as_bytes().eq_ignore_ascii_case(b"identity")
    {
        return Err(Problem::new(
            Code::UnsupportedMediaType,
            "The body is compressed, by its Content-Encoding header.",
        )
        .fix("Send it as it is, without that header."));
    }
    if wanted.iter().any(|media_type| essence.eq_ignore_ascii_case(media_type)) {
        return Ok(());
    }
    let wanted = wanted.first().copied().unwrap_or_default();
    Err(Problem::new(
        Code::UnsupportedMediaType,
        "The Content-Type header names another media type, or none.",
    )
    .fix(format!("Send the header `Content-Type: {wanted}`.")))
}
