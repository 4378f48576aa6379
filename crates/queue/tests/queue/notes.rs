//! What is noted on a result's row beside its job's settlements.

use passback_queue::{ClaimToken, Name, Noted, RowNote, Transition};

use crate::results::{CASE, note, steps};
use crate::shard::{START_MS, Shard, job, name};

/// A note of a confirmation, as a webhook brings it.
fn confirmed(number: u64) -> RowNote {
    RowNote {
        from: &["delivered"],
        state: Some("confirmed"),
        step: "confirmed",
        reference: "course.enrollment.completed".to_owned(),
        ..note(number)
    }
}

/// A note that a person must look at what was found.
fn mismatch(number: u64) -> RowNote {
    RowNote {
        from: &["delivered", "confirmed"],
        state: Some("parked"),
        step: "parked",
        code: "verify_mismatch".to_owned(),
        ..note(number)
    }
}

#[tokio::test]
async fn a_note_moves_a_row_from_the_states_it_names() {
    let shard = Shard::start().await;
    let claimed = shard.accept_and_claim(1).await;
    let before = shard.contents().await;
    assert!(
        !shard.queue.note(&confirmed(1)).await.unwrap(),
        "it is not delivered yet"
    );
    assert!(!shard.queue.note(&confirmed(2)).await.unwrap(), "there is no such row");
    assert_eq!(shard.contents().await, before);
    shard.end(&claimed, Transition::Done, "delivered", "").await;
    assert!(shard.queue.note(&confirmed(1)).await.unwrap());
    let row = shard.row(1).await;
    assert_eq!((row.state.as_str(), row.attempts), ("confirmed", 1));
    assert_eq!(
        steps(&row).last(),
        Some(&("confirmed", "", "course.enrollment.completed"))
    );
    assert!(!shard.queue.note(&confirmed(1)).await.unwrap(), "once is enough");
    shard.assert_sound().await;
}

#[tokio::test]
async fn a_note_of_a_worker_whose_job_went_to_another_one_changes_nothing() {
    let shard = Shard::start().await;
    let claimed = shard.accept_and_claim(1).await;
    let worker = name("w1");
    let noted = async |worker: &Name, token: ClaimToken| {
        let note = RowNote {
            from: &[],
            ..confirmed(1)
        };
        shard.queue.note_under_lease(worker, token, &note).await.unwrap()
    };
    let before = shard.contents().await;
    let later = ClaimToken {
        claim: claimed.token.claim + 1,
        ..claimed.token
    };
    assert_eq!(noted(&worker, later).await, Noted::LeaseLost);
    assert_eq!(noted(&name("w2"), claimed.token).await, Noted::LeaseLost);
    assert_eq!(shard.contents().await, before);
    assert_eq!(noted(&worker, claimed.token).await, Noted::Yes);
    assert_eq!(shard.row(1).await.state, "confirmed");
}

#[tokio::test]
async fn a_late_note_of_an_end_leaves_the_case_of_another_job_alone() {
    let shard = Shard::start().await;
    let claimed = shard.accept_and_claim(1).await;
    shard.end(&claimed, Transition::Done, "delivered", "").await;
    shard.note_case(1, 2).await;
    let before = shard.contents().await;
    assert!(!shard.queue.note(&confirmed(1)).await.unwrap());
    assert_eq!(shard.contents().await, before);
    let row = shard.row(1).await;
    assert_eq!((row.case.as_deref(), row.case_job), (Some(CASE), Some(job(2).id)));
}

#[tokio::test]
async fn the_job_that_has_the_case_may_note_its_end() {
    let shard = Shard::start().await;
    let claimed = shard.accept_and_claim(1).await;
    shard.note_case(1, 1).await;
    let proved = RowNote {
        from: &[],
        ..confirmed(1)
    };
    let noted = shard.queue.note_under_lease(&name("w1"), claimed.token, &proved).await;
    assert_eq!(noted.unwrap(), Noted::Yes);
    assert_eq!(shard.row(1).await.case_job, None);
}

