//! Workers that die at a chosen point, faults that strike a chosen result, and time that passes only while nothing moves.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use passback_docebo::Calls;
use passback_producer::Version;
use passback_queue::{Blocker, Filter, JobId, JobRecord, Lane, ManualClock, Name, State};
use passback_simulator::{Fault, FaultKind, FaultOn, TenantHandle};
use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::stage::{Stage, until};
use super::town::attentive;
use crate::attempt::Handler;
use crate::jobs::Jobs;
use crate::lease::Lease;
use crate::outcome::Ending;
use crate::run::run_with;
use crate::{Shutdown, WorkerConfig, WorkerError};

/// Less than a worker may be silent.
const STEP: Duration = Duration::from_secs(10);
/// Jobs that run at once in all workers of a scene, so that no call waits too long on a busy machine.
const AT_ONCE: usize = 32;

/// A course and a user.
pub(crate) type Place = (u64, u64);

/// What befalls the first attempt of a result once it is the one in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Peril {
    /// Docebo answers the read with 500.
    FailedRead,
    /// Docebo answers the write with 500.
    FailedWrite,
    /// Docebo lists it among those not updated: the job dies.
    Refused,
    /// The worker dies when it has the right to write, and Docebo has not done it.
    CrashBefore,
    /// The worker dies when Docebo has done it, and nobody has noted that.
    CrashAfter,
    /// The worker dies when all is noted but the job's end.
    CrashNoted,
    /// The attempt has come to its end, and is told only when the test says so.
    Held,
}

impl Peril {
    fn fault(self) -> Option<(FaultOn, FaultKind)> {
        match self {
            Self::FailedRead => Some((FaultOn::EnrollmentRead, FaultKind::ServerError)),
            Self::FailedWrite => Some((FaultOn::EnrollmentWrite, FaultKind::ServerError)),
            // Not cut: that would count as a failure of the connector.
            Self::Refused | Self::CrashBefore => Some((FaultOn::EnrollmentWrite, FaultKind::NotUpdated)),
            Self::CrashAfter => Some((FaultOn::EnrollmentWrite, FaultKind::CutAfter)),
            Self::CrashNoted | Self::Held => None,
        }
    }

    /// Whether the worker is gone with it.
    pub(crate) fn crashes(self) -> bool {
        matches!(self, Self::CrashBefore | Self::CrashAfter | Self::CrashNoted)
    }
}

/// The perils that wait for their result, and the attempts that will never end.
pub(crate) struct Perils {
    armed: Mutex<HashMap<String, (Peril, Place)>>,
    hung: Mutex<BTreeMap<JobId, u64>>,
    let_go: Notify,
    turn: Semaphore,
}

impl Perils {
    fn new() -> Self {
        Self {
            armed: Mutex::default(),
            hung: Mutex::default(),
            let_go: Notify::new(),
            turn: Semaphore::new(AT_ONCE),
        }
    }

    /// Lets a peril wait for a result.
    pub(crate) fn arm(&self, result_id: &str, place: Place, peril: Peril) {
        let mut armed = self.armed.lock().unwrap_or_else(PoisonError::into_inner);
        armed.insert(result_id.to_owned(), (peril, place));
    }

    /// The results that no peril has struck yet.
    pub(crate) fn unstruck(&self) -> BTreeSet<String> {
        let armed = self.armed.lock().unwrap_or_else(PoisonError::into_inner);
        armed.keys().cloned().collect()
    }

    /// Forgets those that have not struck.
    pub(crate) fn disarm(&self) {
        self.armed.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn take(&self, result_id: &str) -> Option<(Peril, Place)> {
        let mut armed = self.armed.lock().unwrap_or_else(PoisonError::into_inner);
        armed.remove(result_id)
    }

    fn hang(&self, job: &JobRecord) {
        let mut hung = self.hung.lock().unwrap_or_else(PoisonError::into_inner);
        hung.insert(job.id, job.claims);
    }

    /// Lets the one attempt that is held tell how it ended.
    pub(crate) fn let_go(&self) {
        self.hung.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.let_go.notify_one();
    }

    /// A job that another worker has taken over hangs no more.
    fn begins(&self, job: &JobRecord) {
        self.hung.lock().unwrap_or_else(PoisonError::into_inner).remove(&job.id);
    }

    fn hung(&self) -> u64 {
        self.hung.lock().unwrap_or_else(PoisonError::into_inner).len() as u64
    }

    fn has_hung(&self, job: &JobRecord) -> bool {
        let hung = self.hung.lock().unwrap_or_else(PoisonError::into_inner);
        hung.get(&job.id) == Some(&job.claims)
    }
}

/// The real handler, in peril.
struct InPeril {
    jobs: Arc<Jobs>,
    docebo: TenantHandle,
    perils: Arc<Perils>,
}

impl InPeril {
    /// A result that another one has overtaken makes no call: nothing can befall it.
    async fn peril_of(&self, job: &JobRecord) -> Option<(Peril, Place)> {
        let result_id = job.result_id.as_deref()?;
        let subject = Name::new(job.key.as_deref()?).ok()?;
        let subject = self.jobs.desk.producer.queue().subject(&subject).await.ok()?;
        let in_force = subject
            .version
            .and_then(|json| serde_json::from_str::<Version>(&json).ok());
        in_force.filter(|version| version.result_id == result_id)?;
        self.perils.take(result_id)
    }
}

impl Handler for InPeril {
    async fn handle(&self, lease: &Lease, deadline: Instant, calls: &mut Calls) -> Ending {
        let turn = self.perils.turn.acquire().await;
        self.perils.begins(&lease.claimed.record);
        let record = &lease.claimed.record;
        let peril = self.peril_of(record).await;
        if let Some((peril, (course, user))) = peril
            && let Some((on, kind)) = peril.fault()
        {
            let fault = Fault::new(on, kind).user(user).course(course);
            self.docebo.add_fault(fault.times(1));
        }
        let ending = self.jobs.handle(lease, deadline, calls).await;
        drop(turn);
        if peril.is_some_and(|(peril, _)| peril.crashes()) {
            self.perils.hang(&lease.claimed.record);
            std::future::pending::<()>().await;
        }
        if peril.is_some_and(|(peril, _)| peril == Peril::Held) {
            self.perils.hang(&lease.claimed.record);
            self.perils.let_go.notified().await;
        }
        ending
    }
}

/// A stage whose workers come and go.
pub(crate) struct Scene {
    pub(crate) stage: Stage,
    pub(crate) clock: ManualClock,
    pub(crate) perils: Arc<Perils>,
    /// One set of clients for all workers: to make them takes longer than all they are needed for.
    jobs: Arc<Jobs>,
    workers: Vec<JoinHandle<Result<(), WorkerError>>>,
}

impl Scene {
    pub(crate) fn new(stage: Stage, clock: ManualClock) -> Self {
        Self {
            jobs: Arc::new(stage.jobs()),
            stage,
            clock,
            perils: Arc::new(Perils::new()),
            workers: Vec::new(),
        }
    }

