//! A server over a Redis of its own, with one connector that leads nowhere and one exam.

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Method, Request, StatusCode, header},
};
use passback_harness::TestRedis;
use passback_producer::Producer;
use passback_queue::{ClaimToken, JobId, Lane, Name, Queue, RedisOptions, Settlement, State, Transition, WorkerInfo};
use passback_registry::{ConnectorInput, ExamInput, Registry, RegistryOptions, Vault};
use passback_server::{Role, ServerConfig, TokenEntry, TokenHash, app};
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

pub(crate) const EMAIL: &str = "r.moreau@example.org";
pub(crate) const JSON: &str = "application/json";
pub(crate) const NDJSON: &str = "application/x-ndjson";
/// More than any answer here has.
const MAX_ANSWER_BYTES: usize = 32 * 1024 * 1024;

pub(crate) struct World {
    pub(crate) redis: TestRedis,
    pub(crate) queue: Queue,
    pub(crate) registry: Registry,
    pub(crate) app: Router,
    /// Tells requests that wait to stop waiting.
    pub(crate) closing: CancellationToken,
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    pub(crate) fn lines(&self) -> Vec<Value> {
        self.text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    pub(crate) fn header(&self, name: header::HeaderName) -> &str {
        self.headers
            .get(name)
            .map(|value| value.to_str().unwrap())
            .unwrap_or_default()
    }
}

/// The token of a role in these tests.
pub(crate) fn token(role: Role) -> String {
    format!("token-of-{role}")
}

/// The usual limits and a token for each role.
pub(crate) fn config() -> ServerConfig {
    let entry = |role: Role| TokenEntry {
        name: format!("the-{role}"),
        role,
        sha256: TokenHash::of(&SecretString::from(token(role))),
        expires_at: None,
    };
    ServerConfig {
        tokens: Role::ALL.map(entry).to_vec(),
        // How fast a test calls depends on the machine; the tests of the limits set their own.
        max_requests_per_second_per_token: 0,
        max_webhooks_per_second_per_connector: 0,
        ..ServerConfig::default()
    }
}

/// A connector that leads nowhere: nothing listens on the discard port.
pub(crate) fn connector(id: &str) -> ConnectorInput {
    ConnectorInput {
        id: Some(id.to_owned()),
        domain: Some("http://127.0.0.1:9".to_owned()),
        client_id: Some("passback".to_owned()),
        client_secret: Some(SecretString::from("the-client-secret")),
        username: Some("integration".to_owned()),
        password: Some(SecretString::from("the-password")),
        ..ConnectorInput::default()
    }
}

impl World {
    pub(crate) async fn start() -> Self {
        Self::start_with(config()).await
    }

    /// The same with a server that was told something else than usual.
    pub(crate) async fn start_with(config: ServerConfig) -> Self {
        let redis = TestRedis::start().await;
        let options = RedisOptions::new(redis.url());
        let queue = Queue::new(options.clone()).unwrap();
        let registry_options = RegistryOptions {
            allow_http_loopback: true,
            ..RegistryOptions::default()
        };
        let registry = Registry::new(options.manager().unwrap(), Vault::generate().0, registry_options);
        registry
            .put_connector(&connector("acme").validate().unwrap(), "test")
            .await
            .unwrap();
        let exam = ExamInput {
            id: Some("forklift-01".to_owned()),
            connector: Some("acme".to_owned()),
            course_id: Some(146),
            ..ExamInput::default()
        };
        registry.put_exam(&exam.validate().unwrap(), "test").await.unwrap();
        let closing = config.closing.clone();
        let app = app(Producer::new(queue.clone(), registry.clone()), config);
        Self {
            redis,
            queue,
            registry,
            app,
            closing,
        }
    }

    /// The same with a server that has lost the master key.
    pub(crate) fn with_another_key(self) -> Self {
        let manager = RedisOptions::new(self.redis.url()).manager().unwrap();
        let registry = Registry::new(manager, Vault::generate().0, RegistryOptions::default());
        Self {
            app: app(Producer::new(self.queue.clone(), registry.clone()), config()),
            registry,
            ..self
        }
    }

    /// The same with a server that is told something else.
    pub(crate) fn told(self, config: ServerConfig) -> Self {
        let closing = config.closing.clone();
        let app = app(Producer::new(self.queue.clone(), self.registry.clone()), config);
        Self { app, closing, ..self }
    }

    /// Another server on the same Redis, as after a restart.
    pub(crate) fn another_server(&self) -> Router {
        app(Producer::new(self.queue.clone(), self.registry.clone()), config())
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        send(self.app.clone(), request).await
    }

