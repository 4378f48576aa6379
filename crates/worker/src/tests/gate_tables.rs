//! The rows of the outcome table that have to do with gates and budgets, and what a closed gate makes of the others.

use std::time::Duration;

use passback_docebo::{Endpoint, Failure};
use passback_producer::{Answer, Code};
use passback_queue::{AttemptRecord, Failing, Gate, JobRecord, Lane, Transition};
use rstest::rstest;

use super::tables::{NOW_MS, decided, decided_at, failed, in_short, not_json, record, shape, text, unavailable};
use crate::call_guard::failing_of;
use crate::outcome::{Happened, Trouble};

fn held(why: &str, wait_s: Option<u64>) -> Failure {
    Failure::Held {
        why: why.to_owned(),
        wait: wait_s.map(Duration::from_secs),
    }
}

fn closed(for_s: Option<u64>) -> Gate {
    Gate::Closed {
        code: "docebo_unavailable".to_owned(),
        since_ms: NOW_MS - 1,
        until_ms: for_s.map(|seconds| NOW_MS + seconds * 1000),
    }
}

fn throttled(retry_after_s: Option<u64>) -> Failure {
    Failure::Throttled {
        retry_after: retry_after_s.map(Duration::from_secs),
    }
}

fn unreachable() -> Failure {
    Failure::Unreachable { detail: text() }
}

#[rstest]
#[case(held("docebo_throttled", Some(60)), "snooze 60", Code::DoceboThrottled)]
#[case(held("docebo_unreachable", Some(30)), "snooze 30", Code::DoceboUnreachable)]
#[case(held("quota_used_up", Some(1200)), "snooze 1200", Code::QuotaUsedUp)]
#[case(held("store_unavailable", Some(1)), "snooze 1", Code::StoreUnavailable)]
#[case(held("credentials_refused", None), "park connector/acme 6", Code::CredentialsRefused)]
#[case(held("a word of tomorrow", Some(7)), "snooze 7", Code::DoceboThrottled)]
fn a_push_whose_call_is_held_waits_as_long_as_it_is_told(
    #[case] failure: Failure,
    #[case] expected: &str,
    #[case] code: Code,
) {
    let happened = failed(Endpoint::UserSearch, failure);
    for attempts in [0, 24] {
        let job = JobRecord {
            attempts,
            ..record(Lane::Push)
        };
        let decision = decided(&happened, &job);
        assert_eq!((in_short(&decision).as_str(), decision.code), (expected, Some(code)));
    }
}

#[test]
fn a_held_push_comes_back_at_its_time_however_often_it_was_held() {
    let snooze = AttemptRecord {
        outcome: "snooze".to_owned(),
        ..AttemptRecord::default()
    };
    let patient = JobRecord {
        history: vec![snooze; 20],
        ..record(Lane::Push)
    };
    let decision = decided(&failed(Endpoint::Token, held("quota_used_up", Some(60))), &patient);
    assert!(
        matches!(decision.transition, Transition::Snooze { delay_ms } if (60_000..=66_000).contains(&delay_ms)),
        "{decision:?}"
    );
}

#[rstest]
#[case(held("credentials_refused", None), Code::CredentialsRefused)]
#[case(held("docebo_throttled", Some(3600)), Code::DoceboThrottled)]
#[case(held("quota_used_up", Some(3600)), Code::QuotaUsedUp)]
fn a_check_that_is_held_past_its_deadline_is_unverified_for_that_reason(#[case] failure: Failure, #[case] code: Code) {
    let answer = decided(&failed(Endpoint::Token, failure), &record(Lane::Check)).answer;
    let answer = answer.unwrap();
    assert_eq!((answer.answer, answer.code), (Answer::Unverified, code));
}

#[test]
fn a_check_that_is_held_for_a_moment_is_tried_again_after_it() {
    let decision = decided(
        &failed(Endpoint::Token, held("docebo_unavailable", Some(3))),
        &record(Lane::Check),
    );
    assert_eq!(decision.transition, Transition::Retry { delay_ms: 3000 });
}

#[rstest]
#[case(unreachable(), "snooze 30", Code::DoceboUnreachable)]
#[case(Failure::ConnectionLost { detail: text() }, "snooze 30", Code::OutcomeUnknown)]
#[case(Failure::TimedOut, "snooze 30", Code::OutcomeUnknown)]
#[case(unavailable(None), "snooze 30", Code::OutcomeUnknown)]
#[case(unavailable(Some(120)), "snooze 120", Code::OutcomeUnknown)]
#[case(throttled(None), "snooze 30", Code::DoceboThrottled)]
#[case(throttled(Some(10)), "snooze 30", Code::DoceboThrottled)]
#[case(throttled(Some(90)), "snooze 90", Code::DoceboThrottled)]
// These wait for somebody who puts it right.
#[case(Failure::CertificateInvalid { detail: text() }, "park connector/acme 1", Code::CertificateInvalid)]
#[case(Failure::CredentialsRefused { detail: text() }, "park connector/acme 6", Code::CredentialsRefused)]
#[case(Failure::Forbidden { detail: text() }, "park connector/acme 6", Code::Forbidden)]
#[case(not_json(), "park connector/acme 6", Code::UnexpectedPage)]
// These are the job's own.
#[case(shape(), "bury", Code::Exhausted)]
#[case(Failure::Unexpected { status: 302, detail: text() }, "bury", Code::Exhausted)]
#[case(Failure::Rejected { status: 422, detail: text() }, "bury", Code::Rejected)]
#[case(Failure::NotFound { detail: text() }, "park enrollment/acme/146/0f3c 6", Code::EnrollmentNotFound)]
fn at_a_closed_gate_what_its_connector_failed_costs_a_push_no_attempt(
    #[case] failure: Failure,
    #[case] expected: &str,
    #[case] code: Code,
) {
    let last_attempt = JobRecord {
        attempts: 24,
        ..record(Lane::Push)
    };
    let happened = failed(Endpoint::EnrollmentWrite, failure);
    let decision = decided_at(Some(&closed(Some(30))), &happened, &last_attempt);
    assert_eq!((in_short(&decision).as_str(), decision.code), (expected, Some(code)));
}

