//! Gates that open again: one job first, then two, four, eight and so on.

use passback_queue::{Claimed, Failing, Gate, Lane, Limits, Name, NewJob, RedisOptions, State, Transition};
use rstest::rstest;

use crate::shard::{LEASE, Shard, ending, info, keyed, name};
use crate::tenants::{WORKERS, id, ids, of, worked, worker};

/// A connector with jobs in all lanes whose gate has been closed for a time that is over.
async fn reopening(jobs: u64) -> Shard {
    let shard = Shard::start().await;
    for (from, lane) in [(0, Lane::Check), (1000, Lane::Push), (2000, Lane::Background)] {
        shard.fill(lane, "acme", from..from + jobs).await;
    }
    shard.report("acme", Failing::DownForSure, "certificate_invalid").await;
    assert!(shard.claim_in(Lane::Push, &worker(0), 100).await.is_empty());
    assert!(shard.claim_in(Lane::Background, &worker(0), 100).await.is_empty());
    shard.clock.advance_ms(30_000);
    shard.queue.promote().await.unwrap();
    shard
}

async fn window(shard: &Shard) -> Option<u32> {
    match shard.gate("acme").await {
        Gate::Ramping { window, .. } => Some(window),
        Gate::Open { .. } | Gate::Closed { .. } => None,
    }
}

#[tokio::test]
async fn after_its_time_one_job_of_all_lanes_goes_first() {
    let shard = reopening(20).await;
    assert_eq!(shard.claim_by_all().await.len(), 1);
    assert_eq!(shard.claim_by_all().await.len(), 0);
    let since_ms = shard.clock.now_ms();
    let expected = Gate::Ramping {
        code: "certificate_invalid".to_owned(),
        since_ms,
        window: 1,
    };
    assert_eq!(shard.gate("acme").await, expected);
    shard.assert_sound().await;
}

#[tokio::test]
async fn workers_that_ask_at_the_same_moment_get_one_job_between_them() {
    let shard = reopening(20).await;
    let claims = (0..WORKERS).map(|number| {
        let clock = passback_queue::Clock::Manual(shard.clock.clone());
        let options = RedisOptions::new(shard.redis.url());
        let queue = passback_queue::Queue::with(options, clock, passback_queue::Retention::default()).unwrap();
        tokio::spawn(async move {
            let lane = Lane::ALL[number % Lane::ALL.len()];
            queue.claim(lane, &worker(number), 100, LEASE).await.unwrap().len()
        })
    });
    let claimed: usize = futures::future::join_all(claims)
        .await
        .into_iter()
        .map(Result::unwrap)
        .sum();
    assert_eq!(claimed, 1);
}

#[tokio::test]
async fn each_window_that_went_well_is_followed_by_one_twice_as_large_until_the_gate_is_open() {
    let shard = reopening(100).await;
    for expected in [1, 2, 4, 8, 16, 32, 64] {
        assert_eq!(window(&shard).await.unwrap_or(1), expected);
        let claimed = shard.claim_by_all().await;
        assert_eq!(claimed.len(), usize::try_from(expected).unwrap());
        assert!(shard.claim_by_all().await.is_empty(), "no more than the window at once");
        shard.all_worked(&claimed).await;
        shard.assert_sound().await;
    }
    assert_eq!(shard.gate("acme").await, Gate::Open { failures: 0 });
    assert_eq!(shard.claim_by_all().await.len(), 300 - 127);
}

#[tokio::test]
async fn a_window_stays_full_while_its_jobs_end_one_by_one() {
    let shard = reopening(100).await;
    let mut running: Vec<(Name, Claimed)> = Vec::new();
    let mut good = 0;
    while window(&shard).await.is_some() || good == 0 {
        running.extend(shard.claim_by_all().await);
        let allowed = usize::try_from(window(&shard).await.unwrap()).unwrap();
        assert_eq!(running.len(), allowed, "after {good} good ones");
        let first = running.remove(0);
        shard.all_worked(&[first]).await;
        good += 1;
    }
    assert_eq!(good, 127, "1 + 2 + 4 + 8 + 16 + 32 + 64");
}

