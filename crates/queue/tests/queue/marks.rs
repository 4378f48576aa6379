//! The newest event of a thing at Docebo: the same in whatever order events come.

use passback_queue::{Mark, Marked, Newest};
use proptest::prelude::*;

use crate::shard::{START_MS, Shard, name};

/// An event: when it fired, whether Docebo said so, its name and what tells it from others.
#[derive(Debug, Clone)]
struct Told {
    fired_ms: u64,
    exact: bool,
    event: &'static str,
    print: String,
}

fn told(fired_ms: u64, event: &'static str) -> Told {
    Told {
        fired_ms,
        exact: true,
        event,
        print: format!("{event} {fired_ms}"),
    }
}

async fn mark(shard: &Shard, told: &Told, place: &str) -> Marked {
    let thing = name("acme/course/146");
    let mark = Mark {
        thing: &thing,
        fired_ms: told.fired_ms,
        exact: told.exact,
        event: told.event,
        print: &told.print,
        place,
    };
    shard.queue.mark(&mark).await.unwrap()
}

async fn newest(shard: &Shard) -> Option<Newest> {
    let things = [name("acme/course/146")];
    shard.queue.newest_of(&things).await.unwrap().remove(0)
}

#[tokio::test]
async fn only_a_newer_event_takes_the_place_of_an_older_one() {
    let shard = Shard::start().await;
    assert_eq!(newest(&shard).await, None);
    assert_eq!(mark(&shard, &told(5000, "course.deleted"), "1-0").await, Marked::New);
    let before = shard.contents().await;
    assert_eq!(mark(&shard, &told(4999, "course.updated"), "2-0").await, Marked::Older);
    let same = Marked::Same {
        place: "1-0".to_owned(),
    };
    assert_eq!(mark(&shard, &told(5000, "course.deleted"), "3-0").await, same);
    assert_eq!(shard.contents().await, before);
    assert_eq!(mark(&shard, &told(6000, "course.updated"), "4-0").await, Marked::New);
    let expected = Newest {
        fired_ms: 6000,
        event: "course.updated".to_owned(),
        place: "4-0".to_owned(),
        tied: false,
        tied_names: Vec::new(),
    };
    assert_eq!(newest(&shard).await, Some(expected));
    let expires = shard
        .redis
        .cli(&["PEXPIRETIME", "{passback:0}:v1:docebo-mark:acme/course/146"])
        .await;
    assert_eq!(
        redis::from_redis_value::<u64>(expires).unwrap(),
        START_MS + 400 * 24 * 3_600_000
    );
}

#[tokio::test]
async fn another_event_of_the_same_second_is_a_tie_until_a_newer_one_comes() {
    let shard = Shard::start().await;
    mark(&shard, &told(5000, "course.deleted"), "1-0").await;
    assert_eq!(mark(&shard, &told(5999, "course.updated"), "2-0").await, Marked::Tie);
    let tie = newest(&shard).await.unwrap();
    assert!(tie.tied);
    assert_eq!(tie.tied_names, ["course.deleted", "course.updated"]);
    for (told, place) in [
        (told(5000, "course.deleted"), "3-0"),
        (told(5999, "course.updated"), "4-0"),
    ] {
        assert_eq!(
            mark(&shard, &told, place).await,
            Marked::Tie,
            "whoever comes again must still ask"
        );
    }
    assert_eq!(mark(&shard, &told(6000, "course.updated"), "5-0").await, Marked::New);
    let newer = newest(&shard).await.unwrap();
    assert!(!newer.tied && newer.tied_names.is_empty());
}

#[tokio::test]
async fn an_event_without_a_time_never_takes_the_place_of_one_with_the_same_or_a_later_time() {
    let shard = Shard::start().await;
    let guess = |fired_ms| Told {
        exact: false,
        ..told(fired_ms, "course.deleted")
    };
    assert_eq!(mark(&shard, &guess(5000), "1-0").await, Marked::New);
    assert_eq!(mark(&shard, &told(5000, "course.updated"), "2-0").await, Marked::New);
    assert_eq!(mark(&shard, &guess(5000), "3-0").await, Marked::Older);
    assert_eq!(mark(&shard, &guess(4000), "4-0").await, Marked::Older);
    assert_eq!(mark(&shard, &guess(6000), "5-0").await, Marked::New);
}

fn tales() -> impl Strategy<Value = Vec<Told>> {
    let tale = (0_u64..5, any::<bool>(), 0_usize..3).prop_map(|(second, exact, which)| Told {
        exact,
        ..told(second * 1000, ["a.b", "c.d", "e.f"][which])
    });
    prop::collection::vec(tale, 1..8)
}

#[test]
fn the_same_event_stands_there_in_the_end_whatever_the_order() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    // A Redis in a container is ended by the runtime.
    let _inside = runtime.enter();
    let shard = runtime.block_on(Shard::start());
    proptest!(ProptestConfig::with_cases(64), |(one in tales().prop_flat_map(|tales| (Just(tales.clone()), Just(tales).prop_shuffle())))| {
        let (in_order, shuffled) = one;
        let mut found = Vec::new();
        for tales in [in_order, shuffled] {
            runtime.block_on(shard.redis.cli(&["FLUSHALL"]));
            for told in &tales {
                runtime.block_on(mark(&shard, told, &told.print));
            }
            found.push(runtime.block_on(newest(&shard)));
        }
        prop_assert_eq!(&found[0], &found[1]);
    });
}
