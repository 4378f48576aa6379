//! Why a job is not running, for every blocker that the queue knows.

use std::time::Duration;

use passback_producer::ExplanationView;
use passback_queue::{Failing, JobId, Lane, Limits, Name, PauseMode, Target, Transition, WorkerInfo};
use serde_json::{Value, json};

use crate::fixture::{End, Fixture, NOW_MS, passed};

fn acme() -> Name {
    Name::new("acme").unwrap()
}

async fn pushed(fixture: &Fixture, result_id: &str) -> JobId {
    let mut result = passed(result_id);
    result.email = format!("{result_id}@example.org");
    fixture.producer.push(&result).await.unwrap().job_id()
}

async fn explained(fixture: &Fixture, id: JobId) -> ExplanationView {
    fixture.producer.explain(id).await.unwrap().unwrap()
}

/// A ready push and what is said of it.
async fn of_ready(fixture: &Fixture) -> ExplanationView {
    let id = pushed(fixture, "r-1").await;
    explained(fixture, id).await
}

async fn serve(fixture: &Fixture) {
    let info = WorkerInfo {
        host: "host".to_owned(),
        pid: 1,
        version: "0".to_owned(),
        started_ms: NOW_MS,
        concurrency: [(Lane::Push, 4)].into(),
    };
    let worker = Name::new("test-worker-1").unwrap();
    fixture.producer.queue().beat(&worker, &info).await.unwrap();
}

async fn limit(fixture: &Fixture, calls_per_hour: Option<u32>, max_concurrency: Option<u32>) {
    let limits = Limits {
        calls_per_hour,
        weight: 1,
        max_concurrency,
    };
    fixture.producer.queue().set_limits(&[(acme(), limits)]).await.unwrap();
}

/// Ends the attempt of a fresh push and says what is said of it then.
async fn after(fixture: &Fixture, transition: Transition, code: Option<&str>) -> ExplanationView {
    let id = pushed(fixture, "r-1").await;
    let claimed = fixture.claim(Lane::Push).await;
    let end = End { code, ..End::default() };
    fixture.settle(claimed.token, transition, end).await;
    explained(fixture, id).await
}

#[tokio::test]
async fn a_job_that_nothing_keeps_waits_for_a_worker_or_for_its_turn() {
    let fixture = Fixture::start().await;
    let nobody = of_ready(&fixture).await;
    assert_eq!(
        (nobody.blocker, nobody.state.as_str(), nobody.code),
        ("no_worker", "ready", None)
    );
    assert_eq!(nobody.explanation, "no live worker serves the lane push");
    assert_eq!(nobody.who_acts.as_str(), "platform");
    serve(&fixture).await;
    let second = pushed(&fixture, "r-2").await;
    let turn = explained(&fixture, second).await;
    assert_eq!(
        (turn.blocker, turn.ahead, turn.who_acts.as_str()),
        ("turn", 1, "nobody")
    );
    assert_eq!(
        turn.explanation,
        "nothing keeps it: it waits for its turn and a free slot; 1 job goes first"
    );
}

#[tokio::test]
async fn a_pause_is_told_with_who_why_and_until_when() {
    let fixture = Fixture::start().await;
    let queue = fixture.producer.queue();
    let connector = Target::Connector(acme());
    let hour = Some(Duration::from_hours(1));
    queue
        .pause(&connector, PauseMode::Pause, "ops", "audit week", hour)
        .await
        .unwrap();
    let paused = serde_json::to_value(of_ready(&fixture).await).unwrap();
    let expected = json!({
        "state": "ready", "blocker": "connector_paused", "code": "paused", "title": "Paused by a person",
        "who_acts": "platform", "paused_by": "ops", "reason": "audit week", "ahead": 0,
        "since": "2026-11-22T09:30:00Z", "expected_release": "2026-11-22T10:30:00Z",
        "explanation": "connector acme is paused since 2026-11-22T09:30:00Z by ops (audit week); it goes on at \
                        2026-11-22T10:30:00Z, or when somebody resumes it: `passback connector resume acme --reason TEXT`",
    });
    for (field, value) in expected.as_object().unwrap() {
        assert_eq!(&paused[field], value, "{field}");
    }
    assert!(paused["resolution"].as_array().is_some_and(|steps| !steps.is_empty()));

    let lane = Target::Lane(Lane::Push);
    queue
        .pause(&lane, PauseMode::Pause, "boss", "quiet", None)
        .await
        .unwrap();
    let id = pushed(&fixture, "r-2").await;
    let paused = explained(&fixture, id).await;
    assert_eq!((paused.blocker, paused.expected_release), ("lane_paused", None));
    assert_eq!(
        paused.explanation,
        "lane push is paused since 2026-11-22T09:30:00Z by boss (quiet); it goes on when somebody resumes it: \
         `passback lane resume push --reason TEXT`"
    );
}

