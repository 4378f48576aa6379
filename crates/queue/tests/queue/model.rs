//! Random interleavings against a model in plain Rust: after each step, every job is where the model says.

use std::collections::BTreeMap;

use passback_queue::{ClaimToken, Discarded, Lane, Redriven, State, Transition, Verdict};
use proptest::prelude::*;

use crate::shard::{LEASE, Shard, ann, ending, info, keyed, name};

const WORKERS: usize = 3;

#[derive(Debug, Clone)]
enum Step {
    Enqueue {
        job: u64,
        key: u8,
        delay_ms: u64,
        ttl_ms: Option<u64>,
    },
    Claim {
        worker: usize,
        most: usize,
    },
    Settle {
        held: usize,
        how: How,
    },
    SettleStale {
        held: usize,
    },
    Advance {
        ms: u64,
    },
    Promote,
    Beat {
        worker: usize,
    },
    Reclaim {
        worker: usize,
    },
    Unclaim {
        worker: usize,
    },
    Wake {
        key: u8,
    },
    Redrive {
        job: u64,
    },
    Cancel {
        job: u64,
    },
}

#[derive(Debug, Clone)]
enum How {
    Done,
    Retry(u64),
    Snooze(u64),
    Park(u8, Option<u64>),
    Bury,
    Release,
}

fn step() -> impl Strategy<Value = Step> {
    let how = prop_oneof![
        3 => Just(How::Done),
        2 => (0..3000_u64).prop_map(How::Retry),
        1 => (0..3000_u64).prop_map(How::Snooze),
        2 => (0..2_u8, prop::option::of(0..5000_u64)).prop_map(|(wake, again)| How::Park(wake, again)),
        1 => Just(How::Bury),
        1 => Just(How::Release),
    ];
    prop_oneof![
        6 => (0..12_u64, 0..3_u8, prop_oneof![3 => Just(0), 1 => 1..4000_u64], prop::option::weighted(0.2, 500..5000_u64))
            .prop_map(|(job, key, delay_ms, ttl_ms)| Step::Enqueue { job, key, delay_ms, ttl_ms }),
        6 => (0..WORKERS, 1..4_usize).prop_map(|(worker, most)| Step::Claim { worker, most }),
        6 => (any::<usize>(), how).prop_map(|(held, how)| Step::Settle { held, how }),
        1 => any::<usize>().prop_map(|held| Step::SettleStale { held }),
        3 => (1..9000_u64).prop_map(|ms| Step::Advance { ms }),
        3 => Just(Step::Promote),
        3 => (0..WORKERS).prop_map(|worker| Step::Beat { worker }),
        2 => (0..WORKERS).prop_map(|worker| Step::Reclaim { worker }),
        1 => (0..WORKERS).prop_map(|worker| Step::Unclaim { worker }),
        1 => (0..2_u8).prop_map(|key| Step::Wake { key }),
        1 => (0..12_u64).prop_map(|job| Step::Redrive { job }),
        1 => (0..12_u64).prop_map(|job| Step::Cancel { job }),
    ]
}

/// What the model knows of a job.
#[derive(Debug, Clone, PartialEq)]
struct Model {
    state: State,
    key: u8,
    claims: u64,
    attempts: u32,
    crashes: u32,
    due_ms: Option<u64>,
    deadline_ms: Option<u64>,
    wake: Option<u8>,
    holder: Option<usize>,
    claimed_ms: u64,
}

struct World {
    shard: Shard,
    jobs: BTreeMap<u64, Model>,
    held: Vec<(usize, ClaimToken, u64)>,
    stale: Vec<(usize, ClaimToken)>,
    woken_ms: BTreeMap<u8, u64>,
}

fn worker(number: usize) -> passback_queue::Name {
    name(&format!("w{number}"))
}

