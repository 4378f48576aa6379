//! The outcome table, row by row.

use std::time::Duration;

use passback_docebo::{Endpoint, Error, Failure};
use passback_producer::{Answer, Code};
use passback_queue::{AttemptRecord, Gate, JobId, JobRecord, Lane, State, Transition};
use rstest::rstest;

use crate::config::Limits;
use crate::decision::{Decision, Facts, Rules, decide};
use crate::outcome::{About, Finding, Happened, Pushed, Trouble};
use crate::tempo::Tempo;

pub(super) const NOW_MS: u64 = 1_763_800_000_000;
const SIX_HOURS_MS: u64 = 6 * 3600 * 1000;

pub(super) fn record(lane: Lane) -> JobRecord {
    JobRecord {
        id: JobId::from_parts(1, 1),
        lane,
        connector: "acme".to_owned(),
        key: None,
        kind: "push.v1".to_owned(),
        created_ms: NOW_MS - 1000,
        deadline_ms: (lane == Lane::Check).then_some(NOW_MS + 19_000),
        result_id: Some("r-1".to_owned()),
        about: Some("forklift-01".to_owned()),
        trace: None,
        state: State::Running,
        claims: 1,
        attempts: 0,
        crashes: 0,
        worker: None,
        since_ms: NOW_MS - 1000,
        due_ms: None,
        wake: None,
        code: None,
        born_ms: NOW_MS - 1000,
        history: Vec::new(),
        header: "".into(),
        payload: None,
    }
}

pub(super) fn decided(happened: &Happened, record: &JobRecord) -> Decision {
    decided_at(None, happened, record)
}

/// The decision when the connector's gate was last heard to be like that.
pub(super) fn decided_at(gate: Option<&Gate>, happened: &Happened, record: &JobRecord) -> Decision {
    let tempo = Tempo::default();
    let rules = Rules {
        limits: Limits::default(),
        push_retry: tempo.push_retry,
        check_retry: tempo.check_retry,
    };
    let about = About {
        connector: "acme".parse().unwrap(),
        exam: "forklift-01".parse().unwrap(),
        course_id: 146,
        email_hash: "0f3c".to_owned(),
        result_id: None,
    };
    let facts = Facts {
        record,
        about: Some(&about),
        gate,
        now_ms: NOW_MS,
        random: 7,
    };
    decide(happened, facts, &rules)
}

pub(super) fn failed(endpoint: Endpoint, failure: Failure) -> Happened {
    Happened::Failed(Trouble::Docebo(Error { endpoint, failure }))
}

pub(super) fn text() -> String {
    "said".to_owned()
}

pub(super) fn unavailable(retry_after: Option<u64>) -> Failure {
    Failure::Unavailable {
        status: 503,
        retry_after: retry_after.map(Duration::from_secs),
    }
}

pub(super) fn not_json() -> Failure {
    Failure::NotJson {
        status: 200,
        content_type: None,
        excerpt: text(),
    }
}

pub(super) fn shape() -> Failure {
    Failure::UnexpectedShape {
        detail: text(),
        excerpt: text(),
    }
}

/// What a decision does with a push, in short: the verb, and for a park the event and the next look.
pub(super) fn in_short(decision: &Decision) -> String {
    match &decision.transition {
        Transition::Park {
            wake, look_again_ms, ..
        } => format!("park {wake} {}", look_again_ms.unwrap_or(0) / 3_600_000),
        Transition::Snooze { delay_ms } => format!("snooze {}", delay_ms / 1000),
        other @ (Transition::Done
        | Transition::Superseded { .. }
        | Transition::Expired
        | Transition::Retry { .. }
        | Transition::Bury
        | Transition::Release) => other.verb().to_owned(),
    }
}