    /// A call by a role with a body of a media type.
    pub(crate) async fn call(
        &self,
        role: Role,
        method: Method,
        path: &str,
        media_type: &str,
        body: impl Into<Body>,
    ) -> Answer {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::AUTHORIZATION, format!("Bearer {}", token(role)))
            .header(header::CONTENT_TYPE, media_type)
            .body(body.into())
            .unwrap();
        self.send(request).await
    }

    /// A call with headers of its own.
    pub(crate) async fn call_with(
        &self,
        role: Role,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::AUTHORIZATION, format!("Bearer {}", token(role)))
            .header(header::CONTENT_TYPE, JSON);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::from(body.to_string())).unwrap()).await
    }

    /// A call with whatever token.
    pub(crate) async fn call_as(&self, token: &str, method: Method, path: &str) -> Answer {
        call_as(self.app.clone(), token, method, path).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call_get(Role::Viewer, path).await
    }

    pub(crate) async fn call_get(&self, role: Role, path: &str) -> Answer {
        self.call(role, Method::GET, path, JSON, Body::empty()).await
    }

    pub(crate) async fn post(&self, role: Role, path: &str, body: &Value) -> Answer {
        self.call(role, Method::POST, path, JSON, body.to_string()).await
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Answer {
        self.call(Role::Admin, Method::PUT, path, JSON, body.to_string()).await
    }

    pub(crate) async fn batch(&self, body: impl Into<Body>) -> Answer {
        self.call(Role::Ingest, Method::POST, "/v1/results/batch", NDJSON, body)
            .await
    }

    /// Every job that there is, in whatever living state.
    pub(crate) async fn jobs(&self) -> u64 {
        self.queue.counts().await.unwrap().living.values().sum()
    }

    /// Plays a worker that takes every job of a lane and settles it so.
    pub(crate) async fn work(&self, lane: Lane, transition: &Transition, code: &str, answer: Option<&Value>) {
        let worker = Name::new("w1").unwrap();
        let info = WorkerInfo {
            host: "host".to_owned(),
            pid: 1,
            version: "0".to_owned(),
            started_ms: 1_763_803_811_412,
            concurrency: [(lane, 4)].into(),
        };
        self.queue.beat(&worker, &info).await.unwrap();
        let claimed = self
            .queue
            .claim(lane, &worker, 50, std::time::Duration::from_mins(1))
            .await
            .unwrap();
        let settlements: Vec<Settlement> = claimed
            .iter()
            .map(|job| Settlement {
                code: Some(Name::new(code).unwrap()),
                answer: answer.map(|answer| answer.to_string().into_bytes()),
                ..Self::settlement(job.token, transition.clone())
            })
            .collect();
        self.queue.settle(&worker, &settlements).await.unwrap();
    }

    /// The end of an attempt that has nothing to tell.
    pub(crate) fn settlement(token: ClaimToken, transition: Transition) -> Settlement {
        Settlement {
            token,
            transition,
            code: None,
            attempt: None,
            answer: None,
            ledger_state: None,
            docebo_answered: false,
            header: None,
        }
    }

    /// A dead letter; its job's id.
    pub(crate) async fn dead_letter(&self, result_id: &str) -> JobId {
        let answer = self.post(Role::Ingest, "/v1/results", &result(result_id)).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text);
        self.work(Lane::Push, &Transition::Bury, "rejected", None).await;
        let id = answer.json()["job_id"].as_str().unwrap().parse().unwrap();
        assert_eq!(self.state(id).await, State::Dead);
        id
    }

    pub(crate) async fn state(&self, id: JobId) -> State {
        self.queue.job(id).await.unwrap().unwrap().state
    }
}

/// A call to one of several servers.
pub(crate) async fn send(app: Router, request: Request<Body>) -> Answer {
    let response = app.oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, MAX_ANSWER_BYTES).await.unwrap();
    Answer {
        status: parts.status,
        headers: parts.headers,
        text: String::from_utf8(bytes.to_vec()).unwrap(),
    }
}

/// A call to one of several servers with whatever token.
pub(crate) async fn call_as(app: Router, token: &str, method: Method, path: &str) -> Answer {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .body(Body::empty())
        .unwrap();
    send(app, request).await
}

/// A result that is as it should be.
pub(crate) fn result(result_id: &str) -> Value {
    json!({
        "result_id": result_id,
        "exam_id": "forklift-01",
        "email": EMAIL,
        "outcome": "passed",
        "score_percent": 87,
        "completed_at": "2025-11-20T09:30:11Z",
    })
}