#[tokio::test]
async fn a_closed_gate_says_why_and_what_opens_it() {
    let fixture = Fixture::start().await;
    let queue = fixture.producer.queue();
    let report = async |failing, code| queue.report(&acme(), failing, &Name::new(code).unwrap()).await.unwrap();
    let wait = Duration::from_mins(10);
    report(Failing::Throttled { wait }, "docebo_throttled").await;
    let throttled = of_ready(&fixture).await;
    assert_eq!(
        throttled.explanation,
        "connector acme is closed since 2026-11-22T09:30:00Z because Docebo asked for fewer calls; the next try is at \
         2026-11-22T09:40:00Z"
    );
    assert_eq!(throttled.expected_release.unwrap().to_string(), "2026-11-22T09:40:00Z");
    report(Failing::Refused, "credentials_refused").await;
    let id = pushed(&fixture, "r-2").await;
    let refused = explained(&fixture, id).await;
    assert_eq!(
        refused.explanation,
        "connector acme is closed since 2026-11-22T09:30:00Z because Docebo refuses its credentials; it opens when \
         somebody validates it: `passback connector validate acme`"
    );
    assert_eq!(
        (refused.blocker, refused.title, refused.who_acts.as_str()),
        (
            "gate_closed",
            "Docebo authentication is not valid",
            "organisation_admin"
        )
    );
}

#[tokio::test]
async fn a_gate_that_opens_again_and_a_limit_of_jobs_name_their_number() {
    let fixture = Fixture::start().await;
    let queue = fixture.producer.queue();
    let code = Name::new("credentials_refused").unwrap();
    queue.report(&acme(), Failing::Refused, &code).await.unwrap();
    queue.open_gate(&acme()).await.unwrap();
    pushed(&fixture, "r-1").await;
    let _running = fixture.claim(Lane::Push).await;
    let id = pushed(&fixture, "r-2").await;
    let ramping = explained(&fixture, id).await;
    assert_eq!((ramping.blocker, ramping.limit), ("gate_ramping", Some(1)));
    assert_eq!(ramping.who_acts.as_str(), "nobody", "the credentials are good again");

    let fixture = Fixture::start().await;
    limit(&fixture, None, Some(1)).await;
    pushed(&fixture, "r-1").await;
    let _running = fixture.claim(Lane::Push).await;
    let id = pushed(&fixture, "r-2").await;
    let limited = explained(&fixture, id).await;
    assert_eq!((limited.blocker, limited.limit), ("concurrency", Some(1)));
    assert_eq!(limited.explanation, "connector acme runs no more than 1 job at once");
}

#[tokio::test]
async fn a_used_up_budget_says_when_calls_come_free() {
    let fixture = Fixture::start().await;
    limit(&fixture, Some(3), None).await;
    for _ in 0..3 {
        fixture.producer.queue().spend(&acme(), Lane::Push).await.unwrap();
    }
    let quota = of_ready(&fixture).await;
    assert_eq!((quota.blocker, quota.limit), ("quota", Some(3)));
    assert_eq!(quota.code.as_deref(), Some("quota_used_up"));
    assert_eq!(
        quota.explanation,
        "connector acme may make 3 calls an hour, and they are used up or kept for other lanes; calls come free from \
         2026-11-22T10:31:00Z on"
    );
}

