//! What the queue learns of a connector when it is stored, shown to work, or removed.

use passback_producer::{LimitsTold, Producer, connector_name, wake};
use passback_queue::{Failing, Gate, Lane, Limits, Name, Transition};
use passback_registry::{Connector, ConnectorId};
use rstest::rstest;

use crate::fixture::{End, Fixture, passed};

fn acme() -> ConnectorId {
    "acme".parse().unwrap()
}

async fn limits(producer: &Producer) -> Limits {
    producer
        .queue()
        .standing(&connector_name(&acme()))
        .await
        .unwrap()
        .limits
}

async fn is_closed(producer: &Producer) -> bool {
    let gate = producer.queue().standing(&connector_name(&acme())).await.unwrap().gate;
    matches!(gate, Gate::Closed { .. })
}

async fn store(producer: &Producer, adapt: impl FnOnce(&mut Connector)) {
    let mut connector = producer.registry().connector(&acme()).await.unwrap().unwrap();
    adapt(&mut connector);
    producer.registry().put_connector(&connector, "test").await.unwrap();
}

/// Closes the gate for a reason.
async fn fail(producer: &Producer, failing: Failing, code: &str) {
    for _ in 0..5 {
        let code = Name::new(code).unwrap();
        let report = producer.queue().report(&connector_name(&acme()), failing, &code).await;
        report.unwrap();
    }
    assert!(is_closed(producer).await);
}

/// A job that waits for the connector.
async fn park_one(fixture: &Fixture) {
    fixture.producer.push(&passed("r-1")).await.unwrap();
    let claimed = fixture.claim(Lane::Push).await;
    let park = Transition::Park {
        wake: wake::connector(&acme()),
        also: None,
        look_again_ms: None,
    };
    fixture.settle(claimed.token, park, End::default()).await;
}

#[tokio::test]
async fn a_stored_connector_has_its_limits_in_the_queue() {
    let fixture = Fixture::start().await;
    let producer = &fixture.producer;
    store(producer, |connector| {
        (connector.calls_per_hour, connector.weight, connector.max_concurrency) = (500, 2, Some(7));
    })
    .await;
    producer.connector_stored(&acme()).await.unwrap();
    let stored = Limits {
        calls_per_hour: Some(500),
        weight: 2,
        max_concurrency: Some(7),
    };
    assert_eq!(limits(producer).await, stored);
    producer.connector_removed(&acme()).await.unwrap();
    assert_eq!(limits(producer).await, Limits::default());
    assert_eq!(producer.connector_stored(&"nobody".parse().unwrap()).await.unwrap(), 0);
}

const THROTTLED: Failing = Failing::Throttled {
    wait: std::time::Duration::from_hours(1),
};

#[rstest]
#[case(Failing::Refused, "credentials_refused", true)]
#[case(Failing::Forbidden, "forbidden", true)]
#[case(Failing::Forbidden, "unexpected_page", true)]
// Other credentials make Docebo neither faster nor more patient.
#[case(THROTTLED, "docebo_throttled", false)]
#[case(THROTTLED, "docebo_unavailable", false)]
#[case(Failing::Down, "docebo_unreachable", false)]
#[tokio::test]
async fn new_credentials_open_a_gate_that_was_closed_because_of_the_old_ones(
    #[case] failing: Failing,
    #[case] code: &str,
    #[case] opens: bool,
) {
    let fixture = Fixture::start().await;
    let producer = &fixture.producer;
    park_one(&fixture).await;
    fail(producer, failing, code).await;
    store(producer, |connector| connector.password = "another".into()).await;
    assert_eq!(producer.connector_stored(&acme()).await.unwrap(), 1);
    assert_eq!(is_closed(producer).await, !opens);
}

#[tokio::test]
async fn a_change_of_anything_else_leaves_the_gate_and_the_parked_jobs_alone() {
    let fixture = Fixture::start().await;
    let producer = &fixture.producer;
    let stored = producer.registry().connector(&acme()).await.unwrap().unwrap();
    let (seen, now) = (stored.updated_at, stored.created_at);
    let refused = Some("credentials_refused");
    assert!(
        producer
            .registry()
            .set_validation(&acme(), seen, refused, now)
            .await
            .unwrap()
    );
    park_one(&fixture).await;
    fail(producer, Failing::Refused, "credentials_refused").await;
    store(producer, |connector| connector.weight = 9).await;
    assert_eq!(producer.connector_stored(&acme()).await.unwrap(), 0);
    assert!(is_closed(producer).await);
    assert_eq!(limits(producer).await.weight, 9);
}

#[rstest]
#[case(Failing::Refused, "credentials_refused")]
#[case(THROTTLED, "docebo_throttled")]
#[tokio::test]
async fn a_connector_that_works_goes_on_whatever_closed_its_gate(#[case] failing: Failing, #[case] code: &str) {
    let fixture = Fixture::start().await;
    park_one(&fixture).await;
    fail(&fixture.producer, failing, code).await;
    assert_eq!(fixture.producer.connector_works(&acme()).await.unwrap(), 1);
    assert!(!is_closed(&fixture.producer).await);
    fixture.claim(Lane::Push).await;
}

#[tokio::test]
async fn limits_that_nobody_told_of_are_told_later_and_those_of_removed_connectors_forgotten() {
    let fixture = Fixture::start().await;
    let producer = &fixture.producer;
    let mut told = LimitsTold::default();
    producer.sync_limits(&mut told).await.unwrap();
    assert_eq!(limits(producer).await.calls_per_hour, Some(1000));
    store(producer, |connector| connector.calls_per_hour = 300).await;
    producer.sync_limits(&mut told).await.unwrap();
    assert_eq!(limits(producer).await.calls_per_hour, Some(300));
    // Only what has changed is told again.
    producer.connector_removed(&acme()).await.unwrap();
    producer.sync_limits(&mut told).await.unwrap();
    assert_eq!(limits(producer).await, Limits::default());

    producer.connector_stored(&acme()).await.unwrap();
    let registry = producer.registry();
    for exam in registry.exams().await.unwrap() {
        registry.remove_exam(&exam.id, "test", None).await.unwrap();
    }
    assert!(registry.remove_connector(&acme(), "test", None).await.unwrap());
    producer.sync_limits(&mut told).await.unwrap();
    assert_eq!(limits(producer).await, Limits::default());
}
