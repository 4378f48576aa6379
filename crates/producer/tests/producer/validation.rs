//! Validation of a connector against the simulator.

use std::time::Duration;

use passback_producer::{Actor, Code, Validation, connector_name, validate_candidate, wake};
use passback_queue::{Failing, Gate, Lane, Limits, Standing, Transition};
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
        also: None,
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

async fn standing(fixture: &Fixture) -> Standing {
    let name = connector_name(&acme());
    fixture.producer.queue().standing(&name).await.unwrap()
}

#[tokio::test]
async fn a_validation_closes_the_gate_of_refused_credentials_and_opens_it_when_they_work() {
    let (simulator, fixture) = simulated().await;
    let tenant = simulator.tenant("acme").unwrap();
    tenant.set_credentials_refused(true);
    fixture.producer.validate(&acme(), "operator-1").await.unwrap();
    let closed = standing(&fixture).await.gate;
    assert!(
        matches!(&closed, Gate::Closed { code, until_ms: None, .. } if code == "credentials_refused"),
        "{closed:?}"
    );
    tenant.set_credentials_refused(false);
    fixture.producer.validate(&acme(), "operator-1").await.unwrap();
    let open = standing(&fixture).await.gate;
    assert!(matches!(open, Gate::Ramping { window: 1, .. }), "{open:?}");
}

#[tokio::test]
async fn the_calls_of_a_validation_count_and_are_held_by_nothing() {
    let (simulator, fixture) = simulated().await;
    let limits = Limits {
        calls_per_hour: Some(2),
        ..Limits::default()
    };
    let queue = fixture.producer.queue();
    queue.set_limits(&[(connector_name(&acme()), limits)]).await.unwrap();
    for _ in 0..2 {
        let validation = fixture.producer.validate(&acme(), "operator-1").await.unwrap();
        assert!(validation.unwrap().ok);
    }
    assert_eq!(standing(&fixture).await.lanes[&Lane::Check].calls_left, Some(0));
    assert_eq!(simulator.tenant("acme").unwrap().counts().requests, 4);
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
    let closed = matches!(standing(&fixture).await.gate, Gate::Closed { .. });
    assert_eq!(closed, code == Code::CredentialsRefused);
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

/// Validates the connector, and does something to it while Docebo keeps the validation waiting.
async fn validated_while(fixture: &Fixture, simulator: &Simulator, change: impl AsyncFnOnce()) -> Option<Validation> {
    let tenant = simulator.tenant("acme").unwrap();
    tenant.add_fault(
        Fault::new(FaultOn::UserSearch, FaultKind::Slow)
            .delay_ms(1_000)
            .times(1),
    );
    let producer = fixture.producer.clone();
    let validating = tokio::spawn(async move { producer.validate(&acme(), "operator-1").await });
    let struck = async {
        while tenant.counts().faults == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), struck).await.unwrap();
    change().await;
    validating.await.unwrap().unwrap()
}

#[tokio::test]
async fn a_validation_says_nothing_of_a_connector_that_was_changed_meanwhile() {
    let (simulator, fixture) = simulated().await;
    let registry = fixture.producer.registry();
    let code = Code::CredentialsRefused.name();
    let queue = fixture.producer.queue();
    queue
        .report(&connector_name(&acme()), Failing::Refused, &code)
        .await
        .unwrap();
    let validation = validated_while(&fixture, &simulator, async || {
        let mut connector = registry.connector(&acme()).await.unwrap().unwrap();
        connector.password = "another".into();
        registry.put_connector(&connector, "test").await.unwrap();
    })
    .await
    .unwrap();
    assert!(validation.ok);
    assert!(matches!(standing(&fixture).await.gate, Gate::Closed { .. }));
    let stored = registry.connector(&acme()).await.unwrap().unwrap();
    assert_eq!(stored.validated_at, None);
    let trail = registry.recent_audit(1).await.unwrap();
    assert_eq!(
        trail[0].detail.as_deref(),
        Some("ok, but the connector was changed meanwhile")
    );
}

#[tokio::test]
async fn a_connector_that_is_removed_meanwhile_has_no_validation() {
    let (simulator, fixture) = simulated().await;
    let registry = fixture.producer.registry();
    let validation = validated_while(&fixture, &simulator, async || {
        for exam in registry.exams().await.unwrap() {
            registry.remove_exam(&exam.id, "test", None).await.unwrap();
        }
        assert!(registry.remove_connector(&acme(), "test", None).await.unwrap());
    })
    .await;
    assert_eq!(validation, None);
}
