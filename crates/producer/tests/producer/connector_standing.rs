//! Gate, pause, calls and backlog of a connector in the words of the API.

use std::time::Duration;

use passback_producer::{GateState, StandingView};
use passback_queue::{Failing, Lane, Limits, Name, PauseMode, Target};
use rstest::rstest;
use serde_json::json;

use crate::fixture::{Fixture, passed};

fn acme() -> Name {
    Name::new("acme").unwrap()
}

async fn standing(fixture: &Fixture) -> StandingView {
    let id = "acme".parse().unwrap();
    fixture.producer.connector_standing(&id).await.unwrap()
}

async fn fail(fixture: &Fixture, failing: Failing, code: &str, times: usize) {
    for _ in 0..times {
        let code = Name::new(code).unwrap();
        fixture.producer.queue().report(&acme(), failing, &code).await.unwrap();
    }
}

const THROTTLED: Failing = Failing::Throttled {
    wait: Duration::from_mins(10),
};

#[rstest]
#[case(Failing::Down, "docebo_unreachable", 4, GateState::Open, "open")]
#[case(
    Failing::Down,
    "docebo_unreachable",
    5,
    GateState::Down,
    "down until 2026-11-22T09:30:30Z"
)]
#[case(
    Failing::DownForSure,
    "certificate_invalid",
    1,
    GateState::Down,
    "down until 2026-11-22T09:30:30Z"
)]
#[case(
    THROTTLED,
    "docebo_throttled",
    1,
    GateState::Throttled,
    "throttled until 2026-11-22T09:40:00Z"
)]
#[case(
    Failing::Forbidden,
    "forbidden",
    3,
    GateState::Forbidden,
    "forbidden until 2026-11-22T09:35:00Z"
)]
#[case(
    Failing::Refused,
    "credentials_refused",
    1,
    GateState::Refused,
    "refused until validated"
)]
#[tokio::test]
async fn a_gate_is_said_in_a_word_and_in_a_few(
    #[case] failing: Failing,
    #[case] code: &str,
    #[case] times: usize,
    #[case] state: GateState,
    #[case] summary: &str,
) {
    let fixture = Fixture::start().await;
    fail(&fixture, failing, code, times).await;
    let gate = standing(&fixture).await.gate;
    assert_eq!((gate.state, gate.summary.as_str()), (state, summary));
    if state == GateState::Open {
        assert_eq!(gate.failures, 4);
    } else {
        assert_eq!(gate.code.as_deref(), Some(code));
        assert!(gate.title.is_some() && gate.since.is_some());
    }
}

#[tokio::test]
async fn a_gate_whose_time_has_come_lets_one_job_try() {
    let fixture = Fixture::start().await;
    fail(&fixture, Failing::Down, "docebo_unreachable", 5).await;
    fixture.clock.advance_ms(30_000);
    let gate = standing(&fixture).await.gate;
    assert_eq!(
        (gate.state, gate.window, gate.summary.as_str()),
        (GateState::Ramping, Some(1), "ramping (window 1)")
    );
}

#[tokio::test]
async fn a_pause_stands_before_the_gate_and_is_over_at_its_end() {
    let fixture = Fixture::start().await;
    let target = Target::Connector(acme());
    let hour = Some(Duration::from_hours(1));
    let queue = fixture.producer.queue();
    queue
        .pause(&target, PauseMode::Pause, "ops", "audit", hour)
        .await
        .unwrap();
    let paused = standing(&fixture).await;
    assert_eq!(paused.gate.summary, "paused until 2026-11-22T10:30:00Z");
    assert_eq!(
        serde_json::to_value(&paused.pause).unwrap(),
        json!({"mode": "pause", "since": "2026-11-22T09:30:00Z", "until": "2026-11-22T10:30:00Z", "actor": "ops",
               "reason": "audit"})
    );
    assert!(paused.drained);
    fixture.clock.advance_ms(3_600_000);
    let over = standing(&fixture).await;
    assert_eq!(
        (over.pause, over.drained, over.gate.summary.as_str()),
        (None, false, "open")
    );
    queue
        .pause(&target, PauseMode::Drain, "ops", "audit", None)
        .await
        .unwrap();
    assert_eq!(standing(&fixture).await.gate.summary, "draining until resumed");
}

#[tokio::test]
async fn calls_and_backlog_are_counted() {
    let fixture = Fixture::start().await;
    let queue = fixture.producer.queue();
    let limits = Limits {
        calls_per_hour: Some(100),
        ..Limits::default()
    };
    queue.set_limits(&[(acme(), limits)]).await.unwrap();
    for _ in 0..5 {
        queue.spend(&acme(), Lane::Push).await.unwrap();
    }
    fixture.producer.push(&passed("r-1")).await.unwrap();
    let running = fixture.claim(Lane::Push).await;
    let mut other = passed("r-2");
    other.email = "a.kowalska@example.org".to_owned();
    fixture.producer.push(&other).await.unwrap();
    let view = serde_json::to_value(standing(&fixture).await).unwrap();
    assert_eq!(
        view["calls"],
        json!({"allowed": 100, "used": 5, "left": {"check": 85, "push": 70, "background": 70}})
    );
    assert_eq!((&view["running"], &view["drained"]), (&json!(1), &json!(false)));
    assert_eq!(view["ready"], json!({"check": 0, "push": 1, "background": 0}));
    assert_eq!(
        (
            &view["forecast"]["reason"],
            &view["forecast"]["calls_needed"],
            &view["forecast"]["calls_left"],
            &view["forecast"]["budget_done_at"],
        ),
        (
            &json!("within_budget"),
            &json!(3),
            &json!(95),
            &json!("2026-11-22T09:30:00Z")
        )
    );
    assert_eq!(running.record.connector, "acme");
}
