//! What `apply -f` reads, and how it says what is wrong.
#![expect(clippy::unwrap_used, reason = "a test's own helpers may stop it")]

use std::path::Path;

use passback_registry::{ApplyFile, FieldErrors};
use proptest::prelude::*;
use rstest::rstest;

const GOOD: &str = r#"
[[connector]]
id = "acme"
name = "Acme Academy"
domain = "acme.docebosaas.com"
client_id = "passback"
client_secret = { env = "ACME_CLIENT_SECRET" }
username = "integration"
password = { file = "acme.password" }
calls_per_hour = 1_000
webhook = { username = "docebo", password = "s3cret-hook" }

[[exam]]
id = "forklift-01"
connector = "acme"
course_id = 146
on_failed = "in_progress"
on_non_graded = "unchanged"
version_policy = "pass_sticky"
"#;

fn parse(text: &str) -> Result<ApplyFile, FieldErrors> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("acme.password"), "s3cret-file\n").unwrap();
    let env = |name: &str| (name == "ACME_CLIENT_SECRET").then(|| "s3cret-env".to_owned());
    ApplyFile::parse(text, &env, folder.path())
}

fn error(text: &str) -> String {
    let error = parse(text).unwrap_err();
    let text = error.to_string();
    assert!(
        !text.contains("s3cret") && !format!("{error:?}").contains("s3cret"),
        "{text}"
    );
    text
}

#[test]
fn the_file_of_the_design_is_read() {
    let file = parse(GOOD).unwrap();
    assert!(!format!("{file:?}").contains("s3cret"));
}

#[test]
fn an_empty_file_holds_nothing() {
    assert!(parse("# nothing yet\n").is_ok());
}

#[rstest]
#[case(
    "calls_per_hour = 1_000",
    "call_per_hour = 1000",
    "line 10: connector acme: call_per_hour: unknown field; did you mean 'calls_per_hour'?"
)]
#[case(
    "calls_per_hour = 1_000",
    "calls_per_hour = 0",
    "line 10: connector acme: calls_per_hour: 0 is out of range; use a whole number from 1 to 1000000"
)]
#[case(
    "calls_per_hour = 1_000",
    "calls_per_hour = \"many\"",
    "line 10: connector acme: calls_per_hour: a value of type string; write a whole number without quotes"
)]
#[case(
    "calls_per_hour = 1_000",
    "weigth = 2",
    "line 10: connector acme: weigth: unknown field; did you mean 'weight'?"
)]
#[case(
    "calls_per_hour = 1_000",
    "weight = 101",
    "line 10: connector acme: weight: 101 is out of range; use a whole number from 1 to 100"
)]
#[case(
    "calls_per_hour = 1_000",
    "weight = 1.5",
    "line 10: connector acme: weight: a value of type float; write a whole number without quotes"
)]
#[case(
    "calls_per_hour = 1_000",
    "max_concurency = 8",
    "line 10: connector acme: max_concurency: unknown field; did you mean 'max_concurrency'?"
)]
#[case(
    "calls_per_hour = 1_000",
    "max_concurrency = 0",
    "line 10: connector acme: max_concurrency: 0 is out of range; use a whole number from 1 to 1000"
)]
#[case(
    "domain = \"acme.docebosaas.com\"",
    "",
    "line 2: connector acme: domain: missing; add domain"
)]
#[case(
    "domain = \"acme.docebosaas.com\"",
    "domain = \"http://acme.docebosaas.com\"",
    "line 5: connector acme: domain: plain http; leave the scheme away or use https"
)]
#[case(
    "ACME_CLIENT_SECRET",
    "ACME_SECRET",
    "line 7: connector acme: client_secret: the environment variable ACME_SECRET is not set; export ACME_SECRET"
)]
#[case("\"acme.password\"", "\"other.password\"", "other.password cannot be read")]
#[case(
    "{ file = \"acme.password\" }",
    "{ vault = \"x\" }",
    "line 9: connector acme: password: an unknown source; write a string, { env = \"NAME\" } or { file = \"path\" }"
)]
#[case(
    "{ file = \"acme.password\" }",
    "{ file = \"a\", env = \"b\" }",
    "password: not one source"
)]
#[case(
    "{ file = \"acme.password\" }",
    "12345",
    "password: a value of type integer; write a string"
)]
#[case(
    "webhook = { username = \"docebo\", password = \"s3cret-hook\" }",
    "webhook = \"docebo\"",
    "line 11: connector acme: webhook: a value of type string"
)]
#[case("[[exam]]", "[[exams]]", "line 13: exams: unknown field; did you mean 'exam'?")]
#[case(
    "[[exam]]",
    "[exam]",
    "line 13: exam: not a list of tables; write [[exam]] in two brackets"
)]
#[case(
    "course_id = 146",
    "course_id = -1",
    "line 16: exam forklift-01: course_id: -1 is no course id"
)]
#[case(
    "course_id = 146",
    "course_id = 99999999999999999999",
    "line 16: exam forklift-01: course_id"
)]
#[case("pass_sticky", "passsticky", "did you mean 'pass_sticky'?")]
#[case(
    "calls_per_hour = 1_000",
    "read_before_write = \"retry\"",
    "line 10: connector acme: read_before_write: not a known word; did you mean 'retry_only'?"
)]
#[case(
    "calls_per_hour = 1_000",
    "verify = true",
    "line 10: connector acme: verify: a value of type boolean; write a string in quotes"
)]
#[case(
    "course_id = 146",
    "course_id = 146\neligible_states = []",
    "line 17: exam forklift-01: eligible_states: an empty list; use one or more of subscribed, in_progress"
)]
#[case(
    "course_id = 146",
    "course_id = 146\neligible_states = [\"subscribed\", \"suspend\"]",
    "line 17: exam forklift-01: eligible_states: entry 2 is not a known word; did you mean 'suspended'?"
)]
#[case(
    "course_id = 146",
    "course_id = 146\neligible_states = \"subscribed\"",
    "line 17: exam forklift-01: eligible_states: a value of type string; write a list of strings in quotes"
)]
#[case(
    "course_id = 146",
    "course_id = 146\neligible_states = [\"subscribed\", 1]",
    "line 17: exam forklift-01: eligible_states: a value of type array; write a list of strings in quotes"
)]
#[case(
    "course_id = 146",
    "course_id = 146\nresult_field = 12",
    "line 17: exam forklift-01: result_field: a value of type integer; write { id = 12,"
)]
#[case(
    "course_id = 146",
    "course_id = 146\nresult_field = { passed = \"Passed\" }",
    "line 17: exam forklift-01: result_field.id: missing; add result_field.id"
)]
#[case(
    "course_id = 146",
    "course_id = 146\nresult_field = { id = 12, pased = \"Passed\" }",
    "line 17: exam forklift-01: result_field.pased: unknown field; did you mean 'result_field.passed'?"
)]
#[case(
    "id = \"forklift-01\"",
    "id = \"Forklift 01\"",
    "line 14: exam: id: not an id; use 1 to 63"
)]
#[case("course_id = 146", "course_id =", "line 16: not valid TOML")]
#[case("client_id = \"passback\"", "password = \"s3cret-twice\"", "not valid TOML")]
fn a_mistake_is_named_with_its_line_and_its_fix(#[case] good: &str, #[case] bad: &str, #[case] expected: &str) {
    assert!(GOOD.contains(good));
    let text = error(&GOOD.replacen(good, bad, 1));
    assert!(text.contains(expected), "{text}");
    assert_eq!(text.lines().count(), 1, "{text}");
}

