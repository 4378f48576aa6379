//! Results in: once, whoever sends them how often, and the right one in force.

use futures::future::join_all;
use passback_producer::{Code, ExamResult, IntakeError, Job, Outcome, Receipt, Version, subject};
use passback_queue::Lane;
use passback_registry::VersionPolicy;
use rstest::rstest;

use crate::fixture::{EMAIL, Fixture, passed};

async fn in_force(fixture: &Fixture) -> Version {
    let vault = fixture.producer.registry().vault();
    let subject = subject(&"acme".parse().unwrap(), 146, EMAIL, vault);
    let version = fixture.producer.queue().subject(&subject).await.unwrap().version;
    serde_json::from_str(&version.unwrap()).unwrap()
}

#[tokio::test]
async fn the_same_content_twice_is_accepted_once() {
    let fixture = Fixture::start().await;
    let first = fixture.producer.push(&passed("r-1")).await.unwrap();
    let again = ExamResult {
        email: " R.Moreau@Example.org".to_owned(),
        completed_at: "2026-11-20T10:30:11+01:00".to_owned(),
        ..passed("r-1")
    };
    let second = fixture.producer.push(&again).await.unwrap();
    assert!(matches!(first, Receipt::Accepted { .. }));
    assert_eq!(second, Receipt::AlreadyAccepted { job_id: first.job_id() });
    assert_eq!(fixture.living_jobs().await, 1);
}

#[tokio::test]
async fn the_job_carries_the_result_and_nothing_readable() {
    let fixture = Fixture::start().await;
    let receipt = fixture.producer.push(&passed("r-1")).await.unwrap();
    let record = fixture.claim(Lane::Push).await.record;
    assert_eq!(record.id, receipt.job_id());
    assert_eq!(record.result_id.as_deref(), Some("r-1"));
    assert_eq!(record.about.as_deref(), Some("forklift-01"));
    assert_eq!(record.connector, "acme");
    let payload = record.payload.unwrap();
    let vault = fixture.producer.registry().vault();
    let Job::Push(push) = Job::open(&record.kind, record.id, &payload, vault).unwrap() else {
        panic!("not a push");
    };
    assert_eq!((push.email.as_str(), push.outcome), (EMAIL, Outcome::Passed));
    for key in ["jobs:data", "ledger:r-1"] {
        let stored = fixture
            .redis
            .cli(&["HGETALL", &format!("{{passback:0}}:v1:{key}")])
            .await;
        let stored = format!("{stored:?}");
        assert!(stored.contains("forklift-01") && !stored.contains("moreau"), "{stored}");
    }
}

#[rstest]
#[case::score(ExamResult { score_percent: Some(88.0), ..passed("r-1") })]
#[case::outcome(ExamResult { outcome: "failed".to_owned(), ..passed("r-1") })]
#[case::email(ExamResult { email: "a.kowalska@example.org".to_owned(), ..passed("r-1") })]
#[case::time(ExamResult { completed_at: "2026-11-20T09:30:12Z".to_owned(), ..passed("r-1") })]
#[case::sequence(ExamResult { sequence: Some(1), ..passed("r-1") })]
#[case::exam(ExamResult { exam_id: "latest".to_owned(), ..passed("r-1") })]
#[tokio::test]
async fn other_content_under_a_taken_id_is_refused(#[case] other: ExamResult) {
    let fixture = Fixture::start().await;
    fixture.producer.push(&passed("r-1")).await.unwrap();
    let error = fixture.producer.push(&other).await.unwrap_err();
    assert!(
        matches!(&error, IntakeError::OtherContent { result_id } if result_id == "r-1"),
        "{error}"
    );
    assert_eq!(error.code(), Code::ResultIdTaken);
    assert_eq!(fixture.living_jobs().await, 1);
    assert_eq!(in_force(&fixture).await.score_percent, Some(87.0));
}

#[tokio::test]
async fn what_cannot_be_accepted_is_not_enqueued() {
    let fixture = Fixture::start().await;
    let unknown = ExamResult {
        exam_id: "crane-09".to_owned(),
        ..passed("r-1")
    };
    let error = fixture.producer.push(&unknown).await.unwrap_err();
    assert!(
        matches!(&error, IntakeError::UnknownExam { exam_id } if exam_id == "crane-09"),
        "{error}"
    );
    assert_eq!(error.code(), Code::UnknownExam);
    let wrong = ExamResult {
        score_percent: Some(870.0),
        ..passed("r-1")
    };
    let error = fixture.producer.push(&wrong).await.unwrap_err();
    assert_eq!(error.code(), Code::InvalidRequest);
    assert!(error.to_string().contains("score_percent"), "{error}");
    assert_eq!(fixture.living_jobs().await, 0);
    assert_eq!(fixture.producer.result("r-1").await.unwrap(), None);
}

