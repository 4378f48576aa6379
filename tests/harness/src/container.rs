//! A Redis container of the test, by testcontainers.

use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use testcontainers::core::{IntoContainerPort, WaitFor};
use testcontainers::runners::AsyncRunner;
use testcontainers::{ContainerAsync, GenericImage, ImageExt};
use tokio::io::AsyncBufReadExt;

use crate::port::{ReservedPort, reserve};

const READY: &str = "Ready to accept connections";
const IMAGE: &str = "redis";
const TAG: &str = "7-bookworm";
const PORT: u16 = 6379;
const STOP_TIMEOUT_SECONDS: i32 = 10;

/// A container with a fixed host port, so that clients find it again after a restart.
pub(crate) struct ContainerRedis {
    container: ContainerAsync<GenericImage>,
    port: ReservedPort,
    starts: AtomicUsize,
}

impl ContainerRedis {
    pub(crate) async fn start() -> Self {
        let port = reserve();
        let container = GenericImage::new(IMAGE, TAG)
            .with_exposed_port(PORT.tcp())
            .with_wait_for(WaitFor::message_on_stdout(READY))
            .with_mapped_port(port.number, PORT.tcp())
            .with_cmd([
                "redis-server",
                "--bind",
                "0.0.0.0",
                "--protected-mode",
                "no",
                "--appendonly",
                "yes",
                "--appendfsync",
                "always",
                "--save",
                "",
                "--maxmemory-policy",
                "noeviction",
            ])
            .start()
            .await
            .unwrap_or_else(|error| {
                panic!(
                    "no Redis for the tests: install redis-server (Debian: apt-get install redis-server), \
                     or have a Docker engine with the image {IMAGE}:{TAG}: {error}"
                )
            });
        Self {
            container,
            port,
            starts: AtomicUsize::new(1),
        }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port.number
    }

    pub(crate) async fn stop(&self) {
        self.container
            .stop_with_timeout(Some(STOP_TIMEOUT_SECONDS))
            .await
            .expect("the Redis container did not stop");
    }

    pub(crate) async fn start_again(&self) {
        self.container
            .start()
            .await
            .expect("the Redis container did not start again");
        // The log keeps the ready lines of former starts.
        let wanted = self.starts.fetch_add(1, Ordering::SeqCst) + 1;
        let mut lines = self.container.stdout(true).lines();
        let mut seen = 0;
        while seen < wanted {
            match lines.next_line().await {
                Ok(Some(line)) if line.contains(READY) => seen += 1,
                Ok(Some(_)) => {}
                Ok(None) | Err(_) => panic!("the Redis container ended before it was ready"),
            }
        }
    }

    /// One command of Docker's own client (`pause`, `unpause`, `kill`), for what testcontainers offers only asynchronously or not at all.
    pub(crate) fn docker(&self, command: &str) {
        let status = Command::new("docker")
            .args([command, self.container.id()])
            .stdout(Stdio::null())
            .status()
            .expect("the docker client is needed to pause or kill the Redis container");
        assert!(status.success(), "docker {command} failed: {status}");
    }
}
