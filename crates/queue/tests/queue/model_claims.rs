//! Leases in the model: what a claim may bring, what becomes of leases that are lost, and that everything ends.

use std::collections::BTreeMap;

use passback_queue::{Claimed, Gate, Lane, Service, State};

use crate::model_connectors::{NEVER, Room};
use crate::model_world::{CONNECTORS, Held, LANES, TARGETS, World, target};
use crate::shard::{ann, name};
use crate::tenants::{WORKERS, id, worked, worker};

/// Rounds of claims and settlements after which everything must have ended: a ramp takes one job in its first.
const MOST_ROUNDS: usize = 60;

impl World {
    /// What keeps a worker from a lane.
    fn service(&self, number: usize, lane: Lane) -> Service {
        let now = self.now();
        let paused = |wanted: usize| self.pauses.get(&wanted).is_some_and(|until| *until > now);
        let lane = LANES.iter().position(|other| *other == lane).unwrap();
        if paused(CONNECTORS.len() + lane) {
            return Service::LanePaused;
        }
        if paused(CONNECTORS.len() + LANES.len() + number) {
            return Service::WorkerPaused;
        }
        Service::Open
    }

    fn rooms(&self, lane: Lane) -> Vec<Room> {
        let rooms = self
            .connectors
            .iter()
            .enumerate()
            .map(|(number, connector)| connector.room(lane, self.running(number), self.egress(), self.now()));
        rooms.collect()
    }

    pub(crate) async fn claim(&mut self, number: usize, lane: Lane, most: usize) {
        let rooms = self.rooms(lane);
        let expected = self.service(number, lane);
        let (service, claimed) = self.shard.take(lane, &worker(number), most).await;
        assert_eq!(service, expected);
        assert!(claimed.len() <= most);
        assert!(service == Service::Open || claimed.is_empty());
        let mut started: BTreeMap<usize, i64> = BTreeMap::new();
        for claimed in &claimed {
            let connector = self.lease(number, lane, claimed);
            *started.entry(connector).or_default() += 1;
        }
        for (connector, jobs) in &started {
            let room = rooms[*connector];
            assert!(
                *jobs <= room.jobs,
                "{jobs} jobs of {} started, not {room:?}",
                CONNECTORS[*connector]
            );
        }
        self.learn_ramps(&started).await;
        // Which jobs were looked at is the queue's affair; one that was ready and too late may have expired.
        self.learn_expiries(Some((lane, &rooms))).await;
    }

    /// Notes a job that was leased; says whose it is.
    fn lease(&mut self, number: usize, lane: Lane, claimed: &Claimed) -> usize {
        let now = self.now();
        let job = self.number_of(claimed.token.job);
        let (connector, key) = (self.jobs[&job].connector, self.jobs[&job].key);
        let same_key = self
            .jobs
            .values()
            .filter(|other| other.connector == connector && other.key == key);
        let busy = key.is_some() && same_key.into_iter().any(|other| other.state == State::Running);
        assert!(!busy, "job {job} runs beside another of its key");
        let model = self.jobs.get_mut(&job).unwrap();
        assert_eq!((model.state, model.lane), (State::Ready, lane));
        let in_time = model.deadline_ms.is_none_or(|deadline| deadline > now);
        assert!(in_time, "job {job} ran past its deadline");
        (model.state, model.claims, model.claimed_ms) = (State::Running, model.claims + 1, now);
        assert_eq!(claimed.token.claim, model.claims);
        self.held.push(Held {
            worker: number,
            token: claimed.token,
            job,
        });
        connector
    }

    /// A gate whose time is over begins its ramp when a claim looks at it, at the latest with its first job.
    async fn learn_ramps(&mut self, started: &BTreeMap<usize, i64>) {
        let now = self.now();
        for (number, connector) in self.connectors.iter_mut().enumerate() {
            if connector.may_ramp(now) {
                let ramps = matches!(self.shard.gate(CONNECTORS[number]).await, Gate::Ramping { .. });
                assert!(
                    ramps || !started.contains_key(&number),
                    "a job started at a closed gate"
                );
                if ramps {
                    connector.ramp();
                }
            }
        }
    }

