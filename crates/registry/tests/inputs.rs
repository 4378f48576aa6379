//! Connectors and exams from the API's JSON.
#![expect(clippy::unwrap_used, reason = "a test's own helpers may stop it")]

use passback_registry::{
    ConnectorInput, EligibleState, ExamInput, FieldErrors, OnOutcome, ReadBeforeWrite, VerifyPolicy, VersionPolicy,
};
use rstest::rstest;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

fn connector() -> Value {
    json!({
        "id": "acme", "domain": "acme.docebosaas.com",
        "client_id": "passback", "client_secret": "s3cret-client",
        "username": "api@acme.example", "password": "s3cret-password",
    })
}

fn exam() -> Value {
    json!({ "id": "forklift-01", "connector": "acme", "course_id": 146 })
}

fn with(mut base: Value, field: &str, value: Value) -> Value {
    base[field] = value;
    base
}

fn connector_errors(json: Value) -> FieldErrors {
    let input: ConnectorInput = serde_json::from_value(json).unwrap();
    input.validate().unwrap_err()
}

#[test]
fn a_connector_with_the_least_fields_gets_the_defaults() {
    let input: ConnectorInput = serde_json::from_value(connector()).unwrap();
    let connector = input.validate().unwrap();
    assert_eq!(connector.name, "acme");
    assert_eq!(connector.calls_per_hour, 1_000);
    assert_eq!((connector.weight, connector.max_concurrency), (1, None));
    assert_eq!(connector.connect_timeout_ms, 5_000);
    assert_eq!(connector.request_timeout_ms, 30_000);
    assert!(connector.webhook.is_none());
    assert_eq!(connector.read_before_write, ReadBeforeWrite::Always);
    assert_eq!(connector.verify, VerifyPolicy::Always);
    assert_eq!(connector.client_secret.expose_secret(), "s3cret-client");
}

#[rstest]
#[case(json!(1), json!(1), (1, Some(1)))]
#[case(json!(100), json!(1_000), (100, Some(1_000)))]
#[case(json!(null), json!(null), (1, None))]
fn a_share_of_the_workers_may_be_anything_within_its_limits(
    #[case] weight: Value,
    #[case] max_concurrency: Value,
    #[case] expected: (u32, Option<u32>),
) {
    let json = with(with(connector(), "weight", weight), "max_concurrency", max_concurrency);
    let connector = serde_json::from_value::<ConnectorInput>(json)
        .unwrap()
        .validate()
        .unwrap();
    assert_eq!((connector.weight, connector.max_concurrency), expected);
}

#[test]
fn an_exam_with_the_least_fields_gets_the_defaults() {
    let input: ExamInput = serde_json::from_value(exam()).unwrap();
    let exam = input.validate().unwrap();
    assert_eq!(exam.on_failed, OnOutcome::InProgress);
    assert_eq!(exam.on_non_graded, OnOutcome::Unchanged);
    assert!(exam.write_score_on_failed);
    assert!(!exam.write_score_on_non_graded);
    assert_eq!(exam.version_policy, VersionPolicy::PassSticky);
    assert_eq!(exam.check_deadline_seconds, 20);
    assert_eq!(
        exam.eligible_states,
        [EligibleState::Subscribed, EligibleState::InProgress]
    );
    assert_eq!(exam.result_field, None);
}

#[test]
fn each_word_of_a_policy_is_read_as_it_is_written() {
    for policy in ReadBeforeWrite::ALL {
        let json = with(connector(), "read_before_write", json!(policy.as_str()));
        let input: ConnectorInput = serde_json::from_value(json).unwrap();
        assert_eq!(input.validate().unwrap().read_before_write, policy);
        assert_eq!(serde_json::to_value(policy).unwrap(), policy.as_str());
    }
    for policy in VerifyPolicy::ALL {
        let json = with(connector(), "verify", json!(policy.as_str()));
        let input: ConnectorInput = serde_json::from_value(json).unwrap();
        assert_eq!(input.validate().unwrap().verify, policy);
        assert_eq!(serde_json::to_value(policy).unwrap(), policy.as_str());
    }
    for state in EligibleState::ALL {
        let json = with(exam(), "eligible_states", json!([state.as_str()]));
        let input: ExamInput = serde_json::from_value(json).unwrap();
        assert_eq!(input.validate().unwrap().eligible_states, [state]);
        assert_eq!(serde_json::to_value(state).unwrap(), state.as_str());
    }
}