#[rstest]
#[case::certificate(Failing::DownForSure, "certificate_invalid", Some(30_000))]
#[case::throttled(Failing::Throttled { wait: std::time::Duration::from_secs(70) }, "docebo_throttled", Some(70_000))]
#[case::refused(Failing::Refused, "credentials_refused", None)]
#[tokio::test]
async fn one_failure_that_leaves_no_doubt_closes_a_ramping_gate_again(
    #[case] failing: Failing,
    #[case] code: &str,
    #[case] for_ms: Option<u64>,
) {
    let shard = reopening(20).await;
    let first = shard.claim_by_all().await;
    shard.all_worked(&first).await;
    let two = shard.claim_by_all().await;
    assert_eq!(two.len(), 2);
    let since_ms = shard.clock.now_ms();
    let expected = Gate::Closed {
        code: code.to_owned(),
        since_ms,
        until_ms: for_ms.map(|for_ms| since_ms + for_ms),
    };
    assert_eq!(shard.report("acme", failing, code).await, expected);
    let (holder, canary) = &two[0];
    shard
        .settle(holder, ending(canary.token, Transition::Snooze { delay_ms: 1000 }))
        .await;
    assert!(shard.claim_by_all().await.is_empty());
    shard.all_worked(&two[1..]).await;
    assert_eq!(shard.gate("acme").await, expected, "what was under way opens nothing");
    if let Some(for_ms) = for_ms {
        shard.clock.advance_ms(for_ms);
        shard.queue.promote().await.unwrap();
        assert_eq!(shard.claim_by_all().await.len(), 1, "one again");
    }
    shard.assert_sound().await;
}

#[rstest]
#[case::down(Failing::Down, "docebo_unreachable", 5)]
#[case::forbidden(Failing::Forbidden, "forbidden", 3)]
#[tokio::test]
async fn after_a_good_job_a_ramping_gate_bears_single_failures(
    #[case] failing: Failing,
    #[case] code: &str,
    #[case] enough: usize,
) {
    let shard = reopening(20).await;
    let canary = shard.claim_by_all().await;
    shard.all_worked(&canary).await;
    for _ in 1..enough {
        let gate = shard.report("acme", failing, code).await;
        assert!(matches!(gate, Gate::Ramping { window: 2, .. }), "{gate:?}");
    }
    let gate = shard.report("acme", failing, code).await;
    assert!(matches!(gate, Gate::Closed { .. }), "{gate:?}");
}

#[rstest]
#[case::down(Failing::Down, "docebo_unreachable")]
#[case::forbidden(Failing::Forbidden, "forbidden")]
#[tokio::test]
async fn a_canary_that_fails_closes_the_gate_alone(#[case] failing: Failing, #[case] code: &str) {
    let shard = reopening(20).await;
    assert_eq!(shard.claim_by_all().await.len(), 1);
    let gate = shard.report("acme", failing, code).await;
    assert!(matches!(gate, Gate::Closed { .. }), "{gate:?}");
}

#[tokio::test]
async fn another_canary_goes_when_the_first_ones_worker_dies() {
    let shard = reopening(20).await;
    shard.queue.beat(&worker(9), &info()).await.unwrap();
    let claimed = shard.claim_by_all().await;
    let lost = &claimed[0].1;
    for _ in 0..3 {
        shard.clock.advance_ms(5000);
        shard.queue.beat(&worker(9), &info()).await.unwrap();
    }
    assert_eq!(shard.queue.reclaim(&worker(9)).await.unwrap().ready, 1);
    shard.assert_sound().await;
    let again = shard.claim_by_all().await;
    assert_eq!(again.len(), 1);
    assert_eq!(again[0].1.token.job, lost.token.job, "it kept its place");
    assert_eq!(window(&shard).await, Some(1));
}

#[rstest]
#[case::given_back(Transition::Release)]
#[case::snoozed(Transition::Snooze { delay_ms: 90_000 })]
#[case::no_call_made(Transition::Done)]
#[tokio::test]
async fn a_canary_that_learned_nothing_lets_another_go(#[case] transition: Transition) {
    let shard = reopening(20).await;
    let claimed = shard.claim_by_all().await;
    let (holder, canary) = &claimed[0];
    shard.settle(holder, ending(canary.token, transition)).await;
    assert_eq!(window(&shard).await, Some(1), "nothing is known yet");
    assert_eq!(shard.claim_by_all().await.len(), 1);
}

