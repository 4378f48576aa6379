//! Erasing a person.

use passback_producer::{ERASURE_LOOKS, Erasure, ErasureWish, IntakeError, payload_context};
use passback_queue::{Intervention, JobId, Lane, State};
use passback_registry::ConnectorId;

use crate::fixture::{EMAIL, Fixture, NOW_MS, passed, question};

fn by() -> Intervention {
    Intervention {
        actor: "the-admin".to_owned(),
        reason: "asked for by the candidate".to_owned(),
        at_ms: NOW_MS,
    }
}

async fn erase(fixture: &Fixture, dry_run: bool) -> Erasure {
    let wish = ErasureWish {
        email: "R.Moreau@Example.org ",
        cursor: 0,
        looks: ERASURE_LOOKS,
        dry_run,
    };
    fixture.producer.erase(wish, &by()).await.unwrap()
}

fn acme() -> ConnectorId {
    "acme".parse().unwrap()
}

fn of_another(result_id: &str) -> passback_producer::ExamResult {
    passback_producer::ExamResult {
        email: "a.kowalska@example.org".to_owned(),
        ..passed(result_id)
    }
}

async fn state(fixture: &Fixture, id: JobId) -> State {
    fixture.producer.queue().job(id).await.unwrap().unwrap().state
}

#[tokio::test]
async fn a_person_s_jobs_end_and_everybody_else_s_stay() {
    let fixture = Fixture::start().await;
    let (producer, registry) = (&fixture.producer, fixture.producer.registry());
    let push = producer.push(&passed("r-1")).await.unwrap().job_id();
    let check = producer.check(&question()).await.unwrap();
    let other = producer.push(&of_another("r-2")).await.unwrap().job_id();
    let person = registry.vault().email_hash(EMAIL);
    registry.learn_user(&acme(), &person, 13_827).await.unwrap();

    let planned = erase(&fixture, true).await;
    assert_eq!((planned.erased, planned.running, planned.jobs.len()), (2, 0, 2));
    assert!(planned.jobs.iter().all(|job| job.status == "found"));
    assert_eq!(state(&fixture, push).await, State::Ready);
    assert_eq!(registry.learned_user(&acme(), &person).await.unwrap(), Some(13_827));

    let done = erase(&fixture, false).await;
    assert_eq!((done.erased, done.running, done.next_cursor.as_deref()), (2, 0, None));
    assert_eq!(done.person, person);
    for id in [push, check] {
        assert_eq!(state(&fixture, id).await, State::Discarded);
        assert_eq!(fixture.producer.queue().job(id).await.unwrap().unwrap().payload, None);
    }
    assert_eq!(state(&fixture, other).await, State::Ready);
    assert_eq!(registry.learned_user(&acme(), &person).await.unwrap(), None);

    let row = producer.result("r-1").await.unwrap().unwrap();
    assert_eq!(row.code.as_deref(), Some("erased"));
    let mut entries = registry.recent_audit(2).await.unwrap();
    assert_eq!(entries[1].action, "person.erasure_begun");
    let entry = entries.remove(0);
    assert_eq!(
        (entry.action.as_str(), entry.actor.as_str()),
        ("person.erased", "the-admin")
    );
    assert_eq!(entry.target, format!("person {person}"));
    assert_eq!(entry.detail.as_deref(), Some("2 jobs ended, 0 were running"));
    assert!(!format!("{entry:?}{done:?}{row:?}").to_lowercase().contains("moreau"));
    let violations = producer.queue().violations().await.unwrap();
    assert!(violations.is_empty(), "{violations:?}");
}

#[tokio::test]
async fn a_job_that_runs_is_left_and_counted() {
    let fixture = Fixture::start().await;
    let id = fixture.producer.push(&passed("r-1")).await.unwrap().job_id();
    fixture.claim(Lane::Push).await;
    let done = erase(&fixture, false).await;
    assert_eq!((done.erased, done.running), (0, 1));
    assert_eq!(done.jobs[0].status, "running");
    assert_eq!(state(&fixture, id).await, State::Running);
    let job = fixture.producer.queue().job(id).await.unwrap().unwrap();
    let sealed = String::from_utf8(job.payload.unwrap()).unwrap();
    assert!(
        fixture
            .producer
            .registry()
            .vault()
            .open(&payload_context(id), &sealed)
            .is_ok()
    );
}

#[tokio::test]
async fn a_backlog_is_walked_look_by_look_and_taken_up_where_the_last_call_stopped() {
    let fixture = Fixture::start().await;
    let others: Vec<_> = (0..1_200).map(|number| of_another(&format!("o-{number}"))).collect();
    for verdict in fixture.producer.push_all(&others).await {
        verdict.unwrap();
    }
    fixture.producer.push(&passed("r-1")).await.unwrap();
    let stopped_at = fixture.producer.queue().scan_jobs(0, 1_000).await.unwrap();
    assert_ne!(stopped_at.next, 0);
    let rest = ErasureWish {
        email: EMAIL,
        cursor: stopped_at.next,
        looks: ERASURE_LOOKS,
        dry_run: true,
    };
    let rest = fixture.producer.erase(rest, &by()).await.unwrap();
    assert!(rest.looked_at >= 1_201 - stopped_at.jobs.len(), "{}", rest.looked_at);
    assert!(rest.looked_at < 1_201, "{}", rest.looked_at);

    let done = erase(&fixture, false).await;
    assert_eq!((done.erased, done.next_cursor), (1, None));
    assert!(done.looked_at >= 1_201, "{}", done.looked_at);
}

#[tokio::test]
async fn nothing_ends_that_cannot_be_put_on_record_first() {
    let fixture = Fixture::start().await;
    let id = fixture.producer.push(&passed("r-1")).await.unwrap().job_id();
    let audit = "{passback:0}:v1:registry:audit";
    fixture.redis.cli(&["DEL", audit]).await;
    fixture.redis.cli(&["SET", audit, "no trail"]).await;
    let wish = ErasureWish {
        email: EMAIL,
        cursor: 0,
        looks: ERASURE_LOOKS,
        dry_run: false,
    };
    assert!(fixture.producer.erase(wish, &by()).await.is_err());
    assert_eq!(state(&fixture, id).await, State::Ready);
}

#[tokio::test]
async fn what_is_no_address_is_refused() {
    let fixture = Fixture::start().await;
    let wish = ErasureWish {
        email: "nobody",
        cursor: 0,
        looks: ERASURE_LOOKS,
        dry_run: false,
    };
    let refused = fixture.producer.erase(wish, &by()).await;
    assert!(matches!(refused, Err(IntakeError::Invalid(problems)) if problems[0].field == "/email"));
    assert!(
        fixture
            .producer
            .registry()
            .recent_audit(5)
            .await
            .unwrap()
            .iter()
            .all(|entry| !entry.action.starts_with("person."))
    );
}
