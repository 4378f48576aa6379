//! The dry run of a push: what it foresees, and that it changes nothing.

use passback_producer::{Code, ExamResult, Holding, IntakeError, Intent, Known, Preview, Would, subject, to_json};
use passback_queue::{Failing, Lane, Name, PauseMode, Target, Transition};
use passback_registry::{ConnectorId, ReadBeforeWrite};
use passback_simulator::{Enrollment, Fault, FaultKind, FaultOn, Simulator, World};
use rstest::rstest;
use serde_json::json;

use crate::fixture::{EMAIL, End, Fixture, passed};

const USER: u64 = 13_827;
const SUBJECTS: &str = "{passback:0}:v1:subject:";

fn acme() -> ConnectorId {
    "acme".parse().unwrap()
}

async fn simulated() -> (Simulator, Fixture) {
    let simulator = Simulator::start(World::sample()).await.unwrap();
    let fixture = Fixture::with_domain(&simulator.url("acme").unwrap()).await;
    (simulator, fixture)
}

async fn preview(fixture: &Fixture, result: &ExamResult) -> Preview {
    fixture.producer.preview(result).await.unwrap()
}

fn of(email: &str) -> ExamResult {
    ExamResult {
        email: email.to_owned(),
        ..passed("r-1")
    }
}

fn the_subject(fixture: &Fixture) -> Name {
    subject(&acme(), 146, EMAIL, fixture.producer.registry().vault())
}

/// Puts down what passback remembers of the person, at the platform that the connector leads to.
async fn remember(fixture: &Fixture, field: &str, json: &str) {
    let platform = fixture.producer.platform_of(&acme()).await.unwrap().unwrap();
    let json = json.replace("\"platform\":\"\"", &format!("\"platform\":\"{platform}\""));
    let key = format!("{SUBJECTS}{}", the_subject(fixture));
    fixture.redis.cli(&["HSET", &key, field, &json]).await;
}

fn known(user_id: u64) -> Known {
    Known {
        platform: String::new(),
        user_id,
        holding: Holding {
            status: Some("subscribed".to_owned()),
            ..Holding::default()
        },
        written_by: None,
        kept: false,
        since: None,
        sent: None,
        version: None,
        at: "2026-11-01T00:00:00Z".parse().unwrap(),
    }
}

#[tokio::test]
async fn a_write_is_shown_as_it_would_be_sent_and_nothing_changes() {
    let (simulator, fixture) = simulated().await;
    remember(&fixture, "known", &to_json(&known(USER))).await;
    let before = fixture.producer.queue().subject(&the_subject(&fixture)).await.unwrap();

    let preview = preview(&fixture, &passed("r-1")).await;
    assert_eq!(
        (preview.would, preview.code, preview.user_id),
        (Would::Write, None, Some(USER))
    );
    assert!(!preview.already_accepted && !preview.unread);
    let request = preview.request.as_ref().unwrap();
    assert_eq!(
        (request.method, request.path.as_str()),
        ("PUT", "/learn/v1/enrollments/146/13827")
    );
    let body = json!({"status": 2, "score_given": 87, "date_complete": "2026-11-20 09:30:11"});
    assert_eq!(request.body, body);
    let expected = json!([
        {"field": "status", "from": "subscribed", "to": "completed"},
        {"field": "score", "from": 0, "to": 87},
        {"field": "completed_at", "from": null, "to": "2026-11-20 09:30:11"},
    ]);
    assert_eq!(serde_json::to_value(&preview.difference).unwrap(), expected);
    assert_eq!(preview.after.as_ref().unwrap().status.as_deref(), Some("completed"));
    assert!(!serde_json::to_string(&preview).unwrap().contains("moreau"));

    let tenant = simulator.tenant("acme").unwrap();
    assert!(tenant.effects().is_empty());
    assert_eq!(fixture.living_jobs().await, 0);
    assert_eq!(fixture.producer.result("r-1").await.unwrap(), None);
    let after = fixture.producer.queue().subject(&the_subject(&fixture)).await.unwrap();
    assert_eq!(after, before);
}

#[rstest]
#[case("nobody@example.org", Code::UserNotFound)]
#[case("twin@example.org", Code::UserAmbiguous)]
#[case("n.haddad@example.org", Code::EnrollmentNotFound)]
#[case("j.doe@example.org", Code::ManualOverride)]
#[tokio::test]
async fn what_would_wait_is_said_with_its_reason(#[case] email: &str, #[case] code: Code) {
    let (simulator, fixture) = simulated().await;
    let preview = preview(&fixture, &of(email)).await;
    assert_eq!((preview.would, preview.code), (Would::Park, Some(code)));
    assert_eq!(preview.title, code.entry().title);
    assert!(preview.request.is_none());
    assert_eq!(!preview.difference.is_empty(), code == Code::ManualOverride);
    assert!(simulator.tenant("acme").unwrap().effects().is_empty());
}