#[tokio::test]
async fn a_canary_whose_lease_was_never_heard_of_is_given_back_and_goes_again() {
    let shard = reopening(20).await;
    let claimed = shard.claim_by_all().await;
    let (holder, canary) = &claimed[0];
    let lane = canary.record.lane;
    assert_eq!(shard.queue.unclaim(lane, holder, &[]).await.unwrap(), 1);
    shard.assert_sound().await;
    assert_eq!(shard.claim_by_all().await.len(), 1);
}

#[tokio::test]
async fn a_canary_that_came_too_late_gives_its_place_to_the_next() {
    let shard = Shard::start().await;
    let late = NewJob {
        ttl_ms: Some(30_000),
        ..of(1, Lane::Push, "acme")
    };
    shard
        .queue
        .enqueue_all(&[late, of(2, Lane::Push, "acme"), of(3, Lane::Push, "acme")])
        .await
        .unwrap();
    shard.report("acme", Failing::DownForSure, "certificate_invalid").await;
    shard.clock.advance_ms(30_000);
    let claimed = shard.claim(&worker(1)).await;
    assert_eq!(ids(&claimed), [id(2)]);
    assert_eq!(shard.record(id(1)).await.state, State::Expired);
    shard.settle(&worker(1), worked(claimed[0].token)).await;
    assert_eq!(ids(&shard.claim(&worker(1)).await), [id(3)]);
    shard.assert_sound().await;
}

#[tokio::test]
async fn a_canary_that_nobody_can_read_gives_its_place_to_the_next() {
    let shard = Shard::start().await;
    shard.fill(Lane::Push, "acme", 1..4).await;
    let data = format!("{}jobs:data", passback_queue::SHARD_PREFIX);
    shard
        .redis
        .cli(&["HSET", &data, &id(1).to_string(), "from the future"])
        .await;
    shard.report("acme", Failing::DownForSure, "certificate_invalid").await;
    shard.clock.advance_ms(30_000);
    let mut claimed = shard.claim(&worker(1)).await;
    if claimed.is_empty() {
        claimed = shard.claim(&worker(1)).await;
    }
    assert_eq!(ids(&claimed), [id(2)]);
    assert_eq!(shard.record(id(1)).await.state, State::Dead);
    assert!(shard.claim(&worker(1)).await.is_empty());
    shard.assert_sound().await;
}

#[tokio::test]
async fn a_canary_behind_a_busy_key_gives_its_place_to_the_next() {
    let shard = Shard::start().await;
    let limits = Limits {
        max_concurrency: Some(2),
        ..Limits::default()
    };
    shard.limit("acme", limits).await;
    shard.queue.enqueue(&keyed(1, "k")).await.unwrap();
    let holder = shard.claim_one(&worker(1)).await;
    shard
        .queue
        .enqueue_all(&[keyed(2, "k"), keyed(3, "k"), keyed(4, "other")])
        .await
        .unwrap();
    assert_eq!(ids(&shard.claim(&worker(1)).await), [id(4)]);
    shard.settle(&worker(1), worked(holder.token)).await;
    assert_eq!(ids(&shard.claim(&worker(1)).await), [id(2)]);
    shard.assert_sound().await;
}

#[tokio::test]
async fn what_ran_before_a_gate_closed_counts_against_its_window() {
    let shard = Shard::start().await;
    shard.fill(Lane::Push, "acme", 0..20).await;
    let before = shard.claim_in(Lane::Push, &worker(1), 3).await;
    shard.report("acme", Failing::DownForSure, "certificate_invalid").await;
    assert!(shard.claim(&worker(1)).await.is_empty());
    shard.clock.advance_ms(30_000);
    shard.queue.promote().await.unwrap();
    for claimed in &before {
        assert!(shard.claim(&worker(2)).await.is_empty());
        shard
            .settle(&worker(1), ending(claimed.token, Transition::Retry { delay_ms: 1000 }))
            .await;
    }
    assert_eq!(shard.claim(&worker(2)).await.len(), 1);
    shard.assert_sound().await;
}

#[tokio::test]
async fn opening_by_hand_lets_one_go_first_too() {
    let shard = Shard::start().await;
    shard.fill(Lane::Push, "acme", 0..20).await;
    shard.refuse("acme").await;
    assert!(shard.claim_by_all().await.is_empty());
    shard.queue.open_gate(&name("acme")).await.unwrap();
    let claimed = shard.claim_by_all().await;
    assert_eq!(claimed.len(), 1);
    shard.all_worked(&claimed).await;
    assert_eq!(shard.claim_by_all().await.len(), 2);
}
