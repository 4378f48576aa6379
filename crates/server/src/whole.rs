//! A change that was begun is brought to its end, whether or not its caller stays to hear of it.
//!
//! A connection that ends drops what is worked on for it, at whatever point that stands: a change without its entry in
//! the audit trail, half of a selection. So changes run on their own, and the connection only waits for them.

use axum::{extract::Request, middleware::Next, response::Response};
use passback_producer::Code;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

use crate::problem::Problem;

/// The work of one listener, which is not stopped before its end; a note on each request that came over it.
#[derive(Debug, Clone)]
pub(crate) struct OpenWork(pub(crate) TaskTracker);

/// Works on a request that may change something, up to its end.
pub(crate) async fn to_its_end(request: Request, next: Next) -> Result<Response, Problem> {
    if request.method().is_safe() {
        return Ok(next.run(request).await);
    }
    // With them goes what the request holds: who hangs up gets no more work done at once than who stays.
    let held = request.extensions().clone();
    let open = held.get::<OpenWork>().cloned();
    let work = async move {
        let response = next.run(request).await;
        drop(held);
        response
    }
    .in_current_span();
    let task = match open {
        Some(OpenWork(tracker)) => tracker.spawn(work),
        // Called without a listener, so nobody waits for it but the caller.
        None => tokio::spawn(work),
    };
    task.await.map_err(|error| match error.try_into_panic() {
        // Answered as every panic of a handler is.
        Ok(panic) => std::panic::resume_unwind(panic),
        Err(_) => Problem::new(Code::InternalError, "The server stops."),
    })
}