impl World {
    async fn apply(&mut self, step: &Step) {
        let now = self.shard.clock.now_ms();
        match step {
            Step::Enqueue {
                job,
                key,
                delay_ms,
                ttl_ms,
            } => self.enqueue(*job, *key, *delay_ms, *ttl_ms, now).await,
            Step::Claim { worker, most } => self.claim(*worker, *most, now).await,
            Step::Settle { held, how } => self.settle(*held, how, now).await,
            Step::SettleStale { held } => self.settle_stale(*held).await,
            Step::Advance { ms } => self.shard.clock.advance_ms(*ms),
            Step::Promote => self.promote(now).await,
            Step::Beat { worker: number } => {
                self.shard.queue.beat(&worker(*number), &info()).await.unwrap();
            }
            Step::Reclaim { worker } => self.reclaim(*worker).await,
            Step::Unclaim { worker } => self.unclaim(*worker).await,
            Step::Wake { key } => self.wake(*key).await,
            Step::Redrive { job } => self.redrive(*job).await,
            Step::Cancel { job } => self.cancel(*job).await,
        }
    }

    async fn enqueue(&mut self, job: u64, key: u8, delay_ms: u64, ttl_ms: Option<u64>, now: u64) {
        let new = passback_queue::NewJob {
            delay_ms,
            ttl_ms,
            ..keyed(job, &format!("k{key}"))
        };
        let verdict = self.shard.queue.enqueue(&new).await.unwrap();
        assert_eq!(
            verdict == passback_queue::Enqueued::Stored,
            !self.jobs.contains_key(&job)
        );
        self.jobs.entry(job).or_insert(Model {
            state: if delay_ms > 0 { State::Scheduled } else { State::Ready },
            key,
            claims: 0,
            attempts: 0,
            crashes: 0,
            due_ms: (delay_ms > 0).then_some(now + delay_ms),
            deadline_ms: ttl_ms.map(|ttl| now + ttl),
            wake: None,
            holder: None,
            claimed_ms: 0,
        });
    }

    async fn claim(&mut self, number: usize, most: usize, now: u64) {
        let claimed = self
            .shard
            .queue
            .claim(Lane::Push, &worker(number), most, LEASE)
            .await
            .unwrap();
        assert!(claimed.len() <= most);
        for claimed in &claimed {
            let job = self.number_of(claimed.token.job);
            let key = self.jobs[&job].key;
            let busy = self
                .jobs
                .values()
                .any(|other| other.key == key && other.state == State::Running);
            assert!(!busy, "job {job} runs beside another of its key");
            let model = self.jobs.get_mut(&job).unwrap();
            assert_eq!(model.state, State::Ready);
            assert!(
                model.deadline_ms.is_none_or(|deadline| deadline > now),
                "job {job} ran past its deadline"
            );
            model.state = State::Running;
            model.claims += 1;
            model.holder = Some(number);
            model.claimed_ms = now;
            assert_eq!(claimed.token.claim, model.claims);
            self.held.push((number, claimed.token, job));
        }
        // Which jobs were looked at is the queue's affair; one that was ready and too late may have expired.
        self.learn_expiries(now).await;
    }

