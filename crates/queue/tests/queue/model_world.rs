//! The queue beside its model: each step is done to both, then they are compared.

use std::{collections::BTreeMap, time::Duration};

use passback_queue::{
    ClaimToken, Discarded, Egress, Enqueued, JobId, Lane, Limits, Name, NewJob, Redriven, Settlement, Spent, State,
    Target, Transition, Verdict,
};

use crate::model::{Enqueue, How, Step};
use crate::model_connectors::{Calls, Connector, NEVER, Running};
use crate::shard::{Shard, ann, ending, info, name};
use crate::tenants::{id, of, worker};

pub(crate) const CONNECTORS: [&str; 3] = ["acme", "borealis", "cumulus"];
pub(crate) const LANES: [Lane; 2] = [Lane::Check, Lane::Push];
/// What can be paused: the connectors, the lanes, two workers.
pub(crate) const TARGETS: usize = CONNECTORS.len() + LANES.len() + 2;

/// What the model knows of a job.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Model {
    pub(crate) state: State,
    pub(crate) lane: Lane,
    pub(crate) connector: usize,
    pub(crate) key: Option<u8>,
    pub(crate) claims: u64,
    pub(crate) attempts: u32,
    pub(crate) crashes: u32,
    pub(crate) due_ms: Option<u64>,
    pub(crate) deadline_ms: Option<u64>,
    pub(crate) wake: Option<u8>,
    pub(crate) claimed_ms: u64,
}

/// A lease that a worker holds.
#[derive(Debug, Clone)]
pub(crate) struct Held {
    pub(crate) worker: usize,
    pub(crate) token: ClaimToken,
    pub(crate) job: u64,
}

pub(crate) struct World {
    pub(crate) shard: Shard,
    pub(crate) jobs: BTreeMap<u64, Model>,
    pub(crate) held: Vec<Held>,
    pub(crate) stale: Vec<(usize, ClaimToken)>,
    pub(crate) woken_ms: BTreeMap<u8, u64>,
    pub(crate) connectors: Vec<Connector>,
    /// Pauses of lanes and workers, by target: when they end.
    pub(crate) pauses: BTreeMap<usize, u64>,
    pub(crate) egress_calls: Calls,
    egress_limit: Option<u32>,
}

pub(crate) fn target(number: usize) -> Target {
    let lanes = CONNECTORS.len();
    let workers = lanes + LANES.len();
    if number < lanes {
        Target::Connector(name(CONNECTORS[number]))
    } else if number < workers {
        Target::Lane(LANES[number - lanes])
    } else {
        Target::Worker(worker(number - workers))
    }
}

fn wake_key(key: u8) -> Name {
    name(&format!("wake{key}"))
}

impl World {
    pub(crate) async fn start(egress_limit: Option<u32>) -> Self {
        let egress = Egress {
            name: name("north"),
            calls_per_hour: egress_limit,
        };
        Self {
            shard: Shard::behind(egress).await,
            jobs: BTreeMap::new(),
            held: Vec::new(),
            stale: Vec::new(),
            woken_ms: BTreeMap::new(),
            connectors: vec![Connector::new(); CONNECTORS.len()],
            pauses: BTreeMap::new(),
            egress_calls: Vec::new(),
            egress_limit,
        }
    }

    pub(crate) fn now(&self) -> u64 {
        self.shard.clock.now_ms()
    }

    pub(crate) fn egress(&self) -> Option<(&Calls, u32)> {
        self.egress_limit.map(|limit| (&self.egress_calls, limit))
    }

    pub(crate) fn running(&self, connector: usize) -> Running {
        let runs = |model: &&Model| model.connector == connector && model.state == State::Running;
        let count = |wanted: &[Lane]| {
            let of_lanes = self
                .jobs
                .values()
                .filter(runs)
                .filter(|model| wanted.contains(&model.lane));
            i64::try_from(of_lanes.count()).unwrap()
        };
        Running {
            jobs: count(&Lane::ALL),
            checks: count(&[Lane::Check]),
        }
    }

