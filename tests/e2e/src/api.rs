//! The HTTP API as an exam engine uses it.

use std::sync::Mutex;

use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};

use crate::{until, waiting::until_or_never};

/// A client with a token.
#[derive(Debug, Clone)]
pub struct Api {
    url: String,
    token: String,
    http: Client,
}

/// A status and a body.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body; null if it is no JSON.
    pub body: Value,
    /// The body as it came.
    pub text: String,
}

impl Api {
    /// A client of a server.
    pub fn new(url: &str, token: &str) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self {
            url: url.to_owned(),
            token: token.to_owned(),
            http: Client::new(),
        }
    }

    /// Where the server is.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its token.
    pub fn token(&self) -> &str {
        &self.token
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http
            .request(method, format!("{}{path}", self.url))
            .bearer_auth(&self.token)
    }

    async fn send(request: RequestBuilder) -> Option<Answer> {
        let answer = request.send().await.ok()?;
        let status = answer.status().as_u16();
        let text = answer.text().await.ok()?;
        Some(Answer {
            status,
            body: serde_json::from_str(&text).unwrap_or(Value::Null),
            text,
        })
    }

    /// Reads.
    pub async fn get(&self, path: &str) -> Answer {
        Self::send(self.request(Method::GET, path))
            .await
            .expect("the server answers")
    }

    /// Reads; none if no answer came.
    pub async fn try_get(&self, path: &str) -> Option<Answer> {
        Self::send(self.request(Method::GET, path)).await
    }

    /// Sends JSON.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.try_post(path, body).await.expect("the server answers")
    }

    /// Sends JSON; none if no answer came.
    pub async fn try_post(&self, path: &str, body: &Value) -> Option<Answer> {
        Self::send(self.request(Method::POST, path).json(body)).await
    }

    /// Sends newline-delimited JSON.
    pub async fn post_lines(&self, path: &str, lines: String) -> Answer {
        let request = self
            .request(Method::POST, path)
            .header("content-type", "application/x-ndjson")
            .body(lines);
        Self::send(request).await.expect("the server answers")
    }

    /// Asks a check and waits for its final answer.
    pub async fn check(&self, exam: &str, email: &str) -> Value {
        let body = json!({"exam_id": exam, "email": email});
        let asked = self.post("/v1/eligibility-checks?wait=25s", &body).await;
        assert!(asked.status == 200 || asked.status == 202, "{asked:?}");
        let path = format!("/v1/eligibility-checks/{}?wait=5s", asked.body["id"].as_str().unwrap());
        until("the check is final", || async {
            let seen = self.get(&path).await;
            assert_eq!(seen.status, 200, "{seen:?}");
            (seen.body["state"] == "final").then_some(seen.body)
        })
        .await
    }

    /// Hands in a result that must be accepted.
    pub async fn push(&self, result: &Value) -> Answer {
        let answer = self.post("/v1/results", result).await;
        assert!(answer.status == 202 || answer.status == 200, "{answer:?}");
        answer
    }

    /// A result as it stands.
    pub async fn result(&self, id: &str) -> Value {
        let answer = self.get(&format!("/v1/results/{id}")).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.body
    }

    /// Waits until a result is in one of these states; a delivered one may have been proved meanwhile.
    pub async fn until_result(&self, id: &str, states: &[&str]) -> Value {
        let seen = Mutex::new(Value::Null);
        let wanted = until_or_never(|| async {
            let result = self.result(id).await;
            let state = result["state"].as_str().unwrap_or_default();
            let there = states.contains(&state) || (is_written(state) && states.contains(&"delivered"));
            seen.lock().unwrap().clone_from(&result);
            there.then_some(result)
        });
        let Some(result) = wanted.await else {
            let seen = seen.into_inner().unwrap();
            let job = self
                .get(&format!("/v1/jobs/{}", seen["job_id"].as_str().unwrap_or_default()))
                .await;
            panic!("{id} was to become {states:?}, and is {seen}; its job: {}", job.text);
        };
        result
    }

    /// Lists every item of a list over its pages.
    pub async fn list(&self, path: &str) -> Vec<Value> {
        let mut items = Vec::new();
        let mut cursor = String::new();
        let joint = if path.contains('?') { '&' } else { '?' };
        loop {
            let page = self.get(&format!("{path}{joint}limit=100{cursor}")).await;
            assert_eq!(page.status, 200, "{page:?}");
            items.extend(page.body["items"].as_array().unwrap().iter().cloned());
            match page.body["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return items,
            }
        }
    }
}

/// Whether Docebo took a result that is in this state.
pub(crate) fn is_written(state: &str) -> bool {
    ["delivered", "confirmed", "verified"].contains(&state)
}
