//! As many requests as there are slots, and few that wait for one: who comes when all is taken is sent away at once.
//!
//! One caller has a part of the slots only, so that its slow requests leave some for the others.

use std::{sync::Arc, time::Duration};

use axum::{
    extract::{Request, State},
    http::StatusCode,
    middleware::Next,
    response::Response,
};
use passback_producer::Code;

use passback_registry::TokenId;
use tokio::sync::OwnedSemaphorePermit;

use crate::{auth::Identity, places::Place, problem::Problem, state::App};

/// How long a request waits for a slot: enough for a burst, too short for a queue to build up.
const SLOT_WAIT: Duration = Duration::from_millis(250);

/// A slot that goes along with its request, so that work which outlives its connection still counts.
#[derive(Clone)]
struct Slot {
    _permit: Arc<OwnedSemaphorePermit>,
}

/// A caller's own place among those that are worked on, in the same way.
#[derive(Clone)]
struct OwnPlace {
    _place: Arc<Place<TokenId>>,
}

/// Works on a request while it holds a slot, or says that there is none.
pub(crate) async fn shed(State(app): State<App>, mut request: Request, next: Next) -> Result<Response, Problem> {
    let waiting = Arc::clone(&app.slots).acquire_owned();
    let Ok(Ok(slot)) = tokio::time::timeout(SLOT_WAIT, waiting).await else {
        // Another server may have slots, so this is about us, not about the caller.
        let problem = Problem::new(
            Code::TooBusy,
            "The server works on as many requests as it takes at once.",
        );
        return Err(problem.with_status(StatusCode::SERVICE_UNAVAILABLE));
    };
    let slot = Slot {
        _permit: Arc::new(slot),
    };
    request.extensions_mut().insert(slot.clone());
    Ok(next.run(request).await)
}

/// Works on a caller's request while it holds one of the caller's places, or says that the caller has had its part.
pub(crate) async fn share(
    State(app): State<App>,
    identity: Identity,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let own = OwnPlace {
        _place: Arc::new(app.callers.take(&identity.id, "requests worked on")?),
    };
    request.extensions_mut().insert(own.clone());
    Ok(next.run(request).await)
}