#[rstest]
#[case(Endpoint::UserSearch, Failure::Unreachable { detail: text() }, "retry", Code::DoceboUnreachable)]
#[case(Endpoint::EnrollmentWrite, Failure::Unreachable { detail: text() }, "retry", Code::DoceboUnreachable)]
#[case(Endpoint::EnrollmentRead, Failure::ConnectionLost { detail: text() }, "retry", Code::DoceboUnreachable)]
#[case(Endpoint::EnrollmentWrite, Failure::ConnectionLost { detail: text() }, "retry", Code::OutcomeUnknown)]
#[case(Endpoint::UserSearch, Failure::TimedOut, "retry", Code::DoceboTimedOut)]
#[case(Endpoint::EnrollmentWrite, Failure::TimedOut, "retry", Code::OutcomeUnknown)]
#[case(Endpoint::EnrollmentRead, unavailable(None), "retry", Code::DoceboUnavailable)]
#[case(Endpoint::EnrollmentWrite, unavailable(None), "retry", Code::OutcomeUnknown)]
#[case(
    Endpoint::EnrollmentRead,
    unavailable(Some(120)),
    "snooze 120",
    Code::DoceboUnavailable
)]
#[case(
    Endpoint::EnrollmentWrite,
    unavailable(Some(120)),
    "snooze 120",
    Code::OutcomeUnknown
)]
#[case(Endpoint::Token, Failure::Throttled { retry_after: Some(Duration::from_secs(90)) }, "snooze 90", Code::DoceboThrottled)]
#[case(Endpoint::UserSearch, Failure::Throttled { retry_after: None }, "snooze 1", Code::DoceboThrottled)]
#[case(Endpoint::Token, Failure::CertificateInvalid { detail: text() }, "park connector/acme 1", Code::CertificateInvalid)]
#[case(Endpoint::Token, Failure::CredentialsRefused { detail: text() }, "park connector/acme 6", Code::CredentialsRefused)]
#[case(Endpoint::EnrollmentWrite, Failure::Forbidden { detail: text() }, "park connector/acme 6", Code::Forbidden)]
#[case(Endpoint::UserSearch, not_json(), "park connector/acme 6", Code::UnexpectedPage)]
#[case(Endpoint::EnrollmentRead, shape(), "retry", Code::UnexpectedResponse)]
#[case(Endpoint::EnrollmentRead, Failure::Unexpected { status: 302, detail: text() }, "retry", Code::UnexpectedResponse)]
#[case(Endpoint::EnrollmentWrite, Failure::Rejected { status: 422, detail: text() }, "bury", Code::Rejected)]
#[case(Endpoint::EnrollmentWrite, Failure::NotFound { detail: text() }, "park enrollment/acme/146/0f3c 6", Code::EnrollmentNotFound)]
#[case(Endpoint::UserSearch, Failure::NotFound { detail: text() }, "retry", Code::UnexpectedResponse)]
fn a_push_goes_where_the_table_says(
    #[case] endpoint: Endpoint,
    #[case] failure: Failure,
    #[case] expected: &str,
    #[case] code: Code,
) {
    let decision = decided(&failed(endpoint, failure), &record(Lane::Push));
    assert_eq!((in_short(&decision).as_str(), decision.code), (expected, Some(code)));
    let ledger = match expected.split(' ').next().unwrap() {
        "park" => "parked",
        "bury" => "dead",
        _ => "retrying",
    };
    assert_eq!(decision.ledger_state, Some(ledger));
    assert_eq!(decision.answer, None);
}

#[rstest]
#[case(Failure::CertificateInvalid { detail: text() }, Code::CertificateInvalid)]
#[case(Failure::CredentialsRefused { detail: text() }, Code::CredentialsRefused)]
#[case(Failure::Forbidden { detail: text() }, Code::Forbidden)]
#[case(not_json(), Code::UnexpectedPage)]
#[case(Failure::Rejected { status: 400, detail: text() }, Code::Rejected)]
#[case(Failure::NotFound { detail: text() }, Code::UnexpectedResponse)]
#[case(Failure::Throttled { retry_after: Some(Duration::from_mins(1)) }, Code::DoceboThrottled)]
fn a_check_that_cannot_be_answered_is_unverified(#[case] failure: Failure, #[case] code: Code) {
    let decision = decided(&failed(Endpoint::UserSearch, failure), &record(Lane::Check));
    assert_eq!(decision.transition, Transition::Done);
    let answer = decision.answer.unwrap();
    assert_eq!((answer.answer, answer.code), (Answer::Unverified, code));
    assert_eq!(decision.ledger_state, None);
}

#[rstest]
#[case(Failure::Unreachable { detail: text() })]
#[case(Failure::ConnectionLost { detail: text() })]
#[case(Failure::TimedOut)]
#[case(unavailable(None))]
#[case(unavailable(Some(1)))]
#[case(Failure::Throttled { retry_after: None })]
#[case(shape())]
#[case(Failure::Unexpected { status: 302, detail: text() })]
fn a_check_with_time_left_is_tried_again_and_without_it_is_unverified(#[case] failure: Failure) {
    let happened = failed(Endpoint::EnrollmentRead, failure);
    let in_time = decided(&happened, &record(Lane::Check));
    assert!(matches!(in_time.transition, Transition::Retry { delay_ms } if delay_ms <= 2000));
    let late = JobRecord {
        deadline_ms: Some(NOW_MS + 100),
        ..record(Lane::Check)
    };
    let late = decided(&happened, &late);
    assert_eq!(late.answer.unwrap().answer, Answer::Unverified);
}

