//! Enqueue and claim: exactly once in, one at a time out, tenants in turn.

use passback_queue::{Enqueued, Lane, NewJob, State, Transition};

use crate::shard::{LEASE, Shard, ending, job, keyed, name};

#[tokio::test]
async fn a_job_is_stored_once_however_often_it_is_sent() {
    let shard = Shard::start().await;
    assert_eq!(shard.queue.enqueue(&job(1)).await.unwrap(), Enqueued::Stored);
    let before = shard.contents().await;
    assert_eq!(shard.queue.enqueue(&job(1)).await.unwrap(), Enqueued::Duplicate);
    assert_eq!(shard.contents().await, before, "a duplicate changes nothing");
    shard.assert_sound().await;
}

#[tokio::test]
async fn a_job_that_has_ended_is_still_known() {
    let shard = Shard::start().await;
    let worker = name("w1");
    shard.queue.enqueue(&job(1)).await.unwrap();
    let claimed = shard.claim_one(&worker).await;
    shard.settle(&worker, ending(claimed.token, Transition::Done)).await;
    assert_eq!(shard.queue.enqueue(&job(1)).await.unwrap(), Enqueued::Duplicate);
    assert!(shard.claim(&worker).await.is_empty());
}

#[tokio::test]
async fn a_bulk_says_for_each_job_what_became_of_it() {
    let shard = Shard::start().await;
    shard.queue.enqueue(&job(150)).await.unwrap();
    let jobs: Vec<NewJob> = (0..1000).map(job).collect();
    let verdicts = shard.queue.enqueue_all(&jobs).await.unwrap();
    assert_eq!(verdicts.len(), 1000);
    assert_eq!(
        verdicts
            .iter()
            .filter(|verdict| **verdict == Enqueued::Duplicate)
            .count(),
        1
    );
    assert_eq!(verdicts[150], Enqueued::Duplicate);
    assert_eq!(shard.queue.counts().await.unwrap().living[&State::Ready], 1000);
    shard.assert_sound().await;
}

#[tokio::test]
async fn a_claim_leases_jobs_in_order_and_writes_who_and_when_first() {
    let shard = Shard::start().await;
    let worker = name("w1");
    for number in 1..=3 {
        shard.queue.enqueue(&job(number)).await.unwrap();
    }
    shard.clock.advance_ms(5);
    let claimed = shard.queue.claim(Lane::Push, &worker, 2, LEASE).await.unwrap();
    let ids: Vec<_> = claimed.iter().map(|claimed| claimed.token.job).collect();
    assert_eq!(ids, [job(1).id, job(2).id]);
    assert_eq!(claimed[0].record.payload.as_deref(), Some(&b"payload 1"[..]));
    let record = shard.record(job(1).id).await;
    assert_eq!(record.state, State::Running);
    assert_eq!(record.worker.as_deref(), Some("w1"));
    assert_eq!(record.since_ms, shard.clock.now_ms());
    assert_eq!(record.due_ms, Some(shard.clock.now_ms() + 60_000));
    assert_eq!((record.claims, record.attempts), (1, 0));
    assert_eq!(shard.record(job(3).id).await.state, State::Ready);
    shard.assert_sound().await;
}

#[tokio::test]
async fn a_claim_with_nothing_ready_changes_nothing() {
    let shard = Shard::start().await;
    let before = shard.contents().await;
    assert!(shard.claim(&name("w1")).await.is_empty());
    assert_eq!(shard.contents().await, before);
}

#[tokio::test]
async fn lanes_do_not_see_each_others_jobs() {
    let shard = Shard::start().await;
    shard
        .queue
        .enqueue(&NewJob {
            lane: Lane::Check,
            ..job(1)
        })
        .await
        .unwrap();
    assert!(shard.claim(&name("w1")).await.is_empty());
    assert_eq!(
        shard
            .queue
            .claim(Lane::Check, &name("w1"), 10, LEASE)
            .await
            .unwrap()
            .len(),
        1
    );
    shard.assert_sound().await;
}

