//! The feed of what has come to its end.

use futures::StreamExt;
use passback_queue::{Event, EventOf, Lane, RowNote, Settlement, Transition, is_event_cursor};

use crate::results::{note, result};
use crate::shard::{LEASE, START_MS, Shard, ann, ending, info, job, name};
use crate::tenants::{check, id};

const EVENTS: &str = "{passback:0}:v1:events";

fn of_result(result_id: &str, state: &str, code: &str, reference: &str) -> EventOf {
    EventOf::Result {
        result_id: result_id.to_owned(),
        state: state.to_owned(),
        code: code.to_owned(),
        reference: reference.to_owned(),
    }
}

fn of_check(number: u64, state: &str, code: &str, answer: Option<&[u8]>) -> EventOf {
    EventOf::Check {
        id: id(number),
        state: state.to_owned(),
        code: code.to_owned(),
        answer: answer.map(<[u8]>::to_vec),
    }
}

async fn subjects(shard: &Shard) -> Vec<EventOf> {
    shard.told().await.into_iter().map(|event| event.subject).collect()
}

#[tokio::test]
async fn the_feed_tells_of_each_end_of_a_result_in_order() {
    let shard = Shard::start().await;
    let worker = name("w1");
    let delivered = shard.accept_and_claim(1).await;
    shard.clock.advance_ms(1);
    shard.end(&delivered, Transition::Done, "delivered", "").await;
    let confirmed = RowNote {
        state: Some("confirmed"),
        step: "confirmed",
        reference: "webhook".to_owned(),
        ..note(1)
    };
    for _ in 0..2 {
        shard.queue.note(&confirmed).await.unwrap();
    }
    let stale = shard.accept_and_claim(2).await;
    let gives_way = Transition::Superseded { by: name("r-1") };
    shard.end(&stale, gives_way, "superseded", "superseded").await;
    let buried = shard.accept_and_claim(3).await;
    shard.end(&buried, Transition::Bury, "dead", "rejected").await;
    shard.queue.redrive(&[id(3)], &ann()).await.unwrap();
    let retried = shard.claim_one(&worker).await;
    let retry = Transition::Retry { delay_ms: 5 };
    shard.end(&retried, retry, "retrying", "docebo_unavailable").await;
    shard.queue.cancel(&[id(3)], &ann()).await.unwrap();
    let expected = [
        of_result("r-1", "delivered", "", ""),
        of_result("r-1", "confirmed", "", "webhook"),
        of_result("r-2", "superseded", "superseded", "r-1"),
        of_result("r-3", "dead", "rejected", ""),
        of_result("r-3", "discarded", "discarded", ""),
    ];
    assert_eq!(subjects(&shard).await, expected);
    assert_eq!(shard.told().await[0].at_ms, START_MS + 1);
}

#[tokio::test]
async fn the_feed_tells_when_a_result_dies_of_lost_workers() {
    let shard = Shard::start().await;
    shard.accept(1).await;
    for _ in 0..3 {
        shard.queue.beat(&name("w1"), &info()).await.unwrap();
        shard.claim_one(&name("w1")).await;
        shard.clock.advance_ms(40_000);
        shard.queue.beat(&name("w2"), &info()).await.unwrap();
        shard.clock.advance_ms(100_000);
        for _ in 0..2 {
            shard.queue.beat(&name("w2"), &info()).await.unwrap();
            shard.clock.advance_ms(14_000);
        }
        shard.queue.beat(&name("w2"), &info()).await.unwrap();
        shard.queue.reclaim(&name("w2")).await.unwrap();
    }
    assert_eq!(
        subjects(&shard).await,
        [of_result("r-1", "dead", "crashed_workers", "")]
    );
    shard.assert_sound().await;
}