    pub(crate) async fn apply(&mut self, step: &Step) {
        match step {
            Step::Enqueue(new) => self.enqueue(new).await,
            Step::Claim { worker, lane, most } => self.claim(*worker, LANES[*lane], *most).await,
            Step::Settle { held, how, worked } => self.settle(*held, how, *worked).await,
            Step::SettleStale { held } => self.settle_stale(*held).await,
            Step::Advance { ms } => self.shard.clock.advance_ms(*ms),
            Step::Promote => self.promote().await,
            Step::Beat { worker: number } => {
                self.shard.queue.beat(&worker(*number), &info()).await.unwrap();
            }
            Step::Reclaim { worker } => self.reclaim(*worker).await,
            Step::Unclaim { worker, lane } => self.unclaim(*worker, LANES[*lane]).await,
            Step::Wake { key } => self.wake(*key).await,
            Step::Redrive { job } => self.redrive(*job).await,
            Step::Cancel { job } => self.cancel(*job).await,
            Step::Report { connector, failure } => {
                let now = self.now();
                self.connectors[*connector].report(*failure, now);
                let (connector, failing) = (CONNECTORS[*connector], failure.failing());
                self.shard.report(connector, failing, failure.code()).await;
            }
            Step::OpenGate { connector } => {
                let was_closed = self.shard.queue.open_gate(&name(CONNECTORS[*connector])).await.unwrap();
                assert_eq!(was_closed, self.connectors[*connector].open());
            }
            Step::Pause { target, lasts_ms } => self.pause(*target, *lasts_ms).await,
            Step::Resume { target } => self.resume(*target).await,
            Step::SetLimits {
                connector,
                calls,
                at_once,
            } => {
                let limits = Limits {
                    calls_per_hour: *calls,
                    weight: 1,
                    max_concurrency: *at_once,
                };
                self.shard.limit(CONNECTORS[*connector], limits).await;
                self.connectors[*connector].limits = limits;
            }
            Step::Spend { connector, lane, calls } => {
                for _ in 0..*calls {
                    self.spend(*connector, LANES[*lane]).await;
                }
            }
        }
    }

    async fn enqueue(&mut self, new: &Enqueue) {
        let now = self.now();
        let connector = CONNECTORS[new.connector];
        let job = NewJob {
            key: new.key.map(|key| name(&format!("{connector}/{key}"))),
            delay_ms: new.delay_ms,
            ttl_ms: new.ttl_ms,
            ..of(new.job, LANES[new.lane], connector)
        };
        let verdict = self.shard.queue.enqueue(&job).await.unwrap();
        assert_eq!(verdict == Enqueued::Stored, !self.jobs.contains_key(&new.job));
        let later = new.delay_ms > 0;
        self.jobs.entry(new.job).or_insert(Model {
            state: if later { State::Scheduled } else { State::Ready },
            lane: LANES[new.lane],
            connector: new.connector,
            key: new.key,
            claims: 0,
            attempts: 0,
            crashes: 0,
            due_ms: later.then_some(now + new.delay_ms),
            deadline_ms: new.ttl_ms.map(|ttl| now + ttl),
            wake: None,
            claimed_ms: 0,
        });
    }

    async fn settle(&mut self, pick: usize, how: &How, worked: bool) {
        if self.held.is_empty() {
            return;
        }
        let now = self.now();
        let held = self.held.remove(pick % self.held.len());
        let transition = match how {
            How::Done => Transition::Done,
            How::Retry(delay_ms) => Transition::Retry { delay_ms: *delay_ms },
            How::Snooze(delay_ms) => Transition::Snooze { delay_ms: *delay_ms },
            How::Park(wake, look_again_ms) => Transition::Park {
                wake: wake_key(*wake),
                also: None,
                look_again_ms: *look_again_ms,
            },
            How::Bury => Transition::Bury,
            How::Release => Transition::Release,
        };
        let settlement = Settlement {
            docebo_answered: worked,
            ..ending(held.token, transition)
        };
        let verdict = self.shard.settle(&worker(held.worker), settlement).await;
        assert_eq!(verdict, Verdict::Settled);
        let model = self.jobs.get_mut(&held.job).unwrap();
        model.due_ms = None;
        let late = model.lane == Lane::Check && model.deadline_ms.is_some_and(|deadline| deadline <= now);
        match how {
            // Whatever it found came too late.
            How::Done | How::Retry(_) if late => (model.state, model.attempts) = (State::Expired, model.attempts + 1),
            How::Snooze(_) | How::Park(..) | How::Release if late => model.state = State::Expired,
            How::Done => (model.state, model.attempts) = (State::Done, model.attempts + 1),
            How::Retry(delay) => {
                (model.state, model.attempts) = (State::Scheduled, model.attempts + 1);
                model.due_ms = Some(now + delay);
            }
            How::Snooze(delay) => (model.state, model.due_ms) = (State::Scheduled, Some(now + delay)),
            How::Park(wake, _) if self.woken_ms.get(wake).is_some_and(|woken| *woken >= model.claimed_ms) => {
                model.state = State::Ready;
            }
            How::Park(wake, again) => {
                (model.state, model.wake) = (State::Parked, Some(*wake));
                model.due_ms = again.map(|delay| now + delay);
            }
            How::Bury => (model.state, model.attempts) = (State::Dead, model.attempts + 1),
            How::Release => model.state = State::Ready,
        }
        let connector = model.connector;
        if matches!(model.state, State::Ready | State::Scheduled | State::Parked) {
            self.stale.push((held.worker, held.token));
        }
        if worked {
            self.connectors[connector].worked();
        }
    }

    /// A token that was used is refused or known again; either way it changes nothing.
    async fn settle_stale(&mut self, pick: usize) {
        if self.stale.is_empty() {
            return;
        }
        let (number, token) = self.stale[pick % self.stale.len()];
        let late = Settlement {
            docebo_answered: true,
            ..ending(token, Transition::Done)
        };
        let verdict = self.shard.settle(&worker(number), late).await;
        assert_ne!(verdict, Verdict::Settled);
    }

