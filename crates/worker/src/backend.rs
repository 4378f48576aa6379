//! Our apalis backend: one channel per lane, filled by the lane's claim loop.
//!
//! It never fails. An error out of a backend ends its apalis worker, so Redis' faults stay in the claim loop. It ends
//! when the claim loop has dropped its end of the channel and every job in it is taken.

use std::convert::Infallible;
use std::task::{Context, Poll};

use apalis_core::backend::finalize::Ephemeral;
use apalis_core::backend::{Backend, BackendConfig};
use apalis_core::task::Task;
use apalis_core::task::task_id::RandomId;
use apalis_core::worker::context::WorkerContext;
use tokio::sync::mpsc;
use tower::layer::util::Identity;

use crate::lease::Running;

/// The jobs of one lane, as its apalis worker takes them.
#[derive(Debug)]
pub(crate) struct LaneBackend {
    jobs: mpsc::Receiver<Running>,
}

impl LaneBackend {
    pub(crate) fn new(jobs: mpsc::Receiver<Running>) -> Self {
        Self { jobs }
    }
}

impl Backend for LaneBackend {
    type Task = Task<Running>;
    type Error = Infallible;

    fn poll_ready(&mut self, _: &mut Context<'_>, _: &WorkerContext) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn poll_next(
        &mut self,
        cx: &mut Context<'_>,
        worker: &WorkerContext,
    ) -> Poll<Option<Result<Self::Task, Self::Error>>> {
        // The channel wakes this worker itself; nothing here waits for a heartbeat.
        self.jobs.poll_recv(cx).map(|job| {
            if job.is_none() {
                // An apalis worker whose backend has ended ends only when it is stopped as well.
                let _ = worker.stop();
            }
            job.map(|running| Ok(Task::new(running)))
        })
    }

    fn poll_close(&mut self, _: &mut Context<'_>, _: &WorkerContext) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }
}

impl BackendConfig for LaneBackend {
    type Args = Running;
    type Id = RandomId;
    type Kind = Ephemeral;
    type Config = ();
    type Layer = Identity;

    fn config(&self) -> &Self::Config {
        &()
    }

    fn middleware(&mut self, _: &mut WorkerContext) -> Self::Layer {
        Identity::new()
    }
}
