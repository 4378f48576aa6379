//! What Docebo tells by webhooks: each item is stored with its job or not at all, once, and goes after its time.

use futures::StreamExt;
use passback_queue::{
    DoceboFilter, DoceboPlace, JobId, Lane, NewItem, NewJob, NewMessage, QueueError, RedisOptions, SealedEvent, State,
};

use crate::shard::{LEASE, START_MS, Shard, name};

const EVENTS: &str = "{passback:0}:v1:docebo-events";
const DAY_MS: u64 = 24 * 3_600_000;

pub(crate) fn event_id(number: u64) -> JobId {
    JobId::from_parts(START_MS, (1 << 70) + u128::from(number))
}

/// The job of an event; its id and what it is about are the event's.
pub(crate) fn reaction_job(id: JobId) -> NewJob {
    NewJob {
        id,
        lane: Lane::Background,
        key: Some(name("webhook/acme/146/13827")),
        kind: name("webhook.v1"),
        about: None,
        payload: b"what there is to do".to_vec(),
        ..crate::shard::job(0)
    }
}

/// An item; those with an even place have a job.
fn item(index: usize) -> NewItem {
    let id = event_id(index as u64);
    NewItem {
        id,
        index,
        event: format!(
            "course.enrollment.{}",
            if index.is_multiple_of(2) {
                "completed"
            } else {
                "archived"
            }
        ),
        known: format!(r#"{{"item":{index}}}"#),
        payload: format!("sealed {index}").into_bytes(),
        job: index.is_multiple_of(2).then(|| reaction_job(id)),
    }
}

pub(crate) fn message(hash: &str, items: std::ops::Range<usize>) -> NewMessage {
    NewMessage {
        connector: name("acme"),
        hash: name(hash),
        key_id: "k1".to_owned(),
        items: items.map(item).collect(),
    }
}

/// The same items, as a POST that comes again brings them: with ids of their own.
fn again(message: &NewMessage, offset: u64) -> NewMessage {
    let mut message = message.clone();
    for item in &mut message.items {
        item.id = event_id(1000 + offset + item.index as u64);
    }
    message
}

async fn all(shard: &Shard) -> Vec<SealedEvent> {
    let page = shard
        .queue
        .docebo_events(&DoceboFilter::default(), None, 1000)
        .await
        .unwrap();
    assert!(!page.more && !page.gap);
    page.events
}

#[tokio::test]
async fn an_item_is_stored_with_its_job_which_is_about_it() {
    let shard = Shard::start().await;
    let places = shard.queue.receive(&message("m-1", 0..2)).await.unwrap();
    let stored = all(&shard).await;
    assert_eq!(stored.iter().map(|event| Some(event.place)).collect::<Vec<_>>(), places);
    let first = &stored[0];
    assert_eq!(
        (first.id, first.connector.as_str(), first.has_job),
        (event_id(0), "acme", true)
    );
    assert_eq!(
        (first.event.as_str(), first.received_ms),
        ("course.enrollment.completed", START_MS)
    );
    assert_eq!(
        (first.known.as_str(), first.payload.as_slice()),
        (r#"{"item":0}"#, &b"sealed 0"[..])
    );
    let job = shard.record(event_id(0)).await;
    assert_eq!((job.state, job.about), (State::Ready, Some(first.place.to_string())));
    assert_eq!((job.kind.as_str(), job.result_id), ("webhook.v1", None));
    assert_eq!(job.payload.as_deref(), Some(&b"what there is to do"[..]));
    assert!(!stored[1].has_job && shard.queue.job(event_id(1)).await.unwrap().is_none());
    assert_eq!(
        shard.queue.docebo_event(first.place).await.unwrap().as_ref(),
        Some(first)
    );
    assert_eq!(shard.queue.docebo_event(DoceboPlace::first_of(7)).await.unwrap(), None);
    shard.assert_sound().await;
    let claimed = shard
        .queue
        .claim(Lane::Background, &name("w1"), 9, LEASE)
        .await
        .unwrap();
    assert_eq!(claimed.len(), 1);
}

#[tokio::test]
async fn an_item_that_comes_again_changes_nothing() {
    let shard = Shard::start().await;
    let message = message("m-1", 0..3);
    shard.queue.receive(&message).await.unwrap();
    let before = shard.contents().await;
    shard.clock.advance_ms(1);
    for offset in [0, 100] {
        let places = shard.queue.receive(&again(&message, offset)).await.unwrap();
        assert_eq!(places, [None, None, None]);
    }
    assert_eq!(shard.contents().await, before);
    // An id that is taken is never given to another event, whatever message it comes with.
    let taken = NewMessage {
        hash: name("m-2"),
        ..message
    };
    assert_eq!(shard.queue.receive(&taken).await.unwrap()[0], None);
}

#[tokio::test]
async fn the_rest_of_a_message_is_stored_when_it_comes_again() {
    let shard = Shard::start().await;
    shard.queue.receive(&message("m-1", 0..3)).await.unwrap();
    let places = shard.queue.receive(&again(&message("m-1", 0..5), 0)).await.unwrap();
    let stored: Vec<bool> = places.iter().map(Option::is_some).collect();
    assert_eq!(stored, [false, false, false, true, true]);
    let twice = NewMessage {
        items: vec![
            item(7),
            NewItem {
                id: event_id(99),
                ..item(7)
            },
        ],
        ..message("m-1", 0..0)
    };
    let twice: Vec<bool> = shard
        .queue
        .receive(&twice)
        .await
        .unwrap()
        .iter()
        .map(Option::is_some)
        .collect();
    assert_eq!(twice, [true, false], "one place of a message holds one item");
    shard.assert_sound().await;
}

#[tokio::test]
async fn a_message_is_known_for_fourteen_days_and_to_its_own_connector() {
    let shard = Shard::start().await;
    let first = message("m-1", 0..1);
    shard.queue.receive(&first).await.unwrap();
    let elsewhere = NewMessage {
        connector: name("beta"),
        ..again(&first, 0)
    };
    assert!(shard.queue.receive(&elsewhere).await.unwrap()[0].is_some());
    shard.clock.advance_ms(14 * DAY_MS - 1);
    assert_eq!(shard.queue.receive(&again(&first, 10)).await.unwrap(), [None]);
    shard.clock.advance_ms(1);
    assert!(shard.queue.receive(&again(&first, 20)).await.unwrap()[0].is_some());
    let expires = shard
        .redis
        .cli(&["PEXPIRETIME", "{passback:0}:v1:docebo-seen:beta:m-1"])
        .await;
    assert_eq!(redis::from_redis_value::<u64>(expires).unwrap(), START_MS + 14 * DAY_MS);
}

#[tokio::test]
async fn sixty_items_of_one_message_are_sixty_events_in_their_order() {
    let shard = Shard::start().await;
    let places = shard.queue.receive(&message("m-1", 0..60)).await.unwrap();
    assert!(places.iter().all(Option::is_some) && places.is_sorted());
    let stored = all(&shard).await;
    assert_eq!(
        stored.iter().map(|event| event.id).collect::<Vec<_>>(),
        (0..60).map(event_id).collect::<Vec<_>>()
    );
    assert_eq!(shard.queue.counts().await.unwrap().living[&State::Ready], 30);
    shard.assert_sound().await;
}

#[tokio::test]
async fn a_full_redis_takes_neither_event_nor_job() {
    let shard = Shard::start().await;
    shard.redis.cli(&["CONFIG", "SET", "maxmemory", "1"]).await;
    let before = shard.contents().await;
    let refused = shard.queue.receive(&message("m-1", 0..3)).await;
    assert!(matches!(refused, Err(QueueError::Full)), "{refused:?}");
    assert_eq!(shard.contents().await, before);
    shard.redis.cli(&["CONFIG", "SET", "maxmemory", "0"]).await;
    assert!(
        shard
            .queue
            .receive(&message("m-1", 0..3))
            .await
            .unwrap()
            .iter()
            .all(Option::is_some)
    );
}

#[tokio::test]
async fn events_are_read_by_name_and_connector_in_either_order() {
    let shard = Shard::start().await;
    shard.queue.receive(&message("m-1", 0..300)).await.unwrap();
    let beta = NewMessage {
        connector: name("beta"),
        ..again(&message("m-1", 0..3), 0)
    };
    shard.queue.receive(&beta).await.unwrap();
    let filter = |events: &[&str], connector: Option<&str>| DoceboFilter {
        events: events.iter().map(|&text| text.to_owned()).collect(),
        connector: connector.map(str::to_owned),
        newest_first: false,
    };
    for (filter, expected) in [
        (filter(&[], None), 303),
        (filter(&["course.*"], Some("acme")), 300),
        (filter(&["course.enrollment.completed"], Some("beta")), 2),
        (
            filter(&["course.enrollment.completed", "course.enrollment.arch*"], None),
            303,
        ),
        (filter(&["user.*"], None), 0),
        (filter(&["course.enrollment"], None), 0),
    ] {
        for newest_first in [false, true] {
            let filter = DoceboFilter {
                newest_first,
                ..filter.clone()
            };
            let mut found = Vec::new();
            let mut place = None;
            loop {
                let page = shard.queue.docebo_events(&filter, place, 7).await.unwrap();
                assert!(page.events.len() <= 7 && !page.gap);
                place = page.next.or(place);
                found.extend(page.events);
                if !page.more {
                    break;
                }
            }
            assert_eq!(found.len(), expected, "{filter:?}");
            assert!(found.is_sorted_by(|one, other| (one.place < other.place) != newest_first));
        }
    }
    assert!(
        shard
            .queue
            .docebo_events(&filter(&[], None), None, 0)
            .await
            .unwrap()
            .events
            .is_empty()
    );
}

/// An event as of a time long ago.
async fn received_long_ago(shard: &Shard, place: &str) {
    let id = event_id(place.len() as u64).to_string();
    let fields = [
        "at",
        "1",
        "connector",
        "acme",
        "event",
        "user.created",
        "id",
        &id,
        "job",
        "0",
        "known",
        "{}",
        "payload",
        "x",
    ];
    let command: Vec<&str> = ["XADD", EVENTS, place].into_iter().chain(fields).collect();
    shard.redis.cli(&command).await;
}

#[tokio::test]
async fn old_events_go_and_a_reader_who_missed_some_is_told() {
    let shard = Shard::start().await;
    for place in ["1000-0", "1000-1", "59999-0", "100000-0"] {
        received_long_ago(&shard, place).await;
    }
    shard.queue.receive(&message("m-1", 1..2)).await.unwrap();
    let gap_after = async |place: &str| {
        let page = shard
            .queue
            .docebo_events(&DoceboFilter::default(), Some(place.parse().unwrap()), 9)
            .await
            .unwrap();
        page.gap
    };
    assert!(!gap_after("0-1").await);
    shard.queue.promote().await.unwrap();
    assert_eq!(all(&shard).await.len(), 1);
    assert!(gap_after("59999-0").await && !gap_after("100000-0").await);
    let backwards = DoceboFilter {
        newest_first: true,
        ..DoceboFilter::default()
    };
    let page = shard
        .queue
        .docebo_events(&backwards, Some("59999-0".parse().unwrap()), 9)
        .await
        .unwrap();
    assert!(
        page.events.is_empty() && !page.gap,
        "who reads backwards knows that it ends"
    );
}

#[tokio::test]
async fn an_event_that_is_removed_leaves_no_gap_and_nothing_of_its_reaction() {
    let shard = Shard::start().await;
    let places = shard.queue.receive(&message("m-1", 0..3)).await.unwrap();
    let places: Vec<DoceboPlace> = places.into_iter().flatten().collect();
    let reaction = passback_queue::NewReaction {
        place: places[0],
        job: event_id(0),
        outcome: "confirmed",
        result_id: None,
        detail: None,
    };
    assert!(shard.queue.note_reaction(&reaction).await.unwrap());
    assert_eq!(shard.queue.remove_docebo_events(&places[..2]).await.unwrap(), 2);
    assert_eq!(shard.queue.remove_docebo_events(&places[..2]).await.unwrap(), 0);
    assert_eq!(all(&shard).await.len(), 1);
    assert_eq!(shard.queue.reactions(&places[..1]).await.unwrap(), [None]);
    assert_eq!(shard.queue.newest_docebo_event().await.unwrap(), Some(places[2]));
}

#[tokio::test]
async fn who_waits_for_events_is_woken_and_the_keys_that_seal_are_known() {
    let shard = Shard::start().await;
    assert_eq!(shard.queue.newest_docebo_event().await.unwrap(), None);
    let mut arrivals = Box::pin(shard.queue.docebo_event_arrivals().await.unwrap());
    shard.queue.receive(&message("m-1", 0..1)).await.unwrap();
    arrivals.next().await.expect("news of the event");
    shard.clock.advance_ms(5);
    let other = NewMessage {
        key_id: "k2".to_owned(),
        ..message("m-2", 1..2)
    };
    shard.queue.receive(&other).await.unwrap();
    let keys = shard.queue.docebo_events_kept_until().await.unwrap();
    let kept_until = START_MS + 30 * DAY_MS;
    assert_eq!((keys["k1"], keys["k2"]), (kept_until, kept_until + 5));
}

#[tokio::test]
async fn a_redis_that_is_away_stores_nothing_and_says_so() {
    let shard = Shard::start().await;
    let nowhere = passback_queue::Queue::new(RedisOptions::new("redis://127.0.0.1:1")).unwrap();
    let refused = nowhere.receive(&message("m-1", 0..1)).await;
    assert!(refused.is_err_and(|error| error.is_transient()));
    assert!(all(&shard).await.is_empty());
}
