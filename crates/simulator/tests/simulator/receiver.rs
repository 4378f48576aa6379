//! A small receiver of webhooks: keeps what arrives, and answers as it is told.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use passback_simulator::WebhookTarget;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::{Notify, watch};

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(30);

/// One request as it arrived.
#[derive(Clone)]
pub(crate) struct Arrived {
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

/// How a request is answered.
#[derive(Clone, Copy)]
pub(crate) enum Answer {
    Status(u16),
    /// Not before [`Receiver::let_go`].
    Hang,
}

#[derive(Clone)]
pub(crate) struct Receiver {
    url: String,
    arrived: Arc<Mutex<Vec<Arrived>>>,
    answers: Arc<Mutex<VecDeque<Answer>>>,
    count: watch::Sender<usize>,
    let_go: Arc<Notify>,
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let receiver = Self {
            url: format!("http://{}/hook", listener.local_addr().unwrap()),
            arrived: Arc::default(),
            answers: Arc::default(),
            count: watch::Sender::new(0),
            let_go: Arc::default(),
        };
        let routes = Router::new().fallback(take).with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        receiver
    }

    /// A well-behaved target with the credentials docebo and secret, and patience for a busy machine.
    pub(crate) fn target(&self) -> WebhookTarget {
        WebhookTarget {
            timeout_ms: 60_000,
            ..WebhookTarget::new(&self.url, "docebo", "secret")
        }
    }

    /// Answers the next requests in this way, and all later ones with 200.
    pub(crate) fn answer_next(&self, answers: &[Answer]) {
        self.answers.lock().unwrap().extend(answers);
    }

    pub(crate) fn let_go(&self) {
        self.let_go.notify_waiters();
    }

    pub(crate) fn arrived(&self) -> Vec<Arrived> {
        self.arrived.lock().unwrap().clone()
    }

    /// Waits until so many requests have arrived.
    pub(crate) async fn wait_for(&self, count: usize) -> Vec<Arrived> {
        let mut counted = self.count.subscribe();
        let enough = counted.wait_for(|counted| *counted >= count);
        tokio::time::timeout(PATIENCE, enough).await.unwrap().unwrap();
        self.arrived()
    }

    /// The names of the events, in the order of arrival.
    pub(crate) fn events(&self) -> Vec<String> {
        let name = |arrived: Arrived| arrived.body["event"].as_str().unwrap().to_owned();
        self.arrived().into_iter().map(name).collect()
    }

    /// The message ids, in the order of arrival.
    pub(crate) fn message_ids(&self) -> Vec<String> {
        let id = |arrived: Arrived| arrived.body["message_id"].as_str().unwrap().to_owned();
        self.arrived().into_iter().map(id).collect()
    }

    /// The users of the single payloads, in the order of arrival.
    pub(crate) fn users(&self) -> Vec<u64> {
        let user = |arrived: Arrived| arrived.body["payload"]["user_id"].as_u64().unwrap();
        self.arrived().into_iter().map(user).collect()
    }
}

async fn take(State(receiver): State<Receiver>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let released = receiver.let_go.notified();
    receiver.arrived.lock().unwrap().push(Arrived {
        path: uri.path().to_owned(),
        headers,
        body: serde_json::from_slice(&body).unwrap(),
    });
    let answer = receiver.answers.lock().unwrap().pop_front();
    receiver.count.send_modify(|count| *count += 1);
    match answer.unwrap_or(Answer::Status(200)) {
        Answer::Status(status) => {
            let status = StatusCode::from_u16(status).unwrap();
            let location = status.is_redirection().then_some([(header::LOCATION, "/elsewhere")]);
            (status, location.unwrap_or([(header::LOCATION, "")])).into_response()
        }
        Answer::Hang => {
            released.await;
            StatusCode::OK.into_response()
        }
    }
}
