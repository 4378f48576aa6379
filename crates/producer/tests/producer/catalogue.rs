//! Every code has a message that helps.

use std::collections::BTreeSet;

use passback_docebo::Failure;
use passback_producer::{Actor, Code, failure_code};
use rstest::rstest;

#[test]
fn every_code_has_a_message_that_helps() {
    let mut texts = BTreeSet::new();
    let mut titles = BTreeSet::new();
    for code in Code::ALL {
        let entry = code.entry();
        assert_eq!(entry.code, code.as_str());
        assert_eq!(code.as_str().parse(), Ok(*code));
        assert!(texts.insert(code.as_str()), "{code} twice");
        assert!(titles.insert(entry.title), "{code}: a title twice");
        let snake = |c: char| c.is_ascii_lowercase() || c == '_';
        assert!(code.as_str().chars().all(snake), "{code}");
        assert!(!entry.title.is_empty() && !entry.title.ends_with('.'), "{code}: title");
        assert!(
            entry.explanation.len() > 30 && entry.explanation.ends_with('.'),
            "{code}: explanation"
        );
        assert!(!entry.explanation.contains("  "), "{code}: spaces in the explanation");
        assert!(!entry.resolution.is_empty(), "{code}: no resolution");
        for step in entry.resolution {
            assert!(step.len() >= 10 && step.ends_with(['.', '?']), "{code}: {step}");
        }
        assert!(
            entry.http_status.is_none_or(|status| (400..600).contains(&status)),
            "{code}"
        );
    }
    assert_eq!(Code::ALL.len(), 82);
}

#[rstest]
#[case(Code::CredentialsRefused, "Docebo authentication is not valid")]
#[case(Code::UserNotFound, "User not found")]
#[case(Code::EnrollmentNotFound, "Enrollment Not Found")]
fn the_seed_s_messages_stand_word_for_word(#[case] code: Code, #[case] title: &str) {
    assert_eq!(code.entry().title, title);
}

#[test]
fn who_must_act_is_never_nobody_where_something_waits_for_a_person() {
    for code in [
        Code::CredentialsRefused,
        Code::Rejected,
        Code::Exhausted,
        Code::Conflict,
        Code::UserNotFound,
    ] {
        assert_ne!(code.entry().who_acts, Actor::Nobody, "{code}");
    }
}

#[test]
fn a_code_reads_back_from_json_and_an_unknown_one_does_not() {
    let json = serde_json::to_string(&Code::UserNotFound).unwrap();
    assert_eq!(json, "\"user_not_found\"");
    assert_eq!(serde_json::from_str::<Code>(&json).unwrap(), Code::UserNotFound);
    assert!(serde_json::from_str::<Code>("\"nonsense\"").is_err());
}

/// One of each, and the code of its message. The match has no wildcard: a new failure does not compile without one.
fn of_every_failure() -> Vec<(Failure, Code)> {
    let text = || "said so".to_owned();
    let failures = [
        Failure::Held {
            why: Code::Paused.as_str().to_owned(),
            wait: None,
        },
        Failure::Unreachable { detail: text() },
        Failure::CertificateInvalid { detail: text() },
        Failure::ConnectionLost { detail: text() },
        Failure::TimedOut,
        Failure::Throttled { retry_after: None },
        Failure::Unavailable {
            status: 503,
            retry_after: None,
        },
        Failure::CredentialsRefused { detail: text() },
        Failure::Forbidden { detail: text() },
        Failure::NotJson {
            status: 200,
            content_type: None,
            excerpt: text(),
        },
        Failure::UnexpectedShape {
            detail: text(),
            excerpt: text(),
        },
        Failure::Rejected {
            status: 422,
            detail: text(),
        },
        Failure::NotFound { detail: text() },
        Failure::Unexpected {
            status: 418,
            detail: text(),
        },
    ];
    let expected = |failure: &Failure| match failure {
        // The guard's own word.
        Failure::Held { .. } => Code::Paused,
        Failure::Unreachable { .. } | Failure::ConnectionLost { .. } => Code::DoceboUnreachable,
        Failure::CertificateInvalid { .. } => Code::CertificateInvalid,
        Failure::TimedOut => Code::DoceboTimedOut,
        Failure::Throttled { .. } => Code::DoceboThrottled,
        Failure::Unavailable { .. } => Code::DoceboUnavailable,
        Failure::CredentialsRefused { .. } => Code::CredentialsRefused,
        Failure::Forbidden { .. } => Code::Forbidden,
        Failure::NotJson { .. } => Code::UnexpectedPage,
        Failure::Rejected { .. } => Code::Rejected,
        Failure::UnexpectedShape { .. } | Failure::NotFound { .. } | Failure::Unexpected { .. } => {
            Code::UnexpectedResponse
        }
    };
    failures.map(|failure| (failure.clone(), expected(&failure))).into()
}

#[test]
fn every_failure_of_a_call_has_a_message() {
    for (failure, code) in of_every_failure() {
        assert_eq!(failure_code(&failure), code, "{failure}");
        assert!(
            code.entry().http_status.is_none(),
            "{failure}: {code} is of refused requests"
        );
    }
}
