//! Accepting results: ledger row, version in force and job, all or nothing.

use passback_queue::{Accepted, JobId, NewResult, Settlement, Transition};

use crate::shard::{START_MS, Shard, ann, ending, job, keyed, name};

fn result(number: u64, content: &str) -> NewResult {
    NewResult {
        result_id: name(&format!("r-{number}")),
        fingerprint: content.to_owned(),
        row: format!("{{\"exam_id\":\"forklift-01\",\"content\":\"{content}\"}}"),
        subject: name("acme/146/ab"),
        version_seen: String::new(),
        version_wanted: content.to_owned(),
        job: keyed(number, "acme/146/ab"),
    }
}

#[tokio::test]
async fn a_result_is_accepted_once_and_other_content_is_refused() {
    let shard = Shard::start().await;
    assert_eq!(shard.queue.accept(&[result(1, "87")]).await.unwrap(), [Accepted::New]);
    let before = shard.contents().await;
    let again = NewResult {
        job: job(500),
        ..result(1, "87")
    };
    assert_eq!(shard.queue.accept(&[again]).await.unwrap(), [Accepted::Same]);
    let other = NewResult {
        job: job(501),
        ..result(1, "88")
    };
    assert_eq!(shard.queue.accept(&[other]).await.unwrap(), [Accepted::OtherContent]);
    assert_eq!(shard.contents().await, before);
    let row = shard.queue.ledger_row(&name("r-1")).await.unwrap().unwrap();
    assert_eq!((row.job_id, row.state.as_str()), (job(1).id, "accepted"));
    assert_eq!(row.steps.len(), 1);
    shard.assert_sound().await;
}

#[tokio::test]
async fn a_result_that_decided_on_an_old_version_decides_again() {
    let shard = Shard::start().await;
    shard.queue.accept(&[result(1, "fail")]).await.unwrap();
    let before = shard.contents().await;
    assert_eq!(
        shard.queue.accept(&[result(2, "pass")]).await.unwrap(),
        [Accepted::Moved]
    );
    assert_eq!(shard.contents().await, before);
    let informed = NewResult {
        version_seen: "fail".to_owned(),
        ..result(2, "pass")
    };
    assert_eq!(shard.queue.accept(&[informed]).await.unwrap(), [Accepted::New]);
    let subject = shard.queue.subject(&name("acme/146/ab")).await.unwrap();
    assert_eq!(subject.version.as_deref(), Some("pass"));
}

#[tokio::test]
async fn every_step_of_a_result_is_in_its_row() {
    let shard = Shard::start().await;
    let worker = name("w1");
    shard.queue.accept(&[result(1, "87")]).await.unwrap();
    let park = Transition::Park {
        wake: name("connector/acme"),
        also: None,
        look_again_ms: None,
    };
    let steps = [
        (Transition::Retry { delay_ms: 0 }, "retrying", "docebo_unavailable"),
        (park, "parked", "credentials_refused"),
        (Transition::Bury, "dead", "rejected"),
        (Transition::Done, "delivered", ""),
    ];
    for (transition, state, code) in steps {
        shard.clock.advance_ms(1);
        shard.queue.promote().await.unwrap();
        let claimed = shard.claim_one(&worker).await;
        let code = (!code.is_empty()).then(|| name(code));
        let settlement = Settlement {
            code,
            ledger_state: Some(state),
            ..ending(claimed.token, transition)
        };
        shard.settle(&worker, settlement).await;
        let row = shard.queue.ledger_row(&name("r-1")).await.unwrap().unwrap();
        assert_eq!(row.state, state);
        shard.queue.wake(&name("connector/acme")).await.unwrap();
        shard.queue.redrive(&[job(1).id], &ann()).await.unwrap();
    }
    let row = shard.queue.ledger_row(&name("r-1")).await.unwrap().unwrap();
    let steps: Vec<&str> = row.steps.iter().map(|step| step.step.as_str()).collect();
    assert_eq!(
        steps,
        [
            "accepted",
            "retrying",
            "parked",
            "released",
            "dead",
            "redriven",
            "delivered"
        ]
    );
    assert_eq!(row.steps[2].code, "credentials_refused");
    assert_eq!(row.steps[0].at_ms, START_MS);
    assert_eq!(row.attempts, 1, "a redrive counts anew");
}

