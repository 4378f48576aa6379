//! Workers in this process.

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use passback_producer::Producer;
use passback_worker::{Shutdown, WorkerConfig, WorkerError};
use tokio::task::JoinHandle;

use crate::exit::Failure;

/// The workers that run here.
pub(crate) struct Workers {
    shutdown: Shutdown,
    tasks: FuturesUnordered<JoinHandle<Result<(), WorkerError>>>,
}

impl Workers {
    pub(crate) fn start(count: usize, producer: &Producer, config: &WorkerConfig) -> Self {
        let shutdown = Shutdown::new();
        let run = |_| tokio::spawn(passback_worker::run(producer.clone(), config.clone(), shutdown.clone()));
        let tasks = (0..count).map(run).collect();
        Self { shutdown, tasks }
    }

    /// Waits until one fails; without workers, for ever. One that a person has drained ends in good order, and the
    /// others go on.
    pub(crate) async fn ended(&mut self) -> Failure {
        loop {
            match self.tasks.next().await {
                None => std::future::pending().await,
                Some(Ok(Ok(()))) => {}
                Some(Ok(Err(error))) => return Failure::failed(format!("a worker ended: {error}")),
                Some(Err(error)) => return Failure::failed(format!("a worker ended: {error}")),
            }
        }
    }

    /// Lets jobs that run finish, then stops.
    pub(crate) async fn stop(mut self) -> Result<(), Failure> {
        self.shutdown.request();
        let mut outcome = Ok(());
        while let Some(ended) = self.tasks.next().await {
            let failure = match ended {
                Ok(Ok(())) => continue,
                Ok(Err(error)) => error.to_string(),
                Err(error) => error.to_string(),
            };
            outcome = Err(Failure::failed(format!("a worker did not stop well: {failure}")));
        }
        outcome
    }
}
