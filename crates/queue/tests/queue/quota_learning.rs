//! Limits that refusals teach: down at once, up again slowly.

use passback_queue::{Lane, Limits, Spent};

use crate::quota::calls_an_hour;
use crate::shard::{Shard, name};
use crate::tenants::{throttled, worker};

const HOUR_MS: u64 = 3_600_000;

/// Throttles `acme` and waits until it may be tried again; says what is allowed then.
async fn throttle(shard: &Shard, wait_ms: u64) -> Option<u32> {
    shard.report("acme", throttled(wait_ms), "docebo_throttled").await;
    allowed(shard).await
}

async fn allowed(shard: &Shard) -> Option<u32> {
    shard.standing("acme").await.calls_allowed
}

async fn with_a_thousand_calls() -> Shard {
    let shard = Shard::start().await;
    shard.limit("acme", calls_an_hour(1000)).await;
    shard
}

#[tokio::test]
async fn a_burst_that_was_refused_lowers_the_limit_by_a_fifth() {
    let shard = with_a_thousand_calls().await;
    assert_eq!(allowed(&shard).await, Some(1000));
    assert_eq!(throttle(&shard, 1000).await, Some(800));
    assert_eq!(
        shard.standing("acme").await.limits,
        calls_an_hour(1000),
        "what was configured stays"
    );
    assert_eq!(allowed(&shard).await, Some(800));
    shard.clock.advance_ms(5000);
    assert_eq!(throttle(&shard, 1000).await, Some(640), "and again");
}

#[tokio::test]
async fn several_refusals_of_one_burst_teach_once() {
    let shard = with_a_thousand_calls().await;
    for _ in 0..20 {
        assert_eq!(throttle(&shard, 1000).await, Some(800));
    }
}

#[tokio::test]
async fn a_long_wait_tells_how_many_calls_are_really_allowed() {
    let shard = with_a_thousand_calls().await;
    for _ in 0..100 {
        shard.spend("acme", Lane::Push).await;
    }
    assert_eq!(
        throttle(&shard, 600_000).await,
        Some(80),
        "four fifths of what was used"
    );
}

#[tokio::test]
async fn a_long_wait_never_raises_a_limit() {
    let shard = with_a_thousand_calls().await;
    for _ in 0..700 {
        shard.spend("acme", Lane::Push).await;
    }
    assert_eq!(throttle(&shard, 1000).await, Some(800));
    shard.clock.advance_ms(5000);
    assert_eq!(throttle(&shard, 600_000).await, Some(560), "560 of 700, not 640 of 800");
    shard.clock.advance_ms(600_000);
    let left = shard.standing("acme").await.lanes[&Lane::Push].calls_left;
    assert_eq!(left, Some(0), "what is used beyond the limit leaves nothing");
}

#[tokio::test]
async fn a_limit_recovers_by_a_twentieth_of_the_configured_one_an_hour_and_no_further() {
    let shard = with_a_thousand_calls().await;
    assert_eq!(throttle(&shard, 1000).await, Some(800));
    for expected in [850, 900, 950, 1000, 1000, 1000] {
        shard.clock.advance_ms(HOUR_MS);
        assert_eq!(allowed(&shard).await, Some(expected));
    }
}

#[tokio::test]
async fn a_limit_that_has_partly_recovered_is_lowered_from_where_it_is() {
    let shard = with_a_thousand_calls().await;
    assert_eq!(throttle(&shard, 1000).await, Some(800));
    shard.clock.advance_ms(2 * HOUR_MS);
    assert_eq!(throttle(&shard, 1000).await, Some(720), "four fifths of 900");
}

