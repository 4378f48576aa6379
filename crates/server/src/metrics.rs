//! `/metrics`: the process and the work, for Prometheus.
//!
//! The figures of the process are its own. Those of the work are the same from every server, since they are read from
//! Redis: at most every five seconds however many ask, and the less often the longer the reading takes.

use std::{fmt, time::Duration};

use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use passback_producer::Code;
use prometheus_client::encoding::text::{encode_eof, encode_registry};
use tokio::{sync::Mutex, time::Instant};

use crate::{metrics_requests::RequestMetrics, metrics_store, metrics_text, problem::Problem, state::App};

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// How long figures from Redis are told again at least.
const TIME_TO_LIVE: Duration = Duration::from_secs(5);
/// And at least so many times as long as it took to read them: they never cost Redis more than a fiftieth of its time.
const TIMES_AS_LONG: u32 = 50;
/// The longest that a scrape waits for Redis.
const MAX_READING: Duration = Duration::from_secs(8);

/// What is counted and told.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    pub(crate) requests: RequestMetrics,
    work: Mutex<Option<Told>>,
}

/// Figures of the work as text, and until when they are told again.
#[derive(Debug)]
struct Told {
    text: String,
    until: Instant,
}

/// `GET /metrics`: answered even while Redis is away, for the process is still there.
#[utoipa::path(
    get,
    path = "/metrics",
    operation_id = "readMetrics",
    tag = "watching",
    summary = "What Prometheus reads",
    description = "Answered even while Redis is away: passback_up is 0 then.",
    responses((status = 200, description = "The text format of Prometheus.", content((String = "application/openmetrics-text")))),
)]
pub(crate) async fn read(State(app): State<App>) -> Result<Response, Problem> {
    let mut text = String::new();
    let encoded = encode_registry(&mut text, app.metrics.requests.registry());
    let work = of_work(&app).await.map_err(unwritten)?;
    text.push_str(&work);
    encoded.and_then(|()| encode_eof(&mut text)).map_err(unwritten)?;
    Ok(([(header::CONTENT_TYPE, OPEN_METRICS)], text).into_response())
}

/// The figures of the work. Who asks while they are read waits for that reading.
async fn of_work(app: &App) -> Result<String, fmt::Error> {
    let mut told = app.metrics.work.lock().await;
    if let Some(told) = &*told
        && Instant::now() < told.until
    {
        return Ok(told.text.clone());
    }
    let begun = Instant::now();
    let read = tokio::time::timeout(MAX_READING, metrics_store::read(app)).await;
    let figures = match read {
        Ok(Ok(figures)) => Some(figures),
        Ok(Err(error)) => {
            tracing::warn!(%error, "the figures for /metrics cannot be read from Redis");
            None
        }
        Err(_) => {
            tracing::warn!("Redis takes too long over the figures for /metrics");
            None
        }
    };
    let text = metrics_text::text(figures.as_ref())?;
    // A reading that failed is no measure of what one costs: after an outage there are figures again at once.
    let keep = match figures {
        Some(_) => TIME_TO_LIVE.max(begun.elapsed() * TIMES_AS_LONG),
        None => TIME_TO_LIVE,
    };
    *told = Some(Told {
        text: text.clone(),
        until: Instant::now() + keep,
    });
    Ok(text)
}

/// Writing into a text does not fail.
fn unwritten(_: fmt::Error) -> Problem {
    Problem::new(Code::InternalError, "The figures cannot be written.")
}