#[tokio::test]
async fn the_feed_tells_of_a_check_however_it_ends() {
    let shard = Shard::start().await;
    let worker = name("w1");
    let checks: Vec<_> = (1..=4).map(|number| check(number, "acme", 1000)).collect();
    shard.queue.enqueue_all(&checks).await.unwrap();
    let claimed = shard.queue.claim(Lane::Check, &worker, 2, LEASE).await.unwrap();
    let done = Settlement {
        code: Some(name("eligible")),
        answer: Some(b"{\"answer\":\"eligible\"}".to_vec()),
        ..ending(claimed[0].token, Transition::Done)
    };
    shard.settle(&worker, done).await;
    let bury = Settlement {
        code: Some(name("unreadable")),
        ..ending(claimed[1].token, Transition::Bury)
    };
    shard.settle(&worker, bury).await;
    shard.queue.discard(&[id(2)], &ann()).await.unwrap();
    shard.queue.cancel(&[id(3)], &ann()).await.unwrap();
    shard.clock.advance_ms(1000);
    shard.queue.promote().await.unwrap();
    let expected = [
        of_check(1, "done", "eligible", Some(b"{\"answer\":\"eligible\"}")),
        of_check(2, "dead", "unreadable", None),
        of_check(2, "discarded", "discarded", None),
        of_check(3, "discarded", "discarded", None),
        of_check(4, "expired", "deadline_passed", None),
    ];
    assert_eq!(subjects(&shard).await, expected);
}

#[tokio::test]
async fn a_check_that_expires_at_a_claim_is_told_of_too() {
    let shard = Shard::start().await;
    shard.queue.enqueue(&check(1, "acme", 1000)).await.unwrap();
    shard.clock.advance_ms(1000);
    let claimed = shard.queue.claim(Lane::Check, &name("w1"), 2, LEASE).await.unwrap();
    assert!(claimed.is_empty());
    assert_eq!(
        subjects(&shard).await,
        [of_check(1, "expired", "deadline_passed", None)]
    );
}

/// Ends a number of results, one event each.
async fn events(shard: &Shard, numbers: std::ops::Range<u64>) -> Vec<Event> {
    let results: Vec<_> = numbers.clone().map(result).collect();
    shard.queue.accept(&results).await.unwrap();
    let jobs: Vec<_> = numbers.map(|number| job(number).id).collect();
    shard.queue.cancel(&jobs, &ann()).await.unwrap();
    shard.told().await
}

#[tokio::test]
async fn a_reader_goes_on_from_any_place() {
    let shard = Shard::start().await;
    assert_eq!(shard.queue.newest_event().await.unwrap(), None);
    let all = events(&shard, 0..50).await;
    assert_eq!(all.len(), 50);
    assert_eq!(
        shard.queue.newest_event().await.unwrap().as_ref(),
        Some(&all[49].cursor)
    );
    assert!(all.iter().all(|event| is_event_cursor(&event.cursor)));
    for size in [1, 7, 50, 60] {
        let mut found = Vec::new();
        let mut place: Option<String> = None;
        loop {
            let page = shard.queue.events(place.as_deref(), size).await.unwrap();
            assert!(!page.gap && page.events.len() <= size);
            let Some(last) = page.events.last() else { break };
            place = Some(last.cursor.clone());
            found.extend(page.events);
        }
        assert_eq!(found, all);
    }
    assert!(shard.queue.events(None, 0).await.unwrap().events.is_empty());
}

#[tokio::test]
async fn a_place_beyond_everything_finds_nothing_and_a_text_that_is_none_begins_anew() {
    let shard = Shard::start().await;
    events(&shard, 0..3).await;
    let last = "18446744073709551615-18446744073709551615";
    for place in [
        last,
        "18446744073709551615-0",
        "18446744073709551614-18446744073709551615",
    ] {
        assert!(is_event_cursor(place));
        let page = shard.queue.events(Some(place), 9).await.unwrap();
        assert!(page.events.is_empty() && !page.gap, "{place}");
    }
    for text in [
        "",
        "-",
        "1",
        "1-",
        "-1",
        "+1-1",
        "1-+1",
        "a-1",
        "1-1-1",
        "18446744073709551616-0",
        " 1-1",
    ] {
        assert!(!is_event_cursor(text), "{text:?}");
        assert_eq!(shard.queue.events(Some(text), 9).await.unwrap().events.len(), 3);
    }
    assert_eq!(shard.queue.events(Some("0-0"), 9).await.unwrap().events.len(), 3);
}