#[tokio::test]
async fn a_note_without_a_state_adds_its_step_and_nothing_else() {
    let shard = Shard::start().await;
    shard.accept(1).await;
    let sent = RowNote {
        step: "sent",
        code: "why".to_owned(),
        ..note(1)
    };
    shard.clock.advance_ms(3);
    assert!(shard.queue.note(&sent).await.unwrap());
    let row = shard.row(1).await;
    assert_eq!((row.state.as_str(), row.code.as_str()), ("accepted", ""));
    assert_eq!(steps(&row), [("accepted", "", ""), ("sent", "why", "")]);
    assert_eq!(row.steps[1].at_ms, START_MS + 3);
    assert!(shard.told().await.is_empty());
    shard.assert_sound().await;
}

#[tokio::test]
async fn a_note_holds_whatever_text_it_is_given() {
    let shard = Shard::start().await;
    shard.accept(1).await;
    let texts = ["a \"quoted\" word", "two\nlines", "back\\slash/slash", "Prüfung – 試験"];
    for text in texts {
        let odd = RowNote {
            state: Some("retrying"),
            step: "seen",
            code: text.to_owned(),
            reference: text.to_owned(),
            ..note(1)
        };
        assert!(shard.queue.note(&odd).await.unwrap());
        assert_eq!(shard.row(1).await.code, text);
    }
    let row = shard.row(1).await;
    let expected: Vec<_> = texts.iter().map(|text| ("seen", *text, *text)).collect();
    assert_eq!(steps(&row)[1..], expected);
}

#[tokio::test]
async fn notes_do_not_let_a_row_grow_without_end() {
    let shard = Shard::start().await;
    shard.accept(1).await;
    for number in 0..300 {
        let sent = RowNote {
            step: "sent",
            reference: format!("attempt {number}"),
            ..note(1)
        };
        assert!(shard.queue.note(&sent).await.unwrap());
    }
    let row = shard.row(1).await;
    assert_eq!(row.steps[0].step, "accepted", "the first step stays");
    assert!(row.steps.len() < 300);
    assert_eq!(row.steps.last().unwrap().reference, "attempt 299");
}

#[tokio::test]
async fn a_case_stands_in_the_row_until_its_result_ends() {
    let shard = Shard::start().await;
    let claimed = shard.accept_and_claim(1).await;
    assert_eq!(shard.row(1).await.case, None);
    shard.note_case(1, 1).await;
    shard
        .end(&claimed, Transition::Retry { delay_ms: 0 }, "retrying", "")
        .await;
    let row = shard.row(1).await;
    assert_eq!((row.case.as_deref(), row.case_job), (Some(CASE), Some(job(1).id)));
    shard.queue.promote().await.unwrap();
    let again = shard.claim_one(&crate::shard::name("w1")).await;
    shard.end(&again, Transition::Done, "delivered", "").await;
    let row = shard.row(1).await;
    assert_eq!((row.case, row.case_job), (None, None), "nothing is left to decide");
    shard.assert_sound().await;
}

#[tokio::test]
async fn a_row_that_is_opened_again_is_open_and_kept_as_long_as_a_new_one() {
    let shard = Shard::start().await;
    let claimed = shard.accept_and_claim(1).await;
    shard.end(&claimed, Transition::Done, "delivered", "").await;
    assert!(shard.open().await.is_empty());
    shard.clock.advance_ms(1000);
    assert!(shard.queue.note(&mismatch(1)).await.unwrap());
    let page = shard.queue.open_results(u64::MAX, None, 10).await.unwrap();
    assert_eq!(page.results, [("r-1".to_owned(), START_MS + 1000)]);
    let expiry = shard.redis.cli(&["PEXPIRETIME", "{passback:0}:v1:ledger:r-1"]).await;
    let days_400 = 400 * 24 * 3_600_000;
    assert_eq!(
        expiry,
        redis::Value::Int(i64::try_from(START_MS + 1000 + days_400).unwrap())
    );
    shard.assert_sound().await;
}

#[tokio::test]
async fn a_note_of_a_successor_is_a_pointer() {
    let shard = Shard::start().await;
    shard.accept(1).await;
    let superseded = RowNote {
        state: Some("superseded"),
        step: "superseded",
        reference: "r-2".to_owned(),
        ..note(1)
    };
    let claimed = shard.claim_one(&crate::shard::name("w1")).await;
    shard.end(&claimed, Transition::Done, "delivered", "").await;
    assert!(shard.queue.note(&superseded).await.unwrap());
    assert_eq!(shard.row(1).await.superseded_by.as_deref(), Some("r-2"));
}