#[test]
fn a_misspelt_name_and_what_is_missing_for_it_stand_on_the_same_line() {
    let text = error(&GOOD.replacen("username = \"docebo\"", "user = \"docebo\"", 1));
    assert_eq!(
        text,
        "line 11: connector acme: webhook.user: unknown field; did you mean 'webhook.username'?\n\
         line 11: connector acme: webhook.username: missing; add webhook.username"
    );
}

#[test]
fn an_id_that_stands_twice_is_refused() {
    let text = error(&format!(
        "{GOOD}\n[[exam]]\nid = \"forklift-01\"\nconnector = \"acme\"\ncourse_id = 7\n"
    ));
    assert_eq!(
        text,
        "line 21: exam forklift-01: id: stands in the file twice; keep one of the two"
    );
}

#[test]
fn all_mistakes_of_a_file_come_in_its_order() {
    let bad = GOOD
        .replace("course_id = 146", "course_id = 0")
        .replace("calls_per_hour = 1_000", "calls_per_hour = 0");
    let lines: Vec<Option<usize>> = parse(&bad).unwrap_err().0.iter().map(|error| error.line).collect();
    assert_eq!(lines, [Some(10), Some(16)]);
}

#[test]
fn a_file_without_end_is_refused() {
    assert!(error(&"#".repeat(5_000_000)).contains("too large"));
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(text in "([\\[\\]a-z_=\"{}0-9.# \n]{0,120})") {
        let _ = ApplyFile::parse(&text, &|_| None, Path::new("."));
    }

    #[test]
    fn a_cut_file_is_refused_or_read_without_a_panic(cut in 0_usize..GOOD.len()) {
        let _ = ApplyFile::parse(&GOOD[..cut], &|_| None, Path::new("."));
    }
}
