//! The routes, who may take them, and the layers around them.

use std::any::Any;

use axum::{
    Router,
    extract::{MatchedPath, Request},
    http::Response as HttpResponse,
    middleware::{from_fn, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::{get, post, put},
};
use passback_producer::{Code, Producer};
use tower::limit::GlobalConcurrencyLimitLayer;
use tower_http::{catch_panic::CatchPanicLayer, trace::TraceLayer};
use tracing::Span;

use crate::{
    Role, ServerConfig, audit, auth, batch, checks, connectors, context, dead_letters, decisions, erasure, events,
    exams, health, jobs, lanes, problem::Problem, reconcile, results, secrets, state::App, stats, workers,
};

/// The whole API as a service.
pub fn app(producer: Producer, config: ServerConfig) -> Router {
    let slots = GlobalConcurrencyLimitLayer::new(config.max_concurrent_requests);
    let app = App::new(producer, config);
    let api = Router::new()
        .merge(for_role(Role::Ingest, intake()))
        .merge(for_role(Role::Viewer, reading()))
        .merge(for_role(Role::Operator, operating()))
        .merge(for_role(Role::Admin, administering()))
        .fallback(no_route)
        .method_not_allowed_fallback(no_method)
        .layer(from_fn_with_state(app.clone(), auth::authenticate))
        .layer(slots);
    // Probes need no token and no slot.
    let probes = Router::new()
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .method_not_allowed_fallback(no_method);
    with_outer_layers(probes.merge(api)).with_state(app)
}

/// What every answer passes, whatever its route.
fn with_outer_layers<S: Clone + Send + Sync + 'static>(router: Router<S>) -> Router<S> {
    router
        .layer(CatchPanicLayer::custom(after_panic))
        .layer(
            TraceLayer::new_for_http()
                .make_span_with(span)
                .on_request(())
                .on_response(log_response)
                .on_failure(()),
        )
        .layer(from_fn(context::with_request_id))
}

/// What the exam engine uses.
fn intake() -> Router<App> {
    Router::new()
        .route("/v1/eligibility-checks", post(checks::ask))
        .route("/v1/eligibility-checks/{id}", get(checks::read))
        .route("/v1/results", post(results::hand_in))
        .route("/v1/results/batch", post(batch::hand_in_all))
        .route("/v1/results/{result_id}", get(results::read))
        .route("/v1/reconcile", post(reconcile::reconcile))
        .route("/v1/events", get(events::read))
}

/// What only looks.
fn reading() -> Router<App> {
    Router::new()
        .route("/v1/results", get(results::list))
        .route("/v1/jobs", get(jobs::list))
        .route("/v1/jobs/{id}", get(jobs::read))
        .route("/v1/jobs/{id}/explain", get(jobs::explain))
        .route("/v1/dead-letters", get(dead_letters::list))
        .route("/v1/dead-letters/{id}", get(dead_letters::read))
        .route("/v1/connectors", get(connectors::list))
        .route("/v1/connectors/{id}", get(connectors::read))
        .route("/v1/exams", get(exams::list))
        .route("/v1/exams/{id}", get(exams::read))
        .route("/v1/lanes", get(lanes::list))
        .route("/v1/workers", get(workers::list))
        .route("/v1/stats", get(stats::read))
        .route("/v1/audit", get(audit::list))
}

/// What puts stuck work right.
fn operating() -> Router<App> {
    Router::new()
        .route("/v1/results/{result_id}/decision", post(decisions::decide))
        .route("/v1/jobs/{id}/cancel", post(jobs::cancel))
        .route("/v1/dead-letters/redrive", post(dead_letters::redrive))
        .route("/v1/dead-letters/discard", post(dead_letters::discard))
        .route("/v1/exams/{id}/check", post(exams::check))
        .route("/v1/connectors/{id}/validate", post(connectors::validate))
        .route("/v1/connectors/{id}/pause", post(connectors::pause))
        .route("/v1/connectors/{id}/resume", post(connectors::resume))
        .route("/v1/lanes/{lane}/pause", post(lanes::pause))
        .route("/v1/lanes/{lane}/resume", post(lanes::resume))
        .route("/v1/workers/{id}/pause", post(workers::pause))
        .route("/v1/workers/{id}/resume", post(workers::resume))
        .route("/v1/workers/{id}/drain", post(workers::drain))
}

/// What changes where results go, and what is kept of people and secrets.
fn administering() -> Router<App> {
    Router::new()
        .route("/v1/connectors/{id}", put(connectors::store).delete(connectors::remove))
        .route("/v1/exams/{id}", put(exams::store).delete(exams::remove))
        .route("/v1/secrets", get(secrets::list))
        .route("/v1/secrets/rotate", post(secrets::rotate))
        .route("/v1/erase", post(erasure::erase))
}

fn for_role(role: Role, routes: Router<App>) -> Router<App> {
    routes.route_layer(from_fn_with_state(role, auth::require))
}

async fn no_route() -> Problem {
    Problem::new(Code::NotFound, "There is no such route.")
}

async fn no_method() -> Problem {
    Problem::new(
        Code::MethodNotAllowed,
        "This route has other methods; the Allow header names them.",
    )
}

/// The route's pattern, not its path: ids in paths are the caller's, and a query is never logged.
fn span(request: &Request) -> Span {
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("(none)", MatchedPath::as_str);
    let id = request.extensions().get::<context::RequestId>().map(|id| id.0.as_str());
    tracing::info_span!("request", method = %request.method(), route, request_id = id.unwrap_or_default())
}

fn log_response<B>(response: &HttpResponse<B>, latency: std::time::Duration, _: &Span) {
    let latency_ms = u64::try_from(latency.as_millis()).unwrap_or(u64::MAX);
    tracing::info!(status = response.status().as_u16(), latency_ms, "answered");
}

/// What the panic says is not logged: it may hold anything that the request held.
fn after_panic(_: Box<dyn Any + Send>) -> Response {
    tracing::error!("a handler panicked");
    Problem::new(
        Code::InternalError,
        "The server failed at this request; its log has the request's id.",
    )
    .into_response()
}

#[cfg(test)]
mod tests {
    use axum::{body::Body, http::StatusCode};
    use tower::ServiceExt;

    use super::*;

    #[tokio::test]
    async fn a_panic_is_a_problem_that_says_nothing_of_its_cause() {
        let routes: Router = Router::new().route("/", get(async || -> StatusCode { panic!("at the disco") }));
        let request = Request::builder().uri("/").body(Body::empty()).unwrap();
        let response = with_outer_layers(routes).oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let body = axum::body::to_bytes(response.into_body(), 4096).await.unwrap();
        let text = String::from_utf8(body.to_vec()).unwrap();
        assert!(text.contains("internal_error") && !text.contains("disco"), "{text}");
    }
}
