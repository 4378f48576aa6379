//! Requests counted and timed by route, never by path: ids in paths are the callers', and without bound.

use axum::{
    extract::{MatchedPath, Request, State},
    http::Method,
    middleware::Next,
    response::Response,
};
use prometheus_client::{
    metrics::{counter::Counter, family::Family, histogram::Histogram},
    registry::{Registry, Unit},
};
use tokio::time::Instant;

use crate::state::App;

/// Upper ends of the buckets, in seconds: from a probe to the longest wait for an answer.
const BUCKETS_SECONDS: [f64; 12] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

type Labels = Vec<(&'static str, String)>;

/// What became of requests.
#[derive(Debug)]
pub(crate) struct RequestMetrics {
    registry: Registry,
    answered: Family<Labels, Counter>,
    took: Family<Labels, Histogram, fn() -> Histogram>,
}

impl Default for RequestMetrics {
    fn default() -> Self {
        let mut registry = Registry::default();
        let answered = Family::<Labels, Counter>::default();
        let help = "Requests answered, by route, method and status";
        registry.register("passback_http_requests", help, answered.clone());
        let buckets: fn() -> Histogram = || Histogram::new(BUCKETS_SECONDS);
        let took = Family::new_with_constructor(buckets);
        let help = "Time from a request to the beginning of its answer";
        registry.register_with_unit("passback_http_request_duration", help, Unit::Seconds, took.clone());
        Self {
            registry,
            answered,
            took,
        }
    }
}

impl RequestMetrics {
    pub(crate) fn registry(&self) -> &Registry {
        &self.registry
    }
}

/// Counts a request once its answer begins.
pub(crate) async fn count(State(app): State<App>, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let path = request.extensions().get::<MatchedPath>();
    let route = path.map_or("(none)", MatchedPath::as_str).to_owned();
    let mut labels = vec![("route", route), ("method", method(request.method()).to_owned())];
    let response = next.run(request).await;
    let metrics = &app.metrics.requests;
    metrics
        .took
        .get_or_create(&labels)
        .observe(begun.elapsed().as_secs_f64());
    labels.push(("status", response.status().as_u16().to_string()));
    metrics.answered.get_or_create(&labels).inc();
    response
}

/// A method that is known, so that callers cannot make up labels.
fn method(method: &Method) -> &str {
    match method.as_str() {
        known @ ("GET" | "HEAD" | "POST" | "PUT" | "DELETE" | "PATCH" | "OPTIONS") => known,
        _ => "other",
    }
}
