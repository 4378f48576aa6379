//! A person decides the case of a result, and all that follows happens at once.

use passback_queue::{CaseVerdict, Decided, Lane, NewDecision, NewJob, Settlement, State, Subject, Transition};
use rstest::rstest;

use crate::results::{CASE, park, result_id, steps};
use crate::shard::{Shard, ann, ending, job, name};

fn keep_theirs(known: Option<&str>) -> CaseVerdict {
    CaseVerdict::KeepTheirs {
        known: known.map(str::to_owned),
    }
}

fn write_ours(version: Option<&str>) -> CaseVerdict {
    CaseVerdict::WriteOurs {
        decision: "allowed".to_owned(),
        version: version.map(|version| (version.to_owned(), "version 1".to_owned())),
    }
}

async fn decide(shard: &Shard, number: u64, verdict: CaseVerdict) -> Decided {
    decide_having_seen(shard, number, CASE, verdict).await
}

async fn decide_having_seen(shard: &Shard, number: u64, case: &str, verdict: CaseVerdict) -> Decided {
    let decision = NewDecision {
        result_id: result_id(number),
        case_seen: case.to_owned(),
        verdict,
    };
    shard.queue.decide(&decision, &ann()).await.unwrap()
}

#[rstest]
#[case::parked(park())]
#[case::dead(Transition::Bury)]
#[tokio::test]
async fn who_keeps_theirs_ends_the_job_and_what_docebo_holds_is_known(#[case] waits: Transition) {
    let shard = Shard::start().await;
    shard.with_case(1, waits).await;
    shard.set_subject(1, "intent", r#"{"result_id":"r-1"}"#).await;
    shard.set_subject(1, "decision", r#"{"result_id":"r-1"}"#).await;
    shard.clock.advance_ms(60_000);
    assert_eq!(decide(&shard, 1, keep_theirs(Some("theirs"))).await, Decided::Done);
    let expected = Subject {
        version: Some("version 1".to_owned()),
        known: Some("theirs".to_owned()),
        ..Subject::default()
    };
    assert_eq!(shard.subject(1).await, expected, "the version stays in force");
    let record = shard.record(job(1).id).await;
    assert_eq!(
        (record.state, record.code.as_deref()),
        (State::Discarded, Some("kept_theirs"))
    );
    let note = record.history.last().unwrap();
    let said = (note.outcome.as_str(), note.actor.as_deref(), note.reason.as_deref());
    assert_eq!(said, ("decided", Some("ann"), Some("checked by phone")));
    let row = shard.row(1).await;
    assert_eq!((row.state.as_str(), row.code.as_str()), ("discarded", "kept_theirs"));
    assert_eq!((row.case.as_ref(), row.case_job), (None, None));
    let last: Vec<_> = steps(&row).into_iter().rev().take(2).collect();
    assert_eq!(last, [("discarded", "kept_theirs", ""), ("decided", "", "keep_theirs")]);
    assert!(shard.open().await.is_empty());
    let told = shard.told_of_results().await;
    let (id, state, code) = told.last().unwrap();
    assert_eq!(
        (id.as_str(), state.as_str(), code.as_str()),
        ("r-1", "discarded", "kept_theirs")
    );
    shard.assert_sound().await;
}

#[tokio::test]
async fn who_keeps_theirs_without_saying_what_it_is_leaves_what_was_known() {
    let shard = Shard::start().await;
    shard.with_case(1, park()).await;
    shard.set_subject(1, "known", "before").await;
    assert_eq!(decide(&shard, 1, keep_theirs(None)).await, Decided::Done);
    assert_eq!(shard.subject(1).await.known.as_deref(), Some("before"));
}

#[tokio::test]
async fn who_keeps_theirs_leaves_alone_what_another_result_is_about_to_write() {
    let shard = Shard::start().await;
    shard.with_case(1, park()).await;
    let (intent, decision) = (r#"{"result_id":"r-2","after":1}"#, r#"{"result_id":"r-2"}"#);
    shard.set_subject(1, "intent", intent).await;
    shard.set_subject(1, "decision", decision).await;
    assert_eq!(decide(&shard, 1, keep_theirs(Some("theirs"))).await, Decided::Done);
    let expected = Subject {
        version: Some("version 1".to_owned()),
        known: None,
        intent: Some(intent.to_owned()),
        decision: Some(decision.to_owned()),
    };
    assert_eq!(shard.subject(1).await, expected);
    shard.assert_sound().await;
}

#[tokio::test]
async fn who_puts_another_version_in_force_than_was_seen_changes_nothing() {
    let shard = Shard::start().await;
    shard.with_case(1, park()).await;
    shard.set_subject(1, "version", "version 2").await;
    let before = shard.contents().await;
    assert_eq!(decide(&shard, 1, write_ours(Some("version 3"))).await, Decided::Changed);
    assert_eq!(shard.contents().await, before);
}

#[tokio::test]
async fn who_writes_ours_sends_a_parked_job_on() {
    let shard = Shard::start().await;
    shard.with_case(1, park()).await;
    shard.set_subject(1, "intent", "what was begun").await;
    let born_ms = shard.record(job(1).id).await.born_ms;
    shard.clock.advance_ms(60_000);
    assert_eq!(decide(&shard, 1, write_ours(None)).await, Decided::Done);
    let expected = Subject {
        version: Some("version 1".to_owned()),
        known: None,
        intent: Some("what was begun".to_owned()),
        decision: Some("allowed".to_owned()),
    };
    assert_eq!(shard.subject(1).await, expected, "what was begun is still unknown");
    let record = shard.record(job(1).id).await;
    assert_eq!((record.state, record.code, record.wake), (State::Ready, None, None));
    assert_eq!(record.born_ms, born_ms, "its age goes on");
    assert_eq!(record.history.last().unwrap().outcome, "decided");
    let row = shard.row(1).await;
    assert_eq!((row.state.as_str(), row.code.as_str()), ("accepted", ""));
    assert_eq!(steps(&row).last(), Some(&("decided", "", "write_ours")));
    assert_eq!(
        (row.case, row.case_job),
        (None, Some(job(1).id)),
        "its way is the row's, still"
    );
    assert_eq!(shard.open().await, ["r-1"]);
    shard.assert_sound().await;
    assert_eq!(shard.claim_one(&name("w2")).await.token.job, job(1).id);
}

#[tokio::test]
async fn who_writes_ours_gives_a_dead_job_a_new_life() {
    let shard = Shard::start().await;
    shard.with_case(1, Transition::Bury).await;
    shard.clock.advance_ms(60_000);
    assert_eq!(decide(&shard, 1, write_ours(Some("version 2"))).await, Decided::Done);
    assert_eq!(shard.subject(1).await.version.as_deref(), Some("version 2"));
    let record = shard.record(job(1).id).await;
    let seen = (record.state, record.attempts, record.crashes, record.born_ms);
    assert_eq!(seen, (State::Ready, 0, 0, shard.clock.now_ms()));
    assert_eq!(shard.row(1).await.attempts, 0, "a new life counts anew");
    shard.assert_sound().await;
    assert_eq!(shard.claim_one(&name("w2")).await.token.job, job(1).id);
}

/// A delivered result, and a job that looks after it, found a mismatch and waits.
async fn mismatch_found(shard: &Shard) {
    let claimed = shard.accept_and_claim(1).await;
    shard.end(&claimed, Transition::Done, "delivered", "").await;
    let verify = NewJob {
        lane: Lane::Background,
        ..job(9)
    };
    shard.queue.enqueue_for(&verify, &result_id(1)).await.unwrap();
    let worker = name("w1");
    let claimed = shard
        .queue
        .claim(Lane::Background, &worker, 1, crate::shard::LEASE)
        .await
        .unwrap();
    shard.note_case(1, 9).await;
    shard.settle(&worker, ending(claimed[0].token, park())).await;
    shard.assert_sound().await;
}

#[tokio::test]
async fn a_job_that_looks_after_a_result_may_wait_for_the_decision() {
    let shard = Shard::start().await;
    mismatch_found(&shard).await;
    assert_eq!(decide(&shard, 1, write_ours(None)).await, Decided::Done);
    assert_eq!(shard.record(job(9).id).await.state, State::Ready);
    let row = shard.row(1).await;
    assert_eq!(
        (row.state.as_str(), row.attempts),
        ("accepted", 1),
        "its job's attempts"
    );
    assert_eq!(shard.open().await, ["r-1"], "something is left to be done again");
    shard.assert_sound().await;

    let shard = Shard::start().await;
    mismatch_found(&shard).await;
    assert_eq!(decide(&shard, 1, keep_theirs(None)).await, Decided::Done);
    assert_eq!(shard.record(job(9).id).await.state, State::Discarded);
    assert_eq!(shard.row(1).await.state, "discarded");
    assert!(shard.open().await.is_empty());
    shard.assert_sound().await;
}

/// How a job ends that looks after a result.
async fn end_of_looking_after(shard: &Shard, transition: Transition, state: &'static str) {
    let worker = name("w1");
    let claimed = shard
        .queue
        .claim(Lane::Background, &worker, 1, crate::shard::LEASE)
        .await;
    let settlement = Settlement {
        ledger_state: Some(state),
        ..ending(claimed.unwrap()[0].token, transition)
    };
    shard.settle(&worker, settlement).await;
}

#[tokio::test]
async fn a_row_follows_who_looks_after_its_result_only_where_that_waits_for_a_decision_or_acts_on_one() {
    let shard = Shard::start().await;
    let claimed = shard.accept_and_claim(1).await;
    shard.end(&claimed, Transition::Done, "delivered", "").await;
    for number in [8, 9] {
        let verify = NewJob {
            lane: Lane::Background,
            ..job(number)
        };
        shard.queue.enqueue_for(&verify, &result_id(1)).await.unwrap();
    }
    end_of_looking_after(&shard, Transition::Bury, "dead").await;
    assert_eq!(shard.row(1).await.state, "delivered", "it could not look");
    shard.note_case(1, 9).await;
    end_of_looking_after(&shard, park(), "parked").await;
    assert_eq!(shard.row(1).await.state, "parked");
    assert_eq!(decide(&shard, 1, write_ours(None)).await, Decided::Done);
    end_of_looking_after(&shard, Transition::Retry { delay_ms: 1 }, "retrying").await;
    assert_eq!(shard.row(1).await.state, "retrying");
    shard.clock.advance_ms(1);
    shard.queue.promote().await.unwrap();
    end_of_looking_after(&shard, Transition::Bury, "dead").await;
    assert_eq!(shard.row(1).await.state, "dead");
    let by = ann();
    shard.queue.discard(&[job(8).id, job(9).id], &by).await.unwrap();
    let row = shard.row(1).await;
    assert_eq!((row.state.as_str(), row.attempts), ("discarded", 1));
    assert!(shard.open().await.is_empty());
    assert_eq!(
        shard.subject(1).await.version.as_deref(),
        Some("version 1"),
        "it was written"
    );
    shard.assert_sound().await;
}

#[tokio::test]
async fn a_decision_about_something_else_changes_nothing() {
    let shard = Shard::start().await;
    shard.with_case(1, park()).await;
    shard.accept(2).await;
    let before = shard.contents().await;
    for verdict in [keep_theirs(Some("theirs")), write_ours(Some("version 2"))] {
        let other = decide_having_seen(&shard, 1, r#"{"kind":"conflict"}"#, verdict.clone()).await;
        assert_eq!(other, Decided::Changed, "the person saw another case");
        let none = decide_having_seen(&shard, 2, "", verdict.clone()).await;
        assert_eq!(none, Decided::Changed, "there is no case");
        assert_eq!(decide(&shard, 3, verdict).await, Decided::Unknown);
    }
    assert_eq!(shard.contents().await, before);
}

#[tokio::test]
async fn a_decision_about_a_job_that_does_not_wait_changes_nothing() {
    let shard = Shard::start().await;
    let claimed = shard.accept_and_claim(1).await;
    shard.note_case(1, 1).await;
    let refused = |expected: Decided| {
        let shard = &shard;
        async move {
            let before = shard.contents().await;
            for verdict in [keep_theirs(Some("theirs")), write_ours(Some("version 2"))] {
                assert_eq!(decide(shard, 1, verdict).await, expected);
            }
            assert_eq!(shard.contents().await, before);
        }
    };
    refused(Decided::Running).await;
    let retry = Transition::Retry { delay_ms: 500 };
    shard.end(&claimed, retry, "retrying", "").await;
    refused(Decided::NotWaiting).await;
    shard.clock.advance_ms(500);
    shard.queue.promote().await.unwrap();
    refused(Decided::NotWaiting).await;
    shard.note_case(1, 77).await;
    refused(Decided::NotWaiting).await;
    let again = shard.claim_one(&name("w1")).await;
    shard.settle(&name("w1"), ending(again.token, Transition::Done)).await;
    shard.note_case(1, 1).await;
    refused(Decided::NotWaiting).await;
}

#[tokio::test]
async fn of_two_decisions_one_holds() {
    let shard = Shard::start().await;
    shard.with_case(1, park()).await;
    let (first, second) = tokio::join!(
        decide(&shard, 1, keep_theirs(None)),
        decide(&shard, 1, write_ours(None))
    );
    assert!(matches!(
        (first, second),
        (Decided::Done, Decided::Changed) | (Decided::Changed, Decided::Done)
    ));
    shard.assert_sound().await;
}
