//! A `redis-server` child of the test process.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::{Mutex, PoisonError, mpsc};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

use crate::port::{ReservedPort, reserve};

const READY: &str = "Ready to accept connections";
const START_TIMEOUT: Duration = Duration::from_mins(1);
const MAX_PORT_TRIES: usize = 10;

/// The program in `PATH`, if it is installed.
pub(crate) fn program() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join("redis-server"))
        .find(|file| file.is_file())
}

/// A private server: its own port, its own folder, stopped by its own pid.
pub(crate) struct LocalRedis {
    program: PathBuf,
    port: ReservedPort,
    folder: TempDir,
    child: Mutex<Option<Child>>,
}

impl LocalRedis {
    pub(crate) async fn start(program: PathBuf) -> Self {
        let folder = TempDir::with_prefix("passback-redis-").expect("no temporary folder for Redis");
        let mut server = Self {
            program,
            port: reserve(),
            folder,
            child: Mutex::new(None),
        };
        for _ in 0..MAX_PORT_TRIES {
            match server.spawn().await {
                Ok(()) => return server,
                // Someone outside the tests took the port between the look and the start.
                Err(log) if log.contains("Address already in use") => server.port = reserve(),
                Err(log) => panic!("redis-server did not start: {log}"),
            }
        }
        panic!("redis-server found its port in use {MAX_PORT_TRIES} times");
    }

    pub(crate) fn port(&self) -> u16 {
        self.port.number
    }

    pub(crate) async fn start_again(&self) {
        if let Err(log) = self.spawn().await {
            panic!("redis-server did not start again: {log}");
        }
    }

    pub(crate) fn signal(&self, signal: Signal) {
        if let Some(child) = self.child().as_ref() {
            let pid = i32::try_from(child.id()).expect("a pid fits in an i32");
            kill(Pid::from_raw(pid), signal).expect("redis-server did not take the signal");
        }
    }

    /// Sends the signal and waits until the process is gone.
    pub(crate) fn end(&self, signal: Signal) {
        self.signal(signal);
        if let Some(mut child) = self.child().take() {
            child.wait().expect("redis-server could not be waited for");
        }
    }

    /// Starts the process and returns when it says that it is ready; an error carries its log.
    async fn spawn(&self) -> Result<(), String> {
        assert!(self.child().is_none(), "redis-server runs already");
        let mut child = Command::new(&self.program)
            .args(["--bind", "127.0.0.1", "--port", &self.port.number.to_string()])
            .args(["--appendonly", "yes", "--appendfsync", "always", "--save", ""])
            .args(["--maxmemory-policy", "noeviction", "--daemonize", "no"])
            .arg("--dir")
            .arg(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| error.to_string())?;
        let stdout = child.stdout.take().expect("stdout was piped");
        *self.child() = Some(child);
        // A blocking wait, so that tests with a paused tokio clock do not run into their own timers.
        let ready = tokio::task::spawn_blocking(move || wait_ready(stdout));
        let outcome = ready.await.expect("the reader of redis-server's log ended");
        if outcome.is_err() {
            self.end(Signal::SIGKILL);
        }
        outcome
    }

    fn child(&self) -> std::sync::MutexGuard<'_, Option<Child>> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for LocalRedis {
    fn drop(&mut self) {
        if let Some(mut child) = self.child().take() {
            // By its own pid, and never a panic here: the test's own failure matters more.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Reads the log until the ready line, then keeps draining it on a thread so that the pipe never fills.
fn wait_ready(stdout: ChildStdout) -> Result<(), String> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            let _ = sender.send(line);
        }
    });
    let mut log = String::new();
    loop {
        match receiver.recv_timeout(START_TIMEOUT) {
            Ok(line) if line.contains(READY) => return Ok(()),
            Ok(line) => {
                log.push_str(&line);
                log.push('\n');
            }
            Err(error) => return Err(format!("{error}; its log: {log}")),
        }
    }
}
