//! What every handler shares.

use std::sync::Arc;

use passback_producer::Producer;
use passback_queue::Queue;
use passback_registry::{ConnectorId, Registry, TokenId, TokenWatch};
use tokio::sync::{Notify, Semaphore};

use crate::{
    ServerConfig, metrics::Metrics, places::Places, rate_limit::Rates, readiness::Readiness, refusals::Refusals,
    token_use::TokenUse, webhook_strangers::Strangers,
};

/// Batches taken at once; each may hold its lines and verdicts in memory.
const MAX_BATCHES: usize = 32;
/// Reconciliations at once, until their answers are taken; each may hold the answers on all its ids in memory.
const MAX_RECONCILIATIONS: usize = 4;
/// Streams of events open at once.
const MAX_STREAMS: usize = 64;

/// Webhooks taken at once; each may hold its body in memory.
const MAX_WEBHOOKS: usize = 64;
/// Walks over all dead letters made at once; each asks much of Redis.
const MAX_WALKS: usize = 4;
/// Of these one caller has so many: an export is no reason to see no groups.
const MAX_WALKS_OF_ONE: usize = 2;

/// What every handler shares; cheap to clone.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) producer: Producer,
    pub(crate) config: Arc<ServerConfig>,
    /// One permit per request that is worked on.
    pub(crate) slots: Arc<Semaphore>,
    /// One place per request that is worked on for the bearer of a token.
    pub(crate) callers: Arc<Places<TokenId>>,
    /// One place per request that waits for an answer.
    pub(crate) waiters: Arc<Places<TokenId>>,
    /// One place per batch that is read.
    pub(crate) batches: Arc<Places<TokenId>>,
    /// One place per reconciliation.
    pub(crate) reconciliations: Arc<Places<TokenId>>,
    /// One place per stream of events.
    pub(crate) streams: Arc<Places<TokenId>>,
    /// One place per webhook that is taken.
    pub(crate) webhooks: Arc<Places<ConnectorId>>,
    pub(crate) readiness: Arc<Readiness>,
    /// One place per walk over all dead letters.
    pub(crate) walks: Arc<Places<TokenId>>,
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
    /// Which connectors that webhooks came for there are not.
    pub(crate) strangers: Arc<Strangers>,
}

impl App {
    pub(crate) fn new(producer: Producer, config: ServerConfig) -> Self {
        let waiters = Places::new(config.max_waiting_requests);
        let callers = Places::new(config.max_concurrent_requests);
        let slots = Arc::new(Semaphore::new(config.max_concurrent_requests));
        let tokens = TokenWatch::new(producer.registry().clone());
        Self {
            producer,
            tokens,
            token_use: Arc::default(),
            rates: Arc::new(Rates::of(&config)),
            refusals: Arc::default(),
            strangers: Arc::default(),
            config: Arc::new(config),
            slots,
            callers,
            waiters,
            batches: Places::new(MAX_BATCHES),
            reconciliations: Places::new(MAX_RECONCILIATIONS),
            streams: Places::new(MAX_STREAMS),
            webhooks: Places::new(MAX_WEBHOOKS),
            readiness: Arc::default(),
            walks: Places::with_share(MAX_WALKS, MAX_WALKS_OF_ONE),
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
