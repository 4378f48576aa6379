//! Explanations held against claims: in random worlds, a claim leases a job if and only if the explanation just before
//! said that nothing of its own keeps it.

use std::{collections::BTreeSet, time::Duration};

use passback_queue::{Blocker, ClaimToken, Egress, Failing, Lane, Limits, Name, NewJob, State, Target, Transition};
use proptest::prelude::*;

use crate::shard::{Shard, ending, name};
use crate::tenants::{id, of, throttled, worked, worker};

const CONNECTORS: [&str; 3] = ["acme", "borealis", "cumulus"];
const LANES: [Lane; 2] = [Lane::Check, Lane::Push];
const JOBS: u64 = 40;

/// What makes a world as it is.
#[derive(Debug, Clone)]
enum Event {
    Enqueue {
        lane: usize,
        connector: usize,
        key: Option<u8>,
        ttl_ms: Option<u64>,
        delay_ms: u64,
    },
    Claim {
        lane: usize,
        most: usize,
    },
    Settle {
        held: usize,
        how: How,
    },
    Fail(usize, usize),
    OpenGate(usize),
    Pause(usize, Option<u64>),
    Resume(usize),
    Limit(usize, Option<u32>, Option<u32>),
    Spend(usize, usize, usize),
    Advance(u64),
    Compare(usize),
}

#[derive(Debug, Clone, Copy)]
enum How {
    Worked,
    Done,
    Retry,
    Release,
    Bury,
}

fn event() -> impl Strategy<Value = Event> {
    let connector = 0..CONNECTORS.len();
    let lane = 0..LANES.len();
    let how = prop_oneof![
        4 => Just(How::Worked),
        1 => Just(How::Done),
        1 => Just(How::Retry),
        1 => Just(How::Release),
        1 => Just(How::Bury),
    ];
    let ttl = prop::option::weighted(0.4, prop_oneof![1..2000_u64, 10_000..100_000_u64]);
    let delay = prop_oneof![5 => Just(0), 1 => 1..40_000_u64];
    let calls = prop::option::weighted(0.5, 3..30_u32);
    let at_once = prop::option::weighted(0.4, 1..4_u32);
    let pause_ends = prop::option::of(prop_oneof![1..3000_u64, 10_000..60_000_u64]);
    let passes = prop_oneof![3 => 1..3000_u64, 2 => 5000..40_000_u64, 1 => 600_000..4_000_000_u64];
    prop_oneof![
        12 => (lane.clone(), connector.clone(), prop::option::weighted(0.4, 0..2_u8), ttl, delay)
            .prop_map(|(lane, connector, key, ttl_ms, delay_ms)| Event::Enqueue { lane, connector, key, ttl_ms, delay_ms }),
        4 => (lane.clone(), 1..5_usize).prop_map(|(lane, most)| Event::Claim { lane, most }),
        5 => (any::<usize>(), how).prop_map(|(held, how)| Event::Settle { held, how }),
        2 => (connector.clone(), 0..6_usize).prop_map(|(connector, kind)| Event::Fail(connector, kind)),
        2 => connector.clone().prop_map(Event::OpenGate),
        1 => (0..5_usize, pause_ends).prop_map(|(target, lasts_ms)| Event::Pause(target, lasts_ms)),
        2 => (0..5_usize).prop_map(Event::Resume),
        2 => (connector.clone(), calls, at_once).prop_map(|(connector, calls, at_once)| Event::Limit(connector, calls, at_once)),
        3 => (connector, lane.clone(), 1..8_usize).prop_map(|(connector, lane, calls)| Event::Spend(connector, lane, calls)),
        4 => passes.prop_map(Event::Advance),
        3 => lane.prop_map(Event::Compare),
    ]
}

struct World {
    shard: Shard,
    jobs: u64,
    held: Vec<ClaimToken>,
    worker: Name,
}

impl World {
    async fn start() -> Self {
        let egress = Egress {
            name: name("north"),
            calls_per_hour: Some(40),
        };
        Self {
            shard: Shard::behind(egress).await,
            jobs: 0,
            held: Vec::new(),
            worker: worker(1),
        }
    }