    /// A job expires at a claim or a look at the clock if it waits past its deadline; a check also if its connector
    /// cannot serve it before that, and then it says why.
    pub(crate) async fn learn_expiries(&mut self, claim: Option<(Lane, &[Room])>) {
        let now = self.now();
        for (job, model) in &mut self.jobs {
            let waits = matches!(model.state, State::Ready | State::Scheduled | State::Parked);
            let Some(deadline) = model.deadline_ms.filter(|_| waits) else {
                continue;
            };
            let record = self.shard.record(id(*job)).await;
            if record.state != State::Expired {
                continue;
            }
            if deadline > now {
                let (lane, rooms) = claim.expect("nothing expires before its time but at a claim");
                let (until_ms, code) = rooms[model.connector].hopeless.expect("its connector may yet serve it");
                assert!(deadline <= until_ms, "job {job} could have been run");
                assert_eq!(
                    (lane, model.lane, model.state),
                    (Lane::Check, Lane::Check, State::Ready)
                );
                assert_eq!(record.code.as_deref(), Some(code));
            }
            (model.state, model.due_ms) = (State::Expired, None);
        }
    }

    pub(crate) async fn reclaim(&mut self, number: usize) {
        self.shard.queue.reclaim(&worker(number)).await.unwrap();
        for held in std::mem::take(&mut self.held) {
            if self.shard.record(held.token.job).await.state == State::Running {
                self.held.push(held);
                continue;
            }
            let model = self.jobs.get_mut(&held.job).unwrap();
            (model.crashes, model.claims) = (model.crashes + 1, model.claims + 1);
            model.state = if model.crashes >= 3 { State::Dead } else { State::Ready };
            self.stale.push((held.worker, held.token));
        }
    }

    pub(crate) async fn unclaim(&mut self, number: usize, lane: Lane) {
        self.shard.queue.unclaim(lane, &worker(number), &[]).await.unwrap();
        for held in std::mem::take(&mut self.held) {
            let model = self.jobs.get_mut(&held.job).unwrap();
            if held.worker != number || model.lane != lane {
                self.held.push(held);
                continue;
            }
            (model.state, model.claims) = (State::Ready, model.claims + 1);
            self.stale.push((held.worker, held.token));
        }
    }

    /// Does what only people and events can do, lets time pass, and sees every job end.
    pub(crate) async fn drain(&mut self) {
        for held in std::mem::take(&mut self.held) {
            self.shard.settle(&worker(held.worker), worked(held.token)).await;
        }
        for number in 0..TARGETS {
            let until_ms = match self.connectors.get(number) {
                Some(connector) => connector.paused,
                None => self.pauses.get(&number).copied(),
            };
            if until_ms == Some(NEVER) {
                self.shard.queue.resume(&target(number)).await.unwrap();
            }
        }
        for (number, connector) in self.connectors.iter().enumerate() {
            if connector.needs_a_person() {
                self.shard.queue.open_gate(&name(CONNECTORS[number])).await.unwrap();
            }
        }
        let jobs: Vec<_> = self.jobs.keys().map(|number| id(*number)).collect();
        self.shard.queue.redrive(&jobs, &ann()).await.unwrap();
        for key in 0..2 {
            self.shard.queue.wake(&name(&format!("wake{key}"))).await.unwrap();
        }
        self.shard.clock.advance_ms(2 * 3_600_000);
        for _ in 0..MOST_ROUNDS {
            self.shard.queue.promote().await.unwrap();
            if self.round().await == 0 && self.living().await.is_empty() {
                self.shard.assert_sound().await;
                return self.assert_nothing_is_left().await;
            }
            self.shard.clock.advance_ms(1000);
        }
        panic!("stuck: {:#?}", self.living().await);
    }

    /// Once every job has ended, nothing in Redis speaks of living ones.
    async fn assert_nothing_is_left(&self) {
        let of_living_jobs = [
            "connectors:",
            "dead",
            "holds:",
            "jobs:",
            "keys:busy",
            "keys:waiting:",
            "parked",
            "ready:",
            "running:",
            "scheduled",
            "turns:",
            "wake:",
        ];
        let contents = self.shard.contents().await;
        for (key, value) in &contents {
            let lives = of_living_jobs.iter().any(|prefix| key.starts_with(prefix));
            assert!(!lives, "{key} is left with {value}");
        }
        let behind = contents.get("keys:behind");
        assert!(
            behind.is_none_or(|count| count.contains("\"0\"")),
            "{behind:?} jobs wait for keys"
        );
    }

    /// All workers take what they can get in both lanes and end it well.
    async fn round(&self) -> usize {
        let mut ended = 0;
        for number in 0..WORKERS {
            for lane in LANES {
                for claimed in self.shard.claim_in(lane, &worker(number), 10).await {
                    self.shard.settle(&worker(number), worked(claimed.token)).await;
                    ended += 1;
                }
            }
        }
        ended
    }

    async fn living(&self) -> Vec<passback_queue::JobRecord> {
        let mut living = Vec::new();
        for number in self.jobs.keys() {
            let record = self.shard.record(id(*number)).await;
            if record.state.is_living() {
                living.push(record);
            }
        }
        living
    }
}
