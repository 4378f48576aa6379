//! A result as everyone sees it, at each station of its way.

use passback_producer::ResultState;
use passback_queue::{Failing, Intervention, Lane, Name, Transition};
use serde_json::json;

use crate::fixture::{End, Fixture, NOW_MS, passed, question};

async fn state(fixture: &Fixture) -> ResultState {
    fixture.producer.result("r-1").await.unwrap().unwrap().state
}

#[tokio::test]
async fn a_new_result_is_shown_as_accepted() {
    let fixture = Fixture::start().await;
    let receipt = fixture.producer.push(&passed("r-1")).await.unwrap();
    let view = fixture.producer.result("r-1").await.unwrap().unwrap();
    let expected = json!({
        "result_id": "r-1", "exam_id": "forklift-01", "connector": "acme", "outcome": "passed",
        "score_percent": 87, "completed_at": "2026-11-20T09:30:11Z", "state": "accepted",
        "code": null, "title": null, "who_acts": null, "resolution": [], "superseded_by": null,
        "job_id": receipt.job_id(), "attempts": 0,
        "steps": [{"at": "2026-11-22T09:30:00Z", "step": "accepted"}],
        "explanation": null, "course_id": 146, "sequence": null, "next_at": null,
    });
    assert_eq!(serde_json::to_value(view).unwrap(), expected);
    assert_eq!(fixture.producer.result("r-2").await.unwrap(), None);
    assert_eq!(fixture.producer.result("no such id").await.unwrap(), None);
}

#[tokio::test]
async fn a_parked_result_says_why_who_acts_and_when_it_is_looked_at_again() {
    let fixture = Fixture::start().await;
    fixture.producer.push(&passed("r-1")).await.unwrap();
    let claimed = fixture.claim(Lane::Push).await;
    assert_eq!(state(&fixture).await, ResultState::Running);
    let park = Transition::Park {
        wake: Name::new("connector/acme").unwrap(),
        also: None,
        look_again_ms: Some(1_000),
    };
    let end = End {
        code: Some("credentials_refused"),
        ledger_state: Some("parked"),
        ..End::default()
    };
    fixture.settle(claimed.token, park, end).await;
    let view = fixture.producer.result("r-1").await.unwrap().unwrap();
    let json = serde_json::to_value(&view).unwrap();
    assert_eq!(json["state"], "parked");
    assert_eq!(json["code"], "credentials_refused");
    assert_eq!(json["title"], "Docebo authentication is not valid");
    assert_eq!(json["who_acts"], "organisation_admin");
    assert!(!view.resolution.is_empty());
    assert_eq!(json["next_at"], "2026-11-22T09:30:01Z");
    assert_eq!(json["steps"][1]["code"], "credentials_refused");

    fixture.clock.advance_ms(1_000);
    fixture.producer.queue().promote().await.unwrap();
    assert_eq!(state(&fixture).await, ResultState::Retrying);
}

#[tokio::test]
async fn a_result_that_waits_with_a_case_of_another_job_is_looked_at_when_that_job_is() {
    let fixture = Fixture::start().await;
    fixture.producer.push(&passed("r-1")).await.unwrap();
    let claimed = fixture.claim(Lane::Push).await;
    let end = End {
        ledger_state: Some("delivered"),
        ..End::default()
    };
    fixture.settle(claimed.token, Transition::Done, end).await;
    // The job that read it back, as far as a view sees it.
    let other = fixture.producer.check(&question()).await.unwrap();
    let claimed = fixture.claim(Lane::Check).await;
    let park = Transition::Park {
        wake: Name::new("case/r-1").unwrap(),
        also: None,
        look_again_ms: Some(5_000),
    };
    fixture.settle(claimed.token, park, End::default()).await;
    let case = json!({"code": "verify_mismatch", "ours": {"status": "completed"}, "found_at": "2026-11-22T09:30:00Z"});
    let step = json!({"at_ms": NOW_MS, "step": "decided", "code": "", "reference": "write_ours", "actor": "ann",
        "reason": "graded by hand"});
    let (case, step, other_id) = (case.to_string(), format!("{step}\n"), other.to_string());
    let row = [
        "HSET",
        "{passback:0}:v1:ledger:r-1",
        "state",
        "parked",
        "code",
        "verify_mismatch",
        "case",
        &case,
        "case_job",
        &other_id,
        "steps",
        &step,
    ];
    fixture.redis.cli(&row).await;
    let view = fixture.producer.result("r-1").await.unwrap().unwrap();
    let json = serde_json::to_value(&view).unwrap();
    assert_eq!(
        (&json["state"], &json["code"]),
        (&json!("parked"), &json!("verify_mismatch"))
    );
    assert_eq!(
        (&json["next_at"], &json["case_job_id"]),
        (&json!("2026-11-22T09:30:05Z"), &json!(other))
    );
    let decided = &json["steps"][0];
    assert_eq!(
        (&decided["actor"], &decided["reason"]),
        (&json!("ann"), &json!("graded by hand"))
    );
}

