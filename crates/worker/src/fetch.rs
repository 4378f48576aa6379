//! The claim loop of one lane: free slots in, leased jobs out.

use std::sync::Arc;
use std::time::Duration;

use passback_queue::{Claimed, Lane, LaneSignal, MAX_CLAIM_JOBS, Name, Queue, QueueError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::hearing::Hearing;
use crate::in_flight::InFlight;
use crate::lease::{Lease, Running};
use crate::patience::Patience;
use crate::retry_delay::Spread;

/// What a claim loop needs.
pub(crate) struct Fetch {
    pub(crate) queue: Queue,
    pub(crate) worker: Name,
    pub(crate) lane: Lane,
    /// One permit per job that may run at once.
    pub(crate) slots: Arc<Semaphore>,
    /// How long a lease lasts: longer than any attempt, so that it ends only when the worker has failed to cut one.
    pub(crate) lease_for: Duration,
    /// Where leased jobs go; as wide as there are slots, so that sending never waits.
    pub(crate) jobs: mpsc::Sender<Running>,
    pub(crate) in_flight: InFlight,
    pub(crate) hearing: Hearing,
    pub(crate) retry: Spread,
    /// How long after a claim without an answer its jobs are looked for a second time.
    pub(crate) late_claim: Duration,
    /// Ends the loop. A claim under way is finished first, so that its jobs are known.
    pub(crate) stop: CancellationToken,
}

impl Fetch {
    /// Claims until it is stopped, whatever Redis does meanwhile.
    pub(crate) async fn run(mut self) -> Result<(), QueueError> {
        let mut signal = self.queue.listen(self.lane)?;
        let mut patience = Patience::new("claiming jobs", self.retry);
        let stop = self.stop.clone();
        let mut second_look: Option<Instant> = None;
        loop {
            let slots = tokio::select! {
                biased;
                () = stop.cancelled() => break,
                () = reached(second_look) => {
                    second_look = None;
                    stop.run_until_cancelled(self.give_back_unknown()).await;
                    continue;
                }
                slots = self.free_slots() => slots,
            };
            let Some(slots) = slots else { break };
            let wanted = slots.num_permits();
            let claim = self.queue.claim(self.lane, &self.worker, wanted, self.lease_for).await;
            match claim {
                Ok(claimed) => {
                    patience.succeeded();
                    let all_taken = claimed.len() < wanted;
                    if !self.hand_over(claimed, slots).await {
                        break;
                    }
                    if all_taken {
                        stop.run_until_cancelled(self.news(&mut signal)).await;
                    }
                }
                Err(error) => {
                    drop(slots);
                    second_look = Some(Instant::now() + self.late_claim);
                    let wait = patience.failed(&error);
                    let give_back = async {
                        sleep(wait).await;
                        self.give_back_unknown().await;
                    };
                    stop.run_until_cancelled(give_back).await;
                }
            }
        }
        Ok(())
    }

    /// Waits for a free slot while the worker is heard, and takes what other slots are free as well.
    async fn free_slots(&mut self) -> Option<OwnedSemaphorePermit> {
        let mut slots = Arc::clone(&self.slots).acquire_owned().await.ok()?;
        self.hearing.until_heard().await;
        let more = self.slots.available_permits().min(MAX_CLAIM_JOBS - 1);
        let more = u32::try_from(more).unwrap_or(0);
        if let Ok(others) = Arc::clone(&self.slots).try_acquire_many_owned(more) {
            slots.merge(others);
        }
        Some(slots)
    }

    /// Gives each job its slot and sends it on. False when nobody takes jobs any more.
    async fn hand_over(&self, claimed: Vec<Claimed>, mut slots: OwnedSemaphorePermit) -> bool {
        let received = Instant::now();
        for job in claimed {
            let known = self.in_flight.enter(job.token.job);
            let Some(slot) = slots.split(1) else {
                // More than was asked for: left to its lease, which the next shutdown or its end gives back.
                tracing::error!(job = %job.token.job, "Redis leased more jobs than were asked for");
                continue;
            };
            let running = Running {
                lease: Arc::new(Lease::new(job, received)),
                slot,
                known,
            };
            if self.jobs.send(running).await.is_err() {
                return false;
            }
        }
        true
    }

    /// Waits until there may be work.
    async fn news(&self, signal: &mut LaneSignal) {
        if let Err(error) = signal.wait().await {
            tracing::debug!(lane = %self.lane, %error, "the signal for new work is lost; looking instead");
            sleep(self.retry.full_jitter(1, fastrand::u64(..))).await;
        }
    }

    /// A claim that failed may have leased jobs that nobody here knows of: they go back before the next claim.
    async fn give_back_unknown(&self) {
        let mut patience = Patience::new("giving back unknown leases", self.retry);
        loop {
            let known = self.in_flight.jobs();
            match self.queue.unclaim(self.lane, &self.worker, &known).await {
                Ok(given_back) => {
                    patience.succeeded();
                    if given_back > 0 {
                        tracing::info!(lane = %self.lane, jobs = given_back, "gave back jobs whose claim was not answered");
                    }
                    return;
                }
                Err(error) => sleep(patience.failed(&error)).await,
            }
        }
    }
}

/// Returns at that moment; never without one.
async fn reached(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => std::future::pending().await,
    }
}