#[tokio::test]
async fn a_job_behind_another_of_the_same_person_names_it() {
    let fixture = Fixture::start().await;
    let first = fixture.producer.push(&passed("r-1")).await.unwrap().job_id();
    let _running = fixture.claim(Lane::Push).await;
    let mut later = passed("r-2");
    later.completed_at = "2026-11-21T09:30:11Z".to_owned();
    let second = fixture.producer.push(&later).await.unwrap().job_id();
    let key = explained(&fixture, second).await;
    assert_eq!((key.blocker, key.holder), ("key", Some(first.to_string())));
    assert!(key.explanation.contains(&first.to_string()), "{}", key.explanation);
    let running = explained(&fixture, first).await;
    assert_eq!((running.blocker, running.state.as_str()), ("running", "running"));
    assert_eq!(
        (running.worker.as_deref(), running.expected_release),
        (Some("test-worker-1"), None)
    );
}

#[tokio::test]
async fn a_job_after_an_attempt_says_what_it_waits_for() {
    let retry = Transition::Retry { delay_ms: 60_000 };
    let scheduled = after(&Fixture::start().await, retry, Some("docebo_unavailable")).await;
    assert_eq!(
        (scheduled.blocker, scheduled.state.as_str()),
        ("scheduled", "scheduled")
    );
    assert_eq!(
        scheduled.explanation,
        "it is tried again at 2026-11-22T09:31:00Z; its last attempt ended with: Docebo is not available"
    );
    let park = Transition::Park {
        wake: Name::new("user/acme/0f3c").unwrap(),
        also: None,
        look_again_ms: Some(6 * 3_600_000),
    };
    let parked = after(&Fixture::start().await, park, Some("user_not_found")).await;
    assert_eq!(
        (parked.blocker, parked.wake.as_deref(), parked.who_acts.as_str()),
        ("parked", Some("user/acme/0f3c"), "candidate")
    );
    assert_eq!(
        parked.explanation,
        "it is parked since 2026-11-22T09:30:00Z (User not found); it goes on when Docebo has a user of this e-mail, \
         and is looked at again at 2026-11-22T15:30:00Z"
    );
    let dead = after(&Fixture::start().await, Transition::Bury, Some("rejected")).await;
    assert_eq!(
        (dead.blocker, dead.title, dead.state.as_str()),
        ("dead", "Docebo refuses the change", "dead")
    );
    assert!(
        dead.explanation
            .contains(&format!("passback dead redrive {}", dead.job_id)),
        "{}",
        dead.explanation
    );
}

#[tokio::test]
async fn an_ended_job_says_how_and_an_unknown_one_is_none() {
    let fixture = Fixture::start().await;
    let done = after(&fixture, Transition::Done, None).await;
    assert_eq!((done.blocker, done.state.as_str()), ("ended", "done"));
    assert_eq!(done.explanation, "it ended at 2026-11-22T09:30:00Z as done");
    let by = Name::new("r-9").unwrap();
    let superseded = Transition::Superseded { by };
    let superseded = after(&Fixture::start().await, superseded, Some("superseded")).await;
    assert_eq!(
        (superseded.state.as_str(), superseded.code.as_deref()),
        ("superseded", Some("superseded"))
    );
    let nobody = JobId::from_parts(1, 1);
    assert_eq!(fixture.producer.explain(nobody).await.unwrap(), None);
}

#[tokio::test]
async fn a_job_that_no_version_can_read_is_told_as_dead() {
    let fixture = Fixture::start().await;
    let id = pushed(&fixture, "r-1").await;
    let spoilt = [
        "HSET",
        "{passback:0}:v1:jobs:data",
        &id.to_string(),
        "from another world",
    ];
    fixture.redis.cli(&spoilt).await;
    let worker = Name::new("test-worker-1").unwrap();
    let minute = Duration::from_mins(1);
    let queue = fixture.producer.queue();
    assert!(queue.claim(Lane::Push, &worker, 1, minute).await.unwrap().is_empty());
    let dead: Value = serde_json::to_value(explained(&fixture, id).await).unwrap();
    assert_eq!(
        (&dead["blocker"], &dead["state"], &dead["code"], &dead["since"]),
        (&json!("dead"), &json!("dead"), &json!("unreadable"), &Value::Null)
    );
}
