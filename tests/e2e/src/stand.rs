//! A whole passback: Redis, Docebo, a server process, worker processes.

use std::{collections::BTreeSet, path::Path};

use passback_harness::TestRedis;
use passback_queue::{Queue, RedisOptions};
use passback_simulator::{Simulator, TenantHandle, World};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{Api, Process, Proxy, invariants, secrecy};

/// An admin's token in these suites, and its SHA-256.
pub(crate) const TOKEN: &str = "e2e-admin-token";
/// What the simulated Docebo shows when it calls our webhook.
pub const WEBHOOK_USERNAME: &str = "docebo";
/// The password beside it.
pub const WEBHOOK_PASSWORD: &str = "e2e-webhook-secret";
const TOKEN_SHA256: &str = "20357603bbd1490b9215bd7cfff9421bccf4d9131bd54e4ac53ce12caf5fbc32";

/// What differs between stands.
#[derive(Debug, Default, Clone)]
pub struct Options {
    /// Extra lines for the configuration's `[worker]` section.
    pub worker: String,
    /// Put a proxy between our processes and Redis.
    pub redis_proxy: bool,
    /// Put a proxy between our processes and the first tenant's Docebo.
    pub docebo_proxy: bool,
}

/// One passback with everything around it.
pub struct Stand {
    /// Its Redis.
    pub redis: TestRedis,
    /// The network before Redis, if asked for.
    pub redis_proxy: Option<Proxy>,
    /// The network before the first Docebo, if asked for.
    pub docebo_proxy: Option<Proxy>,
    /// Its workers; ended ones stay, for what they said.
    pub workers: Vec<Process>,
    simulator: Simulator,
    server: Process,
    api: Api,
    folder: TempDir,
    pushed: std::sync::Mutex<BTreeSet<String>>,
}

impl std::fmt::Debug for Stand {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stand").finish_non_exhaustive()
    }
}

impl Stand {
    /// A stand with one worker. Each tenant of the world becomes a connector of its name and an exam `NAME-exam`.
    pub async fn start(world: World) -> Self {
        let mut stand = Self::without_workers(world, Options::default()).await;
        stand.add_worker();
        stand
    }

    /// A stand that does nothing until workers are added.
    pub async fn without_workers(world: World, options: Options) -> Self {
        let redis = TestRedis::start().await;
        let simulator = Simulator::start(world).await.unwrap();
        let folder = TempDir::new().unwrap();
        let mut redis_address = redis
            .url()
            .trim_start_matches("redis://")
            .trim_end_matches('/')
            .to_owned();
        let mut redis_proxy = None;
        if options.redis_proxy {
            let proxy = Proxy::before(&redis_address).await;
            redis_address = proxy.address();
            redis_proxy = Some(proxy);
        }
        write_config(folder.path(), &redis_address, &options.worker);
        let server = start_process(folder.path(), "serve");
        let url = format!("http://{}", address_in(&server.says("serving").await));
        let api = Api::new(&url, TOKEN);
        let pushed = std::sync::Mutex::default();
        let mut stand = Self {
            redis,
            redis_proxy,
            docebo_proxy: None,
            workers: Vec::new(),
            simulator,
            server,
            api,
            folder,
            pushed,
        };
        stand.apply(options.docebo_proxy).await;
        stand
    }

    /// Registers a connector and an exam for each tenant, by the command that an operator would use.
    async fn apply(&mut self, docebo_proxy: bool) {
        let mut text = String::new();
        for (number, name) in self.simulator.tenant_names().into_iter().enumerate() {
            let mut url = self.simulator.url(&name).unwrap();
            if docebo_proxy && number == 0 {
                let proxy = Proxy::before(url.trim_start_matches("http://")).await;
                url = format!("http://{}", proxy.address());
                self.docebo_proxy = Some(proxy);
            }
            let entry = format!(
                "[[connector]]\nid = \"{name}\"\nname = \"{name}\"\ndomain = \"{url}\"\nclient_id = \"passback\"\n\
                 client_secret = \"secret\"\nusername = \"integration\"\npassword = \"secret\"\n\
                 webhook = {{ username = \"{WEBHOOK_USERNAME}\", password = \"{WEBHOOK_PASSWORD}\" }}\n\n\
                 [[exam]]\nid = \"{name}-exam\"\nconnector = \"{name}\"\ncourse_id = {}\n\n",
                crate::COURSE
            );
            text.push_str(&entry);
        }
        std::fs::write(self.folder.path().join("town.toml"), text).unwrap();
        self.cli_ok(&["apply", "-f", "town.toml", "--yes", "--no-validate"])
            .await;
    }