#[tokio::test]
async fn a_limit_never_falls_below_a_twentieth_of_the_configured_one() {
    let shard = with_a_thousand_calls().await;
    for _ in 0..60 {
        let gate = throttle(&shard, 600_000).await;
        assert!(gate >= Some(50), "{gate:?}");
        shard.clock.advance_ms(900_000);
    }
    // Within the quarter of an hour since the last refusal it has recovered by 12.
    assert_eq!(allowed(&shard).await, Some(62));
    shard.limit("acme", calls_an_hour(3)).await;
    for _ in 0..9 {
        shard.clock.advance_ms(900_000);
        assert!(throttle(&shard, 0).await >= Some(1));
    }
}

#[tokio::test]
async fn what_was_learned_holds_the_callers() {
    let shard = with_a_thousand_calls().await;
    shard.limit("acme", calls_an_hour(100)).await;
    throttle(&shard, 1000).await;
    shard.clock.advance_ms(5000);
    assert_eq!(shard.spend_all("acme", Lane::Push).await, 60, "80 less 16 less 4");
    shard.clock.advance_ms(HOUR_MS / 2);
    let left = shard.standing("acme").await.lanes[&Lane::Push].calls_left;
    assert_eq!(left, Some(2), "82 less 16 less 4 less 60");
}

#[tokio::test]
async fn jobs_go_on_as_soon_as_a_limit_has_recovered_enough_for_one() {
    let shard = with_a_thousand_calls().await;
    for _ in 0..62 {
        shard.spend("acme", Lane::Push).await;
    }
    let start_ms = shard.clock.now_ms();
    assert_eq!(throttle(&shard, 600_000).await, Some(50));
    shard.fill(Lane::Push, "acme", 0..10).await;
    let mut looks = 0;
    while shard.claim(&worker(1)).await.is_empty() {
        let next_in = shard.queue.promote().await.unwrap().next_in.unwrap();
        shard.clock.advance_ms(u64::try_from(next_in.as_millis()).unwrap());
        shard.queue.promote().await.unwrap();
        looks += 1;
    }
    let took_ms = shard.clock.now_ms() - start_ms;
    assert!(
        took_ms < HOUR_MS,
        "{took_ms} ms: the 62 calls still count, but 62, 3 more and the others' shares are allowed"
    );
    assert!(looks < 60, "{looks} looks, one for each call that it recovered");
}

#[tokio::test]
async fn who_is_held_by_a_learned_limit_is_told_when_it_allows_one_call_more() {
    let shard = with_a_thousand_calls().await;
    throttle(&shard, 0).await;
    shard.clock.advance_ms(5000);
    shard.spend_all("acme", Lane::Push).await;
    let Spent::Held { wait: Some(wait), .. } = shard.spend("acme", Lane::Push).await else {
        panic!("the calls are used up");
    };
    // Of a thousand calls an hour, a twentieth comes back in an hour: one in 72 seconds.
    assert!(wait.as_millis() <= 72_000, "{wait:?}");
    shard.clock.advance_ms(u64::try_from(wait.as_millis()).unwrap());
    assert_eq!(allowed(&shard).await, Some(801));
}

#[tokio::test]
async fn a_lower_configured_limit_counts_more_than_what_was_learned() {
    let shard = with_a_thousand_calls().await;
    throttle(&shard, 1000).await;
    shard.limit("acme", calls_an_hour(300)).await;
    assert_eq!(allowed(&shard).await, Some(300));
}

#[tokio::test]
async fn where_nothing_is_configured_nothing_is_learned() {
    let shard = Shard::start().await;
    assert_eq!(throttle(&shard, 600_000).await, None);
    let stored: Vec<String> = shard.contents().await.into_keys().collect();
    assert_eq!(stored, ["gates"]);
}

#[tokio::test]
async fn what_was_learned_is_forgotten_with_the_connector() {
    let shard = with_a_thousand_calls().await;
    throttle(&shard, 1000).await;
    shard.queue.forget(&name("acme")).await.unwrap();
    assert_eq!(allowed(&shard).await, None);
    assert_eq!(shard.standing("acme").await.limits, Limits::default());
    shard.limit("acme", calls_an_hour(1000)).await;
    assert_eq!(allowed(&shard).await, Some(1000));
}
