//! Jobs of several connectors, workers that serve them, and a look at how the connectors stand.

use passback_queue::{
    ClaimToken, Claimed, Clock, Egress, Failing, Gate, JobId, Lane, Limits, ManualClock, Name, NewJob, Queue,
    RedisOptions, Retention, SHARD_PREFIX, Service, Settlement, Standing, State, Transition,
};

use crate::shard::{LEASE, START_MS, Shard, ending, job, name};

/// As many worker processes as the guarantees speak of.
pub(crate) const WORKERS: usize = 8;

/// A job of a connector and lane.
pub(crate) fn of(number: u64, lane: Lane, connector: &str) -> NewJob {
    NewJob {
        lane,
        connector: name(connector),
        ..job(number)
    }
}

/// A check of a connector that is of use for a while.
pub(crate) fn check(number: u64, connector: &str, ttl_ms: u64) -> NewJob {
    NewJob {
        ttl_ms: Some(ttl_ms),
        ..of(number, Lane::Check, connector)
    }
}

pub(crate) fn id(number: u64) -> JobId {
    job(number).id
}

pub(crate) fn worker(number: usize) -> Name {
    name(&format!("w{number}"))
}

/// The end of a job to which Docebo had answered as it should.
pub(crate) fn worked(token: ClaimToken) -> Settlement {
    Settlement {
        docebo_answered: true,
        header: None,
        ..ending(token, Transition::Done)
    }
}

/// The ids of what was leased, in order.
pub(crate) fn ids(claimed: &[Claimed]) -> Vec<JobId> {
    claimed.iter().map(|claimed| claimed.token.job).collect()
}

pub(crate) fn throttled(wait_ms: u64) -> Failing {
    Failing::Throttled {
        wait: std::time::Duration::from_millis(wait_ms),
    }
}

impl Shard {
    /// The same as `start`, behind an egress address with a limit.
    pub(crate) async fn behind(egress: Egress) -> Self {
        let redis = passback_harness::TestRedis::start().await;
        let clock = ManualClock::starting_at(START_MS);
        let options = RedisOptions::new(redis.url());
        let manual = Clock::Manual(clock.clone());
        let queue = Queue::with_egress(options, manual, Retention::default(), egress).unwrap();
        Self { redis, queue, clock }
    }

    /// Stores push jobs of a connector.
    pub(crate) async fn fill(&self, lane: Lane, connector: &str, numbers: std::ops::Range<u64>) {
        let jobs: Vec<NewJob> = numbers.map(|number| of(number, lane, connector)).collect();
        self.queue.enqueue_all(&jobs).await.unwrap();
    }

    pub(crate) async fn claim_in(&self, lane: Lane, worker: &Name, most: usize) -> Vec<Claimed> {
        self.queue.claim(lane, worker, most, LEASE).await.unwrap()
    }

    /// What a worker gets, and whether it may have anything.
    pub(crate) async fn take(&self, lane: Lane, worker: &Name, most: usize) -> (Service, Vec<Claimed>) {
        let (service, leased) = self.queue.lease(lane, worker, most, LEASE).await.unwrap();
        (service, self.queue.open(leased).await.unwrap())
    }

    /// What all workers get that ask for as much as they can in all lanes, with who got it.
    pub(crate) async fn claim_by_all(&self) -> Vec<(Name, Claimed)> {
        let mut all = Vec::new();
        for number in 0..WORKERS {
            for lane in Lane::ALL {
                let claimed = self.claim_in(lane, &worker(number), 100).await;
                all.extend(claimed.into_iter().map(|claimed| (worker(number), claimed)));
            }
        }
        all
    }

    /// Ends jobs to which Docebo had answered as it should.
    pub(crate) async fn all_worked(&self, claimed: &[(Name, Claimed)]) {
        for (worker, claimed) in claimed {
            self.settle(worker, worked(claimed.token)).await;
        }
    }

    pub(crate) async fn report(&self, connector: &str, failing: Failing, code: &str) -> Gate {
        let gate = self.queue.report(&name(connector), failing, &name(code)).await.unwrap();
        assert_eq!(gate, self.gate(connector).await, "the answer is what is stored");
        gate
    }

    /// Refuses a connector's credentials.
    pub(crate) async fn refuse(&self, connector: &str) {
        self.report(connector, Failing::Refused, "credentials_refused").await;
    }

    pub(crate) async fn standing(&self, connector: &str) -> Standing {
        self.queue.standing(&name(connector)).await.unwrap()
    }

    pub(crate) async fn gate(&self, connector: &str) -> Gate {
        self.standing(connector).await.gate
    }

    pub(crate) async fn limit(&self, connector: &str, limits: Limits) {
        self.queue.set_limits(&[(name(connector), limits)]).await.unwrap();
    }

    /// Whether a connector has a turn in a lane.
    pub(crate) async fn has_turn(&self, lane: Lane, connector: &str) -> bool {
        let turns = format!("{SHARD_PREFIX}turns:{lane}");
        self.redis.cli(&["ZSCORE", &turns, connector]).await != redis::Value::Nil
    }

    /// Takes all wake-up signals of a lane; says whether there was one.
    pub(crate) async fn was_signalled(&self, lane: Lane) -> bool {
        let signals = format!("{SHARD_PREFIX}signal:{lane}");
        self.redis.cli(&["DEL", &signals]).await == redis::Value::Int(1)
    }

    /// The state and code of a job.
    pub(crate) async fn state_of(&self, number: u64) -> (State, Option<String>) {
        let record = self.record(id(number)).await;
        (record.state, record.code)
    }
}
