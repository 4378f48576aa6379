//! Many results at once: a verdict for each, and no bad one stops a good one.

use passback_producer::{Code, ExamResult, IntakeError, Receipt};

use crate::fixture::{Fixture, passed};

/// A thousand results of 300 people; every tenth has a wrong score, every hundredth an unknown exam.
fn thousand() -> Vec<ExamResult> {
    (0..1_000_u32)
        .map(|n| ExamResult {
            email: format!("person-{}@example.org", n % 300),
            score_percent: Some(if n % 10 == 3 { 870.0 } else { 87.0 }),
            exam_id: if n % 100 == 7 { "crane-09" } else { "forklift-01" }.to_owned(),
            completed_at: format!("2026-11-20T09:{:02}:{:02}Z", n / 60, n % 60),
            ..passed(&format!("r-{n}"))
        })
        .collect()
}

#[tokio::test]
async fn bad_lines_are_refused_one_by_one_and_good_ones_go_through() {
    let fixture = Fixture::start().await;
    let verdicts = fixture.producer.push_all(&thousand()).await;
    assert_eq!(verdicts.len(), 1_000);
    for (n, verdict) in verdicts.iter().enumerate() {
        match verdict {
            Err(IntakeError::Invalid(problems)) => assert_eq!((n % 10, problems.len()), (3, 1)),
            Err(error) => assert_eq!((n % 100, error.code()), (7, Code::UnknownExam)),
            Ok(receipt) => {
                assert!(n % 10 != 3 && n % 100 != 7);
                assert!(matches!(receipt, Receipt::Accepted { .. }), "{receipt:?}");
            }
        }
    }
    assert_eq!(fixture.living_jobs().await, 890);
}

#[tokio::test]
async fn a_batch_sent_again_is_recognised_line_by_line() {
    let fixture = Fixture::start().await;
    let first = fixture.producer.push_all(&thousand()).await;
    let second = fixture.another_producer().push_all(&thousand()).await;
    for (first, second) in first.iter().zip(&second) {
        match (first, second) {
            (Ok(first), Ok(second)) => assert_eq!(*second, Receipt::AlreadyAccepted { job_id: first.job_id() }),
            (Err(first), Err(second)) => assert_eq!(first.code(), second.code()),
            (first, second) => panic!("{first:?} became {second:?}"),
        }
    }
    assert_eq!(fixture.living_jobs().await, 890);
}

#[tokio::test]
async fn an_id_that_comes_twice_in_a_batch_is_accepted_once() {
    let fixture = Fixture::start().await;
    let other = ExamResult {
        score_percent: Some(12.0),
        ..passed("r-1")
    };
    let later = ExamResult {
        completed_at: "2026-11-21T09:30:11Z".to_owned(),
        ..passed("r-2")
    };
    let batch = [passed("r-1"), other, passed("r-1"), later];
    let verdicts = fixture.producer.push_all(&batch).await;
    let first = verdicts[0].as_ref().unwrap().job_id();
    assert!(matches!(verdicts[0], Ok(Receipt::Accepted { .. })));
    assert!(matches!(verdicts[1], Err(IntakeError::OtherContent { .. })));
    assert!(matches!(verdicts[2], Ok(Receipt::AlreadyAccepted { job_id }) if job_id == first));
    assert!(matches!(verdicts[3], Ok(Receipt::Accepted { .. })));
    assert_eq!(fixture.living_jobs().await, 2);
}

#[tokio::test]
async fn an_empty_batch_has_no_verdicts() {
    let fixture = Fixture::start().await;
    assert!(fixture.producer.push_all(&[]).await.is_empty());
}

#[tokio::test]
async fn without_redis_every_line_gets_a_passing_error() {
    let fixture = Fixture::start().await;
    fixture.redis.kill();
    let verdicts = fixture.producer.push_all(&thousand()).await;
    assert_eq!(verdicts.len(), 1_000);
    for verdict in verdicts {
        assert_eq!(verdict.unwrap_err().code(), Code::StoreUnavailable);
    }
}

#[tokio::test]
async fn an_exam_that_cannot_be_read_fails_its_own_results_only() {
    let fixture = Fixture::start().await;
    let key = "{passback:0}:v1:registry:exams";
    fixture.redis.cli(&["HSET", key, "latest", "{broken"]).await;
    let broken = ExamResult {
        exam_id: "latest".to_owned(),
        ..passed("r-2")
    };
    let verdicts = fixture.producer.push_all(&[passed("r-1"), broken, passed("r-3")]).await;
    assert!(matches!(verdicts[0], Ok(Receipt::Accepted { .. })), "{:?}", verdicts[0]);
    assert_eq!(verdicts[1].as_ref().unwrap_err().code(), Code::InternalError);
    assert!(matches!(verdicts[2], Ok(Receipt::Accepted { .. })), "{:?}", verdicts[2]);
}
