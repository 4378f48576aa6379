//! Payloads walked, replaced and erased.

use std::collections::BTreeMap;

use passback_queue::{Discarded, JobId, Lane, NewJob, PayloadChange, ScannedJob, State, Transition};

use crate::results::{park, steps};
use crate::shard::{Shard, ann, ending, job, keyed, name};
use crate::tenants::of;

async fn scanned(shard: &Shard, count: usize) -> BTreeMap<JobId, ScannedJob> {
    let mut found = BTreeMap::new();
    let mut cursor = 0;
    loop {
        let page = shard.queue.scan_jobs(cursor, count).await.unwrap();
        found.extend(page.jobs.into_iter().map(|job| (job.id, job)));
        cursor = page.next;
        if cursor == 0 {
            return found;
        }
    }
}

#[tokio::test]
async fn a_scan_sees_every_living_job_with_its_payload() {
    let shard = Shard::start().await;
    let jobs: Vec<NewJob> = (0..1500).map(job).collect();
    shard.queue.enqueue_all(&jobs).await.unwrap();
    let check = NewJob {
        key: Some(name("acme/146/ab")),
        kind: name("check.v1"),
        payload: b"a\nb|c".to_vec(),
        ..of(2000, Lane::Check, "acme")
    };
    shard.queue.enqueue(&check).await.unwrap();
    let worker = name("w1");
    let claimed = shard.claim(&worker).await;
    shard.settle(&worker, ending(claimed[0].token, Transition::Done)).await;
    shard.settle(&worker, ending(claimed[1].token, Transition::Bury)).await;
    shard
        .redis
        .cli(&["HSET", "{passback:0}:v1:jobs:data", "odd", "odd"])
        .await;
    for count in [0, 10, 100_000] {
        let found = scanned(&shard, count).await;
        assert_eq!(found.len(), 1500, "all but the one that is done");
        let expected = ScannedJob {
            id: check.id,
            key: Some("acme/146/ab".to_owned()),
            kind: "check.v1".to_owned(),
            lane: Lane::Check,
            payload: check.payload.clone(),
        };
        assert_eq!(found[&check.id], expected);
        assert_eq!(found[&claimed[1].token.job].payload, b"payload 1");
    }
}

#[tokio::test]
async fn a_payload_is_replaced_if_it_is_still_what_was_seen() {
    let shard = Shard::start().await;
    shard.queue.enqueue_all(&[keyed(1, "k"), job(2), job(3)]).await.unwrap();
    let before = shard.contents().await;
    let change = |number: u64, old: &str, new: &[u8]| PayloadChange {
        id: job(number).id,
        old: old.as_bytes().to_vec(),
        new: new.to_vec(),
    };
    let refused = [
        change(1, "payload", b"new"),
        change(2, "payload 2 and more", b"new"),
        change(3, "", b"new"),
        change(4, "", b"new"),
    ];
    assert_eq!(shard.queue.replace_payloads(&refused).await.unwrap(), [false; 4]);
    assert_eq!(shard.contents().await, before);
    let record = shard.record(job(1).id).await;
    let sealed = b"sealed\n|\0\xff";
    let changes = [
        change(1, "payload 1", sealed),
        change(9, "payload 9", b"new"),
        change(2, "payload 2", b""),
    ];
    assert_eq!(
        shard.queue.replace_payloads(&changes).await.unwrap(),
        [true, false, true]
    );
    let mut expected = record;
    expected.payload = Some(sealed.to_vec());
    assert_eq!(shard.record(job(1).id).await, expected, "nothing else has changed");
    assert_eq!(shard.record(job(2).id).await.payload.as_deref(), Some(&b""[..]));
    assert_eq!(
        shard.record(job(3).id).await.payload.as_deref(),
        Some(&b"payload 3"[..])
    );
    shard.assert_sound().await;
}

#[tokio::test]
async fn a_running_jobs_payload_may_be_replaced_under_it() {
    let shard = Shard::start().await;
    let worker = name("w1");
    let jobs: Vec<NewJob> = (0..45).map(job).collect();
    shard.queue.enqueue_all(&jobs).await.unwrap();
    let claimed = shard.claim(&worker).await;
    let changes: Vec<PayloadChange> = jobs
        .iter()
        .map(|job| PayloadChange {
            id: job.id,
            old: job.payload.clone(),
            new: b"new".to_vec(),
        })
        .collect();
    assert_eq!(shard.queue.replace_payloads(&changes).await.unwrap(), [true; 45]);
    shard.settle(&worker, ending(claimed[0].token, Transition::Bury)).await;
    assert_eq!(
        shard.record(claimed[0].token.job).await.payload.as_deref(),
        Some(&b"new"[..])
    );
    shard.assert_sound().await;
}

#[tokio::test]
async fn an_erased_job_leaves_no_payload_and_its_row_says_why() {
    let shard = Shard::start().await;
    shard.with_case(1, park()).await;
    let running = shard.accept_and_claim(2).await;
    let jobs = [job(1).id, job(2).id, job(3).id];
    let before = shard.record(job(2).id).await;
    let verdicts = shard.queue.erase(&jobs, &ann()).await.unwrap();
    assert_eq!(verdicts, [Discarded::Discarded, Discarded::Running, Discarded::Unknown]);
    assert_eq!(shard.record(job(2).id).await, before, "a running one is left alone");
    let record = shard.record(job(1).id).await;
    assert_eq!(
        (record.state, record.code.as_deref(), record.payload),
        (State::Discarded, Some("erased"), None)
    );
    let note = record.history.last().unwrap();
    let said = (note.outcome.as_str(), note.actor.as_deref(), note.reason.as_deref());
    assert_eq!(said, ("erased", Some("ann"), Some("checked by phone")));
    let row = shard.row(1).await;
    assert_eq!(
        (row.state.as_str(), row.code.as_str(), row.case.as_ref()),
        ("discarded", "erased", None)
    );
    assert_eq!(steps(&row).last(), Some(&("discarded", "erased", "")));
    let contents = format!("{:?}", shard.contents().await);
    assert!(!contents.contains("payload 1"));
    assert_eq!(shard.queue.erase(&jobs[..1], &ann()).await.unwrap(), [Discarded::Ended]);
    shard.end(&running, Transition::Done, "delivered", "").await;
    shard.assert_sound().await;
}

#[tokio::test]
async fn what_no_version_can_read_leaves_nothing_when_it_is_erased() {
    let shard = Shard::start().await;
    let data = "{passback:0}:v1:jobs:data";
    for number in [1, 2] {
        shard.queue.enqueue(&job(number)).await.unwrap();
        let id = job(number).id.to_string();
        shard
            .redis
            .cli(&["HSET", data, &id, "a secret of another version"])
            .await;
    }
    shard.claim(&name("w1")).await;
    let [discarded, erased] = [1, 2].map(|number| [job(number).id]);
    assert_eq!(
        shard.queue.discard(&discarded, &ann()).await.unwrap(),
        [Discarded::Discarded]
    );
    let kept = format!("{:?}", shard.contents().await);
    assert_eq!(kept.matches("a secret").count(), 2, "a discarded one is kept as it is");
    assert_eq!(
        shard.queue.erase(&erased, &ann()).await.unwrap(),
        [Discarded::Discarded]
    );
    let kept = format!("{:?}", shard.contents().await);
    assert_eq!(kept.matches("a secret").count(), 1);
}