#[rstest]
#[case(
    Trouble::UserNotFound,
    Answer::NotEligible,
    Code::UserNotFound,
    "park user/acme/0f3c 6"
)]
#[case(
    Trouble::UserAmbiguous,
    Answer::NotEligible,
    Code::UserAmbiguous,
    "park user/acme/0f3c 6"
)]
#[case(
    Trouble::EnrollmentNotFound,
    Answer::NotEligible,
    Code::EnrollmentNotFound,
    "park enrollment/acme/146/0f3c 6"
)]
#[case(
    Trouble::ExamMissing,
    Answer::Unverified,
    Code::ExamMissing,
    "park exam/forklift-01 6"
)]
#[case(
    Trouble::ConnectorMissing,
    Answer::Unverified,
    Code::ConnectorMissing,
    "park exam/forklift-01 6"
)]
#[case(Trouble::Conflict { with: "r-0".into(), other: Box::default() }, Answer::Unverified, Code::Conflict, "park decision/r-1 6")]
#[case(Trouble::ExamMoved, Answer::Unverified, Code::ExamMoved, "park exam/forklift-01 6")]
fn our_own_troubles_have_their_rows(
    #[case] trouble: Trouble,
    #[case] answer: Answer,
    #[case] code: Code,
    #[case] push: &str,
) {
    let happened = Happened::Failed(trouble);
    let check = decided(&happened, &record(Lane::Check)).answer.unwrap();
    assert_eq!((check.answer, check.code), (answer, code));
    let decision = decided(&happened, &record(Lane::Push));
    assert_eq!((in_short(&decision).as_str(), decision.code), (push, Some(code)));
}

#[test]
fn what_cannot_be_read_waits_for_a_worker_that_can() {
    let happened = Happened::Failed(Trouble::Unreadable { detail: text() });
    for lane in Lane::ALL {
        let decision = decided(&happened, &record(lane));
        assert_eq!(in_short(&decision), "park unreadable/push.v1 6");
    }
}

#[test]
fn interrupted_work_goes_back_and_touches_no_ledger() {
    for trouble in [Trouble::Interrupted, Trouble::Unheard, Trouble::LeaseLost] {
        for lane in Lane::ALL {
            let decision = decided(&Happened::Failed(trouble.clone()), &record(lane));
            assert_eq!(
                (decision.transition, decision.ledger_state),
                (Transition::Release, None)
            );
        }
    }
}

#[rstest]
#[case(Pushed::Delivered, "done", None, "delivered")]
#[case(Pushed::NothingToDo, "done", Some(Code::NoOp), "no_op")]
#[case(Pushed::Superseded { by: "r-2".parse().unwrap() }, "superseded", Some(Code::Superseded), "superseded")]
fn a_push_that_ended_well_says_so(
    #[case] pushed: Pushed,
    #[case] verb: &str,
    #[case] code: Option<Code>,
    #[case] ledger: &str,
) {
    let decision = decided(&Happened::Pushed(pushed), &record(Lane::Push));
    assert_eq!(decision.transition.verb(), verb);
    assert_eq!((decision.code, decision.ledger_state), (code, Some(ledger)));
}

#[test]
fn a_check_answers_with_the_time_of_the_queue() {
    let (code, own) = (Code::Eligible, None);
    let found = Happened::Checked(Finding { code, own });
    let answer = decided(&found, &record(Lane::Check)).answer.unwrap();
    assert_eq!(answer.checked_at.as_millisecond(), i64::try_from(NOW_MS).unwrap());
    let out_of_time = Happened::Failed(Trouble::OutOfTime { last: None });
    let answer = decided(&out_of_time, &record(Lane::Check)).answer.unwrap();
    assert_eq!((answer.answer, answer.code), (Answer::Unverified, Code::DeadlinePassed));
}

