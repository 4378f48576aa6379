//! What every handler shares.

use std::sync::Arc;

use passback_producer::Producer;
use passback_queue::Queue;
use passback_registry::Registry;
use tokio::sync::Semaphore;

use crate::{ServerConfig, readiness::Readiness};

/// Batches taken at once; each may hold its lines and verdicts in memory.
const MAX_BATCHES: usize = 32;
/// Reconciliations worked on at once; each may hold the answers on all its ids in memory.
const MAX_RECONCILIATIONS: usize = 4;
/// Streams of events open at once.
const MAX_STREAMS: usize = 64;

/// What every handler shares; cheap to clone.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) producer: Producer,
    pub(crate) config: Arc<ServerConfig>,
    /// One permit per request that waits for an answer.
    pub(crate) waiters: Arc<Semaphore>,
    /// One permit per batch that is read.
    pub(crate) batches: Arc<Semaphore>,
    /// One permit per reconciliation.
    pub(crate) reconciliations: Arc<Semaphore>,
    /// One permit per stream of events.
    pub(crate) streams: Arc<Semaphore>,
    pub(crate) readiness: Arc<Readiness>,
}

impl App {
    pub(crate) fn new(producer: Producer, config: ServerConfig) -> Self {
        let waiters = Arc::new(Semaphore::new(config.max_waiting_requests));
        Self {
            producer,
            config: Arc::new(config),
            waiters,
            batches: Arc::new(Semaphore::new(MAX_BATCHES)),
            reconciliations: Arc::new(Semaphore::new(MAX_RECONCILIATIONS)),
            streams: Arc::new(Semaphore::new(MAX_STREAMS)),
            readiness: Arc::default(),
        }
    }

    pub(crate) fn queue(&self) -> &Queue {
        self.producer.queue()
    }

    pub(crate) fn registry(&self) -> &Registry {
        self.producer.registry()
    }
}
