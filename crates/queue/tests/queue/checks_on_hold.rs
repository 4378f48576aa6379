//! Checks whose connector cannot serve them in time: who waits for them learns so at once, and why.

use std::time::Duration;

use passback_queue::{Failing, Lane, Limits, NewJob, State, Target};
use rstest::rstest;

use crate::quota::calls_an_hour;
use crate::shard::{Shard, name};
use crate::tenants::{check, id, ids, of, throttled, worked, worker};

const TWENTY_SECONDS_MS: u64 = 20_000;

fn ended(code: &str) -> (State, Option<String>) {
    (State::Expired, Some(code.to_owned()))
}

fn waits() -> (State, Option<String>) {
    (State::Ready, None)
}

/// Keeps `acme` from serving anything, in one of the ways there are.
#[derive(Debug, Clone, Copy)]
enum Held {
    Refused,
    Down,
    Throttled,
    Paused,
    PausedForAMinute,
    OverQuota,
}

impl Shard {
    async fn hold(&self, how: Held) {
        let acme = Target::Connector(name("acme"));
        match how {
            Held::Refused => self.refuse("acme").await,
            Held::Down => {
                self.report("acme", Failing::DownForSure, "certificate_invalid").await;
            }
            Held::Throttled => {
                self.report("acme", throttled(60_000), "docebo_throttled").await;
            }
            Held::Paused => {
                self.pause(&acme, None).await;
            }
            Held::PausedForAMinute => {
                self.pause(&acme, Some(Duration::from_mins(1))).await;
            }
            Held::OverQuota => {
                self.limit("acme", calls_an_hour(10)).await;
                self.spend_all("acme", Lane::Check).await;
            }
        }
    }
}

#[rstest]
#[case::refused(Held::Refused, "credentials_refused")]
#[case::down(Held::Down, "certificate_invalid")]
#[case::throttled(Held::Throttled, "docebo_throttled")]
#[case::paused(Held::Paused, "paused")]
#[case::paused_for_a_while(Held::PausedForAMinute, "paused")]
#[case::over_quota(Held::OverQuota, "quota_used_up")]
#[tokio::test]
async fn a_check_that_cannot_be_run_in_time_ends_at_once_and_says_why(#[case] how: Held, #[case] code: &str) {
    let shard = Shard::start().await;
    shard.hold(how).await;
    shard.queue.enqueue(&check(1, "acme", TWENTY_SECONDS_MS)).await.unwrap();
    shard
        .queue
        .enqueue(&check(2, "borealis", TWENTY_SECONDS_MS))
        .await
        .unwrap();
    let claimed = shard.claim_in(Lane::Check, &worker(1), 10).await;
    assert_eq!(ids(&claimed), [id(2)], "the neighbour's check runs");
    assert_eq!(shard.state_of(1).await, ended(code));
    let record = shard.record(id(1)).await;
    assert_eq!((record.claims, record.attempts), (0, 0), "it never ran");
    shard.assert_sound().await;
}

#[rstest]
#[case::down(Held::Down, 30_000)]
#[case::throttled(Held::Throttled, 60_000)]
#[case::paused(Held::PausedForAMinute, 60_000)]
#[case::over_quota(Held::OverQuota, 3_660_000)]
#[tokio::test]
async fn a_check_that_can_still_be_run_in_time_is_kept(#[case] how: Held, #[case] for_ms: u64) {
    let shard = Shard::start().await;
    shard.hold(how).await;
    let checks = [
        check(1, "acme", for_ms),
        check(2, "acme", for_ms + 1),
        of(3, Lane::Check, "acme"),
    ];
    shard.queue.enqueue_all(&checks).await.unwrap();
    assert!(shard.claim_by_all().await.is_empty());
    assert_eq!(shard.state_of(1).await.0, State::Expired, "its deadline is not beyond");
    assert_eq!(shard.state_of(2).await, waits());
    assert_eq!(shard.state_of(3).await, waits(), "nobody waits for this one");
    shard.clock.advance_ms(for_ms);
    shard.queue.promote().await.unwrap();
    let claimed = shard.claim_in(Lane::Check, &worker(1), 1).await;
    assert_eq!(ids(&claimed), [id(2)]);
    shard.assert_sound().await;
}

#[tokio::test]
async fn a_check_that_comes_to_a_held_connector_is_judged_at_once() {
    let shard = Shard::start().await;
    shard.refuse("acme").await;
    shard.queue.enqueue(&of(1, Lane::Check, "acme")).await.unwrap();
    assert!(shard.claim_in(Lane::Check, &worker(1), 10).await.is_empty());
    assert!(!shard.has_turn(Lane::Check, "acme").await);
    shard.was_signalled(Lane::Check).await;
    shard.queue.enqueue(&check(2, "acme", TWENTY_SECONDS_MS)).await.unwrap();
    assert!(shard.was_signalled(Lane::Check).await, "a worker is woken to judge it");
    assert!(shard.claim_in(Lane::Check, &worker(1), 10).await.is_empty());
    assert_eq!(shard.state_of(2).await, ended("credentials_refused"));
    assert_eq!(shard.state_of(1).await, waits());
    assert!(!shard.has_turn(Lane::Check, "acme").await, "it is on hold again");
    shard.assert_sound().await;
}