#[rstest]
#[case(unreachable(), Code::DoceboUnreachable)]
#[case(throttled(Some(10)), Code::DoceboThrottled)]
fn a_gate_that_only_a_person_opens_parks_what_its_connector_failed(#[case] failure: Failure, #[case] code: Code) {
    let happened = failed(Endpoint::UserSearch, failure);
    let decision = decided_at(Some(&closed(None)), &happened, &record(Lane::Push));
    assert_eq!(in_short(&decision), "park connector/acme 6");
    assert_eq!((decision.code, decision.ledger_state), (Some(code), Some("parked")));
}

#[rstest]
#[case(None)]
#[case(Some(Gate::Open { failures: 4 }))]
#[case(Some(Gate::Ramping { code: text(), since_ms: NOW_MS, window: 1 }))]
#[case(Some(Gate::Closed { code: text(), since_ms: 1, until_ms: Some(NOW_MS) }))]
fn at_any_other_gate_a_failed_attempt_counts(#[case] gate: Option<Gate>) {
    let happened = failed(Endpoint::UserSearch, unreachable());
    let decision = decided_at(gate.as_ref(), &happened, &record(Lane::Push));
    assert!(matches!(decision.transition, Transition::Retry { .. }), "{decision:?}");
    let last_attempt = JobRecord {
        attempts: 24,
        ..record(Lane::Push)
    };
    let decision = decided_at(gate.as_ref(), &happened, &last_attempt);
    assert_eq!(decision.transition, Transition::Bury);
}

#[rstest]
#[case(Trouble::Panicked)]
#[case(Trouble::Cut)]
fn what_the_worker_failed_itself_counts_at_a_closed_gate_too(#[case] trouble: Trouble) {
    let decision = decided_at(Some(&closed(Some(30))), &Happened::Failed(trouble), &record(Lane::Push));
    assert!(matches!(decision.transition, Transition::Retry { .. }), "{decision:?}");
}

#[rstest]
#[case(unreachable(), Some(30), Code::Exhausted)]
#[case(held("docebo_unavailable", Some(30)), None, Code::Exhausted)]
#[case(held("credentials_refused", None), None, Code::CredentialsRefused)]
fn no_push_waits_at_a_gate_for_ever(#[case] failure: Failure, #[case] gate: Option<u64>, #[case] code: Code) {
    let old = JobRecord {
        born_ms: NOW_MS - 15 * 24 * 3600 * 1000,
        ..record(Lane::Push)
    };
    let gate = gate.map(|seconds| closed(Some(seconds)));
    let decision = decided_at(gate.as_ref(), &failed(Endpoint::Token, failure), &old);
    assert_eq!((decision.transition, decision.code), (Transition::Bury, Some(code)));
}

#[rstest]
#[case(unreachable(), Some(Failing::Down))]
#[case(Failure::ConnectionLost { detail: text() }, Some(Failing::Down))]
#[case(Failure::TimedOut, Some(Failing::Down))]
#[case(unavailable(None), Some(Failing::Down))]
#[case(unavailable(Some(120)), Some(Failing::Throttled { wait: Duration::from_mins(2) }))]
#[case(Failure::Unavailable { status: 500, retry_after: Some(Duration::from_mins(2)) }, Some(Failing::Down))]
#[case(Failure::CertificateInvalid { detail: text() }, Some(Failing::DownForSure))]
#[case(throttled(None), Some(Failing::Throttled { wait: Duration::ZERO }))]
#[case(throttled(Some(90)), Some(Failing::Throttled { wait: Duration::from_secs(90) }))]
#[case(Failure::CredentialsRefused { detail: text() }, Some(Failing::Refused))]
#[case(Failure::Forbidden { detail: text() }, Some(Failing::Forbidden))]
#[case(not_json(), Some(Failing::Forbidden))]
#[case(held("docebo_throttled", None), None)]
#[case(shape(), None)]
#[case(Failure::Rejected { status: 422, detail: text() }, None)]
#[case(Failure::NotFound { detail: text() }, None)]
#[case(Failure::Unexpected { status: 302, detail: text() }, None)]
fn the_queue_hears_what_the_connector_failed_and_nothing_else(
    #[case] failure: Failure,
    #[case] failing: Option<Failing>,
) {
    assert_eq!(failing_of(&failure), failing);
}
