//! Claims and budgets: no job starts that would be stopped in its middle for want of calls.

use std::time::Duration;

use passback_queue::{Egress, Lane, Limits, Spent, Transition};
use rstest::rstest;

use crate::quota::{COUNTS_MS, calls_an_hour};
use crate::shard::{Shard, ending, name};
use crate::tenants::{worked, worker};

#[rstest]
#[case::check(Lane::Check, 2)]
#[case::push(Lane::Push, 3)]
#[case::background(Lane::Background, 2)]
#[tokio::test]
async fn as_many_jobs_start_as_there_are_calls_for(#[case] lane: Lane, #[case] calls_of_job: u32) {
    let shard = Shard::start().await;
    shard.limit("acme", calls_an_hour(20)).await;
    shard.fill(lane, "acme", 0..50).await;
    let most = match lane {
        Lane::Check => 17,
        Lane::Push => 15,
        Lane::Background => 14,
    };
    let expected = usize::try_from(most / calls_of_job).unwrap();
    assert_eq!(shard.claim_in(lane, &worker(1), 100).await.len(), expected);
    assert!(shard.claim_in(lane, &worker(2), 100).await.is_empty());
    shard.assert_sound().await;
}

#[tokio::test]
async fn jobs_that_end_without_having_used_their_calls_make_room_for_others() {
    let shard = Shard::start().await;
    shard.limit("acme", calls_an_hour(20)).await;
    shard.fill(Lane::Push, "acme", 0..50).await;
    let claimed = shard.claim(&worker(1)).await;
    assert_eq!(claimed.len(), 5);
    shard.settle(&worker(1), worked(claimed[0].token)).await;
    assert_eq!(
        shard.claim(&worker(1)).await.len(),
        1,
        "it used none: its three are free"
    );
    for _ in 0..3 {
        assert_eq!(shard.spend("acme", Lane::Push).await, Spent::Granted);
    }
    shard.settle(&worker(1), worked(claimed[1].token)).await;
    assert!(shard.claim(&worker(1)).await.is_empty(), "it used three");
    shard.assert_sound().await;
}

#[tokio::test]
async fn no_job_starts_when_fewer_calls_are_left_than_it_needs() {
    let shard = Shard::start().await;
    shard.limit("acme", calls_an_hour(10)).await;
    for _ in 0..6 {
        assert_eq!(shard.spend("acme", Lane::Push).await, Spent::Granted);
    }
    shard.fill(Lane::Push, "acme", 0..10).await;
    let left = shard.standing("acme").await.lanes[&Lane::Push].calls_left;
    assert_eq!(left, Some(2), "10 less 6 less 2 kept for checks");
    assert!(shard.claim(&worker(1)).await.is_empty(), "two are too few");
    assert_eq!(
        shard.spend("acme", Lane::Push).await,
        Spent::Granted,
        "they are there for one that runs"
    );
    shard.assert_sound().await;
}

#[tokio::test]
async fn a_connector_is_looked_at_again_when_a_call_stops_counting() {
    let shard = Shard::start().await;
    shard.limit("acme", calls_an_hour(10)).await;
    for _ in 0..7 {
        assert_eq!(shard.spend("acme", Lane::Push).await, Spent::Granted);
        shard.clock.advance_ms(1000);
    }
    shard.fill(Lane::Push, "acme", 0..10).await;
    assert!(shard.claim(&worker(1)).await.is_empty());
    assert!(!shard.has_turn(Lane::Push, "acme").await, "it is not polled for");
    shard.was_signalled(Lane::Push).await;
    for call in 0..2 {
        let wait = shard.queue.promote().await.unwrap().next_in;
        let expected = if call == 0 { COUNTS_MS - 7000 } else { 1000 };
        assert_eq!(wait, Some(Duration::from_millis(expected)), "call {call}");
        shard.clock.advance_ms(expected);
        shard.queue.promote().await.unwrap();
        assert!(shard.was_signalled(Lane::Push).await, "call {call}");
        let enough = usize::from(call == 1);
        assert_eq!(shard.claim(&worker(1)).await.len(), enough, "call {call}");
    }
    shard.assert_sound().await;
}

#[rstest]
#[case::check(Lane::Check)]
#[case::push(Lane::Push)]
#[case::background(Lane::Background)]
#[tokio::test]
async fn a_limit_below_what_a_job_needs_lets_one_go_at_a_time_and_not_none(#[case] lane: Lane) {
    let shard = Shard::start().await;
    shard.limit("acme", calls_an_hour(1)).await;
    shard.fill(lane, "acme", 0..3).await;
    let claimed = shard.claim_in(lane, &worker(1), 10).await;
    assert_eq!(claimed.len(), 1);
    assert_eq!(shard.spend_all("acme", lane).await, 1);
    shard.settle(&worker(1), worked(claimed[0].token)).await;
    assert!(shard.claim_in(lane, &worker(1), 10).await.is_empty());
    shard.clock.advance_ms(COUNTS_MS);
    shard.queue.promote().await.unwrap();
    assert_eq!(shard.claim_in(lane, &worker(1), 10).await.len(), 1);
    shard.assert_sound().await;
}

#[tokio::test]
async fn checks_start_when_pushes_have_used_all_that_is_theirs() {
    let shard = Shard::start().await;
    shard.limit("acme", calls_an_hour(100)).await;
    assert_eq!(shard.spend_all("acme", Lane::Push).await, 75);
    shard.fill(Lane::Push, "acme", 0..10).await;
    shard.fill(Lane::Check, "acme", 100..150).await;
    assert!(shard.claim(&worker(1)).await.is_empty());
    assert_eq!(
        shard.claim_in(Lane::Check, &worker(1), 100).await.len(),
        10,
        "20 calls, two a job"
    );
    shard.assert_sound().await;
}

#[tokio::test]
async fn an_address_without_calls_starts_no_job_of_any_connector() {
    let egress = Egress {
        name: name("north"),
        calls_per_hour: Some(20),
    };
    let shard = Shard::behind(egress).await;
    shard.fill(Lane::Push, "acme", 0..10).await;
    shard.fill(Lane::Push, "borealis", 100..110).await;
    assert_eq!(shard.spend_all("acme", Lane::Push).await, 15);
    assert!(shard.claim(&worker(1)).await.is_empty());
    shard.clock.advance_ms(COUNTS_MS);
    shard.queue.promote().await.unwrap();
    assert_eq!(
        shard.claim(&worker(1)).await.len(),
        10,
        "five of each: 15 calls, three a job"
    );
    shard.assert_sound().await;
}

#[tokio::test]
async fn other_limits_are_in_force_at_once() {
    let shard = Shard::start().await;
    shard.limit("acme", calls_an_hour(5)).await;
    shard.spend_all("acme", Lane::Push).await;
    shard.fill(Lane::Push, "acme", 0..10).await;
    assert!(shard.claim(&worker(1)).await.is_empty());
    shard.was_signalled(Lane::Push).await;
    shard.limit("acme", calls_an_hour(1000)).await;
    assert!(shard.was_signalled(Lane::Push).await);
    let claimed = shard.claim(&worker(1)).await;
    assert_eq!(claimed.len(), 10);
    shard.limit("acme", Limits::default()).await;
    for claimed in claimed {
        shard
            .settle(&worker(1), ending(claimed.token, Transition::Release))
            .await;
    }
    assert_eq!(shard.standing("acme").await.calls_allowed, None);
    let changed = shard
        .queue
        .set_limits(&[(name("acme"), Limits::default())])
        .await
        .unwrap();
    assert_eq!(changed, 0, "the same again is no change");
    shard.assert_sound().await;
}
