//! Validation of a connector against the simulator.

use passback_producer::{Actor, Code, validate_candidate, wake};
use passback_queue::{Lane, Transition};
use passback_registry::ConnectorId;
use passback_simulator::{Fault, FaultKind, FaultOn, Simulator, World};
use rstest::rstest;

use crate::fixture::{End, Fixture, passed};

fn acme() -> ConnectorId {
    "acme".parse().unwrap()
}

async fn simulated() -> (Simulator, Fixture) {
    let simulator = Simulator::start(World::sample()).await.unwrap();
    let fixture = Fixture::with_domain(&simulator.url("acme").unwrap()).await;
    (simulator, fixture)
}

#[tokio::test]
async fn credentials_that_come_back_release_what_waited_for_them() {
    let (simulator, fixture) = simulated().await;
    let tenant = simulator.tenant("acme").unwrap();
    tenant.set_credentials_refused(true);
    fixture.producer.push(&passed("r-1")).await.unwrap();
    let claimed = fixture.claim(Lane::Push).await;
    let park = Transition::Park {
        wake: wake::connector(&acme()),
        look_again_ms: None,
    };
    fixture.settle(claimed.token, park, End::default()).await;

    let refused = fixture.producer.validate(&acme(), "operator-1").await.unwrap().unwrap();
    assert!(!refused.ok);
    assert_eq!(refused.code, Some(Code::CredentialsRefused));
    assert_eq!(refused.title, "Docebo authentication is not valid");
    assert_eq!(refused.who_acts, Some(Actor::OrganisationAdmin));
    assert_eq!(refused.released_jobs, 0);
    let stored = fixture.producer.registry().connector(&acme()).await.unwrap().unwrap();
    assert_eq!(stored.validation.as_deref(), Some("credentials_refused"));
    assert_eq!(stored.validated_at, Some(refused.checked_at));

    tenant.set_credentials_refused(false);
    let accepted = fixture.producer.validate(&acme(), "operator-1").await.unwrap().unwrap();
    assert!(accepted.ok);
    assert_eq!(accepted.released_jobs, 1);
    fixture.claim(Lane::Push).await;
    let stored = fixture.producer.registry().connector(&acme()).await.unwrap().unwrap();
    assert_eq!(stored.validation, None);

    let trail = fixture.producer.registry().recent_audit(2).await.unwrap();
    let said: Vec<_> = trail.iter().map(|entry| entry.detail.as_deref().unwrap()).collect();
    assert_eq!(said, ["ok, 1 jobs released", "credentials_refused"]);
    assert!(
        trail
            .iter()
            .all(|entry| entry.actor == "operator-1" && entry.target == "connector acme")
    );
}

#[rstest]
#[case(FaultKind::Forbidden, Code::Forbidden)]
#[case(FaultKind::Html, Code::UnexpectedPage)]
#[case(FaultKind::Unavailable, Code::DoceboUnavailable)]
#[case(FaultKind::Throttled, Code::DoceboThrottled)]
#[case(FaultKind::CutBefore, Code::DoceboUnreachable)]
#[case(FaultKind::Garbage, Code::UnexpectedResponse)]
#[case(FaultKind::Unauthorized, Code::CredentialsRefused)]
#[tokio::test]
async fn each_failure_of_the_first_read_is_named(#[case] kind: FaultKind, #[case] code: Code) {
    let (simulator, fixture) = simulated().await;
    simulator
        .tenant("acme")
        .unwrap()
        .add_fault(Fault::new(FaultOn::UserSearch, kind));
    let validation = fixture.producer.validate(&acme(), "operator-1").await.unwrap().unwrap();
    assert_eq!((validation.ok, validation.code), (false, Some(code)));
}

#[tokio::test]
async fn a_platform_that_is_away_is_not_refused_credentials() {
    let (simulator, fixture) = simulated().await;
    simulator.shutdown().await;
    let validation = fixture.producer.validate(&acme(), "operator-1").await.unwrap().unwrap();
    assert_eq!(validation.code, Some(Code::DoceboUnreachable));
}

#[tokio::test]
async fn a_connector_that_is_not_stored_can_be_tried_and_leaves_no_trace() {
    let (_simulator, fixture) = simulated().await;
    let connector = fixture.producer.registry().connector(&acme()).await.unwrap().unwrap();
    let before = fixture.producer.registry().version().await.unwrap();
    let validation = fixture.producer.validate_candidate(&connector).await.unwrap();
    assert!(validation.ok);
    assert_eq!(validate_candidate(&connector, validation.checked_at).await, validation);
    assert_eq!(fixture.producer.registry().version().await.unwrap(), before);
}

#[tokio::test]
async fn an_unknown_connector_cannot_be_validated() {
    let fixture = Fixture::start().await;
    let nobody = "nobody".parse().unwrap();
    assert_eq!(fixture.producer.validate(&nobody, "operator-1").await.unwrap(), None);
}
