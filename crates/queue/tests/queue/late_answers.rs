//! A check that is answered after its deadline has no answer.

use passback_queue::{AttemptRecord, EventOf, Lane, Settlement, State, Transition, Verdict};
use rstest::rstest;

use crate::shard::{LEASE, Shard, ending, name};
use crate::tenants::{check, id};

/// Ends a check of one second after a while.
async fn settled_after(shard: &Shard, ms: u64, transition: Transition) {
    let worker = name("w1");
    shard.queue.enqueue(&check(1, "acme", 1000)).await.unwrap();
    let claimed = shard.queue.claim(Lane::Check, &worker, 1, LEASE).await.unwrap();
    shard.clock.advance_ms(ms);
    let settlement = Settlement {
        code: Some(name("eligible")),
        answer: Some(b"{}".to_vec()),
        attempt: Some(AttemptRecord {
            outcome: "found".to_owned(),
            ..AttemptRecord::default()
        }),
        ..ending(claimed[0].token, transition.clone())
    };
    assert_eq!(shard.settle(&worker, settlement).await, Verdict::Settled);
    let again = ending(claimed[0].token, transition);
    assert_eq!(shard.settle(&worker, again).await, Verdict::Again);
    shard.assert_sound().await;
}

/// What the feed says of the check.
async fn told(shard: &Shard) -> Vec<(String, String, Option<Vec<u8>>)> {
    let of_check = |subject: EventOf| match subject {
        EventOf::Check {
            state, code, answer, ..
        } => (state, code, answer),
        EventOf::Result { .. } => panic!("there is no result"),
    };
    let events = shard.told().await;
    events.into_iter().map(|event| of_check(event.subject)).collect()
}

#[tokio::test]
async fn an_answer_in_the_last_millisecond_is_one() {
    let shard = Shard::start().await;
    settled_after(&shard, 999, Transition::Done).await;
    assert_eq!(shard.record(id(1)).await.state, State::Done);
    assert_eq!(shard.queue.answer(id(1)).await.unwrap().as_deref(), Some(&b"{}"[..]));
    let expected = ("done".to_owned(), "eligible".to_owned(), Some(b"{}".to_vec()));
    assert_eq!(told(&shard).await, [expected]);
}

#[rstest]
#[case::done(Transition::Done)]
#[case::expired(Transition::Expired)]
#[case::retry(Transition::Retry { delay_ms: 100 })]
#[case::snooze(Transition::Snooze { delay_ms: 100 })]
#[case::park(Transition::Park { wake: name("connector/acme"), also: None, look_again_ms: None })]
#[case::release(Transition::Release)]
#[tokio::test]
async fn a_late_answer_is_on_record_and_not_delivered(#[case] transition: Transition) {
    let shard = Shard::start().await;
    settled_after(&shard, 1000, transition).await;
    let record = shard.record(id(1)).await;
    assert_eq!(
        (record.state, record.code.as_deref()),
        (State::Expired, Some("deadline_passed"))
    );
    assert_eq!(record.history[0].outcome, "found");
    assert_eq!(shard.queue.answer(id(1)).await.unwrap(), None);
    let expected = ("expired".to_owned(), "deadline_passed".to_owned(), None);
    assert_eq!(told(&shard).await, [expected]);
}

#[tokio::test]
async fn a_late_check_that_a_person_must_see_is_kept_for_them_without_an_answer() {
    let shard = Shard::start().await;
    settled_after(&shard, 1000, Transition::Bury).await;
    assert_eq!(shard.record(id(1)).await.state, State::Dead);
    assert_eq!(shard.queue.answer(id(1)).await.unwrap(), None);
    let expected = ("dead".to_owned(), "eligible".to_owned(), None);
    assert_eq!(told(&shard).await, [expected]);
}

#[tokio::test]
async fn a_push_past_its_deadline_is_done_all_the_same() {
    let shard = Shard::start().await;
    let worker = name("w1");
    let push = passback_queue::NewJob {
        ttl_ms: Some(1000),
        ..crate::shard::job(1)
    };
    shard.queue.enqueue(&push).await.unwrap();
    let claimed = shard.claim_one(&worker).await;
    shard.clock.advance_ms(1000);
    shard.settle(&worker, ending(claimed.token, Transition::Done)).await;
    assert_eq!(shard.record(id(1)).await.state, State::Done);
    assert!(shard.told().await.is_empty(), "it carries no result");
}

#[tokio::test]
async fn a_late_check_frees_its_key() {
    let shard = Shard::start().await;
    let worker = name("w1");
    let keyed = |number| passback_queue::NewJob {
        key: Some(name("k")),
        ..check(number, "acme", 1000 * number)
    };
    shard.queue.enqueue_all(&[keyed(1), keyed(2)]).await.unwrap();
    let claimed = shard.queue.claim(Lane::Check, &worker, 5, LEASE).await.unwrap();
    assert_eq!(claimed.len(), 1);
    shard.clock.advance_ms(1500);
    shard
        .settle(&worker, ending(claimed[0].token, Transition::Release))
        .await;
    shard.assert_sound().await;
    let next = shard.queue.claim(Lane::Check, &worker, 5, LEASE).await.unwrap();
    assert_eq!(next[0].token.job, id(2));
}
