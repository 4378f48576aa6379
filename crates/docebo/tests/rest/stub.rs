//! Small Docebo stand-ins, each on its own loopback port.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Uri};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{get, post};
use passback_docebo::{Client, ClientConfig, CourseId, Credentials, UserId};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

pub(crate) const COURSE: CourseId = CourseId(146);
pub(crate) const USER: UserId = UserId(13827);
pub(crate) const ENROLLMENT_PATH: &str = "/learn/v1/enrollments/146/13827";
pub(crate) const TOKEN_BODY: &str = r#"{"access_token":"3f0c9a1be27d4c55a8e0b1c2d3e4f5a6b7c8d9e0","expires_in":3600,"token_type":"Bearer","scope":"api"}"#;

/// What a server saw of one request.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

/// A running server and what it saw. It ends with the test's runtime.
pub(crate) struct Stub {
    pub(crate) url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Stub {
    pub(crate) async fn start(router: Router) -> Self {
        let seen = Arc::<Mutex<Vec<Seen>>>::default();
        let app = router.layer(middleware::from_fn_with_state(Arc::clone(&seen), record));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { url, seen }
    }

    /// A server that grants tokens and gives every other request this answer.
    pub(crate) async fn answering(answer: Answer) -> Self {
        let router = Router::new()
            .route("/oauth2/token", post(|| async { json(TOKEN_BODY).response() }))
            .fallback(move || async move { answer.response() });
        Self::start(router).await
    }

    pub(crate) fn client(&self) -> Client {
        client(&self.url)
    }

    pub(crate) fn seen(&self, path: &str) -> Vec<Seen> {
        let seen = self.seen.lock().unwrap();
        seen.iter().filter(|seen| seen.uri.path() == path).cloned().collect()
    }

    pub(crate) fn token_requests(&self) -> usize {
        self.seen("/oauth2/token").len()
    }
}

pub(crate) fn enrolled() -> Answer {
    json(r#"{"data":{"records":{"id":146,"status":1}}}"#)
}

/// A server whose token route answers by the number of the request, and whose read accepts one token only.
pub(crate) async fn server(token_answer: fn(usize) -> Answer, accepted: &'static str) -> Stub {
    Stub::start(router(token_answer, accepted)).await
}

/// The routes of such a server.
pub(crate) fn router(token_answer: fn(usize) -> Answer, accepted: &'static str) -> Router {
    let asked = Arc::new(AtomicUsize::new(0));
    let token = move || async move { token_answer(asked.fetch_add(1, Ordering::SeqCst)).response() };
    let read = move |headers: HeaderMap| async move {
        let known = headers["authorization"] == accepted;
        if known {
            enrolled()
        } else {
            json(r#"{"name":"Unauthorized"}"#).status(401)
        }
        .response()
    };
    Router::new()
        .route("/oauth2/token", post(token))
        .route(ENROLLMENT_PATH, get(read))
}

/// Grants a token of its own to every request.
pub(crate) fn numbered(request: usize) -> Answer {
    match request {
        0 => json(r#"{"access_token":"token-0","expires_in":3600}"#),
        1 => json(r#"{"access_token":"token-1","expires_in":"3600"}"#),
        _ => json(r#"{"data":{"access_token":"token-2","expires_in":3600.0}}"#),
    }
}

async fn record(State(seen): State<Arc<Mutex<Vec<Seen>>>>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1024 * 1024).await.unwrap();
    seen.lock().unwrap().push(Seen {
        uri: parts.uri.clone(),
        headers: parts.headers.clone(),
        body: String::from_utf8(body.to_vec()).unwrap(),
    });
    next.run(Request::from_parts(parts, Body::from(body))).await
}

/// One canned answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Answer {
    status: u16,
    content_type: Option<&'static str>,
    header: Option<(&'static str, &'static str)>,
    body: &'static str,
}

impl Answer {
    pub(crate) const fn status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    pub(crate) const fn with(self, name: &'static str, value: &'static str) -> Self {
        Self {
            header: Some((name, value)),
            ..self
        }
    }

    pub(crate) fn response(self) -> Response {
        let mut response = Response::builder().status(self.status);
        if let Some(content_type) = self.content_type {
            response = response.header("content-type", content_type);
        }
        if let Some((name, value)) = self.header {
            response = response.header(name, value);
        }
        response.body(Body::from(self.body)).unwrap()
    }
}

pub(crate) const fn json(body: &'static str) -> Answer {
    Answer {
        status: 200,
        content_type: Some("application/json; charset=utf-8"),
        header: None,
        body,
    }
}

pub(crate) const fn html(body: &'static str) -> Answer {
    Answer {
        status: 200,
        content_type: Some("text/html; charset=UTF-8"),
        header: None,
        body,
    }
}

pub(crate) const fn bare(body: &'static str) -> Answer {
    Answer {
        status: 200,
        content_type: None,
        header: None,
        body,
    }
}

pub(crate) fn config(url: &str) -> ClientConfig {
    ClientConfig::new(
        url,
        Credentials {
            client_id: "passback".into(),
            client_secret: "s3cret+client".into(),
            username: "integration@example.org".into(),
            password: "s3cret&password".into(),
        },
    )
}

pub(crate) fn client(url: &str) -> Client {
    Client::new(config(url)).unwrap()
}

pub(crate) fn impatient_client(url: &str) -> Client {
    let config = ClientConfig {
        request_timeout: Duration::from_millis(300),
        ..config(url)
    };
    Client::new(config).unwrap()
}

/// A server that grants tokens, and to every other request sends these bytes and then closes, or keeps silent.
pub(crate) async fn raw(bytes: &'static [u8], afterwards: Afterwards) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let mut silent = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            let request = read_head(&mut stream).await;
            if request.starts_with("POST /oauth2/token") {
                let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n";
                let answer = format!("{head}content-length: {}\r\n\r\n{TOKEN_BODY}", TOKEN_BODY.len());
                stream.write_all(answer.as_bytes()).await.unwrap();
                continue;
            }
            stream.write_all(bytes).await.unwrap();
            if matches!(afterwards, Afterwards::Silence) {
                silent.push(stream);
            }
        }
    });
    url
}

/// What a raw server does after its bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Afterwards {
    Close,
    Silence,
}

async fn read_head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.windows(4).any(|window| window == b"\r\n\r\n") {
        let mut chunk = [0; 1024];
        match stream.read(&mut chunk).await {
            Ok(0) | Err(_) => break,
            Ok(read) => head.extend_from_slice(&chunk[..read]),
        }
    }
    String::from_utf8_lossy(&head).into_owned()
}
