//! The right to write, and what Docebo is known to hold.

use passback_queue::{ClaimToken, NewIntent, Permit, Subject, Transition, WrittenTo};
use rstest::rstest;

use crate::results::subject;
use crate::shard::{START_MS, Shard, ending, name};

const DAYS_400_MS: u64 = 400 * 24 * 3_600_000;

async fn permit(shard: &Shard, worker: &str, token: ClaimToken, seen: Option<&str>) -> Permit {
    let (worker, subject) = (name(worker), subject(1));
    let new = NewIntent {
        subject: &subject,
        version_seen: seen,
        intent: "what comes",
        written_to: None,
    };
    shard.queue.permit_write(&worker, token, new).await.unwrap()
}

#[tokio::test]
async fn a_permit_notes_the_intent_and_leaves_all_else() {
    let shard = Shard::start().await;
    let claimed = shard.accept_and_claim(1).await;
    shard.set_subject(1, "known", "before").await;
    shard.set_subject(1, "decision", "allowed").await;
    let before = shard.contents().await;
    assert_eq!(
        permit(&shard, "w1", claimed.token, Some("version 1")).await,
        Permit::Granted
    );
    let expected = Subject {
        version: Some("version 1".to_owned()),
        known: Some("before".to_owned()),
        intent: Some("what comes".to_owned()),
        decision: Some("allowed".to_owned()),
    };
    assert_eq!(shard.subject(1).await, expected);
    let mut after = shard.contents().await;
    after.extend(
        before
            .clone()
            .into_iter()
            .filter(|(key, _)| key == "subject:acme/146/1"),
    );
    assert_eq!(after, before, "only the subject has changed");
}

#[tokio::test]
async fn a_permit_is_refused_once_another_version_is_in_force() {
    let shard = Shard::start().await;
    let claimed = shard.accept_and_claim(1).await;
    let before = shard.contents().await;
    for seen in [None, Some("version 0"), Some("version 11")] {
        assert_eq!(permit(&shard, "w1", claimed.token, seen).await, Permit::Moved);
    }
    assert_eq!(shard.contents().await, before);
}

#[tokio::test]
async fn a_subject_without_a_version_may_be_written_by_who_saw_none() {
    let shard = Shard::start().await;
    let claimed = shard.accept_and_claim(1).await;
    shard
        .redis
        .cli(&["HDEL", "{passback:0}:v1:subject:acme/146/1", "version"])
        .await;
    assert_eq!(
        permit(&shard, "w1", claimed.token, Some("version 1")).await,
        Permit::Moved
    );
    assert_eq!(permit(&shard, "w1", claimed.token, None).await, Permit::Granted);
}

/// How a lease is lost.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Lost {
    ToAnotherWorker,
    ByAnOlderClaim,
    BySettling,
    NeverHeld,
}

#[rstest]
#[case::to_another_worker(Lost::ToAnotherWorker)]
#[case::by_an_older_claim(Lost::ByAnOlderClaim)]
#[case::by_settling(Lost::BySettling)]
#[case::never_held(Lost::NeverHeld)]
#[tokio::test]
async fn who_has_lost_the_lease_neither_writes_nor_says_what_docebo_holds(#[case] lost: Lost) {
    let shard = Shard::start().await;
    let worker = name("w1");
    let claimed = shard.accept_and_claim(1).await;
    let release = ending(claimed.token, Transition::Release);
    let mut token = claimed.token;
    match lost {
        Lost::ToAnotherWorker => {
            shard.settle(&worker, release).await;
            assert_eq!(shard.claim_one(&name("w2")).await.token.job, token.job);
        }
        Lost::ByAnOlderClaim => {
            shard.settle(&worker, release).await;
            shard.claim_one(&worker).await;
        }
        Lost::BySettling => {
            shard.settle(&worker, ending(token, Transition::Done)).await;
        }
        Lost::NeverHeld => token.job = crate::shard::job(77).id,
    }
    shard.set_subject(1, "intent", "what was begun").await;
    let before = shard.contents().await;
    assert_eq!(permit(&shard, "w1", token, Some("version 1")).await, Permit::LeaseLost);
    let noted = shard.queue.note_known(&worker, token, &subject(1), "after").await;
    assert!(!noted.unwrap());
    assert_eq!(shard.contents().await, before);
}

