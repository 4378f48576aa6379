//! A new master key takes over while jobs wait and run.

use std::time::Duration;

use passback_harness::TestRedis;
use passback_producer::{ExamResult, Job, KeyUsage, Producer};
use passback_queue::{Lane, Name, Queue, RedisOptions, State};
use passback_registry::{ConnectorInput, ExamInput, Registry, RegistryOptions, Vault};

use crate::fixture::passed;

const OLD_KEY: &str = "old:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n";
const NEW_KEY: &str = "new:ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100\n";
const INDEX_KEY: &str = "index:0f0e0d0c0b0a09080706050403020100000102030405060708090a0b0c0d0e0f\n";

fn producer(redis: &TestRedis, keys: &str) -> Producer {
    let options = RedisOptions::new(redis.url());
    let vault = Vault::parse(&format!("{keys}{INDEX_KEY}")).unwrap();
    let registry = Registry::new(options.manager().unwrap(), vault, RegistryOptions::default());
    Producer::new(Queue::new(options).unwrap(), registry)
}

async fn put_exam(producer: &Producer) {
    let connector = ConnectorInput {
        id: Some("acme".to_owned()),
        domain: Some("acme.docebosaas.com".to_owned()),
        client_id: Some("passback".to_owned()),
        client_secret: Some("secret".into()),
        username: Some("integration".to_owned()),
        password: Some("secret".into()),
        ..ConnectorInput::default()
    };
    let registry = producer.registry();
    registry
        .put_connector(&connector.validate().unwrap(), "test")
        .await
        .unwrap();
    let exam = ExamInput {
        id: Some("forklift-01".to_owned()),
        connector: Some("acme".to_owned()),
        course_id: Some(146),
        ..ExamInput::default()
    };
    registry.put_exam(&exam.validate().unwrap(), "test").await.unwrap();
}

async fn push(producer: &Producer, prefix: &str, count: usize) {
    let results = (0..count).map(|number| ExamResult {
        email: format!("person-{prefix}-{number}@example.org"),
        ..passed(&format!("{prefix}-{number}"))
    });
    for verdict in producer.push_all(&results.collect::<Vec<_>>()).await {
        verdict.unwrap();
    }
}

/// The whole usage, over all slices.
async fn usage(producer: &Producer) -> KeyUsage {
    let mut whole = producer.key_usage(0).await.unwrap();
    while let Some(cursor) = whole.next_cursor.take() {
        let slice = producer.key_usage(cursor.parse().unwrap()).await.unwrap();
        for key in slice.keys {
            match whole.keys.iter_mut().find(|known| known.key_id == key.key_id) {
                Some(known) => known.payloads += key.payloads,
                None => whole.keys.push(key),
            }
        }
        whole.unreadable += slice.unreadable;
        whole.next_cursor = slice.next_cursor;
    }
    whole
}

fn of<'a>(usage: &'a KeyUsage, key_id: &str) -> Option<&'a passback_producer::KeyUse> {
    usage.keys.iter().find(|key| key.key_id == key_id)
}

#[tokio::test]
async fn everything_comes_under_the_new_key_slice_by_slice() {
    let redis = TestRedis::start().await;
    let before = producer(&redis, OLD_KEY);
    put_exam(&before).await;
    push(&before, "a", 2_500).await;
    let rotating = producer(&redis, &format!("{NEW_KEY}{OLD_KEY}"));
    push(&rotating, "b", 3).await;
    let seen = usage(&rotating).await;
    let old = of(&seen, "old").unwrap();
    assert!((old.current, old.held) == (false, true), "{old:?}");
    assert_eq!((old.connector_secrets, old.payloads), (2, 2_500));

    let mut slices = 0;
    let mut cursor = Some("0".to_owned());
    let (mut connectors, mut resealed) = (0, 0);
    while let Some(at) = cursor {
        let slice = rotating.reseal(at.parse().unwrap()).await.unwrap();
        assert_eq!((slice.unreadable, slice.unreadable_connectors.len()), (0, 0));
        connectors += slice.connectors;
        resealed += slice.resealed;
        cursor = slice.next_cursor;
        slices += 1;
    }
    assert_eq!((connectors, resealed), (1, 2_500));
    assert!(slices > 1, "one slice took everything");

    let seen = usage(&rotating).await;
    assert_eq!(of(&seen, "old"), None);
    let new = of(&seen, "new").unwrap();
    assert_eq!((new.connector_secrets, new.payloads, new.current), (2, 2_503, true));

    // The old key can go: everything opens without it.
    let after = producer(&redis, NEW_KEY);
    let page = after.queue().scan_jobs(0, 10).await.unwrap();
    for job in page.jobs {
        let opened = Job::open(&job.kind, job.id, &job.payload, after.registry().vault()).unwrap();
        assert!(matches!(opened, Job::Push(_)));
    }
    assert!(
        after
            .registry()
            .connector(&"acme".parse().unwrap())
            .await
            .unwrap()
            .is_some()
    );
}

#[tokio::test]
async fn a_rotation_that_stopped_half_way_is_taken_up_again() {
    let redis = TestRedis::start().await;
    let before = producer(&redis, OLD_KEY);
    put_exam(&before).await;
    push(&before, "a", 2_500).await;
    let rotating = producer(&redis, &format!("{NEW_KEY}{OLD_KEY}"));
    let first = rotating.reseal(0).await.unwrap();
    assert!(first.resealed > 0 && first.next_cursor.is_some(), "{first:?}");
    // Whoever did it is gone; the next one begins at the beginning.
    let again = rotating.reseal(0).await.unwrap();
    assert_eq!((again.connectors, again.resealed), (0, 0));
    assert_eq!(again.next_cursor, first.next_cursor);
}

#[tokio::test]
async fn what_does_not_open_is_counted_and_left_as_it_is() {
    let redis = TestRedis::start().await;
    let lost = producer(&redis, OLD_KEY);
    put_exam(&lost).await;
    push(&lost, "a", 3).await;
    let rotating = producer(&redis, NEW_KEY);
    let seen = usage(&rotating).await;
    let old = of(&seen, "old").unwrap();
    assert!((old.current, old.held) == (false, false), "{old:?}");
    let slice = rotating.reseal(0).await.unwrap();
    assert_eq!((slice.resealed, slice.unreadable, slice.connectors), (0, 3, 0));
    assert_eq!(slice.unreadable_connectors, ["acme".parse().unwrap()]);
    assert_eq!(of(&usage(&lost).await, "old").unwrap().payloads, 3);
}

#[tokio::test]
async fn a_job_that_runs_is_sealed_again_under_its_worker_s_hands() {
    let redis = TestRedis::start().await;
    let before = producer(&redis, OLD_KEY);
    put_exam(&before).await;
    push(&before, "a", 1).await;
    let worker = Name::new("w1").unwrap();
    let lease = Duration::from_mins(1);
    let claimed = before.queue().claim(Lane::Push, &worker, 1, lease).await.unwrap();
    let id = claimed[0].record.id;
    let rotating = producer(&redis, &format!("{NEW_KEY}{OLD_KEY}"));
    assert_eq!(rotating.reseal(0).await.unwrap().resealed, 1);

    let job = rotating.queue().job(id).await.unwrap().unwrap();
    assert_eq!((job.state, job.claims), (State::Running, 1));
    let vault = Vault::parse(&format!("{NEW_KEY}{INDEX_KEY}")).unwrap();
    assert!(Job::open(&job.kind, id, &job.payload.unwrap(), &vault).is_ok());
    let violations = rotating.queue().violations().await.unwrap();
    assert!(violations.is_empty(), "{violations:?}");
}