#[test]
fn the_order_of_eligible_states_does_not_matter() {
    let json = with(
        exam(),
        "eligible_states",
        json!(["suspended", "in_progress", "subscribed"]),
    );
    let exam = serde_json::from_value::<ExamInput>(json).unwrap().validate().unwrap();
    let ordered = [
        EligibleState::Subscribed,
        EligibleState::InProgress,
        EligibleState::Suspended,
    ];
    assert_eq!(exam.eligible_states, ordered);
}

#[rstest]
#[case(json!({ "id": 12 }), ["passed", "failed", "non_graded"])]
#[case(json!({ "id": 12, "passed": " Bestanden ", "failed": null }), ["Bestanden", "failed", "non_graded"])]
#[case(json!({ "id": 12, "passed": "P", "failed": "F", "non_graded": "N" }), ["P", "F", "N"])]
fn a_result_field_needs_its_id_and_has_texts_of_its_own(#[case] field: Value, #[case] texts: [&str; 3]) {
    let input: ExamInput = serde_json::from_value(with(exam(), "result_field", field)).unwrap();
    let field = input.validate().unwrap().result_field.unwrap();
    assert_eq!(field.id, 12);
    assert_eq!([&field.passed, &field.failed, &field.non_graded], texts);
}

#[rstest]
#[case(json!({}), "result_field.id: missing; add result_field.id")]
#[case(json!({ "id": 0 }), "result_field.id: 0 is no enrolment field id; use the number of the enrolment field in Docebo")]
#[case(json!({ "id": 12, "failed": " " }), "result_field.failed: empty; give result_field.failed a value")]
#[case(json!({ "id": 12, "non_graded": "a\nb" }), "result_field.non_graded: too long or with control characters")]
fn a_wrong_result_field_is_named_with_its_part(#[case] field: Value, #[case] expected: &str) {
    let input: ExamInput = serde_json::from_value(with(exam(), "result_field", field)).unwrap();
    let text = input.validate().unwrap_err().to_string();
    assert!(text.contains(expected), "{text}");
    assert_eq!(text.lines().count(), 1, "{text}");
}

#[rstest]
#[case(json!([]), "an empty list; use one or more of subscribed, in_progress, suspended")]
#[case(json!(["subscribed", "in_progress", "subscribed"]), "'subscribed' stands in it twice; keep one of the two")]
#[case(json!(["subscribed", "in-progress"]), "entry 2 is not a known word; did you mean 'in_progress'?")]
#[case(json!(["completed"]), "entry 1 is not a known word; use one of subscribed,")]
fn eligible_states_are_known_words_each_once(#[case] states: Value, #[case] expected: &str) {
    let input: ExamInput = serde_json::from_value(with(exam(), "eligible_states", states)).unwrap();
    let text = input.validate().unwrap_err().to_string();
    assert!(text.starts_with("exam forklift-01: eligible_states: "), "{text}");
    assert!(text.contains(expected), "{text}");
    assert_eq!(text.lines().count(), 1, "{text}");
}

#[rstest]
#[case("id", json!("Acme"))]
#[case("id", json!(null))]
#[case("type", json!("catalogue"))]
#[case("domain", json!("http://acme.docebosaas.com"))]
#[case("domain", json!("acme.docebosaas.com/learn"))]
#[case("client_id", json!("  "))]
#[case("client_secret", json!(""))]
#[case("client_secret", json!("x".repeat(4_097)))]
#[case("username", json!("a\nb"))]
#[case("username", json!("x".repeat(201)))]
#[case("password", json!(null))]
#[case("calls_per_hour", json!(0))]
#[case("calls_per_hour", json!(1_000_001))]
#[case("calls_per_hour", json!(-5))]
#[case("weight", json!(0))]
#[case("weight", json!(101))]
#[case("weight", json!(-1))]
#[case("max_concurrency", json!(0))]
#[case("max_concurrency", json!(1_001))]
#[case("max_concurrency", json!(4_294_967_297_i64))]
#[case("connect_timeout_ms", json!(1))]
#[case("connect_timeout_ms", json!(31_000))]
#[case("request_timeout_ms", json!(10_000_000))]
#[case("read_before_write", json!("never"))]
#[case("verify", json!("Always"))]
fn a_wrong_connector_field_is_named_with_its_fix(#[case] field: &str, #[case] value: Value) {
    let errors = connector_errors(with(connector(), field, value));
    assert_eq!(errors.0.len(), 1, "{errors}");
    assert_eq!(errors.0[0].field, field);
    assert!(!errors.0[0].fix.is_empty());
}

