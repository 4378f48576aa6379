//! A private `redis-server`: append-only, fsync every write, stopped with us.

use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::fs::File;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

use super::data_dir::DataDir;
use super::watchdog::Watchdog;
use crate::exit::Failure;

const PROGRAM: &str = "redis-server";
const READY: &str = "Ready to accept connections";
const LOG_FILE: &str = "redis.log";
/// True for a demo as well, whose own folder is gone at its end.
const READ_LOG: &str = "read redis.log in the data folder; a folder named with --data-dir is kept";
/// Reading a large append-only file takes its time.
const START_TIMEOUT: Duration = Duration::from_mins(1);
const STOP_TIMEOUT: Duration = Duration::from_secs(10);
const MAX_PORT_TRIES: u32 = 10;

/// A running server. It is told to stop when it is dropped.
pub(crate) struct RedisChild {
    child: Child,
    port: u16,
    watchdog: Watchdog,
}

/// Why one try to start did not work.
enum Refusal {
    /// Somebody took the port between our look and the start.
    PortTaken,
    Other(Failure),
}

impl RedisChild {
    /// Starts it on a free port of this machine, with its data in the folder.
    pub(crate) async fn start(data: &DataDir) -> Result<Self, Failure> {
        for _ in 0..MAX_PORT_TRIES {
            match Self::try_start(data, free_port()?).await {
                Ok(redis) => return Ok(redis),
                Err(Refusal::PortTaken) => {}
                Err(Refusal::Other(failure)) => return Err(failure),
            }
        }
        Err(Failure::unavailable(format!(
            "redis-server found its port in use {MAX_PORT_TRIES} times"
        )))
    }

    async fn try_start(data: &DataDir, port: u16) -> Result<Self, Refusal> {
        let lock = data.share_lock().map_err(Refusal::Other)?;
        let mut child = Command::new(PROGRAM)
            .args(["--bind", "127.0.0.1", "--port", &port.to_string()])
            .args(["--appendonly", "yes", "--appendfsync", "always", "--save", ""])
            .args(["--maxmemory-policy", "noeviction", "--daemonize", "no", "--dir"])
            .arg(data.path())
            // It never reads its input: the descriptor keeps the folder locked until it is gone.
            .stdin(Stdio::from(lock))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            // Ctrl-C is for us: we stop the workers first, then Redis.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| Refusal::Other(cannot_spawn(&error)))?;
        let watchdog = Watchdog::start(child.id()).map_err(Refusal::Other)?;
        let log = File::create(data.path().join(LOG_FILE))
            .await
            .map_err(|error| Refusal::Other(no_log(&error)))?;
        let Some(stdout) = child.stdout.take() else {
            return Err(Refusal::Other(Failure::failed("redis-server has no output to read")));
        };
        let lines = BufReader::new(stdout).lines();
        let started = timeout(START_TIMEOUT, read_until_ready(lines, log)).await;
        let (lines, log) = started.map_err(|_| Refusal::Other(not_ready("it took too long")))??;
        // Goes on until the server closes its output.
        tokio::spawn(copy_log(lines, log));
        Ok(Self { child, port, watchdog })
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Waits until it ends by itself, which it never should.
    pub(crate) async fn ended(&mut self) -> Failure {
        let how = match self.child.wait().await {
            Ok(status) => status.to_string(),
            Err(error) => error.to_string(),
        };
        Failure::unavailable(format!("redis-server ended by itself: {how}")).fix(READ_LOG)
    }

    /// Stops it in good order and waits until it is gone.
    pub(crate) async fn stop(mut self) -> Result<ExitStatus, Failure> {
        self.terminate();
        let stopped = timeout(STOP_TIMEOUT, self.child.wait()).await;
        if stopped.is_err() {
            // What it has answered is on the disk already.
            let _ = self.child.start_kill();
        }
        let status = self.child.wait().await;
        self.watchdog.dismiss().await;
        status.map_err(|error| Failure::failed(format!("redis-server did not stop: {error}")))
    }

    fn terminate(&self) {
        if let Some(pid) = self.child.id().and_then(|pid| i32::try_from(pid).ok()) {
            let _ = kill(Pid::from_raw(pid), Signal::SIGTERM);
        }
    }
}

impl Drop for RedisChild {
    fn drop(&mut self) {
        self.terminate();
    }
}

async fn read_until_ready(
    mut lines: Lines<BufReader<ChildStdout>>,
    mut log: File,
) -> Result<(Lines<BufReader<ChildStdout>>, File), Refusal> {
    let mut last = String::new();
    while let Ok(Some(line)) = lines.next_line().await {
        let _ = log.write_all(format!("{line}\n").as_bytes()).await;
        if line.contains(READY) {
            return Ok((lines, log));
        }
        if line.contains("Address already in use") {
            return Err(Refusal::PortTaken);
        }
        last = line;
    }
    let _ = log.flush().await;
    Err(Refusal::Other(not_ready(&last)))
}

async fn copy_log(mut lines: Lines<BufReader<ChildStdout>>, mut log: File) {
    while let Ok(Some(line)) = lines.next_line().await {
        let _ = log.write_all(format!("{line}\n").as_bytes()).await;
    }
    let _ = log.flush().await;
}

fn free_port() -> Result<u16, Failure> {
    let bound = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
    bound
        .map(|address| address.port())
        .map_err(|error| Failure::failed(format!("there is no free port: {error}")))
}

fn cannot_spawn(error: &io::Error) -> Failure {
    if error.kind() == io::ErrorKind::NotFound {
        return Failure::unavailable("redis-server is not installed")
            .fix("Debian, Ubuntu: sudo apt-get install redis-server; macOS: brew install redis");
    }
    Failure::unavailable(format!("redis-server cannot be started: {error}"))
}

fn not_ready(why: &str) -> Failure {
    Failure::unavailable(format!("redis-server did not start: {why}")).fix(READ_LOG)
}

fn no_log(error: &io::Error) -> Failure {
    Failure::failed(format!("{LOG_FILE} cannot be written in the data folder: {error}"))
}
