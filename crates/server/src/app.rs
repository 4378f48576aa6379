//! The routes, who may take them, and the layers around them.

use std::any::Any;

use axum::{
    Extension, Router,
    extract::{MatchedPath, Request},
    http::Response as HttpResponse,
    middleware::{from_fn, from_fn_with_state},
    response::{IntoResponse, Response},
};
use passback_producer::{Code, Producer};
use tower::util::option_layer;
use tower_http::{catch_panic::CatchPanicLayer, cors::CorsLayer, trace::TraceLayer};
use tracing::Span;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    Role, ServerConfig, audit, auth, batch, checks, connectors, context, cors, dead_letters, dead_letters_export,
    dead_letters_groups, dead_letters_plan, dead_letters_run, dead_letters_runner, decisions, docebo_events, erasure,
    events, exams, health, jobs, lanes, load, metrics, metrics_requests,
    openapi::{self, Description},
    problem::Problem,
    reconcile, reference, results, secrets,
    state::App,
    stats, tokens, webhooks, whole, workers,
};

/// The whole API as a service.
pub fn app(producer: Producer, config: ServerConfig) -> Router {
    let cors = cors::layer(&config.cors_origins);
    let app = App::new(producer, config);
    dead_letters_runner::start(app.clone());
    let (api, mut described) = OpenApiRouter::with_openapi(openapi::described())
        .merge(for_role(Role::Ingest, intake()))
        .merge(for_role(Role::Viewer, reading()))
        .merge(for_role(Role::Viewer, reading_dead_letters()))
        .merge(for_role(Role::Operator, looking_closely()))
        .merge(for_role(Role::Operator, to_its_end(operating())))
        .merge(for_role(Role::Operator, to_its_end(operating_dead_letters())))
        .merge(for_role(Role::Admin, to_its_end(administering())))
        .split_for_parts();
    let (open, described_open) = open_to_all().merge(webhook_door()).split_for_parts();
    described.merge(described_open);
    let api = api
        .fallback(no_route)
        .method_not_allowed_fallback(no_method)
        .layer(from_fn_with_state(app.clone(), load::share))
        .layer(from_fn_with_state(app.clone(), auth::authenticate))
        .layer(from_fn_with_state(app.clone(), load::shed));
    let open = open
        .layer(Extension(Description::of(described)))
        .method_not_allowed_fallback(no_method);
    with_outer_layers(open.merge(api), cors)
        .layer(from_fn_with_state(app.clone(), metrics_requests::count))
        .with_state(app)
}

/// Where Docebo calls: with credentials of its own, and with places of its own.
fn webhook_door() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(webhooks::receive))
}

/// Probes and the description: they need no token and no slot.
fn open_to_all() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(health::alive))
        .routes(routes!(health::ready))
        .routes(routes!(metrics::read))
        .routes(routes!(openapi::document))
        .routes(routes!(reference::page))
        .routes(routes!(reference::errors))
        .routes(routes!(reference::style))
}

/// What every answer passes, whatever its route.
fn with_outer_layers<S: Clone + Send + Sync + 'static>(router: Router<S>, cors: Option<CorsLayer>) -> Router<S> {
    router
        .layer(CatchPanicLayer::custom(after_panic))
        .layer(
            TraceLayer::new_for_http()
                .make_span_with(span)
                .on_request(())
                .on_response(log_response)
                .on_failure(()),
        )
        // Before the token is asked for: a browser's preflight has none.
        .layer(option_layer(cors))
        .layer(from_fn(context::with_request_id))
}

/// What the exam engine uses.
fn intake() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(checks::ask))
        .routes(routes!(checks::read))
        .routes(routes!(results::hand_in))
        .routes(routes!(batch::hand_in_all))
        .routes(routes!(results::read))
        .routes(routes!(reconcile::reconcile))
        .routes(routes!(events::read))
}

/// What only looks.
fn reading() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(results::list))
        .routes(routes!(jobs::list))
        .routes(routes!(jobs::read))
        .routes(routes!(jobs::explain))
        .routes(routes!(connectors::list))
        .routes(routes!(connectors::read))
        .routes(routes!(exams::list))
        .routes(routes!(exams::read))
        .routes(routes!(lanes::list))
        .routes(routes!(workers::list))
        .routes(routes!(stats::read))
        .routes(routes!(audit::list))
        .routes(routes!(docebo_events::list))
        .routes(routes!(docebo_events::read))
}

/// What only looks at dead letters and plans.
fn reading_dead_letters() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(dead_letters::list))
        .routes(routes!(dead_letters_groups::list))
        .routes(routes!(dead_letters_plan::list))
        .routes(routes!(dead_letters_plan::read))
        .routes(routes!(dead_letters::read))
}

/// What takes an operator to look, and changes nothing that matters: it ends with the connection.
fn looking_closely() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(exams::check))
        .routes(routes!(dead_letters_export::export))
        .routes(routes!(dead_letters_plan::make))
}

/// What puts dead letters right.
fn operating_dead_letters() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(dead_letters::redrive))
        .routes(routes!(dead_letters::discard))
        .routes(routes!(dead_letters_run::stop))
}

/// What puts stuck work right.
fn operating() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(decisions::decide))
        .routes(routes!(jobs::cancel))
        .routes(routes!(connectors::validate))
        .routes(routes!(connectors::pause))
        .routes(routes!(connectors::resume))
        .routes(routes!(lanes::pause))
        .routes(routes!(lanes::resume))
        .routes(routes!(workers::pause))
        .routes(routes!(workers::resume))
        .routes(routes!(workers::drain))
        .routes(routes!(docebo_events::replay))
}

/// What changes where results go, and what is kept of people and secrets.
fn administering() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(connectors::store, connectors::remove))
        .routes(routes!(exams::store, exams::remove))
        .routes(routes!(secrets::list))
        .routes(routes!(secrets::rotate))
        .routes(routes!(erasure::erase))
        .routes(routes!(tokens::list, tokens::create))
        .routes(routes!(tokens::read))
        .routes(routes!(tokens::revoke))
}

fn for_role(role: Role, routes: OpenApiRouter<App>) -> OpenApiRouter<App> {
    let mut routes = routes.route_layer(from_fn_with_state(role, auth::require));
    openapi::mark(routes.get_openapi_mut(), role);
    routes
}

/// Routes whose changes are whole although the caller hangs up.
fn to_its_end(routes: OpenApiRouter<App>) -> OpenApiRouter<App> {
    routes.route_layer(from_fn(whole::to_its_end))
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
    use axum::routing::get;
    use axum::{body::Body, http::StatusCode};
    use tower::ServiceExt;

    use super::*;

    #[tokio::test]
    async fn a_panic_is_a_problem_that_says_nothing_of_its_cause() {
        let routes: Router = Router::new().route("/", get(async || -> StatusCode { panic!("at the disco") }));
        let request = Request::builder().uri("/").body(Body::empty()).unwrap();
        let response = with_outer_layers(routes, None).oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let body = axum::body::to_bytes(response.into_body(), 4096).await.unwrap();
        let text = String::from_utf8(body.to_vec()).unwrap();
        assert!(text.contains("internal_error") && !text.contains("disco"), "{text}");
    }
}
