//! Workers whose jobs do nothing: one in this process, or each in a process of its own.

use std::collections::BTreeMap;
use std::process::Stdio;
use std::time::Duration;

use passback_producer::Producer;
use passback_queue::{JobRecord, Lane, Queue};
use passback_worker::{Shutdown, WorkerConfig, WorkerError, run, run_empty};
use secrecy::{ExposeSecret, SecretString};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::crew_member::{Orders, READY, Request};
use super::process_usage::ProcessUsage;
use crate::exit::Failure;

/// How long a worker process may take to start, to answer, and to end.
const PATIENCE: Duration = Duration::from_mins(1);

/// A worker in this process.
pub(crate) struct Worker {
    shutdown: Shutdown,
    task: JoinHandle<Result<(), WorkerError>>,
}

impl Worker {
    /// Starts it; each job says that it `began` and takes as long as `work`.
    pub(crate) fn start(
        queue: Queue,
        concurrency: BTreeMap<Lane, usize>,
        began: impl Fn(&JobRecord) + Send + Sync + 'static,
        work: Duration,
    ) -> Self {
        let config = WorkerConfig {
            concurrency,
            ..WorkerConfig::default()
        };
        Self::spawn(|shutdown| run_empty(queue, config, shutdown, began, work))
    }

    /// Starts a worker with the real handlers.
    pub(crate) fn start_real(producer: Producer, concurrency: BTreeMap<Lane, usize>) -> Self {
        let config = WorkerConfig {
            concurrency,
            ..WorkerConfig::default()
        };
        Self::spawn(|shutdown| run(producer, config, shutdown))
    }

    fn spawn<F>(work: impl FnOnce(Shutdown) -> F) -> Self
    where
        F: Future<Output = Result<(), WorkerError>> + Send + 'static,
    {
        let shutdown = Shutdown::new();
        let task = tokio::spawn(work(shutdown.clone()));
        Self { shutdown, task }
    }

    /// Waits until it ends by itself, which it never should.
    pub(crate) async fn broken(&mut self) -> Failure {
        match (&mut self.task).await {
            Ok(Ok(())) => Failure::failed("the worker ended by itself"),
            Ok(Err(error)) => Failure::failed(format!("the worker ended: {error}")),
            Err(error) => Failure::failed(format!("the worker ended: {error}")),
        }
    }

    pub(crate) async fn stop(mut self) -> Result<(), Failure> {
        self.shutdown.request();
        match (&mut self.task).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(Failure::failed(format!("the worker did not stop well: {error}"))),
            Err(error) => Err(Failure::failed(format!("the worker did not stop well: {error}"))),
        }
    }
}

/// A measurement that is broken off takes its worker along: nothing is stored any more when we clear up.
impl Drop for Worker {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A worker in a process of its own: this program again.
pub(crate) struct Member {
    child: Child,
    requests: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Member {
    /// Starts the process and returns when it has reached Redis and waits for the word to begin.
    pub(crate) async fn start(url: &SecretString, concurrency: BTreeMap<Lane, usize>) -> Result<Self, Failure> {
        let failed = |error| Failure::failed(format!("a worker process cannot be started: {error}"));
        let mut child = Command::new(std::env::current_exe().map_err(failed)?)
            .args(["bench", "crew-member"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // Ctrl-C is for us; it ends when its input does, however we end.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(failed)?;
        let (Some(requests), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(Failure::failed("a worker process cannot be talked to"));
        };
        let mut member = Self {
            child,
            requests,
            answers: BufReader::new(stdout).lines(),
        };
        // By its input, not its arguments, which everybody on the machine can read.
        let orders = Orders {
            redis_url: url.expose_secret().to_owned(),
            concurrency,
        };
        let orders = serde_json::to_string(&orders).unwrap_or_default();
        let answer = member.ask(&orders).await?;
        if answer != READY {
            return Err(Failure::failed(format!("a worker process could not start: {answer}")));
        }
        Ok(member)
    }

    /// Lets it work.
    pub(crate) async fn begin(&mut self) -> Result<(), Failure> {
        self.tell(Request::Begin.as_str()).await
    }

    /// What it has used so far.
    pub(crate) async fn usage(&mut self) -> Result<ProcessUsage, Failure> {
        let answer = self.ask(Request::Usage.as_str()).await?;
        serde_json::from_str(&answer).map_err(|_| Failure::failed(format!("a worker process said: {answer}")))
    }

    /// Lets it stop in good order and waits until it is gone.
    pub(crate) async fn stop(self) -> Result<(), Failure> {
        let Self {
            mut child, requests, ..
        } = self;
        drop(requests);
        let ended = timeout(PATIENCE, child.wait()).await;
        match ended {
            Ok(Ok(status)) if status.success() => Ok(()),
            Ok(Ok(status)) => Err(Failure::failed(format!("a worker process ended with {status}"))),
            Ok(Err(error)) => Err(Failure::failed(format!("a worker process is lost: {error}"))),
            Err(_) => Err(Failure::failed("a worker process does not stop")),
        }
    }

    async fn ask(&mut self, line: &str) -> Result<String, Failure> {
        self.tell(line).await?;
        match timeout(PATIENCE, self.answers.next_line()).await {
            Ok(Ok(Some(answer))) => Ok(answer),
            Ok(Ok(None) | Err(_)) | Err(_) => Err(Failure::failed("a worker process does not answer")),
        }
    }

    async fn tell(&mut self, line: &str) -> Result<(), Failure> {
        let line = format!("{line}\n");
        let told = self.requests.write_all(line.as_bytes()).await;
        told.map_err(|error| Failure::failed(format!("a worker process does not listen: {error}")))
    }
}
