//! Jobs of callers at the same moment go to Redis in one script call.
//!
//! Nobody waits for company: a job goes at once if a call is free, and what arrives while all calls are under way goes
//! with the next.

use std::sync::{Arc, Weak};

use tokio::sync::{Semaphore, mpsc, oneshot};

use crate::{Enqueued, NewJob, Queue, QueueError, enqueue::CHUNK_JOBS, queue::Shared};

/// Script calls under way at once: while one is in Redis, the next is put together.
const CALLS_AT_ONCE: usize = 2;
/// Jobs that wait for a call; past that, callers wait to hand theirs in.
const MAX_WAITING: usize = 10_000;

/// A job on its way in, and who wants to know.
struct Arriving {
    job: NewJob,
    answer: oneshot::Sender<Result<Enqueued, QueueError>>,
}

/// Where callers hand in their jobs.
pub(crate) struct Gathering {
    arriving: mpsc::Sender<Arriving>,
}

impl Gathering {
    /// Starts to gather for a queue that is about to stand; ends when that queue is dropped. Needs a running tokio.
    pub(crate) fn start(queue: Weak<Shared>) -> Self {
        let (arriving, receiver) = mpsc::channel(MAX_WAITING);
        tokio::spawn(gather(queue, receiver));
        Self { arriving }
    }

    pub(crate) async fn enqueue(&self, job: NewJob) -> Result<Enqueued, QueueError> {
        let (answer, verdict) = oneshot::channel();
        let lost = || QueueError::Unreadable("the queue's runtime has ended".to_owned());
        self.arriving
            .send(Arriving { job, answer })
            .await
            .map_err(|_ended| lost())?;
        verdict.await.map_err(|_ended| lost())?
    }
}

async fn gather(queue: Weak<Shared>, mut receiver: mpsc::Receiver<Arriving>) {
    let calls = Arc::new(Semaphore::new(CALLS_AT_ONCE));
    loop {
        let Ok(call) = Arc::clone(&calls).acquire_owned().await else {
            return;
        };
        let mut batch = Vec::new();
        if receiver.recv_many(&mut batch, CHUNK_JOBS).await == 0 {
            return;
        }
        // Whoever waits for an answer holds the queue.
        let Some(shared) = queue.upgrade() else { return };
        tokio::spawn(async move {
            store(&Queue { shared }, batch).await;
            drop(call);
        });
    }
}

async fn store(queue: &Queue, batch: Vec<Arriving>) {
    let (jobs, answers): (Vec<NewJob>, Vec<_>) = batch.into_iter().map(|one| (one.job, one.answer)).unzip();
    // A caller that has gone does not hear of its job; it is stored all the same.
    match queue.enqueue_chunk(&jobs).await {
        Ok(verdicts) => {
            for (answer, verdict) in answers.into_iter().zip(verdicts) {
                let _ = answer.send(Ok(verdict));
            }
        }
        Err(error) => {
            for answer in answers {
                let _ = answer.send(Err(error.clone()));
            }
        }
    }
}