    async fn settle(&mut self, pick: usize, how: &How, now: u64) {
        if self.held.is_empty() {
            return;
        }
        let (number, token, job) = self.held.remove(pick % self.held.len());
        let transition = match how {
            How::Done => Transition::Done,
            How::Retry(delay_ms) => Transition::Retry { delay_ms: *delay_ms },
            How::Snooze(delay_ms) => Transition::Snooze { delay_ms: *delay_ms },
            How::Park(wake, look_again_ms) => Transition::Park {
                wake: name(&format!("wake{wake}")),
                look_again_ms: *look_again_ms,
            },
            How::Bury => Transition::Bury,
            How::Release => Transition::Release,
        };
        assert_eq!(
            self.shard.settle(&worker(number), ending(token, transition)).await,
            Verdict::Settled
        );
        let model = self.jobs.get_mut(&job).unwrap();
        model.holder = None;
        model.due_ms = None;
        match how {
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
        if model.state == State::Ready || model.state == State::Scheduled || model.state == State::Parked {
            self.stale.push((number, token));
        }
    }

    /// A token that was used is refused or known again; either way it changes nothing.
    async fn settle_stale(&mut self, pick: usize) {
        if self.stale.is_empty() {
            return;
        }
        let (number, token) = self.stale[pick % self.stale.len()];
        let verdict = self
            .shard
            .settle(&worker(number), ending(token, Transition::Done))
            .await;
        assert_ne!(verdict, Verdict::Settled);
    }

    async fn promote(&mut self, now: u64) {
        self.shard.queue.promote().await.unwrap();
        for model in self.jobs.values_mut() {
            let due = model.due_ms.is_some_and(|due| due <= now);
            if due && (model.state == State::Scheduled || model.state == State::Parked) {
                (model.state, model.due_ms, model.wake) = (State::Ready, None, None);
            }
        }
        self.learn_expiries(now).await;
    }

    async fn reclaim(&mut self, number: usize) {
        let before = self.held.clone();
        self.shard.queue.reclaim(&worker(number)).await.unwrap();
        for (holder, token, job) in before {
            let record = self.shard.record(token.job).await;
            if record.state == State::Running {
                continue;
            }
            let model = self.jobs.get_mut(&job).unwrap();
            model.crashes += 1;
            model.claims += 1;
            model.holder = None;
            model.state = if model.crashes >= 3 { State::Dead } else { State::Ready };
            self.held.retain(|(_, held, _)| *held != token);
            self.stale.push((holder, token));
        }
    }

    async fn unclaim(&mut self, number: usize) {
        self.shard
            .queue
            .unclaim(Lane::Push, &worker(number), &[])
            .await
            .unwrap();
        for (holder, token, job) in std::mem::take(&mut self.held) {
            if holder != number {
                self.held.push((holder, token, job));
                continue;
            }
            let model = self.jobs.get_mut(&job).unwrap();
            (model.state, model.holder) = (State::Ready, None);
            model.claims += 1;
            self.stale.push((holder, token));
        }
    }

    async fn wake(&mut self, wake: u8) {
        let released = self.shard.queue.wake(&name(&format!("wake{wake}"))).await.unwrap();
        let mut expected = 0;
        for model in self
            .jobs
            .values_mut()
            .filter(|model| model.state == State::Parked && model.wake == Some(wake))
        {
            (model.state, model.due_ms, model.wake) = (State::Ready, None, None);
            expected += 1;
        }
        assert_eq!(released, expected);
        self.woken_ms.insert(wake, self.shard.clock.now_ms());
    }

    async fn redrive(&mut self, job: u64) {
        let id = keyed(job, "k").id;
        let verdict = self.shard.queue.redrive(&[id], &ann()).await.unwrap()[0];
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
        let id = keyed(job, "k").id;
        let verdict = self.shard.queue.cancel(&[id], &ann()).await.unwrap()[0];
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

    /// A job may expire at a claim or a look at the clock, if and only if it waits past its deadline.
    async fn learn_expiries(&mut self, now: u64) {
        for (job, model) in &mut self.jobs {
            let late = model.deadline_ms.is_some_and(|deadline| deadline <= now);
            let waits = matches!(model.state, State::Ready | State::Scheduled | State::Parked);
            if late && waits && self.shard.record(keyed(*job, "k").id).await.state == State::Expired {
                (model.state, model.due_ms) = (State::Expired, None);
            }
        }
    }

    fn number_of(&self, id: passback_queue::JobId) -> u64 {
        *self
            .jobs
            .keys()
            .find(|number| keyed(**number, "k").id == id)
            .expect("a claimed job was enqueued")
    }

    async fn compare(&self) {
        for (job, model) in &self.jobs {
            let record = self.shard.record(keyed(*job, "k").id).await;
            let seen = (record.state, record.claims, record.attempts, record.crashes);
            let expected = (model.state, model.claims, model.attempts, model.crashes);
            assert_eq!(seen, expected, "job {job}: {record:?}");
        }
        self.shard.assert_sound().await;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, max_shrink_iters: 2000, ..ProptestConfig::default() })]

    #[test]
    fn every_job_is_where_the_model_says(steps in prop::collection::vec(step(), 1..70)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let shard = Shard::start().await;
            let mut world = World { shard, jobs: BTreeMap::new(), held: Vec::new(), stale: Vec::new(), woken_ms: BTreeMap::new() };
            for step in &steps {
                world.apply(step).await;
                world.compare().await;
            }
        });
    }
}
