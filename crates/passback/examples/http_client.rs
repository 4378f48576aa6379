//! An exam engine in Rust that talks to passback over HTTP: one check, one result.
//!
//! ```text
//! PASSBACK_URL=http://127.0.0.1:8080 PASSBACK_TOKEN=… \
//!   cargo run -p passback --example http_client -- EXAM_ID EMAIL RESULT_ID SCORE_PERCENT COMPLETED_AT
//! ```
//!
//! Who reaches Redis itself uses the crate `passback-producer` instead: `crates/producer/examples/exam_engine.rs`.

use std::{env, error::Error, time::Duration};

use reqwest::{Client, Method, Response, StatusCode, header, header::HeaderMap};
use serde_json::{Value, json};

/// Times that a call without an answer is made again.
const TRIES: u32 = 10;
/// The longest pause between two of them.
const MAX_PAUSE: Duration = Duration::from_secs(30);

/// A yes.
struct Answer {
    headers: HeaderMap,
    body: Value,
}

struct Passback {
    http: Client,
    url: String,
    token: String,
}

impl Passback {
    /// One call, made again as long as no whole answer says what became of it. That is safe: a check that is asked twice
    /// gets the same job, and a result is known by its id.
    async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Answer, Box<dyn Error>> {
        for attempt in 0..TRIES {
            let mut request = self.http.request(method.clone(), format!("{}{path}", self.url));
            request = request.bearer_auth(&self.token).header("Prefer", "wait=8");
            if let Some(body) = body {
                request = request.json(body);
            }
            let pause = match request.send().await {
                Ok(answer) if is_to_be_repeated(answer.status()) => retry_after(&answer),
                Ok(answer) => match read(answer).await {
                    Some(told) => return told,
                    // Cut off after its head, or no answer of passback's.
                    None => Duration::ZERO,
                },
                Err(_) => Duration::ZERO,
            };
            let backoff = Duration::from_millis(fastrand::u64(0..=200 << attempt)).min(MAX_PAUSE);
            tokio::time::sleep(pause.max(backoff)).await;
        }
        Err("passback cannot be reached; keep the result and try again later".into())
    }

    /// May this candidate sit this exam? Final within a few seconds, or asked for again.
    async fn check(&self, exam_id: &str, email: &str) -> Result<Value, Box<dyn Error>> {
        let question = json!({"exam_id": exam_id, "email": email});
        let mut answer = self
            .call(Method::POST, "/v1/eligibility-checks", Some(&question))
            .await?;
        let place = answer.headers.get(header::LOCATION).cloned();
        loop {
            let Some(place) = place.as_ref().filter(|_| answer.body["state"] != "final") else {
                return Ok(answer.body);
            };
            answer = self.call(Method::GET, place.to_str()?, None).await?;
        }
    }

    /// This candidate has passed.
    async fn push(&self, result: &Value) -> Result<Value, Box<dyn Error>> {
        Ok(self.call(Method::POST, "/v1/results", Some(result)).await?.body)
    }
}

/// Neither yes nor no.
fn is_to_be_repeated(status: StatusCode) -> bool {
    status == StatusCode::REQUEST_TIMEOUT || status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error()
}

fn retry_after(answer: &Response) -> Duration {
    let value = answer.headers().get(header::RETRY_AFTER);
    let seconds = value.and_then(|value| value.to_str().ok()?.parse().ok());
    Duration::from_secs(seconds.unwrap_or(0)).min(MAX_PAUSE)
}

/// The whole of a yes; a no as an error, with what passback says about it; none for a yes that did not come whole.
async fn read(answer: Response) -> Option<Result<Answer, Box<dyn Error>>> {
    let (status, headers) = (answer.status(), answer.headers().clone());
    let body: Option<Value> = answer.json().await.ok();
    if status.is_success() {
        return body.map(|body| Ok(Answer { headers, body }));
    }
    // A proxy in between may refuse in its own words.
    let said = body.map(|body| format!("{}: {} {}", body["code"], body["detail"], body["errors"]));
    Some(Err(said.unwrap_or_else(|| format!("refused with {status}")).into()))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [exam_id, email, result_id, score, completed_at] = arguments.as_slice() else {
        return Err("usage: http_client EXAM_ID EMAIL RESULT_ID SCORE_PERCENT COMPLETED_AT".into());
    };
    // reqwest leaves the choice of the TLS provider to the program.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let passback = Passback {
        http: Client::builder().timeout(Duration::from_secs(40)).build()?,
        url: env::var("PASSBACK_URL").unwrap_or_else(|_| "http://127.0.0.1:8080".to_owned()),
        token: env::var("PASSBACK_TOKEN")?,
    };
    let answer = passback.check(exam_id, email).await?;
    println!(
        "check: {} ({})",
        answer["answer"].as_str().unwrap_or("?"),
        answer["title"]
    );
    // `unverified` is no refusal: Docebo could not be asked. What that means is the exam engine's decision.
    if answer["answer"] == "not_eligible" {
        return Err(answer["resolution"].to_string().into());
    }
    let receipt = passback
        .push(&json!({
            "result_id": result_id,
            "exam_id": exam_id,
            "email": email,
            "outcome": "passed",
            "score_percent": score.parse::<f64>()?,
            "completed_at": completed_at,
        }))
        .await?;
    println!(
        "push: {} as {}",
        receipt["status"].as_str().unwrap_or("?"),
        receipt["result_id"]
    );
    Ok(())
}