    /// Starts two workers with so many slots for pushes.
    pub(crate) fn hire_two(&mut self, pushes: usize) {
        for _ in 0..2 {
            let mut config = WorkerConfig::default();
            config.concurrency.insert(Lane::Push, pushes);
            config.push_deadline = Duration::from_hours(1);
            let handler = InPeril {
                jobs: Arc::clone(&self.jobs),
                docebo: self.stage.docebo.clone(),
                perils: Arc::clone(&self.perils),
            };
            let queue = self.stage.producer.queue().clone();
            let running = run_with(handler, queue, config, attentive(), Shutdown::new());
            self.workers.push(tokio::spawn(running));
        }
    }

    /// Ends all workers as a power cut would.
    pub(crate) async fn kill_all(&mut self) {
        for worker in self.workers.drain(..) {
            worker.abort();
            assert!(
                worker.await.is_err_and(|error| error.is_cancelled()),
                "a worker ended by itself"
            );
        }
    }

    /// Lets time pass, in steps so small that all that falls due is done within each.
    pub(crate) async fn pass(&self, by: Duration) {
        let steps = by.as_millis().div_ceil(STEP.as_millis());
        for _ in 0..steps {
            self.still().await;
            self.clock.advance_ms(u64::try_from(STEP.as_millis()).unwrap());
            self.tick().await;
        }
        self.still().await;
    }

    /// Jumps over a time in which nothing is due.
    pub(crate) async fn jump(&self, by: Duration) {
        self.still().await;
        self.clock.advance_ms(u64::try_from(by.as_millis()).unwrap());
        self.tick().await;
        self.still().await;
    }

    /// What is due is ready, and who is silent too long has lost his jobs.
    async fn tick(&self) {
        let queue = self.stage.producer.queue();
        let now = self.clock.now_ms();
        let caller = until("the living have beaten", async || {
            let workers = queue.workers().await.unwrap();
            let mut fresh = workers.into_iter().filter(|worker| worker.last_beat_ms >= now);
            let caller = fresh.next()?;
            (fresh.count() + 1 >= self.workers.len()).then_some(caller.id)
        })
        .await;
        let caller = Name::new(caller).unwrap();
        while queue.reclaim(&caller).await.unwrap().ready > 0 {}
        while queue.promote().await.unwrap().ready > 0 {}
    }

    /// Waits until nothing moves: what runs will never end, and what is ready waits behind it.
    pub(crate) async fn still(&self) {
        until("nothing moves", async || {
            // Cheaper than to read them all.
            let counts = self.stage.producer.queue().counts().await.unwrap();
            if counts.living[&State::Running] != self.perils.hung() {
                return None;
            }
            let running = self.all(State::Running).await;
            if !running.iter().all(|job| self.perils.has_hung(job)) {
                return None;
            }
            let held: BTreeSet<&str> = running.iter().filter_map(|job| job.key.as_deref()).collect();
            let ready = self.all(State::Ready).await;
            let free = |job: &&JobRecord| job.key.as_deref().is_none_or(|key| !held.contains(key));
            for job in ready.iter().filter(free) {
                // Behind a closed gate it waits for time to pass, and others of its person wait behind it.
                let why = self.stage.producer.queue().explain(job.id).await.unwrap().blocker;
                if !matches!(
                    why,
                    Blocker::GateClosed | Blocker::GateRamping { .. } | Blocker::Key { .. }
                ) {
                    return None;
                }
            }
            let again = self.all(State::Running).await;
            let ids = |jobs: &[JobRecord]| jobs.iter().map(|job| (job.id, job.claims)).collect::<BTreeSet<_>>();
            (ids(&running) == ids(&again)).then_some(())
        })
        .await;
    }

    /// All jobs in a state.
    pub(crate) async fn all(&self, state: State) -> Vec<JobRecord> {
        let filter = Filter {
            state: Some(state),
            ..Filter::default()
        };
        let (mut jobs, mut after) = (Vec::new(), None);
        loop {
            let page = self.stage.producer.queue().jobs(&filter, after.as_deref(), 10_000);
            let page = page.await.unwrap();
            jobs.extend(page.jobs);
            match page.next {
                Some(next) => after = Some(next),
                None => return jobs,
            }
        }
    }
}
