//! The claim loop of one lane: free slots in, leased jobs out.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use passback_queue::{JobId, Lane, LaneSignal, Leased, MAX_CLAIM_JOBS, Name, Queue, QueueError, Service};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use crate::hearing::Hearing;
use crate::in_flight::{InFlight, KnownLease};
use crate::lease::{Lease, Running};
use crate::orders::Orders;
use crate::patience::Patience;
use crate::retry_delay::Spread;

/// Looks after a claim without an answer.
const LATE_LOOKS: u32 = 4;
/// How long a busy lane waits for a second free slot. Nothing beside a call to Docebo.
const A_MOMENT: Duration = Duration::from_millis(1);

/// What a claim loop needs.
pub(crate) struct Fetch {
    pub(crate) queue: Queue,
    pub(crate) worker: Name,
    pub(crate) lane: Lane,
    /// One permit per job that may run at once.
    pub(crate) slots: Arc<Semaphore>,
    /// How many there are.
    pub(crate) all_slots: usize,
    /// How long a lease lasts: longer than any attempt, so that it ends only when the worker has failed to cut one.
    pub(crate) lease_for: Duration,
    /// Where leased jobs go; as wide as there are slots, so that sending never waits.
    pub(crate) jobs: mpsc::Sender<Running>,
    pub(crate) in_flight: InFlight,
    pub(crate) hearing: Hearing,
    pub(crate) orders: Orders,
    /// Told when leased jobs could not be read.
    pub(crate) handover_failed: Arc<Notify>,
    pub(crate) retry: Spread,
    /// How long after a claim without an answer its jobs are looked for again, and again after that.
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
        let mut looks = Looks::default();
        // What was leased is read and handed over beside the next claim.
        let mut handovers: JoinSet<Result<(), HandoverFailed>> = JoinSet::new();
        let mut busy = false;
        loop {
            let slots = tokio::select! {
                biased;
                () = stop.cancelled() => break,
                () = reached(looks.next) => {
                    looks.done(self.late_claim);
                    stop.run_until_cancelled(self.give_back_unknown()).await;
                    continue;
                }
                Some(handed_over) = handovers.join_next(), if !handovers.is_empty() => {
                    match handed_over {
                        Ok(Ok(())) => {}
                        Ok(Err(HandoverFailed::NobodyTakesJobs)) => break,
                        Ok(Err(HandoverFailed::Redis(error))) => self.after(&error, &mut patience, &mut looks).await,
                        Err(panicked) => tracing::error!(%panicked, "reading claimed jobs failed"),
                    }
                    continue;
                }
                slots = self.free_slots(busy) => slots,
            };
            let Some(slots) = slots else { break };
            let wanted = slots.num_permits();
            let (lane, worker) = (self.lane, &self.worker);
            match self.queue.lease(lane, worker, wanted, self.lease_for).await {
                Ok((Service::WorkerPaused, _)) => {
                    patience.succeeded();
                    drop(slots);
                    // Not to be woken by work: each signal taken here would be missed by a worker that serves.
                    stop.run_until_cancelled(self.orders.until_serving_again()).await;
                }
                Ok((Service::Open | Service::LanePaused, leased)) => {
                    patience.succeeded();
                    let all_taken = leased.len() < wanted;
                    busy = !all_taken;
                    if !leased.is_empty() {
                        handovers.spawn(self.handover(leased, slots));
                    }
                    if all_taken && stop.run_until_cancelled(self.news(&mut signal)).await == Some(News::Lost) {
                        // What else was lost with the connection, leases among it, is looked for.
                        looks.expect(Duration::ZERO);
                    }
                }
                Err(error) => {
                    drop(slots);
                    self.after(&error, &mut patience, &mut looks).await;
                }
            }
        }
        while handovers.join_next().await.is_some() {}
        Ok(())
    }

    /// After a claim of which it is not known whether it leased anything: waits, and gives back what nobody here knows.
    async fn after(&self, error: &QueueError, patience: &mut Patience, looks: &mut Looks) {
        looks.expect(self.late_claim);
        let wait = patience.failed(error);
        let give_back = async {
            sleep(wait).await;
            self.give_back_unknown().await;
        };
        self.stop.run_until_cancelled(give_back).await;
    }

    /// Waits for a free slot while the worker is heard, and takes what other slots are free as well. In a busy lane it
    /// gives jobs that are about to end a moment to do so, for a claim costs little more for many jobs than for one.
    async fn free_slots(&mut self, busy: bool) -> Option<OwnedSemaphorePermit> {
        let mut slots = Arc::clone(&self.slots).acquire_owned().await.ok()?;
        self.hearing.until_heard().await;
        if busy {
            let several = u32::try_from(self.all_slots.min(MAX_CLAIM_JOBS) / 2).unwrap_or(0);
            let others = timeout(A_MOMENT, Arc::clone(&self.slots).acquire_many_owned(several)).await;
            if let Ok(Ok(others)) = others {
                slots.merge(others);
            }
        }
        let more = self
            .slots
            .available_permits()
            .min(MAX_CLAIM_JOBS - slots.num_permits().min(MAX_CLAIM_JOBS));
        let more = u32::try_from(more).unwrap_or(0);
        if let Ok(others) = Arc::clone(&self.slots).try_acquire_many_owned(more) {
            slots.merge(others);
        }
        Some(slots)
    }

    /// Reads leased jobs, gives each its slot and sends it on. They are known here from now, before they are read.
    fn handover(
        &self,
        leased: Leased,
        mut slots: OwnedSemaphorePermit,
    ) -> impl Future<Output = Result<(), HandoverFailed>> + Send + 'static {
        let known: HashMap<JobId, KnownLease> = leased.ids().map(|job| (job, self.in_flight.enter(job))).collect();
        let (queue, jobs, failed) = (self.queue.clone(), self.jobs.clone(), Arc::clone(&self.handover_failed));
        let received = Instant::now();
        async move {
            let mut known = known;
            let claimed = queue.open(leased).await.inspect_err(|_| failed.notify_one())?;
            for job in claimed {
                let (Some(slot), Some(known)) = (slots.split(1), known.remove(&job.token.job)) else {
                    // More than was asked for: left to its lease, which the next shutdown or its end gives back.
                    tracing::error!(job = %job.token.job, "Redis leased more jobs than were asked for");
                    continue;
                };
                let running = Running {
                    lease: Arc::new(Lease::new(job, received)),
                    slot,
                    known,
                };
                jobs.send(running).await.map_err(|_| HandoverFailed::NobodyTakesJobs)?;
            }
            Ok(())
        }
    }

    /// Waits until there may be work, or a hand-over has failed.
    async fn news(&self, signal: &mut LaneSignal) -> News {
        let waited = tokio::select! {
            waited = signal.wait() => waited,
            () = self.handover_failed.notified() => return News::MayBe,
        };
        let Err(error) = waited else { return News::MayBe };
        tracing::debug!(lane = %self.lane, %error, "the signal for new work is lost; looking instead");
        sleep(self.retry.full_jitter(1, fastrand::u64(..))).await;
        News::Lost
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

/// When leases that nobody here knows of are looked for again. Several times: at the first, an ended attempt whose
/// settlement is still on its way may make a lost lease of the same job look known.
#[derive(Debug, Default)]
struct Looks {
    next: Option<Instant>,
    left: u32,
}

impl Looks {
    fn expect(&mut self, wait: Duration) {
        self.next = Some(Instant::now() + wait);
        self.left = LATE_LOOKS;
    }

    fn done(&mut self, pause: Duration) {
        self.left = self.left.saturating_sub(1);
        self.next = (self.left > 0).then(|| Instant::now() + pause);
    }
}

/// How the wait for work ended.
#[derive(Debug, PartialEq, Eq)]
enum News {
    /// There may be something to do.
    MayBe,
    /// The connection was lost.
    Lost,
}

/// Why leased jobs did not get to where they run.
#[derive(Debug, thiserror::Error)]
enum HandoverFailed {
    #[error("nobody takes jobs any more")]
    NobodyTakesJobs,
    #[error(transparent)]
    Redis(#[from] QueueError),
}

/// Returns at that moment; never without one.
async fn reached(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => std::future::pending().await,
    }
}
