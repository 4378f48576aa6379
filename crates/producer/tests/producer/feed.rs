//! The feed of final answers, as a program that embeds the producer reads it.

use std::time::Duration;

use passback_producer::{Answer, CheckAnswer, CheckEvent, Code, FeedEvent, FeedSubject, Outcome, OwnResult};
use passback_queue::{Intervention, Lane, Name, Transition};

use crate::fixture::{End, Fixture, NOW_MS, passed, question};

/// Only a test that fails needs it.
const LONG: Duration = Duration::from_mins(2);
/// More than fit into that time if a waiter were not told, and only looked for itself every five seconds.
const ROUNDS: u32 = 30;

async fn all(fixture: &Fixture) -> Vec<FeedEvent> {
    fixture.producer.feed(None, 100).await.unwrap().events
}

async fn only_check(fixture: &Fixture) -> CheckEvent {
    let told = all(fixture).await.pop().and_then(|event| match event.of {
        FeedSubject::Check(check) => Some(check),
        FeedSubject::Result(_) => None,
    });
    told.expect("a check has ended")
}

/// Ends the push that waits.
async fn end_push(fixture: &Fixture, transition: Transition, code: Option<&str>, state: &'static str) {
    let claimed = fixture.claim(Lane::Push).await;
    let end = End {
        code,
        ledger_state: Some(state),
        ..End::default()
    };
    fixture.settle(claimed.token, transition, end).await;
}

#[tokio::test]
async fn a_superseded_result_names_its_successor_and_what_never_changes() {
    let fixture = Fixture::start().await;
    fixture.producer.push(&passed("r-1")).await.unwrap();
    let by = Name::new("r-2").unwrap();
    end_push(
        &fixture,
        Transition::Superseded { by },
        Some("superseded"),
        "superseded",
    )
    .await;
    let events = all(&fixture).await;
    let [
        FeedEvent {
            of: FeedSubject::Result(event),
            at,
            ..
        },
    ] = events.as_slice()
    else {
        panic!("{events:?}");
    };
    assert_eq!(at.as_millisecond(), i64::try_from(NOW_MS).unwrap());
    assert_eq!((event.result_id.as_str(), event.state.as_str()), ("r-1", "superseded"));
    assert_eq!(
        (event.exam_id.as_deref(), event.connector.as_deref()),
        (Some("forklift-01"), Some("acme"))
    );
    assert_eq!(
        (event.outcome, event.superseded_by.as_deref()),
        (Some(Outcome::Passed), Some("r-2"))
    );
    assert!(event.title.is_some());
}

#[tokio::test]
async fn a_result_whose_row_is_gone_is_told_all_the_same() {
    let fixture = Fixture::start().await;
    fixture.producer.push(&passed("r-1")).await.unwrap();
    end_push(&fixture, Transition::Done, None, "delivered").await;
    fixture.redis.cli(&["DEL", "{passback:0}:v1:ledger:r-1"]).await;
    let events = all(&fixture).await;
    let [
        FeedEvent {
            of: FeedSubject::Result(event),
            ..
        },
    ] = events.as_slice()
    else {
        panic!("{events:?}");
    };
    assert_eq!(
        (event.result_id.as_str(), &event.exam_id, event.outcome),
        ("r-1", &None, None)
    );
}

