//! How long Docebo waits for the answer to a webhook: over HTTP, until its events are in Redis.
//!
//! Messages are sent at their own moments (an open loop), and each delay counts from that moment: a server that falls
//! behind cannot hide it by being asked less.

use std::time::Duration;

use passback_docebo::webhook::sample;
use passback_producer::Producer;
use passback_registry::{ConnectorInput, WebhookInput};
use passback_server::ServerConfig;
use reqwest::{Client, StatusCode};
use secrecy::SecretString;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::figures::{Figures, rate};
use super::ground::Ground;
use super::progress::Progress;
use super::push_stand::connect;
use super::webhook_plan::WebhookPlan;
use crate::exit::Failure;
use crate::services::HttpServer;

const CONNECTOR: &str = "bench";
const USERNAME: &str = "docebo";
const PASSWORD: &str = "bench";
const EVENT: &str = "course.enrollment.completed";
/// The end of the server; nothing is under way by then.
const GRACE: Duration = Duration::from_secs(1);
/// What Docebo waits.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Messages that are sent before those that count: connections stand then, and scripts are loaded.
const WARM_UP_MESSAGES: u32 = 50;

/// Measures the door of the webhooks.
pub(crate) async fn measure_webhooks(ground: &Ground, plan: &WebhookPlan) -> Result<Figures, Failure> {
    let progress = Progress::new(u64::from(plan.rounds));
    let mut figures = Figures::default();
    for round in 1..=plan.rounds {
        progress.begin(format!("round {round} of {}: taking webhooks in", plan.rounds));
        ground.clear().await?;
        let keys = TempDir::with_prefix("passback-bench-keys-")
            .map_err(|error| Failure::failed(format!("there is no temporary folder: {error}")))?;
        let producer = connect(ground, &keys).await?;
        register(&producer).await?;
        let server = HttpServer::start("127.0.0.1:0", producer, ServerConfig::default(), GRACE).await?;
        let url = format!("http://{}/webhooks/docebo/{CONNECTOR}", server.address());
        let measured = measure_round(&url, plan, &mut figures).await;
        server.stop().await?;
        measured?;
        progress.end();
    }
    Ok(figures)
}

async fn measure_round(url: &str, plan: &WebhookPlan, figures: &mut Figures) -> Result<(), Failure> {
    let http = Client::builder().timeout(TIMEOUT).build();
    let http = http.map_err(|error| Failure::failed(format!("no HTTP client: {error}")))?;
    send_all(&http, url, plan, 0..WARM_UP_MESSAGES).await?;
    let started = Instant::now();
    let numbers = WARM_UP_MESSAGES..WARM_UP_MESSAGES + plan.messages();
    let delays = send_all(&http, url, plan, numbers).await?;
    let taken = rate(u64::from(plan.messages()) * u64::from(plan.items), started.elapsed());
    figures.add_delays("webhook_answered_p50_ms", "webhook_answered_p99_ms", &delays);
    let slowest = delays.iter().max().copied().unwrap_or_default();
    figures.add("webhook_answered_max_ms", slowest.as_secs_f64() * 1e3);
    figures.add("webhook_events_per_s", taken);
    Ok(())
}

/// Sends messages at the rate of the plan, and says how long after its moment each was answered.
async fn send_all(
    http: &Client,
    url: &str,
    plan: &WebhookPlan,
    numbers: std::ops::Range<u32>,
) -> Result<Vec<Duration>, Failure> {
    let (started, gap) = (Instant::now(), Duration::from_secs(1) / plan.rate);
    let mut sent = JoinSet::new();
    for (at, number) in (0_u32..).zip(numbers) {
        let moment = started + gap * at;
        sleep_until(moment).await;
        let request = http.post(url).basic_auth(USERNAME, Some(PASSWORD));
        let request = request.json(&message(number, plan.items));
        sent.spawn(async move {
            let answer = request.send().await;
            (answer.map(|answer| answer.status()), moment.elapsed())
        });
    }
    let mut delays = Vec::with_capacity(sent.len());
    while let Some(answered) = sent.join_next().await {
        match answered {
            Ok((Ok(StatusCode::OK), delay)) => delays.push(delay),
            Ok((Ok(status), _)) => return Err(Failure::failed(format!("a webhook was answered with {status}"))),
            Ok((Err(error), _)) => return Err(Failure::failed(format!("a webhook was not answered: {error}"))),
            Err(error) => return Err(Failure::failed(format!("a caller failed: {error}"))),
        }
    }
    Ok(delays)
}

/// A message of its own, about a person of its own.
fn message(number: u32, items: u32) -> Value {
    let mut message = sample(EVENT).unwrap_or_default();
    let payload = message["payload"].take();
    let of = |item: u32| {
        let mut payload = payload.clone();
        payload["user_id"] = json!(u64::from(number) * 1_000 + u64::from(item));
        payload
    };
    message["message_id"] = json!(format!("bench-{number}"));
    if items == 1 {
        message["payload"] = of(0);
    } else if let Some(fields) = message.as_object_mut() {
        fields.remove("payload");
        fields.insert("payloads".to_owned(), (0..items).map(of).collect());
    }
    message
}

async fn register(producer: &Producer) -> Result<(), Failure> {
    let secret = || Some(SecretString::from(PASSWORD));
    let input = ConnectorInput {
        id: Some(CONNECTOR.to_owned()),
        domain: Some("http://127.0.0.1:9".to_owned()),
        client_id: Some(CONNECTOR.to_owned()),
        client_secret: secret(),
        username: Some(CONNECTOR.to_owned()),
        password: secret(),
        webhook: Some(WebhookInput {
            username: Some(USERNAME.to_owned()),
            password: secret(),
            ..WebhookInput::default()
        }),
        ..ConnectorInput::default()
    };
    let connector = input.validate().map_err(|errors| Failure::failed(errors.to_string()))?;
    let stored = producer.registry().put_connector(&connector, "passback-bench").await;
    stored
        .map(|_| ())
        .map_err(|error| Failure::unavailable(format!("the connector cannot be stored: {error}")))
}
