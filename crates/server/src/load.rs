//! As many requests as there are slots, and few that wait for one: who comes when all is taken is sent away at once.

use std::time::Duration;

use axum::{
    extract::{Request, State},
    http::StatusCode,
    middleware::Next,
    response::Response,
};
use passback_producer::Code;

use crate::{problem::Problem, state::App};

/// How long a request waits for a slot: enough for a burst, too short for a queue to build up.
const SLOT_WAIT: Duration = Duration::from_millis(250);

/// Works on a request while it holds a slot, or says that there is none.
pub(crate) async fn shed(State(app): State<App>, request: Request, next: Next) -> Result<Response, Problem> {
    let Ok(Ok(_slot)) = tokio::time::timeout(SLOT_WAIT, app.slots.acquire()).await else {
        // Another server may have slots, so this is about us, not about the caller.
        let problem = Problem::new(
            Code::TooBusy,
            "The server works on as many requests as it takes at once.",
        );
        return Err(problem.with_status(StatusCode::SERVICE_UNAVAILABLE));
    };
    Ok(next.run(request).await)
}