#[tokio::test]
async fn a_row_that_cannot_be_read_holds_up_no_event() {
    let fixture = Fixture::start().await;
    for id in ["r-1", "r-2"] {
        fixture.producer.push(&passed(id)).await.unwrap();
        end_push(&fixture, Transition::Done, None, "delivered").await;
    }
    let spoil = ["HSET", "{passback:0}:v1:ledger:r-1", "job", "spoilt"];
    fixture.redis.cli(&spoil).await;
    assert!(fixture.producer.result("r-1").await.is_err());
    let events = all(&fixture).await;
    let told = events.iter().filter_map(|event| match &event.of {
        FeedSubject::Result(result) => Some((result.result_id.as_str(), result.state.as_str(), result.outcome)),
        FeedSubject::Check(_) => None,
    });
    let expected = [("r-1", "delivered", None), ("r-2", "delivered", Some(Outcome::Passed))];
    assert_eq!(told.collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn a_check_is_told_with_its_answer_and_the_result_of_ours_behind_it() {
    let fixture = Fixture::start().await;
    let id = fixture.producer.check(&question()).await.unwrap();
    let own_result = OwnResult {
        result_id: "r-0".to_owned(),
        written_at: "2026-11-21T09:30:00Z".parse().unwrap(),
    };
    let answer = CheckAnswer {
        exam_id: "forklift-01".parse().unwrap(),
        answer: Answer::NotEligible,
        code: Code::AlreadyCompleted,
        checked_at: "2026-11-22T09:30:01Z".parse().unwrap(),
        own_result: Some(own_result.clone()),
    };
    let claimed = fixture.claim(Lane::Check).await;
    let end = End {
        answer: Some(answer.to_bytes()),
        ..End::default()
    };
    fixture.settle(claimed.token, Transition::Done, end).await;
    let check = only_check(&fixture).await;
    assert_eq!(
        (check.id, check.answer, check.code),
        (id, Answer::NotEligible, Code::AlreadyCompleted)
    );
    assert_eq!(
        (check.exam_id.as_deref(), check.own_result),
        (Some("forklift-01"), Some(own_result))
    );
}

#[tokio::test]
async fn a_check_that_ended_unanswered_is_told_as_whoever_asks_for_it_sees_it() {
    for ended_by_a_person in [false, true] {
        let fixture = Fixture::start().await;
        let id = fixture.producer.check(&question()).await.unwrap();
        let queue = fixture.producer.queue();
        if ended_by_a_person {
            let by = Intervention {
                actor: "ann".to_owned(),
                reason: "asked by mistake".to_owned(),
                at_ms: NOW_MS,
            };
            queue.cancel(&[id], &by).await.unwrap();
        } else {
            fixture.clock.advance_ms(21_000);
            queue.promote().await.unwrap();
        }
        let told = only_check(&fixture).await;
        let seen = fixture.producer.check_view(id).await.unwrap().unwrap();
        assert_eq!((told.id, told.exam_id.as_deref()), (id, Some("forklift-01")));
        assert_eq!((Some(told.answer), Some(told.code)), (seen.answer, seen.code));
        assert_eq!(told.answer, Answer::Unverified);
    }
}

#[tokio::test]
async fn whoever_waits_in_another_process_is_told_of_every_event() {
    let fixture = Fixture::start().await;
    let reader = fixture.another_producer();
    let mut cursor = reader.feed_end().await.unwrap();
    let rounds = async {
        for number in 0..ROUNDS {
            let mut result = passed(&format!("r-{number}"));
            result.email = format!("candidate{number}@example.org");
            fixture.producer.push(&result).await.unwrap();
            let waiting = reader.wait_for_feed(Some(&cursor), 10, LONG);
            let ending = end_push(&fixture, Transition::Done, None, "delivered");
            let (page, ()) = tokio::join!(waiting, ending);
            let page = page.unwrap();
            assert_eq!((page.events.len(), page.gap, page.more), (1, false, false));
            assert_eq!(page.next_cursor.as_ref(), Some(&page.events[0].cursor));
            cursor.clone_from(&page.events[0].cursor);
        }
    };
    tokio::time::timeout(LONG, rounds).await.unwrap();
}

#[tokio::test]
async fn whoever_waits_goes_on_after_an_outage() {
    let fixture = Fixture::start().await;
    fixture.producer.push(&passed("r-1")).await.unwrap();
    let cursor = fixture.producer.feed_end().await.unwrap();
    // Subscribed, and then cut off.
    let page = fixture
        .producer
        .wait_for_feed(Some(&cursor), 10, Duration::ZERO)
        .await
        .unwrap();
    assert_eq!(page.events.len(), 0);
    fixture.redis.restart().await;
    let look = async || fixture.producer.wait_for_feed(Some(&cursor), 10, LONG).await;
    let looking = async {
        loop {
            match look().await {
                Ok(page) => break page,
                Err(error) => assert!(error.is_transient(), "{error}"),
            }
        }
    };
    let ending = async {
        while fixture.producer.queue().ping().await.is_err() {
            tokio::task::yield_now().await;
        }
        end_push(&fixture, Transition::Done, None, "delivered").await;
    };
    let (page, ()) = tokio::join!(tokio::time::timeout(LONG, looking), ending);
    assert_eq!(page.unwrap().events.len(), 1);
}
