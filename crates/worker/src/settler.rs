//! Brings the ends of attempts to Redis, in batches, until Redis has them.

use std::sync::Arc;
use std::time::Duration;

use passback_queue::{Name, Queue, QueueError, Settlement, Transition, Verdict};
use tokio::sync::{Notify, mpsc};
use tokio::time::{sleep, timeout};

use crate::in_flight::KnownLease;
use crate::patience::Patience;
use crate::retry_delay::Spread;

/// Settlements that go to Redis at once.
const MAX_BATCH: usize = 100;
/// Settlements that come together where many jobs end: then a few more are worth a moment.
const BUSY_BATCH: usize = 8;
/// That moment.
const A_MOMENT: Duration = Duration::from_millis(1);
/// Settlements that wait; past that, ending an attempt waits for Redis.
const MAX_WAITING: usize = 1024;
/// Tries of one settlement that Redis answers with an error of its own.
const MAX_REFUSALS: u32 = 5;

/// An attempt's end on its way.
#[derive(Debug)]
pub(crate) struct Ended {
    /// What is to be settled.
    pub(crate) settlement: Settlement,
    /// Dropped when Redis has it.
    pub(crate) known: KnownLease,
}

/// Gathers settlements from all lanes.
pub(crate) struct Settler {
    queue: Queue,
    worker: Name,
    ended: mpsc::Receiver<Ended>,
    /// Told when a job was sent into the future, so that housekeeping looks when it is due.
    scheduled: Arc<Notify>,
    patience: Patience,
}

/// A settler and where ends are handed in; it runs until every sender is dropped.
pub(crate) fn settler(
    queue: Queue,
    worker: Name,
    scheduled: Arc<Notify>,
    retry: Spread,
) -> (mpsc::Sender<Ended>, Settler) {
    let (sender, ended) = mpsc::channel(MAX_WAITING);
    let settler = Settler {
        queue,
        worker,
        ended,
        scheduled,
        patience: Patience::new("settling jobs", retry),
    };
    (sender, settler)
}

impl Settler {
    /// Settles what comes until nothing can come any more.
    pub(crate) async fn run(mut self) {
        let mut batch = Vec::with_capacity(MAX_BATCH);
        while self.ended.recv_many(&mut batch, MAX_BATCH).await > 0 {
            if batch.len() >= BUSY_BATCH {
                self.wait_for_company(&mut batch).await;
            }
            let (settlements, known): (Vec<_>, Vec<_>) =
                batch.drain(..).map(|ended| (ended.settlement, ended.known)).unzip();
            if !self.settle(&settlements).await {
                for one in &settlements {
                    self.settle(std::slice::from_ref(one)).await;
                }
            }
            drop(known);
        }
    }

    /// Fills a batch with what ends in the next moment: a call costs little more for many than for a few.
    async fn wait_for_company(&mut self, batch: &mut Vec<Ended>) {
        let full = async {
            while batch.len() < MAX_BATCH && self.ended.recv_many(batch, MAX_BATCH - batch.len()).await > 0 {}
        };
        let _ = timeout(A_MOMENT, full).await;
    }

    /// Settles a batch; false if Redis refuses it because of something in it.
    async fn settle(&mut self, batch: &[Settlement]) -> bool {
        loop {
            match self.queue.settle(&self.worker, batch).await {
                Ok(verdicts) => {
                    self.patience.succeeded();
                    self.note(batch, &verdicts);
                    return true;
                }
                Err(error) => {
                    let wait = self.patience.failed(&error);
                    if blames_the_batch(&error) && (batch.len() > 1 || self.patience.failures() > MAX_REFUSALS) {
                        if let [one] = batch {
                            // Its lease runs out and it is tried again; holding up the others helps nobody.
                            tracing::error!(job = %one.token.job, %error, "a job cannot be settled");
                            self.patience.succeeded();
                        }
                        return false;
                    }
                    sleep(wait).await;
                }
            }
        }
    }

    fn note(&self, batch: &[Settlement], verdicts: &[Verdict]) {
        for (settlement, verdict) in batch.iter().zip(verdicts) {
            match verdict {
                Verdict::Settled | Verdict::Again => {}
                Verdict::Fenced => tracing::warn!(
                    job = %settlement.token.job,
                    claim = settlement.token.claim,
                    "the lease was lost before the job was settled; whoever has it now decides"
                ),
            }
        }
        if batch.iter().any(|settlement| waits_for_time(&settlement.transition)) {
            self.scheduled.notify_one();
        }
    }
}

fn waits_for_time(transition: &Transition) -> bool {
    match transition {
        Transition::Retry { .. } | Transition::Snooze { .. } => true,
        Transition::Done
        | Transition::Superseded { .. }
        | Transition::Expired
        | Transition::Park { .. }
        | Transition::Bury
        | Transition::Release => false,
    }
}

/// Whether Redis is there and well, and what was sent is the trouble.
fn blames_the_batch(error: &QueueError) -> bool {
    match error {
        QueueError::Other(_) | QueueError::Unreadable(_) => true,
        QueueError::Unreachable(_)
        | QueueError::TimedOut
        | QueueError::Full
        | QueueError::ReadOnly(_)
        | QueueError::Loading
        | QueueError::Busy(_)
        | QueueError::Refused(_)
        | QueueError::BadUrl { .. } => false,
    }
}
