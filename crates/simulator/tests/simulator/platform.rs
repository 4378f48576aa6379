//! One running tenant and a client that holds a token for it.

use passback_simulator::{Simulator, Tenant, TenantHandle, World};
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};

pub(crate) struct Platform {
    pub(crate) simulator: Simulator,
    pub(crate) url: String,
    pub(crate) tenant: TenantHandle,
    pub(crate) client: Client,
    pub(crate) token: String,
}

/// Status and body of an answer.
pub(crate) type Answered = (u16, Value);

pub(crate) const TOKEN_FORM: [(&str, &str); 6] = [
    ("grant_type", "password"),
    ("scope", "api"),
    ("client_id", "passback"),
    ("client_secret", "secret"),
    ("username", "integration"),
    ("password", "secret"),
];

impl Platform {
    /// Starts the sample tenant.
    pub(crate) async fn sample() -> Self {
        Self::with(|_| {}).await
    }

    /// Starts the sample tenant with changes and gets a token.
    pub(crate) async fn with(change: impl FnOnce(&mut Tenant)) -> Self {
        let mut platform = Self::without_token(change).await;
        let (status, body) = platform.ask_token(&TOKEN_FORM).await;
        assert_eq!(status, 200, "{body}");
        body["access_token"].as_str().unwrap().clone_into(&mut platform.token);
        platform
    }

    /// Starts the sample tenant with changes.
    pub(crate) async fn without_token(change: impl FnOnce(&mut Tenant)) -> Self {
        let mut world = World::sample();
        change(&mut world.tenants[0]);
        let simulator = Simulator::start(world).await.unwrap();
        Self {
            url: simulator.url("acme").unwrap(),
            tenant: simulator.tenant("acme").unwrap(),
            client: client(),
            simulator,
            token: String::new(),
        }
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client
            .request(method, format!("{}{path}", self.url))
            .bearer_auth(&self.token)
    }

    pub(crate) async fn ask_token(&self, form: &[(&str, &str)]) -> Answered {
        let url = format!("{}/oauth2/token", self.url);
        answered(self.client.post(url).form(form)).await
    }

    pub(crate) async fn search(&self, query: &[(&str, &str)]) -> Answered {
        answered(self.request(Method::GET, "/manage/v1/user").query(query)).await
    }

    pub(crate) async fn read(&self, course: u64, user: u64) -> Answered {
        answered(self.request(Method::GET, &format!("/learn/v1/enrollments/{course}/{user}"))).await
    }

    pub(crate) async fn list(&self, query: &[(&str, &str)]) -> Answered {
        answered(self.request(Method::GET, "/learn/v1/enrollments").query(query)).await
    }

    pub(crate) fn put(&self, course: u64, user: u64, body: &Value) -> RequestBuilder {
        self.request(Method::PUT, &format!("/learn/v1/enrollments/{course}/{user}"))
            .json(body)
    }

    pub(crate) async fn write(&self, course: u64, user: u64, body: &Value) -> Answered {
        answered(self.put(course, user, body)).await
    }

    pub(crate) async fn control(&self, method: Method, path: &str, body: Option<Value>) -> Answered {
        let request = self.client.request(method, format!("{}/__simulator{path}", self.url));
        answered(match body {
            Some(body) => request.json(&body),
            None => request,
        })
        .await
    }
}

pub(crate) fn client() -> Client {
    // Another test of the same process may have installed it already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().no_proxy().build().unwrap()
}

pub(crate) async fn answered(request: RequestBuilder) -> Answered {
    let response = request.send().await.unwrap();
    let status = response.status();
    if status == StatusCode::NO_CONTENT || status == StatusCode::CREATED {
        return (status.as_u16(), Value::Null);
    }
    (status.as_u16(), response.json().await.unwrap())
}

/// The documented write of a passed exam.
pub(crate) fn passed() -> Value {
    json!({"status": 2, "score_given": 87, "date_complete": "2026-02-11 09:30:11"})
}

/// What a write answers when it changed this pair.
pub(crate) fn updated(course: u64, user: u64) -> Value {
    json!({"updated": [{"course_id": course, "user_id": user}], "not_updated": []})
}