#[tokio::test]
async fn two_jobs_of_one_key_never_run_at_once_and_keep_their_order() {
    let shard = Shard::start().await;
    let (first, second) = (name("w1"), name("w2"));
    let jobs = [
        keyed(1, "acme/146/ab"),
        keyed(2, "acme/146/ab"),
        keyed(3, "acme/146/ab"),
        job(4),
    ];
    shard.queue.enqueue_all(&jobs).await.unwrap();
    let claimed = shard.claim(&first).await;
    let ids: Vec<_> = claimed.iter().map(|claimed| claimed.token.job).collect();
    assert_eq!(
        ids,
        [job(1).id, job(4).id],
        "the others of the key wait without blocking the lane"
    );
    assert!(shard.claim(&second).await.is_empty());
    shard.assert_sound().await;
    shard.settle(&first, ending(claimed[0].token, Transition::Done)).await;
    shard.assert_sound().await;
    let next = shard.claim_one(&second).await;
    assert_eq!(next.token.job, job(2).id);
    shard
        .settle(&second, ending(next.token, Transition::Retry { delay_ms: 1000 }))
        .await;
    assert_eq!(
        shard.claim_one(&second).await.token.job,
        job(3).id,
        "a retry frees its key while it waits"
    );
    shard.assert_sound().await;
}

#[tokio::test]
async fn a_key_holds_over_both_lanes() {
    let shard = Shard::start().await;
    let worker = name("w1");
    shard.queue.enqueue(&keyed(1, "acme/146/ab")).await.unwrap();
    shard
        .queue
        .enqueue(&NewJob {
            lane: Lane::Check,
            ..keyed(2, "acme/146/ab")
        })
        .await
        .unwrap();
    let push = shard.claim_one(&worker).await;
    assert!(
        shard
            .queue
            .claim(Lane::Check, &worker, 10, LEASE)
            .await
            .unwrap()
            .is_empty()
    );
    shard.settle(&worker, ending(push.token, Transition::Done)).await;
    assert_eq!(
        shard.queue.claim(Lane::Check, &worker, 10, LEASE).await.unwrap().len(),
        1
    );
    shard.assert_sound().await;
}

#[tokio::test]
async fn a_tenant_with_a_long_queue_delays_another_by_one_turn_at_most() {
    let shard = Shard::start().await;
    let long: Vec<NewJob> = (0..1000).map(job).collect();
    shard.queue.enqueue_all(&long).await.unwrap();
    shard
        .queue
        .enqueue(&NewJob {
            connector: name("borealis"),
            ..job(5000)
        })
        .await
        .unwrap();
    let mut before = 0;
    loop {
        let claimed = shard.claim(&name("w1")).await;
        assert!(!claimed.is_empty());
        if let Some(at) = claimed
            .iter()
            .position(|claimed| claimed.record.connector == "borealis")
        {
            before += at;
            break;
        }
        before += claimed.len();
    }
    assert!(before <= 25, "{before} jobs of the other tenant went first");
}

#[tokio::test]
async fn a_job_past_its_deadline_expires_unrun() {
    let shard = Shard::start().await;
    shard
        .queue
        .enqueue(&NewJob {
            ttl_ms: Some(1000),
            ..job(1)
        })
        .await
        .unwrap();
    shard.clock.advance_ms(1000);
    assert!(shard.claim(&name("w1")).await.is_empty());
    let record = shard.record(job(1).id).await;
    assert_eq!(
        (record.state, record.code.as_deref()),
        (State::Expired, Some("deadline_passed"))
    );
    assert_eq!(record.claims, 0, "it never ran");
    shard.assert_sound().await;
}

#[tokio::test]
async fn a_record_of_another_version_is_kept_for_a_person() {
    let shard = Shard::start().await;
    shard.queue.enqueue(&job(1)).await.unwrap();
    let id = job(1).id.to_string();
    shard
        .redis
        .cli(&["HSET", "{passback:0}:v1:jobs:data", &id, "from the future"])
        .await;
    assert!(shard.claim(&name("w1")).await.is_empty());
    let contents = shard.contents().await;
    assert!(
        contents["dead"].contains(&id),
        "it stands among the dead: {contents:#?}"
    );
    assert!(
        contents["jobs:data"].contains("from the future"),
        "nothing of it is lost"
    );
}

