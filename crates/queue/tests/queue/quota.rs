//! Call budgets: exact over workers, lanes and addresses, with a share kept for each lane.

use std::time::Duration;

use passback_queue::{CALL_COUNTS_FOR, Egress, Failing, Lane, Limits, Queue, RedisOptions, Spent};
use proptest::prelude::*;
use rstest::rstest;

use crate::shard::{Shard, name};
use crate::tenants::WORKERS;

const HOUR_MS: u64 = 3_600_000;
pub(crate) const COUNTS_MS: u64 = 3_660_000;

pub(crate) fn calls_an_hour(calls: u32) -> Limits {
    Limits {
        calls_per_hour: Some(calls),
        ..Limits::default()
    }
}

impl Shard {
    pub(crate) async fn spend(&self, connector: &str, lane: Lane) -> Spent {
        self.queue.spend(&name(connector), lane).await.unwrap()
    }

    /// Asks for calls until one is refused; says how many were granted.
    pub(crate) async fn spend_all(&self, connector: &str, lane: Lane) -> u32 {
        let mut granted = 0;
        while self.spend(connector, lane).await == Spent::Granted {
            granted += 1;
            assert!(granted <= 10_000, "there is no end to it");
        }
        granted
    }
}

fn used_up(wait_ms: u64) -> Spent {
    Spent::Held {
        code: "quota_used_up".to_owned(),
        wait: Some(Duration::from_millis(wait_ms)),
    }
}

#[tokio::test]
async fn a_call_counts_for_an_hour_and_a_minute_and_not_longer() {
    assert_eq!(CALL_COUNTS_FOR, Duration::from_millis(COUNTS_MS));
    let shard = Shard::start().await;
    shard.limit("acme", calls_an_hour(1)).await;
    assert_eq!(shard.spend("acme", Lane::Push).await, Spent::Granted);
    assert_eq!(shard.spend("acme", Lane::Push).await, used_up(COUNTS_MS));
    shard.clock.advance_ms(COUNTS_MS - 1);
    assert_eq!(shard.spend("acme", Lane::Push).await, used_up(1));
    shard.clock.advance_ms(1);
    assert_eq!(shard.spend("acme", Lane::Push).await, Spent::Granted);
}

#[tokio::test]
async fn a_call_that_is_refused_is_not_counted() {
    let shard = Shard::start().await;
    shard.limit("acme", calls_an_hour(3)).await;
    assert_eq!(shard.spend_all("acme", Lane::Check).await, 3);
    let before = shard.contents().await;
    for lane in Lane::ALL {
        assert_eq!(shard.spend("acme", lane).await, used_up(COUNTS_MS));
    }
    assert_eq!(shard.contents().await, before);
}

#[tokio::test]
async fn without_a_limit_every_call_is_granted_and_nothing_is_stored() {
    let shard = Shard::start().await;
    let before = shard.contents().await;
    for lane in Lane::ALL {
        for _ in 0..20 {
            assert_eq!(shard.spend("acme", lane).await, Spent::Granted);
        }
    }
    assert_eq!(shard.contents().await, before);
    assert_eq!(shard.standing("acme").await.calls_allowed, None);
}

#[rstest]
#[case::pushes_leave_calls_for_checks_and_background(Lane::Push, 75)]
#[case::checks_leave_calls_for_pushes_and_background(Lane::Check, 85)]
#[case::background_leaves_calls_for_checks_and_pushes(Lane::Background, 70)]
#[tokio::test]
async fn each_lane_leaves_the_others_their_share(#[case] greedy: Lane, #[case] most: u32) {
    let shard = Shard::start().await;
    shard.limit("acme", calls_an_hour(100)).await;
    assert_eq!(shard.spend_all("acme", greedy).await, most);
    let left: u32 = 100 - most;
    let mut others = 0;
    for lane in Lane::ALL.into_iter().filter(|lane| *lane != greedy) {
        let share = match lane {
            Lane::Check => 20,
            Lane::Push => 10,
            Lane::Background => 5,
        };
        assert_eq!(shard.spend_all("acme", lane).await, share, "{lane}");
        others += share;
    }
    assert_eq!(others, left, "and no call is wasted");
}

