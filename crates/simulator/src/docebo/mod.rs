//! The API as Docebo offers it.

mod change;
mod enrollment;
mod enrollment_list;
mod faulty;
mod listing;
mod token;
mod user_read;
mod user_search;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::http::request::Parts;
use axum::http::{Request, Response, header};

use crate::clock::Moment;
use crate::connection::Cut;
use crate::fault::{Fault, FaultKind};
use crate::in_flight::InFlight;
use crate::ledger::Answer;
use crate::request::{Endpoint, Target};
use crate::state::{Admission, Platform};

/// The largest body that is read.
const MAX_BODY_BYTES: usize = 1024 * 1024;

/// What becomes of a request.
enum Reply {
    /// It is answered, perhaps reporting the effect at this position of the ledger.
    Answered(Response<Body>, Option<u64>),
    /// The connection is closed.
    Cut,
}

impl From<Response<Body>> for Reply {
    fn from(response: Response<Body>) -> Self {
        Self::Answered(response, None)
    }
}

/// Answers one request.
///
/// The work runs as its own task: Docebo, too, finishes a write whose client has left.
pub(crate) async fn answer(platform: Arc<Platform>, request: Request<Body>) -> Result<Response<Body>, Cut> {
    let (parts, body) = request.into_parts();
    let target = Target::of(&parts.method, parts.uri.path());
    let in_flight = InFlight::begin(&platform, target, Moment::now());
    let reply = match to_bytes(body, MAX_BODY_BYTES).await {
        Ok(body) => {
            let work = handle(Arc::clone(&platform), in_flight.seq, target, parts, body);
            let work = platform.stop.clone().run_until_cancelled_owned(work);
            platform.tasks.spawn(work).await.ok().flatten().unwrap_or(Reply::Cut)
        }
        Err(_) => wire::error(413, "Payload Too Large", "The body is too large.").into(),
    };
    match reply {
        Reply::Answered(response, effect) => {
            let answer = Answer::Status(response.status().as_u16());
            in_flight.finish(answer, effect, Moment::now());
            Ok(response)
        }
        Reply::Cut => {
            in_flight.finish(Answer::Cut, None, Moment::now());
            Err(Cut)
        }
    }
}

async fn handle(platform: Arc<Platform>, seq: u64, target: Target, parts: Parts, body: Bytes) -> Reply {
    pause(Some(platform.settings.latency_ms)).await;
    let admission = platform.state().admit(seq, target, Moment::now());
    let fault = match admission {
        Admission::OverQuota(seconds) => return wire::throttled(Some(seconds)).into(),
        Admission::Admitted(None) => return perform(&platform, target, parts, body).await,
        Admission::Admitted(Some(fault)) => fault,
    };
    pause(fault.delay_ms).await;
    strike(&platform, &fault, target, parts, body).await
}

async fn strike(platform: &Platform, fault: &Fault, target: Target, parts: Parts, body: Bytes) -> Reply {
    match fault.kind {
        FaultKind::Slow => perform(platform, target, parts, body).await,
        FaultKind::CutBefore => Reply::Cut,
        FaultKind::CutAfter => {
            perform(platform, target, parts, body).await;
            Reply::Cut
        }
        FaultKind::NotUpdated => match target.pair {
            Some(pair) if target.endpoint == Endpoint::EnrollmentWrite => enrollment::not_updated(pair).into(),
            Some(_) | None => perform(platform, target, parts, body).await,
        },
        FaultKind::Throttled => wire::throttled(fault.retry_after_seconds).into(),
        FaultKind::Unauthorized => faulty::unauthorized(target.endpoint).into(),
        FaultKind::Forbidden => faulty::forbidden().into(),
        FaultKind::ServerError => faulty::server_error(fault.retry_after_seconds).into(),
        FaultKind::Unavailable => faulty::unavailable(fault.retry_after_seconds).into(),
        FaultKind::Html => faulty::html().into(),
        FaultKind::Garbage => faulty::garbage().into(),
        FaultKind::OtherShape => faulty::other_shape().into(),
    }
}

async fn perform(platform: &Platform, target: Target, parts: Parts, body: Bytes) -> Reply {
    if target.endpoint == Endpoint::Token {
        return token::give(platform, parts, body).await.into();
    }
    if !is_authorized(platform, &parts) {
        return wire::unauthorized().into();
    }
    match (target.endpoint, target.pair) {
        (Endpoint::UserSearch, _) => user_search::search(platform, &parts.uri).into(),
        (Endpoint::UserRead, _) => user_read::read(platform, &parts.uri).into(),
        (Endpoint::EnrollmentList, _) => enrollment_list::list(platform, &parts.uri).into(),
        (Endpoint::EnrollmentRead, Some(pair)) => enrollment::read(platform, pair).into(),
        (Endpoint::EnrollmentWrite, Some(pair)) => enrollment::write(platform, pair, &body),
        (Endpoint::EnrollmentRead | Endpoint::EnrollmentWrite, None) | (Endpoint::Token | Endpoint::Other, _) => {
            wire::not_found("Page not found.").into()
        }
    }
}

fn is_authorized(platform: &Platform, parts: &Parts) -> bool {
    let header = parts.headers.get(header::AUTHORIZATION);
    let Some(value) = header.and_then(|value| value.to_str().ok()) else {
        return false;
    };
    let Some((scheme, token)) = value.split_once(' ') else {
        return false;
    };
    scheme.eq_ignore_ascii_case("bearer") && platform.state().tokens.accepts(token.trim(), Moment::now())
}

async fn pause(delay_ms: Option<u64>) {
    if let Some(delay_ms) = delay_ms.filter(|delay_ms| *delay_ms > 0) {
        tokio::time::sleep(Duration::from_millis(delay_ms)).await;
    }
}