#[tokio::test]
async fn a_result_sent_again_after_its_exam_was_removed_is_still_the_same() {
    let fixture = Fixture::start().await;
    let first = fixture.producer.push(&passed("r-1")).await.unwrap();
    let exam = "forklift-01".parse().unwrap();
    fixture
        .producer
        .registry()
        .remove_exam(&exam, "test", None)
        .await
        .unwrap();
    let again = fixture.producer.push(&passed("r-1")).await.unwrap();
    assert_eq!(again, Receipt::AlreadyAccepted { job_id: first.job_id() });
    let new = fixture.producer.push(&passed("r-2")).await.unwrap_err();
    assert_eq!(new.code(), Code::UnknownExam);
    let other = ExamResult {
        score_percent: Some(12.0),
        ..passed("r-1")
    };
    let other = fixture.producer.push(&other).await.unwrap_err();
    assert_eq!(other.code(), Code::ResultIdTaken);
}

#[tokio::test]
async fn twenty_who_send_the_same_result_at_once_make_one_job() {
    let fixture = Fixture::start().await;
    let result = passed("r-1");
    let producers: Vec<_> = (0..20).map(|_| fixture.another_producer()).collect();
    let receipts = join_all(producers.iter().map(|producer| producer.push(&result))).await;
    let receipts: Vec<Receipt> = receipts.into_iter().map(Result::unwrap).collect();
    let accepted = receipts.iter().filter(|one| matches!(one, Receipt::Accepted { .. }));
    assert_eq!(accepted.count(), 1);
    assert!(receipts.iter().all(|one| one.job_id() == receipts[0].job_id()));
    assert_eq!(fixture.living_jobs().await, 1);
}

#[rstest]
// Result n ends at second n; every fourth is a pass with a score that falls as time goes on.
#[case(VersionPolicy::PassSticky, "r-16")]
#[case(VersionPolicy::Latest, "r-19")]
#[case(VersionPolicy::Best, "r-0")]
#[tokio::test]
async fn of_twenty_results_of_one_person_at_once_the_right_one_ends_in_force(
    #[case] policy: VersionPolicy,
    #[case] expected: &str,
) {
    let fixture = Fixture::start().await;
    let results: Vec<ExamResult> = (0..20_u32)
        .map(|n| ExamResult {
            exam_id: policy.as_str().to_owned(),
            outcome: if n % 4 == 0 { Outcome::Passed } else { Outcome::Failed }.into(),
            score_percent: Some(f64::from(100 - n)),
            completed_at: format!("2026-11-20T09:30:{n:02}Z"),
            ..passed(&format!("r-{n}"))
        })
        .collect();
    let producers: Vec<_> = (0..20).map(|_| fixture.another_producer()).collect();
    let pushes = producers
        .iter()
        .zip(&results)
        .map(|(producer, result)| producer.push(result));
    for receipt in join_all(pushes).await {
        assert!(matches!(receipt, Ok(Receipt::Accepted { .. })), "{receipt:?}");
    }
    assert_eq!(in_force(&fixture).await.result_id, expected);
    // Those that count no more are jobs as well: their worker puts on record what became of them.
    assert_eq!(fixture.living_jobs().await, 20);
}

#[tokio::test]
async fn an_outage_is_a_passing_error_and_the_same_call_succeeds_after_it() {
    let fixture = Fixture::start().await;
    fixture.producer.push(&passed("r-1")).await.unwrap();
    fixture.redis.stop().await;
    let error = fixture.producer.push(&passed("r-2")).await.unwrap_err();
    let IntakeError::Store(store) = &error else {
        panic!("{error}");
    };
    assert!(store.is_transient() && !store.is_full());
    assert_eq!(error.code(), Code::StoreUnavailable);
    fixture.redis.start_again().await;
    // The connection comes back in the background; a caller repeats its call until it is answered.
    let receipt = loop {
        match fixture.producer.push(&passed("r-2")).await {
            Ok(receipt) => break receipt,
            Err(error) => assert_eq!(error.code(), Code::StoreUnavailable),
        }
    };
    assert!(matches!(receipt, Receipt::Accepted { .. }));
    let again = fixture.producer.push(&passed("r-1")).await.unwrap();
    assert!(matches!(again, Receipt::AlreadyAccepted { .. }));
}

#[tokio::test]
async fn a_full_redis_refuses_new_results_and_says_so() {
    let fixture = Fixture::start().await;
    fixture.producer.push(&passed("r-1")).await.unwrap();
    fixture.redis.cli(&["CONFIG", "SET", "maxmemory", "1"]).await;
    let error = fixture.producer.push(&passed("r-2")).await.unwrap_err();
    assert_eq!(error.code(), Code::StoreFull);
    fixture.redis.cli(&["CONFIG", "SET", "maxmemory", "0"]).await;
    assert!(fixture.producer.push(&passed("r-2")).await.is_ok());
}