#[tokio::test]
async fn what_docebo_is_known_to_hold_ends_the_intent_and_the_decision() {
    let shard = Shard::start().await;
    let claimed = shard.accept_and_claim(1).await;
    shard.set_subject(1, "decision", "allowed").await;
    permit(&shard, "w1", claimed.token, Some("version 1")).await;
    let noted = shard
        .queue
        .note_known(&name("w1"), claimed.token, &subject(1), "after")
        .await;
    assert!(noted.unwrap());
    let expected = Subject {
        version: Some("version 1".to_owned()),
        known: Some("after".to_owned()),
        ..Subject::default()
    };
    assert_eq!(shard.subject(1).await, expected);
    shard.assert_sound().await;
}

#[tokio::test]
async fn a_subject_is_kept_as_long_as_a_row_from_its_last_write_on() {
    let shard = Shard::start().await;
    let claimed = shard.accept_and_claim(1).await;
    let expiry = || async {
        let key = "{passback:0}:v1:subject:acme/146/1";
        shard.redis.cli(&["PEXPIRETIME", key]).await
    };
    let after = |ms: u64| redis::Value::Int(i64::try_from(START_MS + DAYS_400_MS + ms).unwrap());
    assert_eq!(expiry().await, after(0));
    shard.clock.advance_ms(5);
    permit(&shard, "w1", claimed.token, Some("version 1")).await;
    assert_eq!(expiry().await, after(5));
    shard.clock.advance_ms(5);
    let worker = name("w1");
    let noted = shard
        .queue
        .note_known(&worker, claimed.token, &subject(1), "after")
        .await;
    assert!(noted.unwrap());
    assert_eq!(expiry().await, after(10));
}

#[tokio::test]
async fn whom_a_permit_lets_write_to_is_found_again_by_the_user_and_the_course() {
    let shard = Shard::start().await;
    let claimed = shard.accept_and_claim(1).await;
    let (worker, subject, acme) = (name("w1"), subject(1), name("acme"));
    let to = |user_id, course_id| WrittenTo {
        connector: &acme,
        platform: "acme.docebosaas.com",
        user_id,
        course_id,
    };
    let new = NewIntent {
        subject: &subject,
        version_seen: Some("version 1"),
        intent: "what comes",
        written_to: Some(to(13_827, 146)),
    };
    let refused = NewIntent {
        version_seen: None,
        ..new
    };
    let before = shard.contents().await;
    assert_eq!(
        shard.queue.permit_write(&worker, claimed.token, refused).await.unwrap(),
        Permit::Moved
    );
    assert_eq!(shard.contents().await, before, "a refusal notes nobody");
    for _ in 0..2 {
        assert_eq!(
            shard.queue.permit_write(&worker, claimed.token, new).await.unwrap(),
            Permit::Granted
        );
    }
    let found = async |user_id, course_id| shard.queue.subjects_written_to(to(user_id, course_id)).await.unwrap();
    assert_eq!(found(13_827, 146).await, std::slice::from_ref(&subject));
    assert!(found(13_827, 147).await.is_empty() && found(13_828, 146).await.is_empty());
    let elsewhere = WrittenTo {
        platform: "acme-sandbox.docebosaas.com",
        ..to(13_827, 146)
    };
    let stranger = shard.queue.subjects_written_to(elsewhere).await.unwrap();
    assert!(
        stranger.is_empty(),
        "the same number of another platform is somebody else"
    );
    for course_id in 1000..2100 {
        shard.clock.advance_ms(1);
        let new = NewIntent {
            written_to: Some(to(13_827, course_id)),
            ..new
        };
        shard.queue.permit_write(&worker, claimed.token, new).await.unwrap();
    }
    let kept = shard.queue.courses_written_to(&acme, "acme.docebosaas.com", 13_827);
    let kept = kept.await.unwrap();
    assert_eq!(
        (kept.len(), kept[0].0, kept[999].0),
        (1000, 1100, 2099),
        "the oldest go"
    );
    shard.assert_sound().await;
}
