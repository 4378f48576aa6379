//! Lists, pages and the judgement on a Redis.

use std::collections::BTreeSet;

use passback_queue::{Filter, Hazard, NewJob, Settlement, State, Transition};

use crate::shard::{Shard, ending, job, name};

async fn all_pages(shard: &Shard, filter: &Filter, most: usize) -> BTreeSet<String> {
    let mut ids = BTreeSet::new();
    let mut cursor = None;
    loop {
        let page = shard.queue.jobs(filter, cursor.as_deref(), most).await.unwrap();
        assert!(page.jobs.len() <= most.max(600));
        ids.extend(page.jobs.iter().map(|job| job.id.to_string()));
        match page.next {
            Some(next) => cursor = Some(next),
            None => return ids,
        }
    }
}

#[tokio::test]
async fn a_list_shows_every_job_of_a_state_over_its_pages() {
    let shard = Shard::start().await;
    let worker = name("w1");
    let jobs: Vec<NewJob> = (0..70).map(job).collect();
    shard.queue.enqueue_all(&jobs).await.unwrap();
    let transitions = [
        Transition::Bury,
        Transition::Done,
        Transition::Retry { delay_ms: 500 },
        Transition::Park {
            wake: name("w"),
            also: None,
            look_again_ms: None,
        },
        Transition::Expired,
    ];
    for transition in transitions {
        for claimed in shard.claim(&worker).await {
            let settlement = Settlement {
                code: Some(name("why")),
                ..ending(claimed.token, transition.clone())
            };
            shard.settle(&worker, settlement).await;
        }
    }
    shard.claim(&worker).await;
    for (state, expected) in [
        (State::Dead, 0..10),
        (State::Done, 10..20),
        (State::Scheduled, 20..30),
        (State::Parked, 30..40),
        (State::Expired, 40..50),
        (State::Running, 50..60),
        (State::Ready, 60..70),
    ] {
        let filter = Filter {
            state: Some(state),
            ..Filter::default()
        };
        let expected: BTreeSet<String> = expected.map(|number| job(number).id.to_string()).collect();
        assert_eq!(all_pages(&shard, &filter, 3).await, expected, "{state}");
    }
    let none = Filter {
        connector: Some("borealis".to_owned()),
        ..Filter::default()
    };
    assert!(all_pages(&shard, &none, 3).await.is_empty());
    let coded = Filter {
        state: Some(State::Dead),
        code: Some("why".to_owned()),
        ..Filter::default()
    };
    assert_eq!(all_pages(&shard, &coded, 50).await.len(), 10);
    assert_eq!(
        all_pages(&shard, &Filter::default(), 50).await.len(),
        50,
        "without a state: every living one"
    );
}

#[tokio::test]
async fn a_cursor_beyond_everything_finds_nothing() {
    let shard = Shard::start().await;
    let filter = Filter {
        state: Some(State::Parked),
        ..Filter::default()
    };
    for cursor in ["0-18446744073709551615", "0-9999999999999999999", "99-0", "x-y", ""] {
        let page = shard.queue.jobs(&filter, Some(cursor), 10).await.unwrap();
        assert!(page.jobs.is_empty(), "{cursor}");
    }
}

#[tokio::test]
async fn a_redis_that_may_evict_is_called_unsafe() {
    let shard = Shard::start().await;
    assert!(shard.queue.safety().await.unwrap().hazards.is_empty());
    shard
        .redis
        .cli(&["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"])
        .await;
    shard.redis.cli(&["CONFIG", "SET", "appendonly", "no"]).await;
    let hazards = shard.queue.safety().await.unwrap().hazards;
    assert_eq!(
        hazards,
        [
            Hazard::Evicts {
                policy: "allkeys-lru".to_owned()
            },
            Hazard::Forgets
        ]
    );
}
