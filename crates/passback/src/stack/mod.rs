//! Everything on this machine in one process: Redis, the simulator, the API, workers.

mod admin;
mod data_dir;
mod redis_child;
mod register;
mod watchdog;
mod workers;

use std::path::PathBuf;
use std::time::Duration;

use passback_producer::Producer;
use passback_registry::Vault;
use passback_server::{Role, ServerConfig, TokenEntry, TokenHash};
use passback_simulator::{Simulator, WebhookTarget, World};
use passback_worker::WorkerConfig;
use secrecy::{ExposeSecret, SecretString};

pub(crate) use self::data_dir::DataDir;
pub(crate) use self::redis_child::RedisChild;
pub(crate) use self::register::ExamOf;
pub(crate) use self::register::{WEBHOOK_USERNAME, register};
use self::workers::Workers;
use crate::api::Api;
use crate::commands::token_new::new_token;
use crate::config::{Layers, Settings, mask_password};
use crate::exit::Failure;
use crate::output;
use crate::services::{HttpServer, Setup, connect, server_config};

/// Requests that are under way when we stop.
const HTTP_GRACE: Duration = Duration::from_secs(5);
/// Jobs that are under way when we stop; what is cut off runs again at the next start.
const WORKER_GRACE: Duration = Duration::from_secs(10);
/// What is said where results may have been delivered to an earlier simulator.
const FRESH_DOCEBO: &str = "note: the simulated Docebo begins afresh at each start, on another port; results that were \
                            delivered before are not in it and may show up as verify_mismatch or manual_override";
const ADMIN_NAME: &str = "admin";

/// What to start.
pub(crate) struct StackPlan {
    pub(crate) data_dir: PathBuf,
    pub(crate) listen: String,
    /// A Redis that runs already; none to start one.
    pub(crate) redis_url: Option<SecretString>,
    /// What the command offers to somebody who has no redis-server that starts.
    pub(crate) without_redis_server: Option<&'static str>,
    /// What to simulate; none to simulate nothing.
    pub(crate) world: Option<World>,
    /// Exams to register for the simulated tenants.
    pub(crate) exams: Vec<ExamOf>,
    pub(crate) workers: usize,
    pub(crate) admin_token: SecretString,
}

/// What runs.
pub(crate) struct Stack {
    redis: Option<RedisChild>,
    redis_url: SecretString,
    simulator: Option<Simulator>,
    server: HttpServer,
    workers: Workers,
    admin_token: SecretString,
    data: DataDir,
}

impl Stack {
    /// Starts all of it, or nothing.
    pub(crate) async fn start(plan: StackPlan) -> Result<Self, Failure> {
        let data = DataDir::open(&plan.data_dir).await?;
        Vault::load_or_generate(&data.master_key_file()).map_err(|error| Failure::refused(error.to_string()))?;
        let (redis, redis_url) = if let Some(url) = &plan.redis_url {
            (None, url.clone())
        } else {
            let way_out = plan.without_redis_server;
            let hint = |failure: Failure| way_out.iter().fold(failure, |failure, fix| failure.fix(*fix));
            let redis = RedisChild::start(&data).await.map_err(hint)?;
            let url = SecretString::from(redis.url());
            (Some(redis), url)
        };
        match Self::start_on(plan, &data, &redis_url).await {
            Ok((server, simulator, workers, admin_token)) => Ok(Self {
                redis,
                redis_url,
                simulator,
                server,
                workers,
                admin_token,
                data,
            }),
            Err(failure) => {
                if let Some(redis) = redis {
                    redis.stop().await?;
                }
                Err(failure)
            }
        }
    }

