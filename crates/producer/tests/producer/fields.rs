//! What each field may hold, and that all problems are named at once.

use jiff::Timestamp;
use passback_producer::{ExamResult, FieldProblem};
use rstest::rstest;

use crate::fixture::{NOW_MS, passed, question};

fn now() -> Timestamp {
    Timestamp::from_millisecond(i64::try_from(NOW_MS).unwrap()).unwrap()
}

fn fields(problems: &[FieldProblem]) -> Vec<&str> {
    problems.iter().map(|problem| problem.field.as_str()).collect()
}

fn refused(result: &ExamResult) -> Vec<FieldProblem> {
    result.validate(now()).unwrap_err()
}

#[test]
fn every_problem_of_a_result_is_named_with_its_fix() {
    let problems = refused(&ExamResult {
        result_id: "a b".to_owned(),
        exam_id: "Forklift".to_owned(),
        email: "nobody".to_owned(),
        outcome: "won".to_owned(),
        score_percent: Some(101.0),
        completed_at: "yesterday".to_owned(),
        sequence: None,
    });
    let named = [
        "/result_id",
        "/exam_id",
        "/email",
        "/outcome",
        "/score_percent",
        "/completed_at",
    ];
    assert_eq!(fields(&problems), named);
    assert!(
        problems
            .iter()
            .all(|one| !one.problem.is_empty() && !one.fix.is_empty())
    );
}

#[rstest]
#[case("r.moreau@example.org", true)]
#[case("  R.Moreau+exam@Example.ORG ", true)]
#[case("é@exämple.org", true)]
#[case("", false)]
#[case("   ", false)]
#[case("a@b", false)]
#[case("@example.org", false)]
#[case("a@", false)]
#[case("a@.org", false)]
#[case("a@example.", false)]
#[case("a@exa..mple.org", false)]
#[case("a@b@example.org", false)]
#[case("a b@example.org", false)]
#[case("a\u{7}b@example.org", false)]
#[case("a\u{a0}b@example.org", false)]
fn an_email_has_one_at_sign_and_a_domain(#[case] email: &str, #[case] accepted: bool) {
    let mut request = question();
    request.email = email.to_owned();
    let verdict = request.validate();
    assert_eq!(verdict.is_ok(), accepted, "{email:?}");
    if let Err(problems) = verdict {
        assert_eq!(fields(&problems), ["/email"]);
    }
}

#[test]
fn an_email_has_at_most_254_characters() {
    let mut request = question();
    request.email = format!("{}@example.org", "é".repeat(242));
    assert!(request.validate().is_ok());
    request.email.insert(0, 'a');
    assert!(request.validate().is_err());
}

#[rstest]
#[case("passed", Some(0.0), true)]
#[case("passed", Some(100.0), true)]
#[case("failed", Some(49.5), true)]
#[case("non_graded", None, true)]
#[case("non_graded", Some(3.0), true)]
#[case("passed", None, false)]
#[case("failed", None, false)]
#[case("passed", Some(-0.1), false)]
#[case("passed", Some(100.1), false)]
#[case("passed", Some(f64::NAN), false)]
#[case("passed", Some(f64::INFINITY), false)]
fn a_score_is_a_percentage_and_needed_where_there_is_a_grade(
    #[case] outcome: &str,
    #[case] score_percent: Option<f64>,
    #[case] accepted: bool,
) {
    let result = ExamResult {
        outcome: outcome.to_owned(),
        score_percent,
        ..passed("r-1")
    };
    assert_eq!(result.validate(now()).is_ok(), accepted);
}

#[rstest]
#[case("2026-11-20T09:30:11Z", true)]
#[case("2026-11-20T09:30:11.123456+05:30", true)]
#[case("2026-11-20 09:30:11-08:00", true)]
#[case("2000-01-01T00:00:00Z", true)]
#[case("2026-11-23T09:30:00Z", true)]
#[case("2026-11-23T09:30:01Z", false)]
#[case("1999-12-31T23:59:59Z", false)]
#[case("0000-00-00 00:00:00", false)]
#[case("2026-11-20T09:30:11", false)]
#[case("2026-11-20", false)]
#[case("20.11.2026 09:30", false)]
#[case("2026-13-20T09:30:11Z", false)]
#[case("20261120T093011Z", false)]
#[case("2026-11-20T09:30:11+01:00[Europe/Paris]", false)]
#[case("1795339800", false)]
#[case("", false)]
fn a_time_is_rfc_3339_with_a_zone_and_plausible(#[case] completed_at: &str, #[case] accepted: bool) {
    let result = ExamResult {
        completed_at: completed_at.to_owned(),
        ..passed("r-1")
    };
    assert_eq!(result.validate(now()).is_ok(), accepted, "{completed_at:?}");
}

#[rstest]
#[case("r-1842", true)]
#[case("A.b_c:d-9", true)]
#[case("", false)]
#[case("a/b", false)]
#[case("a b", false)]
#[case("ü", false)]
#[case("a|b", false)]
#[case("a\n", false)]
fn a_result_id_has_plain_characters(#[case] result_id: &str, #[case] accepted: bool) {
    assert_eq!(passed(result_id).validate(now()).is_ok(), accepted, "{result_id:?}");
    assert!(passed(&"x".repeat(128)).validate(now()).is_ok());
    assert!(passed(&"x".repeat(129)).validate(now()).is_err());
}

#[test]
fn an_unknown_field_in_json_is_refused_by_name() {
    let error = serde_json::from_str::<ExamResult>(r#"{"result_id":"r","score":87}"#).unwrap_err();
    assert!(error.to_string().contains("`score`"), "{error}");
}

#[test]
fn neither_debug_output_nor_a_problem_repeats_the_address() {
    let result = ExamResult {
        email: "r.moreau@@example.org".to_owned(),
        ..passed("r-1")
    };
    let problems = refused(&result);
    let shown = format!(
        "{result:?} {problems:?} {:?} {:?}",
        question(),
        passed("r").validate(now())
    );
    assert!(!shown.contains("moreau@"), "{shown}");
}
