//! Posts what is due, on a task of its own: the API's answers never wait for it.

use std::iter;
use std::sync::Arc;
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, header};

use crate::clock::Moment;
use crate::state::Platform;
use crate::webhook::delivery::{Delivery, Tried};
use crate::webhook::outbox::Next;
use crate::webhook::target::WebhookTarget;

/// The most of an answer that is read, so that its connection can be used again.
const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// The clients for both schemes, each made when it is first needed.
#[derive(Default)]
struct Clients {
    plain: Option<Client>,
    secure: Option<Client>,
}

/// Sends a tenant's webhooks until the tenant is stopped.
pub(crate) async fn run(platform: Arc<Platform>) {
    let mut clients = Clients::default();
    loop {
        let now = Moment::now();
        let next = platform.state().outbox.next(now);
        match next {
            Next::Send(delivery, target) => {
                let client = clients.fit_for(&target);
                let post = post(Arc::clone(&platform), client, delivery, target);
                let stop = platform.stop.clone();
                platform.tasks.spawn(stop.run_until_cancelled_owned(post));
            }
            Next::At(moment) => {
                let pause_ms = u64::try_from(moment.0.saturating_sub(now.0)).unwrap_or(0);
                let work = platform.signals.work.notified();
                // Which of the two it was makes no difference.
                let _ = tokio::time::timeout(Duration::from_millis(pause_ms), work).await;
            }
            Next::Idle => platform.signals.work.notified().await,
        }
    }
}

async fn post(platform: Arc<Platform>, client: Result<Client, String>, delivery: Delivery, target: Arc<WebhookTarget>) {
    let tried = match client {
        Ok(client) => attempt(&client, &delivery, &target).await,
        Err(reason) => Tried::Unanswered(reason),
    };
    platform.state().outbox.tried(delivery, &tried, Moment::now());
}

async fn attempt(client: &Client, delivery: &Delivery, target: &WebhookTarget) -> Tried {
    let mut request = client
        .post(&target.url)
        .timeout(Duration::from_millis(target.timeout_ms))
        .header(header::CONTENT_TYPE, "application/json")
        .body(delivery.body.clone());
    if !target.username.is_empty() || !target.password.is_empty() {
        request = request.basic_auth(&target.username, Some(&target.password));
    }
    if let Some(header) = &target.header {
        request = request.header(&header.name, &header.value);
    }
    match request.send().await {
        Ok(mut response) => {
            let status = response.status().as_u16();
            let mut read_bytes = 0;
            while let Ok(Some(chunk)) = response.chunk().await {
                read_bytes += chunk.len();
                if read_bytes > MAX_ANSWER_BYTES {
                    break;
                }
            }
            Tried::Answered(status)
        }
        Err(error) => Tried::Unanswered(reason(&error).to_owned()),
    }
}

/// Says why there was no answer, without the address: it may hold credentials.
fn reason(error: &reqwest::Error) -> &'static str {
    if error.is_timeout() {
        "no answer in time"
    } else if error.is_connect() {
        "cannot connect"
    } else if error.is_builder() {
        "the request cannot be made"
    } else {
        "the connection was closed without an answer"
    }
}

impl Clients {
    fn fit_for(&mut self, target: &WebhookTarget) -> Result<Client, String> {
        let is_secure = target.url.starts_with("https:");
        let kept = if is_secure { &mut self.secure } else { &mut self.plain };
        if let Some(client) = kept {
            return Ok(client.clone());
        }
        let client = build(is_secure).map_err(|error| format!("no HTTP client: {error}"))?;
        *kept = Some(client.clone());
        Ok(client)
    }
}

/// A client as Docebo's: no cookies, and a redirect is an answer like any other.
fn build(is_secure: bool) -> Result<Client, reqwest::Error> {
    // Somebody else in this process may have installed one; either will do.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = Client::builder().redirect(Policy::none());
    if !is_secure {
        // Plain HTTP is for a receiver nearby: it needs neither a proxy nor the system's root certificates.
        builder = builder.no_proxy().tls_certs_only(iter::empty());
    }
    builder.build()
}
