//! The list of results that are not at their end.

use std::collections::BTreeSet;

use passback_queue::{LedgerState, RowNote, Transition};
use rstest::rstest;

use crate::results::{note, park, result, result_id};
use crate::shard::{START_MS, Shard, ann, ending, job, name};

#[rstest]
#[case::delivered("delivered")]
#[case::no_op("no_op")]
#[case::superseded("superseded")]
#[tokio::test]
async fn a_result_is_open_from_its_acceptance_to_its_end(#[case] state: &'static str) {
    let shard = Shard::start().await;
    let claimed = shard.accept_and_claim(1).await;
    assert_eq!(shard.open().await, ["r-1"]);
    shard.end(&claimed, Transition::Done, state, "").await;
    assert!(shard.open().await.is_empty());
    shard.assert_sound().await;
}

#[rstest]
#[case::parked(park(), "parked")]
#[case::retrying(Transition::Retry { delay_ms: 9 }, "retrying")]
#[case::dead(Transition::Bury, "dead")]
#[tokio::test]
async fn a_result_that_still_waits_for_something_stays_open(
    #[case] transition: Transition,
    #[case] state: &'static str,
) {
    let shard = Shard::start().await;
    let claimed = shard.accept_and_claim(1).await;
    shard.end(&claimed, transition, state, "why").await;
    assert_eq!(shard.open().await, ["r-1"]);
    shard.queue.redrive(&[job(1).id], &ann()).await.unwrap();
    assert_eq!(shard.open().await, ["r-1"]);
    shard.assert_sound().await;
    shard.queue.cancel(&[job(1).id], &ann()).await.unwrap();
    assert!(shard.open().await.is_empty(), "a person has ended it");
    shard.assert_sound().await;
}

#[tokio::test]
async fn only_results_accepted_before_a_time_are_asked_for() {
    let shard = Shard::start().await;
    for number in 1..=3 {
        shard.accept(number).await;
        shard.clock.advance_ms(1000);
    }
    let before = |ms: u64| {
        let queue = &shard.queue;
        async move {
            let page = queue.open_results(START_MS + ms, None, 10).await.unwrap();
            assert_eq!(page.next, None);
            let counted = queue.count_open_results(START_MS + ms).await.unwrap();
            assert_eq!(counted, page.results.len() as u64);
            page.results
        }
    };
    assert!(before(0).await.is_empty());
    assert_eq!(before(1).await, [("r-1".to_owned(), START_MS)]);
    assert_eq!(before(1000).await.len(), 1);
    assert_eq!(before(1001).await.len(), 2);
    assert_eq!(before(u64::MAX - START_MS).await.len(), 3);
}

/// Accepts results, `at_once` in each millisecond; says their ids in order of their time and then their name.
async fn accepted(shard: &Shard, count: u64, at_once: u64) -> Vec<String> {
    let numbers: Vec<u64> = (0..count).collect();
    let mut ids = Vec::new();
    for chunk in numbers.chunks(usize::try_from(at_once).unwrap()) {
        let results: Vec<_> = chunk.iter().map(|number| result(*number)).collect();
        shard.queue.accept(&results).await.unwrap();
        shard.clock.advance_ms(1);
        let sorted: BTreeSet<String> = chunk.iter().map(|number| result_id(*number).to_string()).collect();
        ids.extend(sorted);
    }
    ids
}

#[rstest]
#[case::each_at_its_time(1, 7)]
#[case::a_few_at_once(5, 7)]
#[case::all_at_once(1000, 7)]
#[case::one_at_a_time(40, 1)]
#[case::a_page_ends_with_the_list(10, 50)]
#[tokio::test]
async fn pages_bring_each_result_once(#[case] at_once: u64, #[case] page_size: usize) {
    let shard = Shard::start().await;
    let expected = accepted(&shard, 100, at_once).await;
    let mut found = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let page = shard.queue.open_results(u64::MAX, cursor.as_deref(), page_size);
        let page = page.await.unwrap();
        assert!(page.results.len() <= page_size);
        found.extend(page.results.into_iter().map(|(id, _)| id));
        match page.next {
            Some(next) => cursor = Some(next),
            None => break,
        }
    }
    assert_eq!(found, expected);
}

