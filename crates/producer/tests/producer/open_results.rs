//! What was accepted and is not at its end: where it stands, and when it is overdue.

use std::time::Duration;

use passback_producer::{Arrival, Overdue, ResultState};
use passback_queue::{Lane, Name, Transition};

use crate::fixture::{End, Fixture, passed};

const DAY: Duration = Duration::from_hours(24);

async fn end_push(fixture: &Fixture, transition: Transition, state: &'static str) {
    let claimed = fixture.claim(Lane::Push).await;
    let end = End {
        ledger_state: Some(state),
        ..End::default()
    };
    fixture.settle(claimed.token, transition, end).await;
}

/// A result of a person of its own.
async fn accept(fixture: &Fixture, result_id: &str) {
    let mut result = passed(result_id);
    result.email = format!("{result_id}@example.org");
    fixture.producer.push(&result).await.unwrap();
}

#[tokio::test]
async fn a_result_is_overdue_when_it_is_old_and_not_at_its_end() {
    let fixture = Fixture::start().await;
    accept(&fixture, "r-1").await;
    end_push(&fixture, Transition::Done, "delivered").await;
    accept(&fixture, "r-2").await;
    end_push(&fixture, Transition::Bury, "dead").await;
    fixture.clock.advance_ms(3_600_000);
    accept(&fixture, "r-3").await;
    let overdue = async || fixture.producer.overdue_results(DAY).await.unwrap();
    assert_eq!(overdue().await, Overdue::default());
    fixture.clock.advance_ms(23 * 3_600_000 + 1_000);
    // A dead result waits for a person, so it is not at its end.
    let one = Overdue {
        count: 1,
        oldest_age_s: 86_401,
    };
    assert_eq!(overdue().await, one);
    let page = fixture.producer.open_results(DAY, None, 10).await.unwrap();
    assert_eq!((page.results.len(), page.next), (1, None));
    assert_eq!(
        (page.results[0].result_id.as_str(), page.results[0].state),
        ("r-2", ResultState::Dead)
    );
    fixture.clock.advance_ms(3_600_000);
    assert_eq!(overdue().await.count, 2);
}

#[tokio::test]
async fn a_result_that_is_accepted_just_now_is_open() {
    let fixture = Fixture::start().await;
    accept(&fixture, "r-1").await;
    let page = fixture.producer.open_results(Duration::ZERO, None, 10).await.unwrap();
    assert_eq!(page.results.len(), 1);
}

#[tokio::test]
async fn results_are_reconciled_in_the_order_of_their_ids() {
    let fixture = Fixture::start().await;
    accept(&fixture, "r-1").await;
    end_push(&fixture, Transition::Done, "delivered").await;
    accept(&fixture, "r-2").await;
    let by = Name::new("r-3").unwrap();
    end_push(&fixture, Transition::Superseded { by }, "superseded").await;
    accept(&fixture, "r-3").await;
    let ids = ["r-3", "r-0", "r-1", "r-2", "r-3"].map(|id| Name::new(id).unwrap());
    let found = fixture.producer.reconcile(&ids).await.unwrap();
    let arrivals: Vec<Arrival> = found.iter().map(|found| found.arrival).collect();
    let expected = [
        Arrival::Pending,
        Arrival::Missing,
        Arrival::Delivered,
        Arrival::Ended,
        Arrival::Pending,
    ];
    assert_eq!(arrivals, expected);
    assert_eq!(
        (found[0].state.as_deref(), found[1].state.as_deref()),
        (Some("accepted"), None)
    );
}