    /// Starts another worker process; returns its number.
    pub fn add_worker(&mut self) -> usize {
        self.workers.push(start_process(self.folder.path(), "worker"));
        self.workers.len() - 1
    }

    /// Stops the server and starts it again on the same address.
    pub async fn restart_server(&mut self) {
        assert_eq!(self.server.stop().await, Some(0));
        let address = self.api.url().trim_start_matches("http://").to_owned();
        let config = self.folder.path().join("passback.toml");
        self.server = Process::start(
            &["serve", "--config", config.to_str().unwrap(), "--listen", &address],
            &[],
        );
        self.server.says("serving").await;
    }

    /// The HTTP API.
    pub fn api(&self) -> &Api {
        &self.api
    }

    /// The folder in which its files are.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A tenant's Docebo.
    pub fn docebo(&self, tenant: &str) -> TenantHandle {
        self.simulator.tenant(tenant).unwrap()
    }

    /// Redis, past any proxy.
    pub fn queue(&self) -> Queue {
        Queue::new(RedisOptions::new(self.redis.url())).unwrap()
    }

    /// Everything that its processes have said.
    pub fn said(&self) -> Vec<String> {
        let workers = self.workers.iter().flat_map(Process::said);
        self.server.said().into_iter().chain(workers).collect()
    }

    /// Hands in a passed result of `learner{number}`, with a score that tells results apart.
    pub async fn push_passed(&self, tenant: &str, number: u64) -> String {
        let result = passed(tenant, number);
        let id = result["result_id"].as_str().unwrap().to_owned();
        self.pushed.lock().unwrap().insert(id.clone());
        self.api.push(&result).await;
        id
    }

    /// Ends the test: nothing may be broken, lost, written twice at once, or told to the log.
    pub async fn finish(mut self) {
        for worker in &mut self.workers {
            worker.stop_if_running().await;
        }
        let docebos = self
            .simulator
            .tenant_names()
            .into_iter()
            .map(|name| self.docebo(&name))
            .collect::<Vec<_>>();
        invariants::check(&self.queue(), &self.api, &docebos, &self.said()).await;
        secrecy::check_redis(&self.redis.url()).await;
        secrecy::check_folder(self.folder.path());
        assert_eq!(
            self.server.stop().await,
            Some(0),
            "the server stops cleanly: {:?}",
            self.server.said()
        );
    }
}

/// A passed result, ready to be sent.
pub fn passed(tenant: &str, number: u64) -> Value {
    json!({
        "result_id": format!("{tenant}-{number}"),
        "exam_id": format!("{tenant}-exam"),
        "email": format!("learner{number}@example.org"),
        "outcome": "passed",
        "score_percent": 50 + number % 50,
        "completed_at": "2026-11-20T09:30:11Z",
    })
}

fn write_config(folder: &Path, redis_address: &str, worker: &str) {
    let key = "0123456789abcdef".repeat(4);
    std::fs::write(folder.join("master.key"), format!("k1:{key}\nindex:{key}\n")).unwrap();
    let config = format!(
        "[redis]\nurl = \"redis://{redis_address}/\"\n[http]\nlisten = \"127.0.0.1:0\"\n\
         [secrets]\nmaster_key_file = \"{}\"\n\
         [auth]\ntokens = [{{ name = \"e2e\", role = \"admin\", sha256 = \"{TOKEN_SHA256}\" }}]\n\
         [connectors]\nallow_http_loopback = true\n[worker]\n{worker}\n",
        folder.join("master.key").display()
    );
    std::fs::write(folder.join("passback.toml"), config).unwrap();
}

fn start_process(folder: &Path, command: &str) -> Process {
    let config = folder.join("passback.toml");
    Process::start(&[command, "--config", config.to_str().unwrap()], &[])
}

/// The address in the server's own line about it.
fn address_in(line: &str) -> String {
    let start = line.find("127.0.0.1:").expect("the line names the address");
    line[start..]
        .chars()
        .take_while(|char| char.is_ascii_digit() || ".:".contains(*char))
        .collect()
}