#[tokio::test]
async fn what_ends_between_two_pages_moves_nothing_past_the_reader() {
    let shard = Shard::start().await;
    let expected = accepted(&shard, 60, 60).await;
    let first = shard.queue.open_results(u64::MAX, None, 20).await.unwrap();
    // All of the first page ends, the place of the cursor with it.
    for (id, _) in &first.results {
        let number: u64 = id.trim_start_matches("r-").parse().unwrap();
        shard.queue.cancel(&[job(number).id], &ann()).await.unwrap();
    }
    let rest = shard
        .queue
        .open_results(u64::MAX, first.next.as_deref(), 100)
        .await
        .unwrap();
    let ids: Vec<String> = rest.results.into_iter().map(|(id, _)| id).collect();
    assert_eq!(ids, expected[20..]);
    assert_eq!(rest.next, None);
}

#[tokio::test]
async fn a_cursor_that_is_none_begins_anew_and_one_beyond_everything_finds_nothing() {
    let shard = Shard::start().await;
    accepted(&shard, 3, 3).await;
    let found = |cursor: &'static str| {
        let queue = &shard.queue;
        async move {
            queue
                .open_results(u64::MAX, Some(cursor), 9)
                .await
                .unwrap()
                .results
                .len()
        }
    };
    for cursor in ["", "x", "x-y", "-r-1", "99999999999999999999999-r"] {
        assert_eq!(found(cursor).await, 3, "{cursor:?}");
    }
    assert_eq!(found("18446744073709551615-r-1").await, 0);
    assert_eq!(found("0-r-1").await, 3);
    let page = shard.queue.open_results(u64::MAX, None, usize::MAX).await.unwrap();
    assert_eq!(page.results.len(), 3);
    assert!(
        shard
            .queue
            .open_results(u64::MAX, None, 0)
            .await
            .unwrap()
            .results
            .is_empty()
    );
}

#[tokio::test]
async fn an_open_result_leaves_the_list_when_its_row_has_expired() {
    let shard = Shard::start().await;
    shard.accept(1).await;
    shard.clock.advance_ms(400 * 24 * 3_600_000);
    shard.accept(2).await;
    shard.queue.promote().await.unwrap();
    assert_eq!(shard.open().await, ["r-2"]);
}

#[tokio::test]
async fn states_of_many_results_are_read_in_the_order_asked_for() {
    let shard = Shard::start().await;
    accepted(&shard, 600, 600).await;
    let retrying = RowNote {
        state: Some("retrying"),
        code: "docebo_unavailable".to_owned(),
        ..note(599)
    };
    shard.queue.note(&retrying).await.unwrap();
    let asked: Vec<_> = (0..1200).rev().map(result_id).collect();
    let states = shard.queue.ledger_states(&asked).await.unwrap();
    assert_eq!(states.len(), 1200);
    assert!(states[..600].iter().all(Option::is_none), "they are not known");
    let state = |state: &str, code: &str| {
        Some(LedgerState {
            state: state.to_owned(),
            code: code.to_owned(),
        })
    };
    assert_eq!(states[600], state("retrying", "docebo_unavailable"));
    assert!(states[601..].iter().all(|found| *found == state("accepted", "")));
    assert!(shard.queue.ledger_states(&[]).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_list_of_open_results_that_says_otherwise_than_the_rows_is_found_out() {
    let shard = Shard::start().await;
    shard.accept_and_claim(1).await;
    let open = "{passback:0}:v1:results:open";
    shard.redis.cli(&["ZREM", open, "r-1"]).await;
    let wrong = shard.queue.violations().await.unwrap();
    assert!(
        wrong
            .iter()
            .any(|text| text.contains("r-1") && text.contains("not open")),
        "{wrong:?}"
    );
    shard.redis.cli(&["ZADD", open, "1", "r-1", "2", "r-2"]).await;
    let wrong = shard.queue.violations().await.unwrap();
    assert!(
        wrong.iter().any(|text| text.contains("r-2") && text.contains("no row")),
        "{wrong:?}"
    );
    shard.redis.cli(&["ZREM", open, "r-2"]).await;
    shard.assert_sound().await;
    let row = "{passback:0}:v1:ledger:r-1";
    shard.redis.cli(&["HSET", row, "state", "delivered"]).await;
    let wrong = shard.queue.violations().await.unwrap();
    assert!(
        wrong.iter().any(|text| text.contains("although it is delivered")),
        "{wrong:?}"
    );
}

#[tokio::test]
async fn a_job_without_a_result_leaves_the_ledger_alone() {
    let shard = Shard::start().await;
    let worker = name("w1");
    shard.queue.enqueue(&job(1)).await.unwrap();
    let claimed = shard.claim_one(&worker).await;
    shard.settle(&worker, ending(claimed.token, Transition::Done)).await;
    let contents = shard.contents().await;
    let touched = contents
        .keys()
        .filter(|key| key.starts_with("results:") || key.starts_with("events"));
    assert_eq!(touched.count(), 0);
}