/// Puts an event into the feed as of a time long ago.
async fn told_long_ago(shard: &Shard, place: &str) {
    let fields = ["at", "1", "result", "r-0", "state", "dead", "code", "", "reference", ""];
    let command: Vec<&str> = ["XADD", EVENTS, place].into_iter().chain(fields).collect();
    shard.redis.cli(&command).await;
}

#[tokio::test]
async fn old_events_go_and_a_reader_who_missed_some_is_told() {
    let shard = Shard::start().await;
    for place in ["1000-0", "1000-1", "2000-0", "59999-0", "100000-0"] {
        told_long_ago(&shard, place).await;
    }
    let kept = events(&shard, 1..2).await.pop().unwrap();
    let gap_after = |place: &'static str| {
        let queue = &shard.queue;
        async move { queue.events(Some(place), 9).await.unwrap().gap }
    };
    assert!(!gap_after("0-1").await, "all are there");
    shard.queue.promote().await.unwrap();
    assert_eq!(shard.told().await, [kept]);
    assert!(gap_after("59999-0").await);
    assert!(!gap_after("100000-0").await);
    assert!(
        !shard.queue.events(None, 9).await.unwrap().gap,
        "who has no place misses none"
    );
    shard.queue.promote().await.unwrap();
    assert_eq!(
        shard.told().await.len(),
        1,
        "it is young by the clock that numbers events"
    );
}

#[tokio::test]
async fn events_of_another_version_do_not_stop_a_reader() {
    let shard = Shard::start().await;
    for number in 1..=5 {
        let place = format!("1000-{number}");
        shard.redis.cli(&["XADD", EVENTS, &place, "what", "is this"]).await;
    }
    told_long_ago(&shard, "1000-9").await;
    let page = shard.queue.events(None, 2).await.unwrap();
    let places: Vec<&str> = page.events.iter().map(|event| event.cursor.as_str()).collect();
    assert_eq!(places, ["1000-9"]);
    assert_eq!((page.next.as_deref(), page.more), (Some("1000-9"), false));
}

#[tokio::test]
async fn a_reader_gets_past_events_that_it_cannot_read_however_many_there_are() {
    let shard = Shard::start().await;
    for number in 1..=60 {
        let place = format!("1000-{number}");
        shard.redis.cli(&["XADD", EVENTS, &place, "what", "is this"]).await;
    }
    let page = shard.queue.events(None, 1).await.unwrap();
    assert!(page.events.is_empty() && page.more, "a look has an end");
    assert_eq!(page.next.as_deref(), Some("1000-25"));
    let page = shard.queue.events(page.next.as_deref(), 50).await.unwrap();
    assert_eq!((page.next.as_deref(), page.more), (Some("1000-60"), false));
    told_long_ago(&shard, "2000-0").await;
    let page = shard.queue.events(page.next.as_deref(), 1).await.unwrap();
    assert_eq!((page.events.len(), page.more), (1, false));
}

#[tokio::test]
async fn whoever_listens_hears_that_there_is_news() {
    let shard = Shard::start().await;
    let mut arrivals = Box::pin(shard.queue.event_arrivals().await.unwrap());
    let claimed = shard.accept_and_claim(1).await;
    shard.end(&claimed, Transition::Done, "delivered", "").await;
    assert_eq!(arrivals.next().await, Some(()));
    assert_eq!(shard.told().await.len(), 1);
    // Many at once are said once.
    events(&shard, 10..60).await;
    assert_eq!(arrivals.next().await, Some(()));
    let place = shard.queue.newest_event().await.unwrap();
    events(&shard, 60..61).await;
    assert_eq!(arrivals.next().await, Some(()));
    let page = shard.queue.events(place.as_deref(), 9).await.unwrap();
    assert_eq!(page.events.len(), 1, "the last news is of the last event");
}