    async fn start_on(
        plan: StackPlan,
        data: &DataDir,
        redis_url: &SecretString,
    ) -> Result<(HttpServer, Option<Simulator>, Workers, SecretString), Failure> {
        let mut settings = Settings::from_layers(&Layers::defaults()?)?;
        settings.redis_url = redis_url.clone();
        settings.master_key_file = data.master_key_file();
        settings.allow_http_loopback = true;
        let setup = if plan.redis_url.is_some() {
            Setup::Flags
        } else {
            Setup::Private
        };
        let producer = connect(&settings, setup).await?;
        let admin_token = admin::token_in_force(&producer, plan.admin_token).await?;
        let webhook_password = data.webhook_password(new_token)?;
        let simulator = match plan.world {
            Some(world) => Some(simulate(&producer, world, &plan.exams, &webhook_password).await?),
            None => None,
        };
        let entry = TokenEntry {
            name: ADMIN_NAME.to_owned(),
            role: Role::Admin,
            sha256: TokenHash::of(&admin_token),
            expires_at: None,
        };
        let config = ServerConfig {
            tokens: vec![entry],
            ..server_config(&settings)
        };
        let server = HttpServer::start(&plan.listen, producer.clone(), config, HTTP_GRACE).await?;
        let url = format!("http://{}", server.address());
        if let Some(simulator) = &simulator {
            call_back(simulator, &url, &webhook_password)?;
        }
        data.announce(&url, &admin_token)?;
        let config = WorkerConfig {
            shutdown_grace: WORKER_GRACE,
            ..WorkerConfig::default()
        };
        let workers = Workers::start(plan.workers, &producer, &config);
        Ok((server, simulator, workers, admin_token))
    }

    /// Where the API answers.
    pub(crate) fn api_url(&self) -> String {
        format!("http://{}", self.server.address())
    }

    pub(crate) fn admin_token(&self) -> &str {
        self.admin_token.expose_secret()
    }

    /// A client of the API.
    pub(crate) fn api(&self) -> Result<Api, Failure> {
        Api::new(&self.api_url(), Some(self.admin_token.clone()))
    }

    /// The Redis in use, without its password.
    pub(crate) fn redis_url(&self) -> String {
        mask_password(self.redis_url.expose_secret())
    }

    pub(crate) fn simulator(&self) -> Option<&Simulator> {
        self.simulator.as_ref()
    }

    pub(crate) fn data_dir(&self) -> &std::path::Path {
        self.data.path()
    }

    /// Waits until a part ends by itself, which none ever should.
    pub(crate) async fn broken(&mut self) -> Failure {
        let redis = async {
            match &mut self.redis {
                Some(redis) => redis.ended().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            failure = redis => failure,
            failure = self.server.ended() => failure,
            failure = self.workers.ended() => failure,
        }
    }

    /// Stops all of it in good order: doors, workers, Redis last.
    pub(crate) async fn stop(self) -> Result<(), Failure> {
        self.data.retract();
        let server = self.server.stop().await;
        let workers = self.workers.stop().await;
        if let Some(simulator) = self.simulator {
            simulator.shutdown().await;
        }
        if let Some(redis) = self.redis {
            redis.stop().await?;
        }
        server.and(workers)
    }
}

/// Has each simulated platform tell our server what happens there.
fn call_back(simulator: &Simulator, url: &str, password: &SecretString) -> Result<(), Failure> {
    for name in simulator.tenant_names() {
        let Some(tenant) = simulator.tenant(&name) else {
            continue;
        };
        let target = WebhookTarget {
            extra_data: true,
            ..WebhookTarget::new(
                &format!("{url}/webhooks/docebo/{name}"),
                WEBHOOK_USERNAME,
                password.expose_secret(),
            )
        };
        let set = tenant.set_webhook(target);
        set.map_err(|error| Failure::failed(format!("the simulator cannot call back: {error}")))?;
    }
    Ok(())
}

async fn simulate(
    producer: &Producer,
    world: World,
    exams: &[ExamOf],
    webhook_password: &SecretString,
) -> Result<Simulator, Failure> {
    let simulator = Simulator::start(world.clone())
        .await
        .map_err(|error| Failure::failed(error.to_string()))?;
    if register(producer, &simulator, &world, exams, Some(webhook_password)).await? {
        output::note(FRESH_DOCEBO);
    }
    Ok(simulator)
}