#[tokio::test]
async fn what_docebo_holds_already_is_a_no_op() {
    let (simulator, fixture) = simulated().await;
    let held = Enrollment {
        score: Some(87.0),
        date_complete: Some("2026-11-20 09:30:11".to_owned()),
        ..Enrollment::new(146, USER).with_status(Enrollment::COMPLETED)
    };
    simulator.tenant("acme").unwrap().put_enrollment(held);
    let preview = preview(&fixture, &passed("r-1")).await;
    assert_eq!((preview.would, preview.code), (Would::NoOp, Some(Code::NoOp)));
    assert_eq!((preview.request, preview.difference), (None, Vec::new()));
    assert_eq!(preview.now, preview.after);
}

#[tokio::test]
async fn a_policy_that_writes_nothing_is_said_as_such() {
    let (simulator, fixture) = simulated().await;
    let ungraded = ExamResult {
        outcome: "non_graded".to_owned(),
        score_percent: None,
        ..passed("r-1")
    };
    let preview = preview(&fixture, &ungraded).await;
    assert_eq!((preview.would, preview.code), (Would::NoOp, Some(Code::NoOp)));
    assert_eq!(preview.title, "Nothing would be written");
    assert_eq!(simulator.tenant("acme").unwrap().counts().requests, 0);
}

#[rstest]
#[case(true, Code::Paused)]
#[case(false, Code::CredentialsRefused)]
#[tokio::test]
async fn a_connector_that_calls_nothing_is_not_called_for_a_dry_run(#[case] paused: bool, #[case] code: Code) {
    let (simulator, fixture) = simulated().await;
    let (acme, queue) = (Name::new("acme").unwrap(), fixture.producer.queue());
    if paused {
        let target = Target::Connector(acme);
        queue
            .pause(&target, PauseMode::Pause, "ops", "audit", None)
            .await
            .unwrap();
    } else {
        queue.report(&acme, Failing::Refused, &code.name()).await.unwrap();
    }
    let preview = preview(&fixture, &passed("r-1")).await;
    assert_eq!((preview.would, preview.code), (Would::Unknown, Some(code)));
    assert!(preview.detail.unwrap().contains("until somebody"));
    assert_eq!(simulator.tenant("acme").unwrap().counts().requests, 0);
}

#[tokio::test]
async fn another_result_that_counts_is_named_without_asking_docebo() {
    let (simulator, fixture) = simulated().await;
    fixture.producer.push(&passed("r-1")).await.unwrap();
    let late = ExamResult {
        outcome: "failed".to_owned(),
        completed_at: "2026-11-19T09:30:11Z".to_owned(),
        ..passed("r-2")
    };
    let superseded = preview(&fixture, &late).await;
    assert_eq!(
        (superseded.would, superseded.by.as_deref()),
        (Would::Superseded, Some("r-1"))
    );
    let other = ExamResult {
        score_percent: Some(12.0),
        ..passed("r-3")
    };
    let conflict = preview(&fixture, &other).await;
    assert_eq!(
        (conflict.would, conflict.with.as_deref()),
        (Would::Conflict, Some("r-1"))
    );
    assert_eq!(simulator.tenant("acme").unwrap().counts().requests, 0);
}

#[tokio::test]
async fn a_result_that_docebo_holds_counts_although_none_is_in_force_any_more() {
    let (simulator, fixture) = simulated().await;
    fixture.producer.push(&passed("r-1")).await.unwrap();
    let subject = fixture.producer.queue().subject(&the_subject(&fixture)).await.unwrap();
    let newer = serde_json::from_str(subject.version.as_deref().unwrap()).unwrap();
    let held = Known {
        version: Some(newer),
        ..known(USER)
    };
    remember(&fixture, "known", &to_json(&held)).await;
    remember(&fixture, "version", "").await;
    let late = ExamResult {
        completed_at: "2026-11-19T09:30:11Z".to_owned(),
        ..passed("r-2")
    };
    let superseded = preview(&fixture, &late).await;
    assert_eq!(
        (superseded.would, superseded.by.as_deref()),
        (Would::Superseded, Some("r-1"))
    );
    assert_eq!(simulator.tenant("acme").unwrap().counts().requests, 0);
}

