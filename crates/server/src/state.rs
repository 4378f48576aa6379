//! What every handler shares.

use std::sync::Arc;

use passback_producer::Producer;
use passback_queue::Queue;
use passback_registry::Registry;
use tokio::sync::Semaphore;

use crate::ServerConfig;

/// What every handler shares; cheap to clone.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) producer: Producer,
    pub(crate) config: Arc<ServerConfig>,
    /// One permit per request that waits for an answer.
    pub(crate) waiters: Arc<Semaphore>,
}

impl App {
    pub(crate) fn new(producer: Producer, config: ServerConfig) -> Self {
        let waiters = Arc::new(Semaphore::new(config.max_waiting_requests));
        Self {
            producer,
            config: Arc::new(config),
            waiters,
        }
    }

    pub(crate) fn queue(&self) -> &Queue {
        self.producer.queue()
    }

    pub(crate) fn registry(&self) -> &Registry {
        self.producer.registry()
    }
}
