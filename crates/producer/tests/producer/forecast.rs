//! When a backlog may be done: held against a budget that is counted out call by call.

use std::collections::BTreeMap;

use passback_producer::{Forecast, ForecastReason, calls_of_job};
use passback_queue::{Gate, Lane, LaneStanding, Limits, Pause, PauseMode, Standing};
use proptest::prelude::*;

use crate::fixture::NOW_MS;

const MINUTE_MS: u64 = 60_000;
const WINDOW_MS: u64 = 61 * MINUTE_MS;
/// Shares of the limit in whole numbers: 20 %, 10 %, 5 %.
const SHARE_STEP: u32 = 20;

/// A connector with jobs ready in each lane, and calls of one lane on record.
fn standing(limit: u32, ready: [u64; 3], calls_ms: &[u64], of: Lane) -> Standing {
    let mut calls_ms = calls_ms.to_vec();
    calls_ms.sort_unstable();
    let lanes = Lane::ALL.into_iter().zip(ready).map(|(lane, ready)| {
        let calls = if lane == of { calls_ms.len() as u64 } else { 0 };
        let lane_standing = LaneStanding {
            calls,
            calls_left: None,
            ready,
        };
        (lane, lane_standing)
    });
    Standing {
        gate: Gate::Open { failures: 0 },
        limits: Limits::default(),
        pause: None,
        calls_allowed: Some(limit).filter(|limit| *limit > 0),
        running: 0,
        lanes: lanes.collect::<BTreeMap<_, _>>(),
        calls_ms,
        now_ms: NOW_MS,
    }
}

fn forecast(standing: &Standing) -> Forecast {
    Forecast::of(standing).unwrap()
}

/// When it is done, in milliseconds from now; what is never done comes last.
fn done_ms(standing: &Standing) -> u64 {
    let Some(forecast) = Forecast::of(standing) else {
        return 0;
    };
    forecast.budget_done_at.map_or(u64::MAX, |at| {
        u64::try_from(at.as_millisecond()).unwrap() - standing.now_ms
    })
}

/// Grants call by call, whenever an old call ceases to count, by the rule of the queue's script.
fn counted_out(limit: u32, ready: [u64; 3], calls_ms: &[u64], of: Lane) -> u64 {
    let limit = u64::from(limit);
    let reserved = [limit * 20 / 100, limit * 10 / 100, limit * 5 / 100];
    let mut need: Vec<u64> = Lane::ALL
        .into_iter()
        .zip(ready)
        .map(|(lane, jobs)| jobs * calls_of_job(lane))
        .collect();
    let of = Lane::ALL.iter().position(|lane| *lane == of).unwrap();
    let mut calls: Vec<(usize, u64)> = calls_ms.iter().map(|at| (of, *at)).collect();
    let mut now = NOW_MS;
    loop {
        calls.retain(|(_, at)| at + WINDOW_MS > now);
        for (lane, needed) in need.iter_mut().enumerate() {
            loop {
                let used = |lane: usize| calls.iter().filter(|(by, _)| *by == lane).count() as u64;
                let kept: u64 = (0..3)
                    .filter(|other| *other != lane)
                    .map(|other| reserved[other].saturating_sub(used(other)))
                    .sum();
                if *needed == 0 || calls.len() as u64 + kept >= limit {
                    break;
                }
                *needed -= 1;
                calls.push((lane, now));
            }
        }
        if need.iter().all(|calls| *calls == 0) {
            return now - NOW_MS;
        }
        now = calls.iter().map(|(_, at)| at + WINDOW_MS).min().unwrap();
    }
}

fn lanes() -> impl Strategy<Value = Lane> {
    prop::sample::select(Lane::ALL.to_vec())
}

/// Up to a limit's worth of calls within the last hour, at any moment.
fn calls() -> impl Strategy<Value = Vec<u64>> {
    prop::collection::vec((1..WINDOW_MS).prop_map(|ago| NOW_MS - ago), 0..60)
}

fn backlog() -> impl Strategy<Value = [u64; 3]> {
    [0..40_u64, 0..40_u64, 0..40_u64]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.max(500), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn it_is_what_counting_out_call_by_call_says_and_at_most_a_minute_late(
        limit in 1..80_u32, ready in backlog(), calls in calls(), of in lanes()
    ) {
        let exact = counted_out(limit, ready, &calls, of);
        let said = done_ms(&standing(limit, ready, &calls, of));
        prop_assert!((exact..exact + MINUTE_MS).contains(&said), "{} is not {} or a little later", said, exact);
    }

    #[test]
    fn it_is_exact_where_calls_were_made_at_whole_minutes(
        limit in 1..80_u32, ready in backlog(), minutes in prop::collection::vec(1..61_u64, 0..60), of in lanes()
    ) {
        let calls: Vec<u64> = minutes.iter().map(|ago| NOW_MS - ago * MINUTE_MS).collect();
        let said = done_ms(&standing(limit, ready, &calls, of));
        prop_assert_eq!(said, counted_out(limit, ready, &calls, of));
    }

    #[test]
    fn more_backlog_is_never_done_earlier(
        limit in 1..80_u32, ready in backlog(), more in backlog(), calls in calls(), of in lanes()
    ) {
        let all = [ready[0] + more[0], ready[1] + more[1], ready[2] + more[2]];
        let (less, more) = (standing(limit, ready, &calls, of), standing(limit, all, &calls, of));
        prop_assert!(done_ms(&less) <= done_ms(&more));
    }

    #[test]
    fn a_larger_limit_is_never_done_later(
        limit in 1..80_u32, steps in 1..5_u32, ready in backlog(), calls in calls(), of in lanes()
    ) {
        let small = standing(limit, ready, &calls, of);
        let large = standing(limit + steps * SHARE_STEP, ready, &calls, of);
        prop_assert!(done_ms(&large) <= done_ms(&small));
    }
}

