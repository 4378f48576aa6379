//! An exam engine in small: ask whether the candidate may sit the exam, send the result, follow it to Docebo.
//!
//! ```sh
//! export PASSBACK_REDIS_URL=redis://127.0.0.1:6379 PASSBACK_MASTER_KEY_FILE=.passback/master.key
//! cargo run -p passback-producer --example exam_engine -- forklift-01 r.moreau@example.org r-1842
//! ```
//!
//! The exam's entry must be there (`passback apply -f FILE`), and a worker must run. Exit code 0 means that the
//! result has arrived.

use std::{env, error::Error, process::ExitCode, time::Duration};

use passback_producer::{CheckRequest, ExamResult, Outcome, Producer, ProducerOptions, ResultView};

const CHECK_WAIT: Duration = Duration::from_secs(20);
const RESULT_WAIT: Duration = Duration::from_secs(30);
const LOOK_AGAIN: Duration = Duration::from_millis(200);

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let mut argument = |default: &str| arguments.next().unwrap_or_else(|| default.to_owned());
    let (exam_id, email, result_id) = (
        argument("forklift-01"),
        argument("r.moreau@example.org"),
        argument("r-1842"),
    );
    let producer = Producer::connect(ProducerOptions {
        redis_url: env::var("PASSBACK_REDIS_URL")?,
        master_key_file: env::var("PASSBACK_MASTER_KEY_FILE")?.into(),
        allow_http_loopback: false,
    })
    .await?;

    // Before the exam: may this candidate sit it?
    let request = CheckRequest {
        exam_id: exam_id.clone(),
        email: email.clone(),
    };
    let id = producer.check(&request).await?;
    let check = producer.wait_for_check(id, CHECK_WAIT).await?;
    match check.and_then(|check| Some((check.answer?, check.title?))) {
        Some((answer, title)) => println!("check: {} ({title})", answer.as_str()),
        None => println!("check: still waiting"),
    }

    // After it: what became of the candidate. Repeat this call after any error; the result is accepted once.
    let receipt = producer
        .push(&ExamResult {
            result_id: result_id.clone(),
            exam_id,
            email,
            outcome: Outcome::Passed.into(),
            score_percent: Some(87.0),
            completed_at: "2026-11-20T09:30:11Z".to_owned(),
            sequence: None,
        })
        .await?;
    println!("result: accepted as job {}", receipt.job_id());

    let followed = tokio::time::timeout(RESULT_WAIT, follow(&producer, &result_id)).await;
    let Ok(result) = followed else {
        println!(
            "result: not there yet; `passback job show {}` says why",
            receipt.job_id()
        );
        return Ok(ExitCode::FAILURE);
    };
    let result = result?;
    println!("result: {} after {} attempt(s)", result.state.as_str(), result.attempts);
    for line in result.title.iter().chain(result.resolution) {
        println!("  {line}");
    }
    Ok(if result.state.is_final() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Reads the result until nothing more happens to it by itself.
async fn follow(producer: &Producer, result_id: &str) -> Result<ResultView, Box<dyn Error>> {
    loop {
        let result = producer.result(result_id).await?;
        let result = result.ok_or("the result is not in the ledger")?;
        if result.state.is_final() || result.state.needs_a_person() {
            return Ok(result);
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}