#[tokio::test]
async fn a_superseded_result_points_at_its_successor() {
    let shard = Shard::start().await;
    let worker = name("w1");
    shard.queue.accept(&[result(1, "fail")]).await.unwrap();
    let claimed = shard.claim_one(&worker).await;
    let superseded = Settlement {
        ledger_state: Some("superseded"),
        ..ending(claimed.token, Transition::Superseded { by: name("r-2") })
    };
    shard.settle(&worker, superseded).await;
    let row = shard.queue.ledger_row(&name("r-1")).await.unwrap().unwrap();
    assert_eq!(
        (row.state.as_str(), row.superseded_by.as_deref()),
        ("superseded", Some("r-2"))
    );
}

#[tokio::test]
async fn a_ledger_row_outlives_its_job_and_is_bounded() {
    let shard = Shard::start().await;
    let worker = name("w1");
    shard.queue.accept(&[result(1, "87")]).await.unwrap();
    for _ in 0..300 {
        shard.queue.promote().await.unwrap();
        let claimed = shard.claim_one(&worker).await;
        let snooze = ending(claimed.token, Transition::Snooze { delay_ms: 0 });
        let code = Some(name("docebo_throttled"));
        shard
            .settle(
                &worker,
                Settlement {
                    ledger_state: Some("retrying"),
                    code,
                    ..snooze
                },
            )
            .await;
    }
    let row = shard.queue.ledger_row(&name("r-1")).await.unwrap().unwrap();
    assert_eq!(row.steps[0].step, "accepted", "the first step stays");
    assert!(row.steps.len() < 300);
    let ttl = shard.redis.cli(&["PEXPIRETIME", "{passback:0}:v1:ledger:r-1"]).await;
    let days_400 = 400 * 24 * 3_600_000;
    assert_eq!(ttl, redis::Value::Int(i64::try_from(START_MS + days_400).unwrap()));
}

#[tokio::test]
async fn many_callers_with_one_result_store_one_job() {
    let shard = Shard::start().await;
    let mut callers = tokio::task::JoinSet::new();
    for caller in 0..20 {
        let queue = shard.queue.clone();
        callers.spawn(async move {
            let job = passback_queue::NewJob {
                id: JobId::from_parts(START_MS, caller),
                ..keyed(1, "acme/146/ab")
            };
            queue.accept(&[NewResult { job, ..result(1, "87") }]).await.unwrap()[0]
        });
    }
    let verdicts = callers.join_all().await;
    assert_eq!(verdicts.iter().filter(|verdict| **verdict == Accepted::New).count(), 1);
    assert_eq!(
        verdicts.iter().filter(|verdict| **verdict == Accepted::Same).count(),
        19
    );
    assert_eq!(shard.claim(&name("w1")).await.len(), 1);
    shard.assert_sound().await;
}

fn version_of(result_id: &str) -> String {
    format!("{{\"result_id\":\"{result_id}\"}}")
}

#[tokio::test]
async fn a_discarded_result_leaves_force_unless_it_may_have_reached_docebo() {
    let shard = Shard::start().await;
    let worker = name("w1");
    let subject = name("acme/146/ab");
    let in_force = || async { shard.queue.subject(&subject).await.unwrap().version };
    let new = |number: u64, seen: String| NewResult {
        version_seen: seen,
        version_wanted: version_of(&format!("r-{number}")),
        ..result(number, "content")
    };
    shard.queue.accept(&[new(1, String::new())]).await.unwrap();
    shard.queue.cancel(&[job(1).id], &ann()).await.unwrap();
    assert_eq!(in_force().await, None, "it was never tried");
    shard.queue.accept(&[new(2, String::new())]).await.unwrap();
    let claimed = shard.claim_one(&worker).await;
    let (token, version) = (claimed.token, version_of("r-2"));
    let intent = r#"{"result_id":"r-2"}"#;
    let write = passback_queue::NewIntent {
        subject: &subject,
        version_seen: Some(&version),
        intent,
        written_to: None,
    };
    let permit = shard.queue.permit_write(&worker, token, write).await;
    assert_eq!(permit.unwrap(), passback_queue::Permit::Granted);
    shard.settle(&worker, ending(token, Transition::Bury)).await;
    shard.queue.discard(&[job(2).id], &ann()).await.unwrap();
    assert_eq!(in_force().await, Some(version_of("r-2")), "its write may have arrived");
    shard.queue.accept(&[new(3, version_of("r-2"))]).await.unwrap();
    shard.queue.accept(&[new(4, version_of("r-3"))]).await.unwrap();
    shard.queue.cancel(&[job(3).id], &ann()).await.unwrap();
    assert_eq!(in_force().await, Some(version_of("r-4")), "another one is in force");
}
