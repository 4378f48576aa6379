//! The parts that `serve`, `worker`, `dev` and `demo` are made of.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use passback_producer::{ConnectError, Producer, ProducerOptions};
use passback_queue::{Lane, QueueError, Retention};
use passback_server::{ServeOptions, ServerConfig, Tls, TlsFiles};
use passback_worker::{Limits, WorkerConfig};
use secrecy::ExposeSecret;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::config::{Settings, mask_password};
use crate::exit::Failure;

/// Who says which Redis and which keys to use, and so where a mistake is put right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Setup {
    /// The configuration of `serve` and `worker`.
    Configuration,
    /// The flags of `dev`, which named a Redis.
    Flags,
    /// Nobody: `dev` or `demo` started its own Redis.
    Private,
}

impl Setup {
    fn reach_redis(self) -> &'static str {
        match self {
            Self::Configuration => {
                "start Redis, or let redis.url (PASSBACK_REDIS__URL or --redis-url) name the right one"
            }
            Self::Flags => "start that Redis, let --redis-url name another one, or leave it away to have one started",
            Self::Private => "start it again; redis.log in the data folder says what happened",
        }
    }

    fn mend_key(self) -> &'static str {
        match self {
            Self::Configuration => {
                "let secrets.master_key_file (PASSBACK_SECRETS__MASTER_KEY_FILE) name the key file of all processes"
            }
            Self::Flags | Self::Private => "put the data folder's own master.key back, or name another --data-dir",
        }
    }

    fn secure_redis(self) -> &'static str {
        match self {
            Self::Configuration => "set Redis up as said, or accept the loss with redis.allow_unsafe = true",
            Self::Flags => "set Redis up as said, or leave --redis-url away to have one started",
            Self::Private => "let nobody reconfigure the Redis in the data folder",
        }
    }
}

/// Connects to Redis and refuses one that could lose jobs, unless that was allowed.
pub(crate) async fn connect(settings: &Settings, setup: Setup) -> Result<Producer, Failure> {
    let options = ProducerOptions {
        redis_url: settings.redis_url.expose_secret().to_owned(),
        master_key_file: settings.master_key_file.clone(),
        allow_http_loopback: settings.allow_http_loopback,
    };
    let shown = mask_password(settings.redis_url.expose_secret());
    let unreachable = |error: QueueError| {
        Failure::unavailable(format!("cannot work with Redis at {shown}: {error}")).fix(setup.reach_redis())
    };
    let retention = Retention {
        ledger: settings.ledger_retention,
        events: settings.feed_retention,
        docebo_events: settings.webhooks_retention,
        ..Retention::default()
    };
    let connected = Producer::connect_keeping(retention, settings.egress.clone(), options).await;
    let producer = connected.map_err(|error| match error {
        ConnectError::MasterKey(error) => Failure::refused(error.to_string()).fix(setup.mend_key()),
        ConnectError::Redis(error) => unreachable(error),
    })?;
    let safety = producer.queue().safety().await.map_err(unreachable)?;
    if safety.hazards.is_empty() {
        return Ok(producer);
    }
    if settings.allow_unsafe_redis {
        for hazard in &safety.hazards {
            tracing::warn!(%hazard, "this Redis can lose jobs; redis.allow_unsafe lets it pass");
        }
        return Ok(producer);
    }
    let failure = Failure::refused(format!("Redis at {shown} can lose jobs, so nothing is started"));
    let failure = safety
        .hazards
        .iter()
        .fold(failure, |failure, hazard| failure.detail(hazard.to_string()));
    Err(failure.fix(setup.secure_redis()))
}

/// What the HTTP server is told.
pub(crate) fn server_config(settings: &Settings) -> ServerConfig {
    ServerConfig {
        tokens: settings.tokens.clone(),
        max_body_bytes: settings.max_body_bytes,
        max_webhook_body_bytes: settings.max_webhook_body_bytes,
        max_requests_per_second_per_token: settings.max_requests_per_second_per_token,
        max_webhooks_per_second_per_connector: settings.max_webhooks_per_second_per_connector,
        allow_unsafe_redis: settings.allow_unsafe_redis,
        overdue_after: settings.overdue_after,
        trusted_proxies: settings.trusted_proxies.clone(),
        cors_origins: settings.cors_origins.clone(),
        tls: settings.tls.clone(),
        ..ServerConfig::default()
    }
}

/// What a worker is told.
pub(crate) fn worker_config(settings: &Settings) -> WorkerConfig {
    WorkerConfig {
        concurrency: BTreeMap::from([
            (Lane::Check, settings.check_slots),
            (Lane::Push, settings.push_slots),
            (Lane::Background, settings.background_slots),
        ]),
        shutdown_grace: settings.shutdown_grace,
        push_deadline: settings.push_deadline,
        limits: Limits {
            max_attempts: settings.max_attempts,
            max_age: settings.max_age,
            look_again: settings.look_again,
        },
        overdue_after: settings.overdue_after,
    }
}

/// Reads the certificate and its key, where there are to be any.
pub(crate) fn load_tls(files: Option<TlsFiles>) -> Result<Option<Tls>, Failure> {
    files.map(Tls::load).transpose().map_err(|error| {
        Failure::refused(format!("https cannot be served: {error}"))
            .fix("let http.tls.certificate_file and http.tls.key_file name a certificate and its key, or neither")
    })
}

/// A running HTTP server.
pub(crate) struct HttpServer {
    address: SocketAddr,
    stop: CancellationToken,
    task: JoinHandle<io::Result<()>>,
}

impl HttpServer {
    /// Listens and serves.
    pub(crate) async fn start(
        listen: &str,
        producer: Producer,
        config: ServerConfig,
        grace: Duration,
    ) -> Result<Self, Failure> {
        // Before the port is taken: who restarts with broken files is told at once.
        let tls = load_tls(config.tls.clone())?;
        let listener = TcpListener::bind(listen)
            .await
            .map_err(|error| cannot_listen(listen, &error))?;
        let address = listener.local_addr().map_err(|error| cannot_listen(listen, &error))?;
        let stop = CancellationToken::new();
        let app = passback_server::app(
            producer,
            ServerConfig {
                closing: stop.clone(),
                ..config
            },
        );
        let options = ServeOptions {
            tls,
            ..ServeOptions::new(stop.clone(), grace)
        };
        let task = tokio::spawn(passback_server::serve_with(listener, app, options));
        Ok(Self { address, stop, task })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits until it ends by itself, which it never should.
    pub(crate) async fn ended(&mut self) -> Failure {
        match (&mut self.task).await {
            Ok(Ok(())) => Failure::failed("the HTTP server ended by itself"),
            Ok(Err(error)) => Failure::failed(format!("the HTTP server ended: {error}")),
            Err(error) => Failure::failed(format!("the HTTP server ended: {error}")),
        }
    }

    /// Lets requests that are under way finish, then stops.
    pub(crate) async fn stop(self) -> Result<(), Failure> {
        self.stop.cancel();
        match self.task.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(Failure::failed(format!("the HTTP server did not stop well: {error}"))),
            Err(error) => Err(Failure::failed(format!("the HTTP server did not stop well: {error}"))),
        }
    }
}

fn cannot_listen(listen: &str, error: &io::Error) -> Failure {
    let why = if error.kind() == io::ErrorKind::AddrInUse {
        "the port is in use".to_owned()
    } else {
        error.to_string()
    };
    Failure::failed(format!("cannot listen on {listen}: {why}")).fix("choose another address with --listen")
}