#[tokio::test]
async fn what_was_leased_without_the_workers_knowing_is_given_back() {
    let shard = Shard::start().await;
    let worker = name("w1");
    shard
        .queue
        .enqueue_all(&[job(1), keyed(2, "k"), keyed(3, "k")])
        .await
        .unwrap();
    let claimed = shard.claim(&worker).await;
    assert_eq!(claimed.len(), 2);
    let given_back = shard.queue.unclaim(Lane::Push, &worker, &[job(1).id]).await.unwrap();
    assert_eq!(given_back, 1);
    shard.assert_sound().await;
    let record = shard.record(job(2).id).await;
    assert_eq!((record.state, record.attempts, record.crashes), (State::Ready, 0, 0));
    let verdict = shard.settle(&worker, ending(claimed[1].token, Transition::Done)).await;
    assert_eq!(
        verdict,
        passback_queue::Verdict::Fenced,
        "the lost lease is worth nothing any more"
    );
    assert_eq!(
        shard.claim_one(&worker).await.token.job,
        job(2).id,
        "it stands before the one behind it"
    );
}

#[tokio::test]
async fn a_broken_state_record_stops_none_of_its_neighbours() {
    let shard = Shard::start().await;
    let worker = name("w1");
    shard
        .queue
        .enqueue_all(&[job(1), job(2), job(3), NewJob { delay_ms: 10, ..job(4) }])
        .await
        .unwrap();
    for number in [2, 4] {
        let id = job(number).id.to_string();
        shard
            .redis
            .cli(&["HSET", "{passback:0}:v1:jobs:meta", &id, "from|the|future"])
            .await;
    }
    let claimed = shard.claim(&worker).await;
    let ids: Vec<_> = claimed.iter().map(|claimed| claimed.token.job).collect();
    assert_eq!(ids, [job(1).id, job(3).id]);
    shard.clock.advance_ms(10);
    shard.queue.promote().await.unwrap();
    for number in [2, 4] {
        let record = shard.record(job(number).id).await;
        assert_eq!(
            (record.state, record.code.as_deref()),
            (State::Dead, Some("unreadable")),
            "job {number}"
        );
    }
    shard.assert_sound().await;
}

#[tokio::test]
async fn a_dead_letter_that_nobody_can_read_can_be_ended_by_a_person() {
    let shard = Shard::start().await;
    shard.queue.enqueue(&job(1)).await.unwrap();
    let id = job(1).id.to_string();
    shard
        .redis
        .cli(&["HSET", "{passback:0}:v1:jobs:data", &id, "from the future"])
        .await;
    shard.claim(&name("w1")).await;
    let ended = shard.queue.discard(&[job(1).id], &crate::shard::ann()).await.unwrap();
    assert_eq!(ended, [passback_queue::Discarded::Discarded]);
    let contents = shard.contents().await;
    assert!(
        !contents.contains_key("dead") && !contents.contains_key("jobs:data"),
        "{contents:#?}"
    );
    assert!(
        contents.values().any(|value| value.contains("from the future")),
        "it is kept until it expires"
    );
}

#[tokio::test]
async fn a_lease_is_the_workers_until_it_ends_and_nobody_elses() {
    let shard = Shard::start().await;
    let worker = name("w1");
    shard.queue.enqueue(&job(1)).await.unwrap();
    let claimed = shard.claim_one(&worker).await;
    assert!(shard.queue.holds(&worker, claimed.token).await.unwrap());
    assert!(!shard.queue.holds(&name("w2"), claimed.token).await.unwrap());
    shard.settle(&worker, ending(claimed.token, Transition::Release)).await;
    assert!(!shard.queue.holds(&worker, claimed.token).await.unwrap());
    let again = shard.claim_one(&worker).await;
    assert!(
        !shard.queue.holds(&worker, claimed.token).await.unwrap(),
        "another lease is another right"
    );
    assert!(shard.queue.holds(&worker, again.token).await.unwrap());
}

#[tokio::test]
async fn a_job_that_nobody_can_read_does_not_strand_those_behind_it() {
    let shard = Shard::start().await;
    let worker = name("w1");
    shard
        .queue
        .enqueue_all(&[keyed(1, "k"), keyed(2, "k"), keyed(3, "k")])
        .await
        .unwrap();
    let claimed = shard.claim_one(&worker).await;
    let id = job(2).id.to_string();
    shard
        .redis
        .cli(&["HSET", "{passback:0}:v1:jobs:data", &id, "from the future"])
        .await;
    shard.settle(&worker, ending(claimed.token, Transition::Done)).await;
    assert_eq!(shard.claim_one(&worker).await.token.job, job(3).id);
    assert!(shard.contents().await["dead"].contains(&id), "it waits for a person");
    shard.assert_sound().await;
}
