//! The handle of an exam engine on passback.

use std::{fmt, path::PathBuf, sync::Arc};

use passback_queue::{Clock, Egress, Queue, RedisOptions, Retention};
use passback_registry::{Registry, RegistryOptions, Vault};

use crate::{
    ConnectError,
    courses::Courses,
    endings::Endings,
    feed_news::{FeedNews, NewsOf},
};

/// What a producer needs to start by itself.
#[derive(Clone)]
pub struct ProducerOptions {
    /// Where Redis is; may hold a password.
    pub redis_url: String,
    /// The file with the keys that seal secrets and e-mails; the same for all processes.
    pub master_key_file: PathBuf,
    /// Whether connectors may name a simulator on this machine by plain `http` (development).
    pub allow_http_loopback: bool,
}

impl fmt::Debug for ProducerOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProducerOptions")
            .field("master_key_file", &self.master_key_file)
            .field("allow_http_loopback", &self.allow_http_loopback)
            .finish_non_exhaustive()
    }
}

/// Turns exam events into jobs. Clones share connections, caches and the news of what has ended.
#[derive(Clone)]
pub struct Producer {
    pub(crate) queue: Queue,
    pub(crate) registry: Registry,
    pub(crate) endings: Arc<Endings>,
    pub(crate) feed_news: Arc<FeedNews>,
    pub(crate) docebo_news: Arc<FeedNews>,
    pub(crate) courses: Arc<Courses>,
}

impl fmt::Debug for Producer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Producer").finish_non_exhaustive()
    }
}

impl Producer {
    /// A producer over a queue and a registry that stand already.
    pub fn new(queue: Queue, registry: Registry) -> Self {
        let endings = Arc::new(Endings::new(queue.clone()));
        let feed_news = Arc::new(FeedNews::new(queue.clone(), NewsOf::Feed));
        let docebo_news = Arc::new(FeedNews::new(queue.clone(), NewsOf::DoceboEvents));
        Self {
            queue,
            registry,
            endings,
            feed_news,
            docebo_news,
            courses: Arc::default(),
        }
    }

    /// A producer of its own: reads the master key file and reaches Redis, or says why not.
    pub async fn connect(options: ProducerOptions) -> Result<Self, ConnectError> {
        Self::connect_from(Egress::default(), options).await
    }

    /// The same for a process that calls Docebo, from a named address.
    pub async fn connect_from(egress: Egress, options: ProducerOptions) -> Result<Self, ConnectError> {
        Self::connect_keeping(Retention::default(), egress, options).await
    }

    /// The same for a process that keeps things for other times than the usual ones.
    pub async fn connect_keeping(
        retention: Retention,
        egress: Egress,
        options: ProducerOptions,
    ) -> Result<Self, ConnectError> {
        let vault = Vault::from_file(&options.master_key_file)?;
        let redis = RedisOptions::new(options.redis_url);
        let queue = Queue::with_egress(redis.clone(), Clock::default(), retention, egress)?;
        queue.ping().await?;
        let registry_options = RegistryOptions {
            allow_http_loopback: options.allow_http_loopback,
            ..RegistryOptions::default()
        };
        let registry = Registry::new(redis.manager()?, vault, registry_options);
        Ok(Self::new(queue, registry))
    }

    /// The queue that it fills.
    pub fn queue(&self) -> &Queue {
        &self.queue
    }

    /// The registry that it asks.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    pub(crate) fn vault(&self) -> &Vault {
        self.registry.vault()
    }
}