#[rstest]
#[case("id", json!("a b"))]
#[case("connector", json!(null))]
#[case("connector", json!("ACME"))]
#[case("course_id", json!(0))]
#[case("course_id", json!(-1))]
#[case("on_failed", json!("failed"))]
#[case("on_non_graded", json!(""))]
#[case("version_policy", json!("newest"))]
#[case("check_deadline_seconds", json!(0))]
#[case("check_deadline_seconds", json!(121))]
fn a_wrong_exam_field_is_named_with_its_fix(#[case] field: &str, #[case] value: Value) {
    let input: ExamInput = serde_json::from_value(with(exam(), field, value)).unwrap();
    let errors = input.validate().unwrap_err();
    assert_eq!(errors.0.len(), 1, "{errors}");
    assert_eq!(errors.0[0].field, field);
    assert!(!errors.0[0].fix.is_empty());
}

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    let errors = connector_errors(json!({ "id": "acme", "calls_per_hour": 0 }));
    let fields: Vec<&str> = errors.0.iter().map(|error| error.field.as_str()).collect();
    assert_eq!(
        fields,
        [
            "domain",
            "client_id",
            "client_secret",
            "username",
            "password",
            "calls_per_hour"
        ]
    );
    assert!(
        errors
            .to_string()
            .contains("connector acme: domain: missing; add domain")
    );
}

#[test]
fn a_near_word_is_offered() {
    let input: ExamInput = serde_json::from_value(with(exam(), "on_failed", json!("in_progres"))).unwrap();
    let text = input.validate().unwrap_err().to_string();
    assert!(text.contains("did you mean 'in_progress'?"), "{text}");
}

#[test]
fn a_webhook_needs_both_of_its_fields() {
    let errors = connector_errors(with(connector(), "webhook", json!({ "username": "do:cebo" })));
    let fields: Vec<&str> = errors.0.iter().map(|error| error.field.as_str()).collect();
    assert_eq!(fields, ["webhook.password", "webhook.username"]);
}

#[test]
fn an_unknown_field_is_refused_by_name() {
    let error = serde_json::from_value::<ConnectorInput>(with(connector(), "passwort", json!("x"))).unwrap_err();
    assert!(error.to_string().contains("passwort"));
    assert!(serde_json::from_value::<ExamInput>(with(exam(), "score", json!(1))).is_err());
    let field = json!({ "id": 12, "pased": "yes" });
    let error = serde_json::from_value::<ExamInput>(with(exam(), "result_field", field)).unwrap_err();
    assert!(error.to_string().contains("pased"), "{error}");
}

#[test]
fn a_secret_of_the_wrong_type_is_not_repeated() {
    let error = serde_json::from_value::<ConnectorInput>(with(connector(), "password", json!(77123))).unwrap_err();
    assert!(!error.to_string().contains("77123"), "{error}");
}

#[test]
fn no_debug_output_and_no_error_shows_a_secret_or_an_address() {
    let json = with(
        connector(),
        "webhook",
        json!({ "username": "docebo", "password": "s3cret-hook" }),
    );
    let input: ConnectorInput = serde_json::from_value(json.clone()).unwrap();
    let valid = input.validate().unwrap();
    let errors = connector_errors(with(json, "calls_per_hour", json!(0)));
    let shown = format!("{input:?} {valid:?} {:?} {errors} {errors:?}", valid.webhook);
    assert!(!shown.contains("s3cret"), "{shown}");
    assert!(!format!("{valid:?}").contains('@'));
}