#[tokio::test]
async fn what_a_lane_has_used_of_its_share_is_kept_no_longer() {
    let shard = Shard::start().await;
    shard.limit("acme", calls_an_hour(100)).await;
    for _ in 0..12 {
        assert_eq!(shard.spend("acme", Lane::Check).await, Spent::Granted);
    }
    assert_eq!(
        shard.spend_all("acme", Lane::Push).await,
        75,
        "12 used and 8 kept are still 20"
    );
    assert_eq!(shard.spend_all("acme", Lane::Check).await, 8);
}

#[tokio::test]
async fn connectors_behind_one_address_share_its_calls() {
    let egress = Egress {
        name: name("north"),
        calls_per_hour: Some(40),
    };
    let shard = Shard::behind(egress).await;
    shard.limit("acme", calls_an_hour(10)).await;
    assert_eq!(shard.spend_all("acme", Lane::Check).await, 9, "its own 10 less 1 kept");
    assert_eq!(
        shard.spend_all("borealis", Lane::Check).await,
        25,
        "40 less 9 used less 6 kept"
    );
    assert_eq!(shard.spend("cumulus", Lane::Check).await, used_up(COUNTS_MS));
    let options = RedisOptions::new(shard.redis.url());
    let clock = passback_queue::Clock::Manual(shard.clock.clone());
    let south = Egress {
        name: name("south"),
        calls_per_hour: Some(40),
    };
    let elsewhere = Queue::with_egress(options, clock, passback_queue::Retention::default(), south).unwrap();
    let spent = elsewhere.spend(&name("cumulus"), Lane::Check).await.unwrap();
    assert_eq!(spent, Spent::Granted, "another address has calls of its own");
    let spent = elsewhere.spend(&name("acme"), Lane::Check).await.unwrap();
    assert_eq!(
        spent,
        used_up(COUNTS_MS),
        "a connector's limit holds from wherever it is called"
    );
}

#[rstest]
#[case::for_a_while(Failing::DownForSure, "certificate_invalid", Some(30_000))]
#[case::for_good(Failing::Refused, "credentials_refused", None)]
#[tokio::test]
async fn a_closed_gate_stops_calls_whatever_budget_is_left(
    #[case] failing: Failing,
    #[case] code: &str,
    #[case] wait_ms: Option<u64>,
) {
    let shard = Shard::start().await;
    shard.limit("acme", calls_an_hour(100)).await;
    shard.report("acme", failing, code).await;
    let held = Spent::Held {
        code: code.to_owned(),
        wait: wait_ms.map(Duration::from_millis),
    };
    assert_eq!(shard.spend("acme", Lane::Push).await, held);
    assert_eq!(shard.standing("acme").await.calls_ms, [0_u64; 0]);
    shard.queue.open_gate(&name("acme")).await.unwrap();
    assert_eq!(shard.spend("acme", Lane::Push).await, Spent::Granted);
}

#[tokio::test]
async fn a_standing_shows_each_lanes_calls_and_what_is_left() {
    let shard = Shard::start().await;
    shard.limit("acme", calls_an_hour(100)).await;
    let mut times = Vec::new();
    for _ in 0..10 {
        for lane in [Lane::Check, Lane::Push] {
            shard.spend("acme", lane).await;
            times.push(shard.clock.now_ms());
            shard.clock.advance_ms(7);
        }
    }
    let standing = shard.standing("acme").await;
    assert_eq!(standing.calls_ms, times);
    assert_eq!(standing.calls_allowed, Some(100));
    let lane = |lane| (standing.lanes[&lane].calls, standing.lanes[&lane].calls_left);
    assert_eq!(lane(Lane::Check), (10, Some(75)), "100 less 10 less 10 less 5 kept");
    assert_eq!(lane(Lane::Push), (10, Some(65)), "100 less 10 less 20 less 5");
    assert_eq!(lane(Lane::Background), (0, Some(70)), "100 less 20 less 10");
    shard.clock.advance_ms(COUNTS_MS);
    let before = shard.contents().await;
    let standing = shard.standing("acme").await;
    assert_eq!((standing.calls_ms.len(), standing.lanes[&Lane::Push].calls), (0, 0));
    assert_eq!(shard.contents().await, before, "looking changes nothing");
}

