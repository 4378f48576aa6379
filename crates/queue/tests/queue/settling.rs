//! Settle: every way an attempt can end, and the fence around it.

use passback_queue::{AttemptRecord, Settlement, State, Transition, Verdict};
use rstest::rstest;

use crate::shard::{Shard, ending, job, keyed, name};

fn attempt(outcome: &str) -> AttemptRecord {
    AttemptRecord {
        attempt: 1,
        claim: 1,
        outcome: outcome.to_owned(),
        duration_ms: 12,
        ..AttemptRecord::default()
    }
}

#[tokio::test]
async fn a_job_that_is_done_keeps_its_record_and_loses_its_payload() {
    let shard = Shard::start().await;
    let worker = name("w1");
    shard.queue.enqueue(&job(1)).await.unwrap();
    let claimed = shard.claim_one(&worker).await;
    let settlement = Settlement {
        attempt: Some(attempt("done")),
        answer: Some(b"{\"answer\":\"eligible\"}".to_vec()),
        ..ending(claimed.token, Transition::Done)
    };
    assert_eq!(shard.settle(&worker, settlement).await, Verdict::Settled);
    let record = shard.record(job(1).id).await;
    assert_eq!((record.state, record.attempts, record.payload), (State::Done, 1, None));
    assert_eq!(record.history, [attempt("done")]);
    assert_eq!(record.about.as_deref(), Some("forklift-01"));
    let answer = shard.queue.answer(job(1).id).await.unwrap();
    assert_eq!(answer.as_deref(), Some(&b"{\"answer\":\"eligible\"}"[..]));
    shard.assert_sound().await;
}

#[tokio::test]
async fn a_finished_record_expires_by_redis_and_not_before_its_time() {
    let shard = Shard::start().await;
    let worker = name("w1");
    shard.queue.enqueue_all(&[job(1), job(2)]).await.unwrap();
    let claimed = shard.claim(&worker).await;
    let bucket = format!("{{passback:0}}:v1:finished:{}", &job(1).id.to_string()[..6]);
    shard.settle(&worker, ending(claimed[0].token, Transition::Done)).await;
    let week_ms = 7 * 24 * 3_600_000;
    let expiry = shard.redis.cli(&["PEXPIRETIME", &bucket]).await;
    assert_eq!(
        expiry,
        redis::Value::Int(i64::try_from(shard.clock.now_ms() + week_ms).unwrap())
    );
    shard.clock.advance_ms(60_000);
    shard.settle(&worker, ending(claimed[1].token, Transition::Done)).await;
    let later = shard.redis.cli(&["PEXPIRETIME", &bucket]).await;
    assert_eq!(
        later,
        redis::Value::Int(i64::try_from(shard.clock.now_ms() + week_ms).unwrap())
    );
}

#[rstest]
#[case::retry(Transition::Retry { delay_ms: 500 }, State::Scheduled, 1)]
#[case::snooze(Transition::Snooze { delay_ms: 500 }, State::Scheduled, 0)]
#[case::park(Transition::Park { wake: name("user/acme/ab"), also: None, look_again_ms: None }, State::Parked, 0)]
#[case::bury(Transition::Bury, State::Dead, 1)]
#[case::release(Transition::Release, State::Ready, 0)]
#[case::superseded(Transition::Superseded { by: name("r-2") }, State::Superseded, 1)]
#[case::expired(Transition::Expired, State::Expired, 0)]
#[tokio::test]
async fn an_attempt_ends_where_it_should(#[case] transition: Transition, #[case] state: State, #[case] attempts: u32) {
    let shard = Shard::start().await;
    let worker = name("w1");
    shard.queue.enqueue_all(&[keyed(1, "k"), keyed(2, "k")]).await.unwrap();
    let claimed = shard.claim_one(&worker).await;
    let settlement = Settlement {
        code: Some(name("why")),
        ..ending(claimed.token, transition)
    };
    assert_eq!(shard.settle(&worker, settlement).await, Verdict::Settled);
    let record = shard.record(job(1).id).await;
    assert_eq!(
        (record.state, record.attempts, record.code.as_deref()),
        (state, attempts, Some("why"))
    );
    assert_eq!(record.since_ms, shard.clock.now_ms());
    shard.assert_sound().await;
    let next = shard.claim_one(&worker).await.token.job;
    let expected = if state == State::Ready { 1 } else { 2 };
    assert_eq!(next, job(expected).id, "the key is free for the next in line");
}