#[rstest]
#[case(shape(), 23, "retry", Code::UnexpectedResponse)]
#[case(shape(), 24, "bury", Code::Exhausted)]
#[case(Failure::TimedOut, 23, "retry", Code::DoceboTimedOut)]
#[case(Failure::TimedOut, 24, "bury", Code::Exhausted)]
fn attempts_are_limited(#[case] failure: Failure, #[case] attempts: u32, #[case] verb: &str, #[case] code: Code) {
    let worn = JobRecord {
        attempts,
        ..record(Lane::Push)
    };
    let decision = decided(&failed(Endpoint::EnrollmentRead, failure), &worn);
    assert_eq!((decision.transition.verb(), decision.code), (verb, Some(code)));
}

#[rstest]
#[case(failed(Endpoint::Token, Failure::TimedOut), Code::Exhausted)]
#[case(failed(Endpoint::Token, Failure::Throttled { retry_after: None }), Code::Exhausted)]
#[case(Happened::Failed(Trouble::UserNotFound), Code::UserNotFound)]
#[case(Happened::Failed(Trouble::Conflict { with: "r-0".into(), other: Box::default() }), Code::Conflict)]
#[case(failed(Endpoint::Token, Failure::CredentialsRefused { detail: text() }), Code::CredentialsRefused)]
fn no_job_waits_for_ever(#[case] happened: Happened, #[case] code: Code) {
    let old = JobRecord {
        born_ms: NOW_MS - 15 * 4 * SIX_HOURS_MS,
        ..record(Lane::Push)
    };
    let decision = decided(&happened, &old);
    assert_eq!((decision.transition, decision.code), (Transition::Bury, Some(code)));
    assert_eq!(decision.ledger_state, Some("dead"));
}

#[rstest]
#[case(&["retry unexpected_response"; 3], "retry")]
#[case(&["retry unexpected_response"; 4], "bury")]
// Nothing that burned no attempt hides the row of those that did.
#[case(&["retry unexpected_response", "snooze docebo_throttled", "retry unexpected_response", "release shutting_down",
    "retry unexpected_response", "retry unexpected_response", "snooze docebo_throttled"], "bury")]
// Another trouble before or between is no sign that the answer cannot be read.
#[case(&["retry docebo_timed_out"; 20], "retry")]
#[case(&["retry unexpected_response", "retry unexpected_response", "retry docebo_timed_out",
    "retry unexpected_response", "retry unexpected_response"], "retry")]
fn an_answer_that_cannot_be_read_is_buried_after_five_in_a_row(#[case] story: &[&str], #[case] verb: &str) {
    let line = |told: &&str| {
        let (outcome, code) = told.split_once(' ').unwrap();
        AttemptRecord {
            outcome: outcome.to_owned(),
            code: code.to_owned(),
            ..AttemptRecord::default()
        }
    };
    let burned = story.iter().filter(|told| told.starts_with("retry")).count();
    let job = JobRecord {
        attempts: u32::try_from(burned).unwrap(),
        history: story.iter().map(line).collect(),
        ..record(Lane::Push)
    };
    let decision = decided(&failed(Endpoint::EnrollmentRead, shape()), &job);
    let expected = (verb, Some(Code::UnexpectedResponse));
    assert_eq!((decision.transition.verb(), decision.code), expected);
}

#[rstest]
#[case(408)]
#[case(500)]
#[case(502)]
fn only_a_503_pauses_and_any_other_fault_burns_an_attempt_but_waits_as_long_as_docebo_asks(#[case] status: u16) {
    let retry_after = Some(Duration::from_mins(5));
    let fault = Failure::Unavailable { status, retry_after };
    let decision = decided(&failed(Endpoint::EnrollmentRead, fault), &record(Lane::Push));
    assert_eq!(decision.transition, Transition::Retry { delay_ms: 300_000 });
    assert_eq!(decision.code, Some(Code::DoceboUnavailable));
}

#[test]
fn snoozes_in_a_row_grow_although_they_burn_nothing() {
    let snooze = AttemptRecord {
        outcome: "snooze".to_owned(),
        ..AttemptRecord::default()
    };
    let patient = JobRecord {
        history: vec![snooze; 9],
        ..record(Lane::Push)
    };
    let tempo = Tempo::default();
    let rules = Rules {
        limits: Limits::default(),
        push_retry: tempo.push_retry,
        check_retry: tempo.check_retry,
    };
    let facts = Facts {
        record: &patient,
        about: None,
        gate: None,
        now_ms: NOW_MS,
        random: 800_000,
    };
    let throttled = failed(Endpoint::Token, Failure::Throttled { retry_after: None });
    let decision = decide(&throttled, facts, &rules);
    assert_eq!(decision.transition, Transition::Snooze { delay_ms: 801_000 });
}
