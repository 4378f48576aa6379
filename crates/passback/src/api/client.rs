//! Requests and their answers.

use std::time::Duration;

use passback_server::TokenHash;
use reqwest::header::{HeaderName, HeaderValue};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode, Url};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::problem::{WEBHOOK_LOGIN, refusal, refusal_of_login};
use super::reach;
use crate::exit::Failure;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Longer than any `?wait=`.
const REQUEST_TIMEOUT: Duration = Duration::from_mins(1);
/// The longest that an answer of any length may take.
const LONG_ANSWER_TIMEOUT: Duration = Duration::from_hours(6);
/// The largest page of a list.
const PAGE_ITEMS: usize = 200;

/// A server and who we are there.
#[derive(Clone)]
pub(crate) struct Api {
    http: Client,
    base: Url,
    token: Option<SecretString>,
}

/// Who a caller says that he is, in place of a token.
pub(crate) struct Login {
    pub(crate) username: String,
    pub(crate) password: SecretString,
    /// Further headers; their values are marked as secrets.
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
}

/// A 2xx answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: Value,
}

/// The items of a list that comes whole.
pub(crate) fn items(page: &Value) -> &[Value] {
    page["items"].as_array().map(Vec::as_slice).unwrap_or_default()
}

impl Api {
    pub(crate) fn new(url: &str, token: Option<SecretString>) -> Result<Self, Failure> {
        let base = Url::parse(url)
            .ok()
            .filter(|url| ["http", "https"].contains(&url.scheme()));
        let base = base.ok_or_else(|| no_http_url(url))?;
        let http = Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(REQUEST_TIMEOUT)
            .user_agent(concat!("passback/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| Failure::failed(format!("no HTTP client: {error}")))?;
        Ok(Self { http, base, token })
    }

    /// Whether a token's id is that of the token which these calls show.
    pub(crate) fn shows_token(&self, id: &str) -> bool {
        let shown = self.token.as_ref().map(|token| TokenHash::of(token).id());
        shown.is_some_and(|shown| shown.as_str() == id)
    }

    /// Reads one thing.
    pub(crate) async fn get(&self, path: &[&str], query: &[(&str, &str)]) -> Result<Value, Failure> {
        Ok(self.call(Method::GET, path, query, None).await?.body)
    }

    /// Reads one thing that may not be there.
    pub(crate) async fn find(&self, path: &[&str]) -> Result<Option<Value>, Failure> {
        let (status, text) = self.exchange(self.request(Method::GET, path, &[])).await?;
        if status == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        self.read(status, &text).map(|answer| Some(answer.body))
    }

    /// Sends a JSON body, if there is one, and reads a JSON answer.
    pub(crate) async fn call(
        &self,
        method: Method,
        path: &[&str],
        query: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<Answer, Failure> {
        let mut request = self.request(method, path, query);
        if let Some(body) = body {
            request = request.json(body);
        }
        let (status, text) = self.exchange(request).await?;
        self.read(status, &text)
    }

    /// Begins to read an answer of any length; the caller takes it piece by piece.
    pub(crate) async fn open(&self, path: &[&str], query: &[(&str, &str)]) -> Result<Response, Failure> {
        let request = self.request(Method::GET, path, query).timeout(LONG_ANSWER_TIMEOUT);
        let answer = request.send().await.map_err(|error| self.unreachable(&error))?;
        let status = answer.status();
        if status.is_success() {
            return Ok(answer);
        }
        let text = answer.text().await.map_err(|error| self.unreachable(&error))?;
        Err(refusal(status, &text))
    }

    /// Sends a JSON body with a user name and a password in place of the token, and reads a JSON answer.
    pub(crate) async fn send_as(&self, path: &[&str], login: &Login, body: &Value) -> Result<Value, Failure> {
        let bare = Self {
            token: None,
            ..self.clone()
        };
        let mut request = bare
            .request(Method::POST, path, &[])
            .basic_auth(&login.username, Some(login.password.expose_secret()))
            .json(body);
        for (name, value) in &login.headers {
            request = request.header(name, value);
        }
        let (status, text) = self.exchange(request).await?;
        if status == StatusCode::UNAUTHORIZED {
            return Err(refusal_of_login(status, &text, WEBHOOK_LOGIN));
        }
        self.read(status, &text).map(|answer| answer.body)
    }

    /// Sends lines of JSON and reads lines of JSON.
    pub(crate) async fn send_lines(&self, path: &[&str], lines: String) -> Result<Vec<Value>, Failure> {
        let request = self
            .request(Method::POST, path, &[])
            .header("content-type", "application/x-ndjson")
            .body(lines);
        let (status, text) = self.exchange(request).await?;
        if !status.is_success() {
            return Err(refusal(status, &text));
        }
        let answers = text.lines().filter(|line| !line.trim().is_empty());
        answers
            .map(|line| serde_json::from_str(line).map_err(|_| self.not_json()))
            .collect()
    }

    /// Reads a list page by page, up to `most` items, and whether there are more.
    pub(crate) async fn list(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
        most: usize,
    ) -> Result<(Vec<Value>, bool), Failure> {
        let mut items = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let limit = (most - items.len()).clamp(1, PAGE_ITEMS).to_string();
            let mut query = query.to_vec();
            query.push(("limit", &limit));
            if let Some(cursor) = &cursor {
                query.push(("cursor", cursor));
            }
            let mut page = self.get(path, &query).await?;
            let Some(Value::Array(found)) = page.get_mut("items").map(Value::take) else {
                return Err(self.not_json());
            };
            items.extend(found);
            cursor = page["next_cursor"].as_str().map(str::to_owned);
            if cursor.is_none() || items.len() >= most {
                let more = cursor.is_some() || items.len() > most;
                items.truncate(most);
                return Ok((items, more));
            }
        }
    }

    fn request(&self, method: Method, path: &[&str], query: &[(&str, &str)]) -> RequestBuilder {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            // Ids come from people: each is one segment, whatever is in it.
            segments.pop_if_empty().extend(path);
        }
        let request = self.http.request(method, url).query(query);
        match &self.token {
            Some(token) => request.bearer_auth(token.expose_secret()),
            None => request,
        }
    }

    async fn exchange(&self, request: RequestBuilder) -> Result<(StatusCode, String), Failure> {
        let answer = request.send().await.map_err(|error| self.unreachable(&error))?;
        let status = answer.status();
        let text = answer.text().await.map_err(|error| self.unreachable(&error))?;
        Ok((status, text))
    }

    fn read(&self, status: StatusCode, text: &str) -> Result<Answer, Failure> {
        if !status.is_success() {
            return Err(refusal(status, text));
        }
        let body = if text.trim().is_empty() {
            Ok(Value::Null)
        } else {
            serde_json::from_str(text)
        };
        body.map(|body| Answer { status, body }).map_err(|_| self.not_json())
    }

    fn unreachable(&self, error: &reqwest::Error) -> Failure {
        reach::unreachable(&self.base, error)
    }

    fn not_json(&self) -> Failure {
        Failure::failed(format!("{} does not answer as a passback server", self.base))
            .fix("let PASSBACK_API_URL name the passback API")
    }
}

/// Says how to write an address; it is repeated only where it is known to hold no password.
fn no_http_url(url: &str) -> Failure {
    let meant = format!("http://{url}");
    let plain = Url::parse(&meant).is_ok_and(|meant| meant.password().is_none() && meant.username().is_empty());
    if url.contains("://") || !plain {
        return Failure::usage("PASSBACK_API_URL is no http or https URL").fix("write http://127.0.0.1:8080");
    }
    Failure::usage("PASSBACK_API_URL has no http:// or https:// in front").fix(format!("write {meant}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[test]
    fn a_caller_knows_the_id_of_its_own_token() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let token = SecretString::from("token");
        let id = TokenHash::of(&token).id();
        let api = |token| Api::new("http://127.0.0.1:1", token).unwrap();
        assert!(api(Some(token)).shows_token(id.as_str()));
        assert!(!api(Some(SecretString::from("another"))).shows_token(id.as_str()));
        assert!(!api(None).shows_token(id.as_str()));
    }

    #[rstest]
    #[case("127.0.0.1:8080", "fix: write http://127.0.0.1:8080")]
    #[case("passback.example.org:81", "fix: write http://passback.example.org:81")]
    #[case("ftp://127.0.0.1:8080", "fix: write http://127.0.0.1:8080")]
    #[case("me:hunter2@host:81", "fix: write http://127.0.0.1:8080")]
    #[case("", "fix: write http://127.0.0.1:8080")]
    fn an_address_without_its_scheme_is_said_with_it(#[case] url: &str, #[case] fix: &str) {
        let failure = Api::new(url, None).err().unwrap();
        assert!(failure.to_string().ends_with(fix), "{failure}");
    }
}