    async fn apply(&mut self, event: &Event) {
        let queue = &self.shard.queue;
        match *event {
            Event::Enqueue {
                lane,
                connector,
                key,
                ttl_ms,
                delay_ms,
            } => {
                self.jobs = (self.jobs + 1).min(JOBS);
                let connector = CONNECTORS[connector];
                let job = NewJob {
                    key: key.map(|key| name(&format!("{connector}/{key}"))),
                    ttl_ms,
                    delay_ms,
                    ..of(self.jobs, LANES[lane], connector)
                };
                queue.enqueue(&job).await.unwrap();
            }
            Event::Claim { lane, most } => {
                let claimed = self.shard.claim_in(LANES[lane], &self.worker, most).await;
                self.held.extend(claimed.iter().map(|claimed| claimed.token));
            }
            Event::Settle { held, how } => self.settle(held, how).await,
            Event::Fail(connector, kind) => self.fail(CONNECTORS[connector], kind).await,
            Event::OpenGate(connector) => {
                queue.open_gate(&name(CONNECTORS[connector])).await.unwrap();
            }
            Event::Pause(number, lasts_ms) => {
                let lasts = lasts_ms.map(Duration::from_millis);
                self.shard.pause(&target(number), lasts).await;
            }
            Event::Resume(number) => {
                queue.resume(&target(number)).await.unwrap();
            }
            Event::Limit(connector, calls_per_hour, max_concurrency) => {
                let limits = Limits {
                    calls_per_hour,
                    weight: 1,
                    max_concurrency,
                };
                self.shard.limit(CONNECTORS[connector], limits).await;
            }
            Event::Spend(connector, lane, calls) => {
                for _ in 0..calls {
                    self.shard.spend(CONNECTORS[connector], LANES[lane]).await;
                }
            }
            Event::Advance(ms) => self.shard.clock.advance_ms(ms),
            Event::Compare(lane) => self.compare(LANES[lane]).await,
        }
    }

    async fn settle(&mut self, pick: usize, how: How) {
        if self.held.is_empty() {
            return;
        }
        let token = self.held.remove(pick % self.held.len());
        let settlement = match how {
            How::Worked => worked(token),
            How::Done => ending(token, Transition::Done),
            How::Retry => ending(token, Transition::Retry { delay_ms: 1000 }),
            How::Release => ending(token, Transition::Release),
            How::Bury => ending(token, Transition::Bury),
        };
        self.shard.settle(&self.worker, settlement).await;
    }

    async fn fail(&self, connector: &str, kind: usize) {
        let (failing, code) = [
            (Failing::Down, "docebo_unreachable"),
            (Failing::Down, "docebo_timed_out"),
            (Failing::DownForSure, "certificate_invalid"),
            (throttled(0), "docebo_throttled"),
            (throttled(90_000), "docebo_throttled"),
            (Failing::Refused, "credentials_refused"),
        ][kind];
        self.shard.report(connector, failing, code).await;
    }

    /// Explains every ready job of a lane, claims, and holds one against the other.
    async fn compare(&mut self, lane: Lane) {
        while self.shard.queue.promote().await.unwrap().next_in == Some(Duration::ZERO) {}
        let mut explained = Vec::new();
        for number in 1..=self.jobs {
            let record = self.shard.record(id(number)).await;
            if record.state == State::Ready && record.lane == lane {
                explained.push((number, self.shard.explain(number).await));
            }
        }
        let claimed = self.shard.claim_in(lane, &self.worker, 100).await;
        self.held.extend(claimed.iter().map(|claimed| claimed.token));
        let leased: BTreeSet<_> = claimed.iter().map(|claimed| claimed.token.job).collect();
        for (number, explanation) in &explained {
            let free = matches!(explanation.blocker, Blocker::Turn | Blocker::NoWorker);
            let runs = leased.contains(&id(*number));
            assert_eq!(runs, free, "job {number} of lane {lane}: {explanation:#?}");
        }
        assert_eq!(leased.len(), claimed.len(), "nothing was leased twice");
        self.shard.assert_sound().await;
    }
}

fn target(number: usize) -> Target {
    match number {
        0 => Target::Lane(LANES[0]),
        1 => Target::Lane(LANES[1]),
        connector => Target::Connector(name(CONNECTORS[connector - 2])),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, max_shrink_iters: 4000, ..ProptestConfig::default() })]

    #[test]
    fn a_claim_leases_what_an_explanation_finds_nothing_against_and_nothing_else(events in prop::collection::vec(event(), 5..80)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut world = World::start().await;
            for event in &events {
                world.apply(event).await;
            }
            for lane in LANES {
                world.compare(lane).await;
            }
        });
    }
}
