//! The Redis server of one test, started as this machine allows.

use std::time::Duration;

use nix::sys::signal::Signal;

use crate::container::ContainerRedis;
use crate::local::{self, LocalRedis};

/// Long enough for a busy machine that fsyncs every write.
const CLIENT_TIMEOUT: Duration = Duration::from_secs(30);

/// A private Redis server for one test, gone with its data when the value is dropped.
///
/// `PASSBACK_TEST_REDIS` chooses how it starts: `local` (a `redis-server` from `PATH`), `container` (testcontainers, `redis:7-bookworm`), or `auto` (the default: local where it is installed, else a container).
pub struct TestRedis {
    server: Server,
}

enum Server {
    Local(LocalRedis),
    Container(Box<ContainerRedis>),
}

impl TestRedis {
    /// Starts a server and returns when it accepts connections.
    pub async fn start() -> Self {
        let mode = std::env::var("PASSBACK_TEST_REDIS").unwrap_or_else(|_| "auto".to_owned());
        let server = match (mode.as_str(), local::program()) {
            ("local" | "auto", Some(program)) => Server::Local(LocalRedis::start(program).await),
            ("local", None) => panic!(
                "redis-server is not in PATH: install it (Debian: apt-get install redis-server) or set PASSBACK_TEST_REDIS=container"
            ),
            ("container", _) | ("auto", None) => Server::Container(Box::new(ContainerRedis::start().await)),
            (other, _) => {
                panic!("PASSBACK_TEST_REDIS is '{other}': use local, container or auto")
            }
        };
        Self { server }
    }

    /// The address of the server, the same over its whole life.
    pub fn url(&self) -> String {
        let port = match &self.server {
            Server::Local(local) => local.port(),
            Server::Container(container) => container.port(),
        };
        format!("redis://127.0.0.1:{port}/")
    }

    /// A new connection with generous time-outs.
    pub async fn connection(&self) -> redis::aio::MultiplexedConnection {
        let config = redis::AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CLIENT_TIMEOUT))
            .set_response_timeout(Some(CLIENT_TIMEOUT));
        redis::Client::open(self.url())
            .expect("the test server's address is well formed")
            .get_multiplexed_async_connection_with_config(&config)
            .await
            .expect("the test's Redis refused a connection")
    }

    /// Runs one command, for example `redis.cli(&["GET", "key"])`.
    pub async fn cli(&self, words: &[&str]) -> redis::Value {
        let (name, arguments) = words.split_first().expect("a command has at least a name");
        redis::cmd(name)
            .arg(arguments)
            .query_async(&mut self.connection().await)
            .await
            .unwrap_or_else(|error| panic!("the Redis command {name} failed: {error}"))
    }

    /// Freezes the server: connections stay open, nothing answers.
    pub fn pause(&self) {
        match &self.server {
            Server::Local(local) => local.signal(Signal::SIGSTOP),
            Server::Container(container) => container.docker("pause"),
        }
    }

    /// Lets a paused server go on.
    pub fn resume(&self) {
        match &self.server {
            Server::Local(local) => local.signal(Signal::SIGCONT),
            Server::Container(container) => container.docker("unpause"),
        }
    }

    /// Kills the server at once, as a power cut would; its data stay.
    pub fn kill(&self) {
        match &self.server {
            Server::Local(local) => local.end(Signal::SIGKILL),
            Server::Container(container) => container.docker("kill"),
        }
    }

    /// Stops the server cleanly; its data stay.
    pub async fn stop(&self) {
        match &self.server {
            Server::Local(local) => local.end(Signal::SIGTERM),
            Server::Container(container) => container.stop().await,
        }
    }

    /// Starts a stopped or killed server again, on the same port with the same data.
    pub async fn start_again(&self) {
        match &self.server {
            Server::Local(local) => local.start_again().await,
            Server::Container(container) => container.start_again().await,
        }
    }

    /// Stops the server cleanly and starts it again.
    pub async fn restart(&self) {
        self.stop().await;
        self.start_again().await;
    }
}