#[tokio::test]
async fn a_delivered_result_stays_delivered() {
    let fixture = Fixture::start().await;
    fixture.producer.push(&passed("r-1")).await.unwrap();
    let claimed = fixture.claim(Lane::Push).await;
    let end = End {
        ledger_state: Some("delivered"),
        ..End::default()
    };
    fixture.settle(claimed.token, Transition::Done, end).await;
    let view = fixture.producer.result("r-1").await.unwrap().unwrap();
    assert_eq!(
        (view.state, view.attempts, view.code),
        (ResultState::Delivered, 1, None)
    );
}

#[tokio::test]
async fn a_result_is_retrying_then_dead_then_discarded() {
    let fixture = Fixture::start().await;
    let job_id = fixture.producer.push(&passed("r-1")).await.unwrap().job_id();
    let claimed = fixture.claim(Lane::Push).await;
    let end = |state| End {
        code: Some("docebo_unavailable"),
        ledger_state: Some(state),
        ..End::default()
    };
    let retry = Transition::Retry { delay_ms: 500 };
    fixture.settle(claimed.token, retry, end("retrying")).await;
    assert_eq!(state(&fixture).await, ResultState::Retrying);
    fixture.clock.advance_ms(500);
    fixture.producer.queue().promote().await.unwrap();
    assert_eq!(state(&fixture).await, ResultState::Retrying);
    let claimed = fixture.claim(Lane::Push).await;
    fixture.settle(claimed.token, Transition::Bury, end("dead")).await;
    assert_eq!(state(&fixture).await, ResultState::Dead);
    let by = Intervention {
        actor: "test".to_owned(),
        reason: "entered by hand".to_owned(),
        at_ms: NOW_MS,
    };
    fixture.producer.queue().discard(&[job_id], &by).await.unwrap();
    assert_eq!(state(&fixture).await, ResultState::Discarded);
}

#[tokio::test]
async fn a_superseded_result_names_its_successor() {
    let fixture = Fixture::start().await;
    fixture.producer.push(&passed("r-1")).await.unwrap();
    let claimed = fixture.claim(Lane::Push).await;
    let end = End {
        code: Some("superseded"),
        ledger_state: Some("superseded"),
        ..End::default()
    };
    let by = Name::new("r-2").unwrap();
    fixture.settle(claimed.token, Transition::Superseded { by }, end).await;
    let view = fixture.producer.result("r-1").await.unwrap().unwrap();
    assert_eq!(view.state, ResultState::Superseded);
    assert_eq!(view.superseded_by.as_deref(), Some("r-2"));
}

#[tokio::test]
async fn a_result_behind_a_closed_gate_is_shown_as_parked_with_the_reason() {
    let fixture = Fixture::start().await;
    fixture.producer.push(&passed("r-1")).await.unwrap();
    let (acme, code) = (Name::new("acme").unwrap(), Name::new("credentials_refused").unwrap());
    let queue = fixture.producer.queue();
    queue.report(&acme, Failing::Refused, &code).await.unwrap();
    let view = fixture.producer.result("r-1").await.unwrap().unwrap();
    assert_eq!(view.state, ResultState::Parked);
    assert_eq!(view.code.as_deref(), Some("credentials_refused"));
    assert_eq!((view.attempts, view.next_at), (0, None));
    queue.open_gate(&acme).await.unwrap();
    assert_eq!(state(&fixture).await, ResultState::Accepted);
}
