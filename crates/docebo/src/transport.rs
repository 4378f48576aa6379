//! Sends one request, reads a bounded answer, and names what the network did instead.

use std::error::Error as StdError;
use std::io;
use std::iter;

use reqwest::header::CONTENT_TYPE;
use reqwest::redirect::Policy;
use reqwest::{RequestBuilder, Response, Url};
use secrecy::SecretString;

use crate::answer::{Answer, MAX_BODY_BYTES};
use crate::call::Recording;
use crate::config::{BuildError, ClientConfig};
use crate::failure::Failure;
use crate::redact;
use crate::retry_after::retry_after;

/// Shorter than what servers keep, so that a call seldom meets a connection that is being closed.
const POOL_IDLE_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(20);

/// The HTTP client: no cookies, no redirects, bounded in time.
pub(crate) fn http_client(config: &ClientConfig, base: &Url) -> Result<reqwest::Client, BuildError> {
    // Somebody else in this process may have installed one; either will do.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut headers = reqwest::header::HeaderMap::new();
    headers.insert(
        reqwest::header::ACCEPT,
        reqwest::header::HeaderValue::from_static("application/json"),
    );
    let mut builder = reqwest::Client::builder()
        .user_agent(concat!("passback/", env!("CARGO_PKG_VERSION")))
        .default_headers(headers)
        .connect_timeout(config.connect_timeout)
        .timeout(config.request_timeout)
        .pool_idle_timeout(POOL_IDLE_TIMEOUT)
        .redirect(Policy::none());
    if base.scheme() == "http" {
        // Plain HTTP is for a simulator nearby: it needs neither a proxy nor the system's root certificates.
        builder = builder.no_proxy().tls_certs_only(iter::empty());
    }
    builder.build().map_err(|error| BuildError::HttpSetup {
        detail: root_cause(&error),
    })
}

/// Sends a request and reads its answer; the recording ends with the body's last byte.
pub(crate) async fn send(
    request: RequestBuilder,
    mut recording: Recording<'_>,
    withheld: Vec<SecretString>,
) -> Result<Answer, Failure> {
    let response = request.send().await.map_err(|error| failure_of(&error))?;
    recording.answered(response.status().as_u16());
    let mut answer = Answer {
        status: response.status(),
        content_type: response
            .headers()
            .get(CONTENT_TYPE)
            .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()),
        retry_after: retry_after(response.headers()),
        body: Vec::new(),
        whole: true,
        withheld,
    };
    match read_body(response, &mut answer).await {
        // A status other than 2xx says enough, even when its explanation was cut.
        Err(failure) if answer.status.is_success() => Err(failure),
        Ok(()) | Err(_) => Ok(answer),
    }
}

async fn read_body(mut response: Response, answer: &mut Answer) -> Result<(), Failure> {
    while let Some(chunk) = response.chunk().await.map_err(|error| failure_of(&error))? {
        let room = MAX_BODY_BYTES - answer.body.len();
        let fitting = chunk.get(..room).unwrap_or(&chunk);
        answer.body.extend_from_slice(fitting);
        if chunk.len() > room {
            answer.whole = false;
            break;
        }
    }
    Ok(())
}

fn failure_of(error: &reqwest::Error) -> Failure {
    if let Some(detail) = certificate_fault(error) {
        return Failure::CertificateInvalid { detail };
    }
    let never_left = error.is_connect() || error.is_builder();
    match (never_left, error.is_timeout()) {
        (true, true) => Failure::Unreachable {
            detail: "connecting timed out".to_owned(),
        },
        (true, false) => Failure::Unreachable {
            detail: root_cause(error),
        },
        (false, true) => Failure::TimedOut,
        (false, false) => Failure::ConnectionLost {
            detail: root_cause(error),
        },
    }
}

fn certificate_fault(error: &reqwest::Error) -> Option<String> {
    causes(error).find_map(|cause| {
        let rustls::Error::InvalidCertificate(fault) = cause.downcast_ref::<rustls::Error>()? else {
            return None;
        };
        Some(redact::excerpt(&fault.to_string()))
    })
}

/// The innermost cause; the outer ones repeat the URL, and with it the e-mail that was searched for.
fn root_cause(error: &reqwest::Error) -> String {
    causes(error).last().map_or_else(
        || "the request could not be made".to_owned(),
        |cause| redact::excerpt(&cause.to_string()),
    )
}

/// What is below an error. An `io::Error` passes over what it wraps in its own `source`, so it is opened here.
fn causes<'a>(error: &'a reqwest::Error) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    iter::successors(error.source(), |cause| {
        let cause: &'a (dyn StdError + 'static) = *cause;
        match cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inner) => Some(inner as &(dyn StdError + 'static)),
            None => cause.source(),
        }
    })
}