    async fn promote(&mut self) {
        let now = self.now();
        self.shard.queue.promote().await.unwrap();
        for model in self.jobs.values_mut() {
            let due = model.due_ms.is_some_and(|due| due <= now);
            if due && matches!(model.state, State::Scheduled | State::Parked) {
                (model.state, model.due_ms, model.wake) = (State::Ready, None, None);
            }
        }
        for connector in &mut self.connectors {
            if connector.paused.is_some_and(|until| until <= now) {
                connector.resume();
            }
        }
        self.pauses.retain(|_, until| *until > now);
        self.learn_expiries(None).await;
    }

    async fn pause(&mut self, number: usize, lasts_ms: Option<u64>) {
        let until_ms = lasts_ms.map_or(NEVER, |lasts| self.now() + lasts);
        let fresh = self
            .shard
            .pause(&target(number), lasts_ms.map(Duration::from_millis))
            .await;
        let before = match self.connectors.get_mut(number) {
            Some(connector) => connector.paused.replace(until_ms).is_some(),
            None => self.pauses.insert(number, until_ms).is_some(),
        };
        assert_eq!(fresh, !before);
    }

    async fn resume(&mut self, number: usize) {
        let was_paused = self.shard.queue.resume(&target(number)).await.unwrap();
        let expected = match self.connectors.get_mut(number) {
            Some(connector) => connector.resume(),
            None => self.pauses.remove(&number).is_some(),
        };
        assert_eq!(was_paused, expected);
    }

    async fn spend(&mut self, connector: usize, lane: Lane) {
        let now = self.now();
        let refused = self.connectors[connector].call_refused(lane, self.egress(), now);
        match self.shard.spend(CONNECTORS[connector], lane).await {
            Spent::Granted => {
                assert_eq!(refused, None, "a call too many");
                // Where there is no limit, nothing is counted.
                if self.connectors[connector].limits.calls_per_hour.is_some() {
                    self.connectors[connector].calls.push((now, lane));
                }
                self.egress_calls.push((now, lane));
            }
            Spent::Held { code, .. } => assert_eq!(refused, Some(code.as_str())),
        }
    }

    async fn wake(&mut self, wake: u8) {
        let released = self.shard.queue.wake(&wake_key(wake)).await.unwrap();
        let mut expected = 0;
        for model in self.jobs.values_mut().filter(|model| model.wake == Some(wake)) {
            if model.state == State::Parked {
                (model.state, model.due_ms, model.wake) = (State::Ready, None, None);
                expected += 1;
            }
        }
        assert_eq!(released, expected);
        self.woken_ms.insert(wake, self.now());
    }

    async fn redrive(&mut self, job: u64) {
        let verdict = self.shard.queue.redrive(&[id(job)], &ann()).await.unwrap()[0];
        match self.jobs.get_mut(&job) {
            None => assert_eq!(verdict, Redriven::Unknown),
            Some(model) if model.state == State::Dead => {
                assert_eq!(verdict, Redriven::Ready);
                (model.state, model.attempts, model.crashes) = (State::Ready, 0, 0);
            }
            Some(_) => assert_eq!(verdict, Redriven::NotDead),
        }
    }

    async fn cancel(&mut self, job: u64) {
        let verdict = self.shard.queue.cancel(&[id(job)], &ann()).await.unwrap()[0];
        match self.jobs.get_mut(&job) {
            None => assert_eq!(verdict, Discarded::Unknown),
            Some(model) if model.state == State::Running => assert_eq!(verdict, Discarded::Running),
            Some(model) if model.state.is_living() => {
                assert_eq!(verdict, Discarded::Discarded);
                (model.state, model.due_ms) = (State::Discarded, None);
            }
            Some(_) => assert_eq!(verdict, Discarded::Ended),
        }
    }

    pub(crate) fn number_of(&self, job: JobId) -> u64 {
        let mut numbers = self.jobs.keys();
        *numbers
            .find(|number| id(**number) == job)
            .expect("a claimed job was enqueued")
    }

    pub(crate) async fn compare(&self) {
        for (job, model) in &self.jobs {
            let record = self.shard.record(id(*job)).await;
            let seen = (record.state, record.claims, record.attempts, record.crashes);
            let expected = (model.state, model.claims, model.attempts, model.crashes);
            assert_eq!(seen, expected, "job {job}: {record:?}");
        }
        for (number, connector) in self.connectors.iter().enumerate() {
            let standing = self.shard.standing(CONNECTORS[number]).await;
            assert!(
                connector.agrees(&standing.gate),
                "{connector:#?} is {:?}",
                standing.gate
            );
            assert_eq!(i64::try_from(standing.running), Ok(self.running(number).jobs));
            assert_eq!(standing.calls_allowed, connector.calls_allowed(self.now()));
        }
        self.shard.assert_sound().await;
    }
}
