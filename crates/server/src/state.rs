//! What every handler shares.

use std::sync::Arc;

use passback_producer::Producer;
use passback_queue::Queue;
use passback_registry::{ConnectorId, Registry, TokenId, TokenWatch};
use tokio::sync::{Notify, Semaphore};

use crate::{
    ServerConfig, metrics::Metrics, places::Places, rate_limit::Rates, readiness::Readiness, refusals::Refusals,
    token_use::TokenUse,
};

/// Batches taken at once; each may hold its lines and verdicts in memory.
const MAX_BATCHES: usize = 32;
/// Reconciliations worked on at once; each may hold the answers on all its ids in memory.
const MAX_RECONCILIATIONS: usize = 4;
/// Streams of events open at once.
const MAX_STREAMS: usize = 64;

/// Webhooks taken at once; each may hold its body in memory.
const MAX_WEBHOOKS: usize = 64;
/// Walks over all dead letters made at once; each asks much of Redis.
const MAX_WALKS: usize = 4;

/// What every handler shares; cheap to clone.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) producer: Producer,
    pub(crate) config: Arc<ServerConfig>,
    /// One permit per request that is worked on.
    pub(crate) slots: Arc<Semaphore>,
    /// One permit per request that waits for an answer.
    pub(crate) waiters: Arc<Semaphore>,
    /// One place per batch that is read.
    pub(crate) batches: Arc<Places<TokenId>>,
    /// One permit per reconciliation.
    pub(crate) reconciliations: Arc<Semaphore>,
    /// One place per stream of events.
    pub(crate) streams: Arc<Places<TokenId>>,
    /// One place per webhook that is taken.
    pub(crate) webhooks: Arc<Places<ConnectorId>>,
    pub(crate) readiness: Arc<Readiness>,
    /// One permit per walk over all dead letters.
    pub(crate) walks: Arc<Semaphore>,
    /// That this server was told to start a plan.
    pub(crate) plan_started: Arc<Notify>,
    pub(crate) metrics: Arc<Metrics>,
    /// The tokens that are stored.
    pub(crate) tokens: TokenWatch,
    /// When each token was last used.
    pub(crate) token_use: Arc<TokenUse>,
    /// How much each token and each connector has asked of late.
    pub(crate) rates: Arc<Rates>,
    /// How many webhooks were refused of late.
    pub(crate) refusals: Arc<Refusals>,
}

impl App {
    pub(crate) fn new(producer: Producer, config: ServerConfig) -> Self {
        let waiters = Arc::new(Semaphore::new(config.max_waiting_requests));
        let slots = Arc::new(Semaphore::new(config.max_concurrent_requests));
        let tokens = TokenWatch::new(producer.registry().clone());
        Self {
            producer,
            tokens,
            token_use: Arc::default(),
            rates: Arc::new(Rates::of(&config)),
            refusals: Arc::default(),
            config: Arc::new(config),
            slots,
            waiters,
            batches: Places::new(MAX_BATCHES),
            reconciliations: Arc::new(Semaphore::new(MAX_RECONCILIATIONS)),
            streams: Places::new(MAX_STREAMS),
            webhooks: Places::new(MAX_WEBHOOKS),
            readiness: Arc::default(),
            walks: Arc::new(Semaphore::new(MAX_WALKS)),
            plan_started: Arc::default(),
            metrics: Arc::default(),
        }
    }

    pub(crate) fn queue(&self) -> &Queue {
        self.producer.queue()
    }

    pub(crate) fn registry(&self) -> &Registry {
        self.producer.registry()
    }
}
