//! One lane of a worker: a claim loop, a channel, an apalis worker.

use std::any::Any;
use std::sync::Arc;

use apalis::layers::catch_panic::CatchPanicLayer;
use apalis_core::worker::builder::WorkerBuilder;
use passback_queue::{Lane, Queue};
use tokio::sync::{Semaphore, mpsc};
use tower::Layer;
use tower::util::BoxService;

use crate::attempt::{Attempts, Conditions, Handler, HandlerPanicked, Handling};
use crate::backend::LaneBackend;
use crate::deadline::lease_for;
use crate::error::WorkerError;
use crate::fetch::Fetch;
use crate::in_flight::InFlight;
use crate::tempo::Tempo;

type PanicHandler = fn(&Box<dyn Any + Send>) -> HandlerPanicked;

fn panicked(_: &Box<dyn Any + Send>) -> HandlerPanicked {
    HandlerPanicked
}

/// Serves a lane until the conditions say stop and its last job is settled. Any other end is an error.
pub(crate) async fn serve<H: Handler>(
    lane: Lane,
    slots: usize,
    queue: Queue,
    handler: Arc<H>,
    conditions: Arc<Conditions>,
    tempo: Tempo,
) -> Result<(), WorkerError> {
    let (jobs, claimed) = mpsc::channel(slots);
    let fetch = Fetch {
        queue,
        worker: conditions.worker.clone(),
        lane,
        slots: Arc::new(Semaphore::new(slots)),
        all_slots: slots,
        lease_for: lease_for(lane, conditions.push_deadline),
        jobs,
        in_flight: InFlight::default(),
        hearing: conditions.hearing.clone(),
        orders: conditions.orders.clone(),
        handover_failed: Arc::default(),
        retry: tempo.redis_retry,
        late_claim: tempo.late_claim,
        stop: conditions.stop.clone(),
    };
    let handling = Handling {
        handler,
        push_deadline: conditions.push_deadline,
    };
    let attempts = Attempts {
        inner: BoxService::new(CatchPanicLayer::with_panic_handler(panicked as PanicHandler).layer(handling)),
        conditions: Arc::clone(&conditions),
    };
    let worker = WorkerBuilder::new(format!("{}/{lane}", conditions.worker))
        .backend(LaneBackend::new(claimed))
        .build(attempts);
    let fetching = async { fetch.run().await.map_err(WorkerError::Queue) };
    let working = async {
        let ended = worker.run().await;
        ended.map_err(|source| WorkerError::Runtime { lane, source })
    };
    tokio::try_join!(fetching, working)?;
    if conditions.stop.is_cancelled() {
        Ok(())
    } else {
        Err(WorkerError::EndedEarly { lane })
    }
}
