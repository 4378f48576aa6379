//! Every code has a message that helps.

use std::collections::BTreeSet;

use passback_producer::{Actor, Code};
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
    assert_eq!(Code::ALL.len(), 61);
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
