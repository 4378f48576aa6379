//! The check of an exam's set-up, against the simulator.

use passback_producer::{Code, ExamCheck, IntakeError, StepName};
use passback_registry::{ExamId, ExamInput};
use passback_simulator::{Fault, FaultKind, FaultOn, Simulator, World};
use rstest::rstest;

use crate::fixture::{EMAIL, Fixture};

fn forklift() -> ExamId {
    "forklift-01".parse().unwrap()
}

async fn simulated() -> (Simulator, Fixture) {
    let simulator = Simulator::start(World::sample()).await.unwrap();
    let fixture = Fixture::with_domain(&simulator.url("acme").unwrap()).await;
    (simulator, fixture)
}

async fn checked(fixture: &Fixture, email: Option<&str>) -> ExamCheck {
    let check = fixture.producer.check_exam(&forklift(), email).await.unwrap();
    check.unwrap()
}

fn verdicts(check: &ExamCheck) -> Vec<(StepName, Option<bool>)> {
    check.steps.iter().map(|step| (step.step, step.ok)).collect()
}

#[tokio::test]
async fn a_set_up_that_works_is_fine_step_by_step() {
    let (simulator, fixture) = simulated().await;
    let check = checked(&fixture, Some(EMAIL)).await;
    assert!(check.ok);
    let fine = [
        StepName::Connector,
        StepName::Credentials,
        StepName::Rights,
        StepName::Course,
        StepName::User,
        StepName::Enrollment,
    ];
    assert_eq!(verdicts(&check), fine.map(|step| (step, Some(true))));
    assert!(
        check.steps[3].detail.contains("Forklift exam"),
        "{}",
        check.steps[3].detail
    );
    assert!(check.steps[5].detail.contains("13827"), "{}", check.steps[5].detail);
    assert_eq!(check.calls, 5);
    let tenant = simulator.tenant("acme").unwrap();
    assert_eq!(tenant.counts().requests, 5);
    assert!(tenant.effects().is_empty());
    assert!(check.by_hand.iter().any(|hand| hand.what.contains("end-object marker")));
    assert!(!serde_json::to_string(&check).unwrap().contains("moreau"));
}

#[tokio::test]
async fn without_a_candidate_only_connector_and_course_are_looked_at() {
    let (_simulator, fixture) = simulated().await;
    let check = checked(&fixture, None).await;
    assert_eq!((check.ok, check.steps.len(), check.calls), (true, 4, 3));
}

#[rstest]
#[case("nobody@example.org", StepName::User, Code::UserNotFound)]
#[case("twin@example.org", StepName::User, Code::UserAmbiguous)]
#[case("n.haddad@example.org", StepName::Enrollment, Code::EnrollmentNotFound)]
#[case("j.doe@example.org", StepName::Enrollment, Code::AlreadyCompleted)]
#[case("m.ricci@example.org", StepName::Enrollment, Code::EnrollmentSuspended)]
#[case("k.tanaka@example.org", StepName::Enrollment, Code::EnrollmentWaitingList)]
#[tokio::test]
async fn what_is_wrong_with_a_candidate_is_named(#[case] email: &str, #[case] step: StepName, #[case] code: Code) {
    let (_simulator, fixture) = simulated().await;
    let check = checked(&fixture, Some(email)).await;
    let wrong: Vec<_> = check.steps.iter().filter(|step| step.ok == Some(false)).collect();
    assert!(!check.ok);
    assert_eq!((wrong.len(), wrong[0].step, wrong[0].code), (1, step, Some(code)));
    assert_eq!(wrong[0].resolution, code.entry().resolution);
}

#[rstest]
#[case(
    FaultOn::Token,
    FaultKind::Unauthorized,
    StepName::Credentials,
    Code::CredentialsRefused,
    5
)]
#[case(FaultOn::UserSearch, FaultKind::Forbidden, StepName::Rights, Code::Forbidden, 2)]
#[case(FaultOn::EnrollmentList, FaultKind::Html, StepName::Course, Code::UnexpectedPage, 0)]
#[tokio::test]
async fn what_is_wrong_with_the_account_is_named_and_what_depends_on_it_is_not_tried(
    #[case] on: FaultOn,
    #[case] kind: FaultKind,
    #[case] step: StepName,
    #[case] code: Code,
    #[case] untried: usize,
) {
    let (simulator, fixture) = simulated().await;
    simulator.tenant("acme").unwrap().add_fault(Fault::new(on, kind));
    let check = checked(&fixture, Some(EMAIL)).await;
    let wrong: Vec<_> = check.steps.iter().filter(|step| step.ok == Some(false)).collect();
    assert_eq!((wrong.len(), wrong[0].step, wrong[0].code), (1, step, Some(code)));
    let unclear = check.steps.iter().filter(|step| step.ok.is_none()).count();
    assert_eq!((check.steps.len(), unclear), (6, untried.min(4)));
}

#[tokio::test]
async fn a_list_that_this_platform_does_not_know_says_nothing_of_the_course() {
    let (simulator, fixture) = simulated().await;
    let fault = Fault::new(FaultOn::EnrollmentList, FaultKind::Garbage);
    simulator.tenant("acme").unwrap().add_fault(fault);
    let check = checked(&fixture, Some(EMAIL)).await;
    assert!(check.ok);
    assert_eq!(verdicts(&check)[3], (StepName::Course, None));
}

#[tokio::test]
async fn a_course_without_anybody_in_it_is_a_question_and_no_fault() {
    let (_simulator, fixture) = simulated().await;
    let exam = ExamInput {
        id: Some("forklift-01".to_owned()),
        connector: Some("acme".to_owned()),
        course_id: Some(999),
        ..ExamInput::default()
    };
    let exam = exam.validate().unwrap();
    fixture.producer.registry().put_exam(&exam, "test").await.unwrap();
    let check = checked(&fixture, None).await;
    assert_eq!((check.ok, verdicts(&check)[3]), (true, (StepName::Course, None)));
}

#[tokio::test]
async fn an_unknown_exam_and_a_bad_address_are_told_apart() {
    let fixture = Fixture::start().await;
    let nothing = "nothing".parse().unwrap();
    assert_eq!(fixture.producer.check_exam(&nothing, None).await.unwrap(), None);
    let refused = fixture.producer.check_exam(&forklift(), Some("nobody")).await;
    assert!(matches!(refused, Err(IntakeError::Invalid(problems)) if problems[0].field == "/email"));
}
