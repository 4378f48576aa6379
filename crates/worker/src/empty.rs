//! A complete worker whose jobs do nothing: what a job costs besides its calls to Docebo.

use std::fmt;
use std::time::Duration;

use passback_docebo::Calls;
use passback_queue::{JobRecord, Queue};
use tokio::time::{Instant, sleep};

use crate::attempt::Handler;
use crate::config::WorkerConfig;
use crate::error::WorkerError;
use crate::lease::Lease;
use crate::outcome::{Ending, Happened, Pushed};
use crate::run::run_with;
use crate::shutdown::Shutdown;
use crate::tempo::Tempo;

/// Runs a worker whose every job says that it `began`, takes as long as `work` and ends well, until it is asked to
/// stop. Its payload is not opened and nobody is called: this is for measuring the queue, never for real jobs.
///
/// Everything else is as in [`run`](crate::run): claims, leases, deadlines, heartbeat, housekeeping, settlements.
pub async fn run_empty(
    queue: Queue,
    config: WorkerConfig,
    shutdown: Shutdown,
    began: impl Fn(&JobRecord) + Send + Sync + 'static,
    work: Duration,
) -> Result<(), WorkerError> {
    run_with(Empty { began, work }, queue, config, Tempo::default(), shutdown).await
}

/// The handler of [`run_empty`].
pub(crate) struct Empty<F> {
    pub(crate) began: F,
    pub(crate) work: Duration,
}

impl<F> fmt::Debug for Empty<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Empty")
            .field("work", &self.work)
            .finish_non_exhaustive()
    }
}

impl<F> Handler for Empty<F>
where
    F: Fn(&JobRecord) + Send + Sync + 'static,
{
    async fn handle(&self, lease: &Lease, _: Instant, _: &mut Calls) -> Ending {
        (self.began)(&lease.claimed.record);
        // A timer rounds up to its next tick; no work at all must not.
        if !self.work.is_zero() {
            sleep(self.work).await;
        }
        Happened::Pushed(Pushed::Delivered).into()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Duration;

    use passback_harness::TestRedis;
    use passback_queue::{Lane, State};

    use super::Empty;
    use crate::tests::stage::{Running, brisk, in_state, narrow, queue, some_job};

    #[tokio::test]
    async fn an_empty_job_begins_once_is_done_and_leaves_no_line_in_the_history() {
        let redis = TestRedis::start().await;
        let queue = queue(&redis);
        let begun = Arc::new(AtomicU32::new(0));
        let seen = Arc::clone(&begun);
        let handler = Empty {
            began: move |_: &_| {
                seen.fetch_add(1, Ordering::SeqCst);
            },
            work: Duration::from_millis(1),
        };
        let worker = Running::start(handler, &queue, narrow(), brisk());
        for lane in [Lane::Check, Lane::Push] {
            let job = some_job(lane);
            queue.enqueue(&job).await.unwrap();
            let done = in_state(&queue, job.id, State::Done).await;
            assert!(done.history.is_empty(), "{done:?}");
            assert_eq!((done.attempts, done.code), (1, None));
            assert_eq!(queue.answer(job.id).await.unwrap(), None);
        }
        worker.stop().await;
        assert_eq!(begun.load(Ordering::SeqCst), 2);
    }
}