#[test]
fn without_a_backlog_there_is_nothing_to_say() {
    assert_eq!(Forecast::of(&standing(1_000, [0, 0, 0], &[], Lane::Push)), None);
}

#[test]
fn what_is_left_is_enough_or_the_last_call_waits_for_its_hour() {
    let enough = forecast(&standing(1_000, [0, 10, 0], &[], Lane::Push));
    assert_eq!((enough.reason, enough.calls_needed), (ForecastReason::WithinBudget, 30));
    assert_eq!(enough.calls_left, Some(1_000));
    assert_eq!(
        enough.budget_done_at.unwrap().as_millisecond(),
        i64::try_from(NOW_MS).unwrap()
    );
    // Pushes may use 750 of 1,000 calls an hour: 250 jobs at once, the next 250 one hour and a minute later, and so on.
    for (jobs, windows) in [(250, 0), (251, 1), (500, 1), (501, 2), (10_000, 39)] {
        let standing = standing(1_000, [0, jobs, 0], &[], Lane::Push);
        assert_eq!(done_ms(&standing), windows * WINDOW_MS, "{jobs} jobs");
    }
    let waiting = forecast(&standing(1_000, [0, 251, 0], &[], Lane::Push));
    assert_eq!(waiting.reason, ForecastReason::WaitsForCalls);
    assert_eq!(
        waiting.explanation,
        "about 753 calls are needed, 1000 are left: the budget allows the last of them at 2026-11-22T10:31:00Z"
    );
}

#[test]
fn a_closed_gate_and_a_pause_put_it_off_or_make_it_unknown() {
    let closed = |until_ms| Gate::Closed {
        code: "docebo_throttled".to_owned(),
        since_ms: NOW_MS,
        until_ms,
    };
    let pause = |until_ms| Pause {
        mode: PauseMode::Pause,
        since_ms: NOW_MS,
        until_ms,
        actor: "ops".to_owned(),
        reason: "audit".to_owned(),
    };
    let mut held = standing(1_000, [0, 1, 0], &[], Lane::Push);
    held.gate = closed(Some(NOW_MS + 5_000));
    assert_eq!(done_ms(&held), 5_000);
    held.pause = Some(pause(Some(NOW_MS + 9_000)));
    assert_eq!(done_ms(&held), 9_000);
    // Both are over already.
    held.gate = closed(Some(NOW_MS));
    held.pause = Some(pause(Some(NOW_MS - 1)));
    assert_eq!(done_ms(&held), 0);
    held.gate = closed(None);
    let unknown = forecast(&held);
    assert_eq!(
        (unknown.reason, unknown.budget_done_at),
        (ForecastReason::GateClosed, None)
    );
    held.pause = Some(pause(None));
    let unknown = forecast(&held);
    assert_eq!((unknown.reason, unknown.budget_done_at), (ForecastReason::Paused, None));
}

#[test]
fn calls_that_count_until_the_gate_opens_are_free_by_then() {
    let calls = vec![NOW_MS - 60 * MINUTE_MS; 20];
    let mut held = standing(20, [0, 5, 0], &calls, Lane::Push);
    assert_eq!(done_ms(&held), MINUTE_MS);
    held.gate = Gate::Closed {
        code: "docebo_unreachable".to_owned(),
        since_ms: NOW_MS,
        until_ms: Some(NOW_MS + 90_000),
    };
    assert_eq!(done_ms(&held), 90_000);
}

#[test]
fn without_a_limit_only_gate_and_pause_count_and_too_little_budget_says_so() {
    let unlimited = forecast(&standing(0, [0, 1_000_000, 0], &[], Lane::Push));
    assert_eq!(
        (unlimited.reason, unlimited.calls_left),
        (ForecastReason::Unlimited, None)
    );
    assert!(unlimited.budget_done_at.is_some());
    let never = forecast(&standing(1, [0, 1_000_000, 0], &[], Lane::Push));
    assert_eq!((never.reason, never.budget_done_at), (ForecastReason::TooLong, None));
}