/// Eight workers with connections of their own ask as fast as they can, by Redis' own clock.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn workers_that_ask_at_the_same_moment_are_granted_exactly_the_limit_between_them() {
    let redis = passback_harness::TestRedis::start().await;
    let queue = Queue::new(RedisOptions::new(redis.url())).unwrap();
    queue.set_limits(&[(name("acme"), calls_an_hour(500))]).await.unwrap();
    let askers = (0..WORKERS).map(|number| {
        let queue = Queue::new(RedisOptions::new(redis.url())).unwrap();
        tokio::spawn(async move {
            let mut granted = 0;
            for lane in Lane::ALL.into_iter().cycle().skip(number).take(Lane::ALL.len()) {
                while queue.spend(&name("acme"), lane).await.unwrap() == Spent::Granted {
                    granted += 1;
                }
            }
            granted
        })
    });
    let granted = futures::future::join_all(askers).await;
    let granted: u32 = granted.into_iter().map(Result::unwrap).sum();
    assert_eq!(granted, 500);
    let standing = queue.standing(&name("acme")).await.unwrap();
    assert_eq!(standing.calls_ms.len(), 500);
}

/// What a lane may still call, by counting every call ever granted.
pub(crate) fn counted_left(granted: &[(u64, Lane)], limit: u64, lane: Lane, now: u64) -> i64 {
    let of = |lane: Lane| {
        let calls = granted.iter().filter(|(at, by)| *by == lane && now < at + COUNTS_MS);
        i64::try_from(calls.count()).unwrap()
    };
    let taken = |other: Lane| {
        let percent = match other {
            Lane::Check => 20,
            Lane::Push => 10,
            Lane::Background => 5,
        };
        let kept = if other == lane { 0 } else { limit * percent / 100 };
        of(other).max(i64::try_from(kept).unwrap())
    };
    i64::try_from(limit).unwrap() - Lane::ALL.into_iter().map(taken).sum::<i64>()
}

fn asks() -> impl Strategy<Value = Vec<(u64, Lane)>> {
    let pause = prop_oneof![6 => Just(0), 4 => 1..30_000_u64, 2 => 30_000..900_000_u64, 1 => 900_000..5_000_000_u64];
    let lane = prop_oneof![Just(Lane::Check), Just(Lane::Push), Just(Lane::Background)];
    prop::collection::vec((pause, lane), 1..150)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 500, ..ProptestConfig::default() })]

    #[test]
    fn no_hour_holds_more_calls_than_the_limit_and_none_is_refused_without_need(limit in 1..40_u32, asks in asks()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let shard = Shard::start().await;
            shard.limit("acme", calls_an_hour(limit)).await;
            let mut granted: Vec<(u64, Lane)> = Vec::new();
            for (pause_ms, lane) in asks {
                shard.clock.advance_ms(pause_ms);
                let now = shard.clock.now_ms();
                let expected = counted_left(&granted, u64::from(limit), lane, now) >= 1;
                let spent = shard.spend("acme", lane).await;
                assert_eq!(spent == Spent::Granted, expected, "{lane} at {now}: {spent:?}");
                if expected {
                    granted.push((now, lane));
                }
            }
            for (end, _) in &granted {
                let in_hour = granted.iter().filter(|(at, _)| at <= end && *at + HOUR_MS > *end).count();
                assert!(in_hour <= usize::try_from(limit).unwrap(), "{in_hour} calls in the hour to {end}");
            }
        });
    }
}
