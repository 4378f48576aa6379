//! Random interleavings against a model in plain Rust: after each step, every job is where the model says, every
//! connector stands as it says, and no claim brought what it forbids; at the end, nothing is stuck.

use proptest::prelude::*;

use crate::{
    model_connectors::Failure,
    model_world::{CONNECTORS, LANES, TARGETS, World},
    tenants::WORKERS,
};

#[derive(Debug, Clone)]
pub(crate) enum Step {
    Enqueue(Enqueue),
    Claim {
        worker: usize,
        lane: usize,
        most: usize,
    },
    Settle {
        held: usize,
        how: How,
        worked: bool,
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
        lane: usize,
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
    Report {
        connector: usize,
        failure: Failure,
    },
    OpenGate {
        connector: usize,
    },
    Pause {
        target: usize,
        lasts_ms: Option<u64>,
    },
    Resume {
        target: usize,
    },
    SetLimits {
        connector: usize,
        calls: Option<u32>,
        at_once: Option<u32>,
    },
    Spend {
        connector: usize,
        lane: usize,
        calls: usize,
    },
}

#[derive(Debug, Clone)]
pub(crate) struct Enqueue {
    pub(crate) job: u64,
    pub(crate) lane: usize,
    pub(crate) connector: usize,
    pub(crate) key: Option<u8>,
    pub(crate) delay_ms: u64,
    pub(crate) ttl_ms: Option<u64>,
}

#[derive(Debug, Clone)]
pub(crate) enum How {
    Done,
    Retry(u64),
    Snooze(u64),
    Park(u8, Option<u64>),
    Bury,
    Release,
}

const JOBS: u64 = 20;

fn enqueue() -> impl Strategy<Value = Step> {
    let key = prop::option::weighted(0.6, 0..2_u8);
    let delay = prop_oneof![4 => Just(0), 1 => 1..4000_u64];
    let ttl = prop::option::weighted(0.3, prop_oneof![500..5000_u64, 20_000..90_000_u64]);
    (0..JOBS, 0..LANES.len(), 0..CONNECTORS.len(), key, delay, ttl).prop_map(
        |(job, lane, connector, key, delay_ms, ttl_ms)| {
            Step::Enqueue(Enqueue {
                job,
                lane,
                connector,
                key,
                delay_ms,
                ttl_ms,
            })
        },
    )
}

fn on_a_job() -> impl Strategy<Value = Step> {
    let how = prop_oneof![
        4 => Just(How::Done),
        2 => (0..3000_u64).prop_map(How::Retry),
        1 => (0..3000_u64).prop_map(How::Snooze),
        2 => (0..2_u8, prop::option::of(0..5000_u64)).prop_map(|(wake, again)| How::Park(wake, again)),
        1 => Just(How::Bury),
        1 => Just(How::Release),
    ];
    let lane = 0..LANES.len();
    prop_oneof![
        15 => enqueue(),
        15 => (0..WORKERS, lane.clone(), 1..6_usize).prop_map(|(worker, lane, most)| Step::Claim { worker, lane, most }),
        12 => (any::<usize>(), how, prop::bool::weighted(0.8)).prop_map(|(held, how, worked)| Step::Settle { held, how, worked }),
        2 => any::<usize>().prop_map(|held| Step::SettleStale { held }),
        2 => (0..WORKERS, lane).prop_map(|(worker, lane)| Step::Unclaim { worker, lane }),
        2 => (0..2_u8).prop_map(|key| Step::Wake { key }),
        2 => (0..JOBS).prop_map(|job| Step::Redrive { job }),
        2 => (0..JOBS).prop_map(|job| Step::Cancel { job }),
    ]
}

fn on_time_and_workers() -> impl Strategy<Value = Step> {
    let passes = prop_oneof![
        6 => 1..9000_u64,
        3 => 9000..60_000_u64,
        1 => 60_000..4_000_000_u64,
    ];
    prop_oneof![
        4 => passes.prop_map(|ms| Step::Advance { ms }),
        5 => Just(Step::Promote),
        3 => (0..WORKERS).prop_map(|worker| Step::Beat { worker }),
        2 => (0..WORKERS).prop_map(|worker| Step::Reclaim { worker }),
    ]
}

fn on_a_connector() -> impl Strategy<Value = Step> {
    let failure = prop_oneof![
        4 => Just(Failure::Down),
        1 => Just(Failure::DownForSure),
        2 => prop_oneof![0..3000_u64, 60_000..200_000_u64].prop_map(Failure::Throttled),
        2 => Just(Failure::Forbidden),
        1 => Just(Failure::Refused),
    ];
    let connector = 0..CONNECTORS.len();
    let lasts = prop::option::weighted(0.7, 1..20_000_u64);
    let calls = prop::option::weighted(0.6, 1..40_u32);
    let at_once = prop::option::weighted(0.5, 1..4_u32);
    prop_oneof![
        5 => (connector.clone(), failure).prop_map(|(connector, failure)| Step::Report { connector, failure }),
        3 => connector.clone().prop_map(|connector| Step::OpenGate { connector }),
        2 => (0..TARGETS, lasts).prop_map(|(target, lasts_ms)| Step::Pause { target, lasts_ms }),
        3 => (0..TARGETS).prop_map(|target| Step::Resume { target }),
        2 => (connector.clone(), calls, at_once)
            .prop_map(|(connector, calls, at_once)| Step::SetLimits { connector, calls, at_once }),
        3 => (connector, 0..LANES.len(), 1..9_usize)
            .prop_map(|(connector, lane, calls)| Step::Spend { connector, lane, calls }),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![7 => on_a_job(), 3 => on_time_and_workers(), 2 => on_a_connector()]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, max_shrink_iters: 2000, ..ProptestConfig::default() })]

    #[test]
    fn every_job_and_every_connector_is_where_the_model_says_and_nothing_is_stuck(
        steps in prop::collection::vec(step(), 1..120),
        egress_limit in prop::option::of(20..60_u32),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut world = World::start(egress_limit).await;
            for step in &steps {
                world.apply(step).await;
                world.compare().await;
            }
            world.drain().await;
        });
    }
}