#[tokio::test]
async fn a_stale_claim_token_changes_nothing() {
    let shard = Shard::start().await;
    let (first, second) = (name("w1"), name("w2"));
    shard.queue.enqueue(&job(1)).await.unwrap();
    let old = shard.claim_one(&first).await;
    shard.settle(&first, ending(old.token, Transition::Release)).await;
    let new = shard.claim_one(&second).await;
    let before = shard.contents().await;
    assert_eq!(
        shard.settle(&first, ending(old.token, Transition::Done)).await,
        Verdict::Fenced
    );
    assert_eq!(
        shard.settle(&first, ending(new.token, Transition::Done)).await,
        Verdict::Fenced
    );
    assert_eq!(
        shard.settle(&first, ending(old.token, Transition::Bury)).await,
        Verdict::Fenced
    );
    assert_eq!(shard.contents().await, before);
    assert_eq!(
        shard.settle(&second, ending(new.token, Transition::Done)).await,
        Verdict::Settled
    );
    assert_eq!(shard.queue.counts().await.unwrap().counters["fenced"], 3);
}

#[rstest]
#[case::finished(Transition::Done)]
#[case::scheduled(Transition::Retry { delay_ms: 500 })]
#[case::dead(Transition::Bury)]
#[tokio::test]
async fn a_settle_whose_answer_was_lost_can_be_repeated(#[case] transition: Transition) {
    let shard = Shard::start().await;
    let worker = name("w1");
    shard.queue.enqueue(&job(1)).await.unwrap();
    let claimed = shard.claim_one(&worker).await;
    assert_eq!(
        shard.settle(&worker, ending(claimed.token, transition.clone())).await,
        Verdict::Settled
    );
    let before = shard.contents().await;
    assert_eq!(
        shard.settle(&worker, ending(claimed.token, transition)).await,
        Verdict::Again
    );
    assert_eq!(shard.contents().await, before);
}

#[tokio::test]
async fn one_bad_settlement_does_not_stop_its_neighbours() {
    let shard = Shard::start().await;
    let worker = name("w1");
    shard.queue.enqueue_all(&[job(1), job(2)]).await.unwrap();
    let claimed = shard.claim(&worker).await;
    let mut stale = claimed[0].token;
    stale.claim = 9;
    let unknown = passback_queue::ClaimToken {
        job: job(77).id,
        claim: 1,
    };
    let batch = [
        ending(unknown, Transition::Done),
        ending(stale, Transition::Done),
        ending(claimed[1].token, Transition::Done),
    ];
    let verdicts = shard.queue.settle(&worker, &batch).await.unwrap();
    assert_eq!(verdicts, [Verdict::Fenced, Verdict::Fenced, Verdict::Settled]);
    assert_eq!(shard.record(job(1).id).await.state, State::Running);
    shard.assert_sound().await;
}

#[tokio::test]
async fn the_history_is_bounded_and_keeps_the_latest() {
    let shard = Shard::start().await;
    let worker = name("w1");
    shard.queue.enqueue(&job(1)).await.unwrap();
    for round in 0..200_u32 {
        let claimed = shard.claim_one(&worker).await;
        let attempt = AttemptRecord {
            attempt: round + 1,
            detail: Some("x".repeat(300)),
            ..attempt("snooze")
        };
        let snooze = ending(claimed.token, Transition::Snooze { delay_ms: 0 });
        shard
            .settle(
                &worker,
                Settlement {
                    attempt: Some(attempt),
                    ..snooze
                },
            )
            .await;
        shard.queue.promote().await.unwrap();
    }
    let history = shard.record(job(1).id).await.history;
    assert!(history.len() > 50 && history.len() < 200, "{} lines", history.len());
    assert_eq!(history.last().unwrap().attempt, 200);
}
