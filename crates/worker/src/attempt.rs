//! One attempt, from a lease to its settlement: started, cut, interrupted or caught when it panics; always settled.

use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use apalis_core::error::BoxDynError;
use apalis_core::task::Task;
use futures::future::BoxFuture;
use passback_docebo::Calls;
use passback_queue::Name;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;
use tower::Service;
use tower::util::BoxService;
use tracing::Instrument;

use crate::deadline::attempt_time;
use crate::decision::{Facts, Rules, decide};
use crate::hearing::Hearing;
use crate::lease::{Lease, Running};
use crate::orders::Orders;
use crate::outcome::{Ending, Trouble};
use crate::report::{log, released_unstarted, settlement};
use crate::settler::Ended;

/// Runs jobs. It says what happened and decides nothing.
pub(crate) trait Handler: Send + Sync + 'static {
    /// Runs one job; what it calls is listed in `calls` even if it never returns.
    fn handle(&self, lease: &Lease, deadline: Instant, calls: &mut Calls) -> impl Future<Output = Ending> + Send;

    /// What there is to do beside the jobs, for as long as the worker runs; it never ends by itself.
    fn chores(&self) -> impl Future<Output = ()> + Send {
        std::future::pending()
    }
}

/// What all attempts of a worker share.
#[derive(Debug)]
pub(crate) struct Conditions {
    pub(crate) worker: Name,
    pub(crate) rules: Rules,
    pub(crate) push_deadline: Duration,
    pub(crate) ended: mpsc::Sender<Ended>,
    pub(crate) hearing: Hearing,
    pub(crate) orders: Orders,
    /// Jobs that have not begun go back.
    pub(crate) stop: CancellationToken,
    /// Jobs that run are interrupted.
    pub(crate) abort: CancellationToken,
}

/// The innermost service: calls the handler.
pub(crate) struct Handling<H> {
    pub(crate) handler: Arc<H>,
    pub(crate) push_deadline: Duration,
}

impl<H: Handler> Service<Task<Arc<Lease>>> for Handling<H> {
    type Response = Ending;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Ending, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, task: Task<Arc<Lease>>) -> Self::Future {
        let handler = Arc::clone(&self.handler);
        let lease = task.args;
        let time = attempt_time(&lease.claimed.record, self.push_deadline);
        Box::pin(async move {
            let mut calls = lease.calls.lock().await;
            Ok(handler.handle(&lease, lease.received + time.deadline, &mut calls).await)
        })
    }
}

/// What the catch-panic layer makes of a panic. Its text is left to the panic hook: it may hold anything.
#[derive(Debug, thiserror::Error)]
#[error("the handler panicked")]
pub(crate) struct HandlerPanicked;

/// The outermost service: settles whatever comes of the job. Apalis always hears that all is well.
pub(crate) struct Attempts {
    /// Boxed: the type of the catch-panic layer would otherwise run through every future above.
    pub(crate) inner: BoxService<Task<Arc<Lease>>, Ending, BoxDynError>,
    pub(crate) conditions: Arc<Conditions>,
}

impl fmt::Debug for Attempts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attempts").finish_non_exhaustive()
    }
}

impl Service<Task<Running>> for Attempts {
    type Response = ();
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<(), Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        // The inner services are always ready: the slots were counted before the claim.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, task: Task<Running>) -> Self::Future {
        let Running { lease, slot, known } = task.args;
        let conditions = Arc::clone(&self.conditions);
        let begins = !conditions.stop.is_cancelled();
        let attempt = begins.then(|| self.inner.call(Task::new(Arc::clone(&lease))));
        Box::pin(async move {
            let settlement = match attempt {
                None => released_unstarted(&lease),
                Some(attempt) => {
                    let record = &lease.claimed.record;
                    let span = tracing::info_span!(
                        "attempt",
                        job = %record.id,
                        kind = record.kind,
                        connector = record.connector,
                        attempt = record.attempts + 1,
                    );
                    conditions.settled(&lease, attempt).instrument(span).await
                }
            };
            if conditions.ended.send(Ended { settlement, known }).await.is_err() {
                // Nobody settles any more: every further job would be done for nothing, and done again elsewhere.
                conditions.stop.cancel();
            }
            drop(slot);
            Ok(())
        })
    }
}

impl Conditions {
    /// Runs an attempt to whichever end comes first, and decides what becomes of the job.
    async fn settled(
        &self,
        lease: &Lease,
        attempt: impl Future<Output = Result<Ending, BoxDynError>>,
    ) -> passback_queue::Settlement {
        let record = &lease.claimed.record;
        let cut = lease.received + attempt_time(record, self.push_deadline).cut;
        let ending = tokio::select! {
            biased;
            ended = timeout_at(cut, attempt) => match ended {
                Ok(Ok(ending)) => ending,
                Ok(Err(_panicked)) => Trouble::Panicked.into(),
                Err(_elapsed) => Trouble::Cut.into(),
            },
            () = self.abort.cancelled() => Trouble::Interrupted.into(),
            () = self.hearing.clone().until_unheard() => Trouble::Unheard.into(),
        };
        let facts = Facts {
            record,
            about: ending.about.as_ref(),
            gate: ending.gate.as_ref(),
            now_ms: lease.now_ms(),
            random: fastrand::u64(..),
        };
        let decision = decide(&ending.happened, facts, &self.rules);
        log(&decision, &ending.happened, lease);
        // The handler is gone, and with it the only other holder of the list.
        let calls = std::mem::take(&mut *lease.calls.lock().await);
        settlement(decision, &ending.happened, lease, &calls, &self.worker)
    }
}