#[tokio::test]
async fn a_check_that_comes_back_from_a_retry_is_judged_at_once() {
    let shard = Shard::start().await;
    shard.refuse("acme").await;
    let later = NewJob {
        delay_ms: 200,
        ..check(1, "acme", TWENTY_SECONDS_MS)
    };
    shard
        .queue
        .enqueue_all(&[of(2, Lane::Check, "acme"), later])
        .await
        .unwrap();
    assert!(shard.claim_in(Lane::Check, &worker(1), 10).await.is_empty());
    shard.clock.advance_ms(200);
    shard.queue.promote().await.unwrap();
    assert!(shard.claim_in(Lane::Check, &worker(1), 10).await.is_empty());
    assert_eq!(shard.state_of(1).await, ended("credentials_refused"));
}

#[tokio::test]
async fn however_many_checks_wait_when_a_gate_closes_all_are_ended() {
    let shard = Shard::start().await;
    let checks: Vec<NewJob> = (0..350)
        .map(|number| check(number, "acme", TWENTY_SECONDS_MS))
        .collect();
    shard.queue.enqueue_all(&checks).await.unwrap();
    shard.refuse("acme").await;
    for _ in 0..4 {
        assert!(shard.claim_in(Lane::Check, &worker(1), 10).await.is_empty());
        shard.queue.promote().await.unwrap();
        shard.assert_sound().await;
    }
    assert_eq!(shard.standing("acme").await.lanes[&Lane::Check].ready, 0);
    assert_eq!(shard.state_of(349).await, ended("credentials_refused"));
}

#[tokio::test]
async fn checks_of_one_key_end_one_after_the_other() {
    let shard = Shard::start().await;
    let checks: Vec<NewJob> = (0..10)
        .map(|number| NewJob {
            key: Some(name("acme/146/ab")),
            ..check(number, "acme", TWENTY_SECONDS_MS)
        })
        .collect();
    shard.queue.enqueue_all(&checks).await.unwrap();
    let holder = shard.claim_in(Lane::Check, &worker(1), 10).await.remove(0);
    shard.refuse("acme").await;
    shard.settle(&worker(1), worked(holder.token)).await;
    assert!(shard.claim_in(Lane::Check, &worker(1), 10).await.is_empty());
    for number in 1..10 {
        assert_eq!(shard.state_of(number).await, ended("credentials_refused"), "{number}");
    }
    shard.assert_sound().await;
}

#[tokio::test]
async fn a_check_that_waits_for_a_slot_is_not_ended() {
    let shard = Shard::start().await;
    let limits = Limits {
        max_concurrency: Some(1),
        ..Limits::default()
    };
    shard.limit("acme", limits).await;
    let checks = [check(1, "acme", TWENTY_SECONDS_MS), check(2, "acme", TWENTY_SECONDS_MS)];
    shard.queue.enqueue_all(&checks).await.unwrap();
    let running = shard.claim_in(Lane::Check, &worker(1), 10).await;
    assert_eq!(ids(&running), [id(1)]);
    assert!(shard.claim_in(Lane::Check, &worker(1), 10).await.is_empty());
    assert_eq!(shard.state_of(2).await, waits());
    shard.settle(&worker(1), worked(running[0].token)).await;
    assert_eq!(ids(&shard.claim_in(Lane::Check, &worker(1), 10).await), [id(2)]);
}

#[tokio::test]
async fn pushes_are_never_ended_for_a_closed_gate() {
    let shard = Shard::start().await;
    let push = NewJob {
        ttl_ms: Some(TWENTY_SECONDS_MS),
        ..of(1, Lane::Push, "acme")
    };
    shard.queue.enqueue(&push).await.unwrap();
    shard.refuse("acme").await;
    assert!(shard.claim(&worker(1)).await.is_empty());
    assert_eq!(shard.state_of(1).await, waits());
}

#[tokio::test]
async fn a_check_of_a_paused_lane_says_so_when_its_deadline_has_passed() {
    let shard = Shard::start().await;
    shard.queue.enqueue(&check(1, "acme", TWENTY_SECONDS_MS)).await.unwrap();
    shard.pause(&Target::Lane(Lane::Check), None).await;
    assert!(shard.claim_in(Lane::Check, &worker(1), 10).await.is_empty());
    assert_eq!(shard.state_of(1).await, waits());
    shard.clock.advance_ms(TWENTY_SECONDS_MS);
    shard.queue.promote().await.unwrap();
    assert_eq!(shard.state_of(1).await, ended("paused"));
}

#[tokio::test]
async fn a_check_that_ends_on_hold_is_announced_to_who_waits_for_it() {
    use futures::StreamExt;
    let shard = Shard::start().await;
    shard.refuse("acme").await;
    let mut ended = Box::pin(shard.queue.ended().await.unwrap());
    shard.queue.enqueue(&check(1, "acme", TWENTY_SECONDS_MS)).await.unwrap();
    shard.claim_in(Lane::Check, &worker(1), 10).await;
    assert_eq!(ended.next().await, Some(id(1)));
}