#[tokio::test]
async fn a_person_who_was_another_user_before_would_wait_for_a_decision() {
    let (_simulator, fixture) = simulated().await;
    remember(&fixture, "known", &to_json(&known(99))).await;
    let preview = preview(&fixture, &passed("r-1")).await;
    assert_eq!(
        (preview.would, preview.code),
        (Would::Park, Some(Code::IdentityChanged))
    );
    assert_eq!((preview.user_id, preview.user_id_before), (Some(USER), Some(99)));
}

#[rstest]
#[case(FaultOn::Token, FaultKind::Unauthorized, Code::CredentialsRefused)]
#[case(FaultOn::UserSearch, FaultKind::Unavailable, Code::DoceboUnavailable)]
#[case(FaultOn::EnrollmentRead, FaultKind::Forbidden, Code::Forbidden)]
#[tokio::test]
async fn a_docebo_that_cannot_be_asked_leaves_it_unknown(
    #[case] on: FaultOn,
    #[case] kind: FaultKind,
    #[case] code: Code,
) {
    let (simulator, fixture) = simulated().await;
    simulator.tenant("acme").unwrap().add_fault(Fault::new(on, kind));
    let preview = preview(&fixture, &passed("r-1")).await;
    assert_eq!((preview.would, preview.code), (Would::Unknown, Some(code)));
    assert!(preview.detail.is_some());
}

#[tokio::test]
async fn a_result_that_was_accepted_is_recognised_and_other_content_is_refused() {
    let (_simulator, fixture) = simulated().await;
    fixture.producer.push(&passed("r-1")).await.unwrap();
    let waiting = preview(&fixture, &passed("r-1")).await;
    assert!(waiting.already_accepted);
    assert_eq!(
        (waiting.would, waiting.state.as_deref()),
        (Would::Write, Some("accepted"))
    );
    let other = ExamResult {
        score_percent: Some(12.0),
        ..passed("r-1")
    };
    let refused = fixture.producer.preview(&other).await.unwrap_err();
    assert!(matches!(refused, IntakeError::OtherContent { .. }));

    let token = fixture.claim(Lane::Push).await.token;
    let end = End {
        ledger_state: Some("delivered"),
        ..End::default()
    };
    fixture.settle(token, Transition::Done, end).await;
    // As if somebody had changed the enrolment since: an ended result writes no more.
    let ended = preview(&fixture, &passed("r-1")).await;
    assert_eq!(
        (ended.would, ended.state.as_deref()),
        (Would::Nothing, Some("delivered"))
    );
    assert!(ended.request.is_none() && ended.difference.is_empty());
}

#[tokio::test]
async fn a_bad_field_and_an_unknown_exam_are_refused_as_by_an_accept() {
    let fixture = Fixture::start().await;
    let bad = ExamResult {
        score_percent: Some(120.0),
        ..passed("r-1")
    };
    assert!(matches!(
        fixture.producer.preview(&bad).await,
        Err(IntakeError::Invalid(_))
    ));
    let lost = ExamResult {
        exam_id: "crane-01".to_owned(),
        ..passed("r-1")
    };
    assert!(matches!(
        fixture.producer.preview(&lost).await,
        Err(IntakeError::UnknownExam { .. })
    ));
}

#[tokio::test]
async fn a_first_attempt_that_does_not_read_writes_over_everything() {
    let (_simulator, fixture) = simulated().await;
    let registry = fixture.producer.registry();
    let mut connector = registry.connector(&acme()).await.unwrap().unwrap();
    connector.read_before_write = ReadBeforeWrite::RetryOnly;
    registry.put_connector(&connector, "test").await.unwrap();
    let corrected = of("j.doe@example.org");
    let unread = preview(&fixture, &corrected).await;
    assert_eq!((unread.would, unread.unread), (Would::Write, true));
    assert_eq!(unread.difference.len(), 2);

    // Once something was begun, the next attempt reads.
    fixture.producer.push(&corrected).await.unwrap();
    fixture.claim(Lane::Push).await;
    let read = preview(&fixture, &corrected).await;
    assert_eq!((read.would, read.unread), (Would::Park, false));
    let intent = Intent {
        result_id: "r-1".to_owned(),
        platform: String::new(),
        user_id: USER,
        before: None,
        allowed: false,
        after: Holding::default(),
        sent: None,
        at: "2026-11-01T00:00:00Z".parse().unwrap(),
    };
    remember(&fixture, "intent", &to_json(&intent)).await;
    assert!(!preview(&fixture, &passed("r-2")).await.unread);
}
