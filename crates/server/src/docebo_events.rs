//! What Docebo has told: the log of all webhook events, as a list, as a feed, one by one, and again.

use std::time::Duration;

use axum::{
    Json,
    extract::State,
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use passback_producer::{DoceboEventPage, DoceboEventQuery, DoceboEventView, Replayed};
use passback_registry::{ConnectorId, NewAuditEntry};
use serde::{Deserialize, Serialize};

use crate::{
    auth::{Identity, demand},
    docebo_event_stream::DoceboEvents,
    event_stream,
    events::{After, accepts_stream, after, refuse_gap, resumed},
    failure::not_found,
    json::JsonBody,
    openapi::query,
    parameters::{Parameters, reason_in_body},
    path_id::PathId,
    problem::{Fault, Problem},
    role::Role,
    state::App,
    wait::{self, Wait},
};

/// Names or beginnings of names that one call may filter by.
const MAX_EVENT_FILTERS: usize = 71;
/// Events that one call may replay.
const MAX_REPLAYED: usize = 1_000;

/// A page of the log.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct DoceboEventsView {
    events: Vec<DoceboEventView>,
    next_cursor: Option<String>,
    more: bool,
}

/// Which events to react to once more, and why.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplayRequest {
    ids: Vec<String>,
    reason: String,
}

/// What became of each event of a replay.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ReplayOutcome {
    items: Vec<Replayed>,
}

/// `GET /v1/docebo-events[?event=course.*,user.created&connector=&after=CURSOR|latest&limit=&wait=30s&reveal=true]`
#[utoipa::path(
    get,
    path = "/v1/docebo-events",
    operation_id = "readDoceboEvents",
    tag = "webhooks",
    summary = "What Docebo has told",
    description = "The log of all webhook events, as a feed: at least once, in the order in which they came in. With `Accept: text/event-stream` the same events come as server-sent events; `Last-Event-ID` then goes before `after`, and `limit`, `wait` and `newest_first` are not taken. People are masked; reveal=true needs the role operator and stands in the audit trail.",
    params(query::DoceboEvents),
    responses((status = 200, description = "The events behind the cursor.", content((DoceboEventsView = "application/json"), (String = "text/event-stream")))),
    extensions(("x-passback-codes" = json!(["cursor_expired", "too_busy", "role_too_low"]))),
)]
pub(crate) async fn list(
    State(app): State<App>,
    identity: Identity,
    parameters: Parameters,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let streamed = accepts_stream(&headers);
    let parameters = if streamed {
        // A stream has neither an end nor pages.
        parameters.only(&["event", "connector", "after", "reveal"])?
    } else {
        parameters.only(&["event", "connector", "after", "limit", "wait", "reveal", "newest_first"])?
    };
    let query = query(&parameters)?;
    may_reveal(&app, &identity, query.reveal, "the log of Docebo's events").await?;
    if streamed {
        let place = match resumed(&headers)? {
            Some(place) => place,
            None => after(&parameters)?.unwrap_or(After::Beginning),
        };
        return event_stream::answer(app, identity, DoceboEvents(query), place).await;
    }
    let place = after(&parameters)?.unwrap_or(After::Beginning);
    let wait = Wait::of(&parameters, &headers)?;
    if query.newest_first && (wait.time.is_some() || place == After::Latest) {
        let fix = "leave newest_first away to read on as events come";
        let fault = Fault::of_parameter("newest_first", "read backwards there is nothing to wait for", fix);
        return Err(Problem::invalid(vec![fault]));
    }
    let query = DoceboEventQuery {
        after: place.resolve_in(&app, &DoceboEvents(query.clone())).await?,
        limit: parameters.limit()?,
        ..query
    };
    let page = read_page(&app, &identity, &query, wait.time).await?;
    wait.recheck(&app, &identity).await?;
    refuse_gap(page.gap)?;
    let view = DoceboEventsView {
        events: page.events,
        next_cursor: page.next_cursor,
        more: page.more,
    };
    Ok(wait.confirm(Json(view).into_response()))
}

/// `GET /v1/docebo-events/{id}[?reveal=true]`
#[utoipa::path(
    get,
    path = "/v1/docebo-events/{id}",
    operation_id = "readDoceboEvent",
    tag = "webhooks",
    summary = "An event of Docebo",
    description = "",
    params(("id" = String, Path, description = "The event."), query::Reveal),
    responses((status = 200, description = "The event, and what came of it.", body = DoceboEventView)),
    extensions(("x-passback-codes" = json!(["not_found", "role_too_low"]))),
)]
pub(crate) async fn read(
    State(app): State<App>,
    identity: Identity,
    PathId(id): PathId,
    parameters: Parameters,
) -> Result<Json<DoceboEventView>, Problem> {
    let reveal = parameters.only(&["reveal"])?.switch("reveal", false)?;
    may_reveal(&app, &identity, reveal, &format!("docebo_event {id}")).await?;
    let event = if reveal {
        app.producer.docebo_event_revealed(&id).await?
    } else {
        app.producer.docebo_event(&id).await?
    };
    event
        .map(Json)
        .ok_or_else(|| not_found("event of Docebo of this id, or it is kept no more"))
}

/// `POST /v1/docebo-events/replay`
#[utoipa::path(
    post,
    path = "/v1/docebo-events/replay",
    operation_id = "replayDoceboEvents",
    tag = "webhooks",
    summary = "React to events once more",
    description = "Safe at any time: what an event has brought about already is not done twice. Each event has its own verdict.",
    request_body = ReplayRequest,
    responses((status = 200, description = "What became of each event.", body = ReplayOutcome)),
)]
pub(crate) async fn replay(
    State(app): State<App>,
    identity: Identity,
    parameters: Parameters,
    JsonBody(request): JsonBody<ReplayRequest>,
) -> Result<Json<ReplayOutcome>, Problem> {
    parameters.only(&[])?;
    let reason = reason_in_body(&request.reason).map_err(|fault| Problem::invalid(vec![fault]))?;
    if request.ids.is_empty() || request.ids.len() > MAX_REPLAYED {
        let fix = format!("name 1 to {MAX_REPLAYED} events by their ids");
        return Err(Problem::invalid(vec![Fault::at("/ids", "no ids, or too many", fix)]));
    }
    let items = app
        .producer
        .replay_webhooks(&request.ids, &identity.name, &reason)
        .await?;
    Ok(Json(ReplayOutcome { items }))
}

/// Waits for events, unless too many wait already or the server is to stop.
async fn read_page(
    app: &App,
    identity: &Identity,
    query: &DoceboEventQuery,
    wait: Option<Duration>,
) -> Result<DoceboEventPage, Problem> {
    let now = || app.producer.docebo_events(query);
    let Some(wait) = wait else { return Ok(now().await?) };
    let Some(_place) = wait::place(app, identity) else {
        return Ok(now().await?);
    };
    tokio::select! {
        page = app.producer.wait_for_docebo_events(query, wait) => Ok(page?),
        () = app.config.closing.cancelled() => Ok(now().await?),
    }
}

/// Names of people are shown to operators only, and that they were is on record before they are.
async fn may_reveal(app: &App, identity: &Identity, reveal: bool, what: &str) -> Result<(), Problem> {
    if !reveal {
        return Ok(());
    }
    demand(identity, Role::Operator)?;
    let entry = NewAuditEntry {
        actor: identity.name.clone(),
        action: "docebo_event.revealed".to_owned(),
        target: what.to_owned(),
        reason: None,
        detail: None,
    };
    Ok(app.registry().record_audit(&entry).await?)
}

fn query(parameters: &Parameters) -> Result<DoceboEventQuery, Problem> {
    let events = parameters.text("event").map(filters).transpose()?;
    let connector = parameters.text("connector").map(str::parse::<ConnectorId>).transpose();
    let connector = connector.map_err(|_| {
        let fault = Fault::of_parameter("connector", "not the id of a connector", "use the id of a connector");
        Problem::invalid(vec![fault])
    })?;
    Ok(DoceboEventQuery {
        after: None,
        limit: 0,
        events: events.unwrap_or_default(),
        connector,
        reveal: parameters.switch("reveal", false)?,
        newest_first: parameters.switch("newest_first", false)?,
    })
}

/// Names of events, or their beginnings with a star at the end.
fn filters(text: &str) -> Result<Vec<String>, Problem> {
    let names: Vec<String> = text.split(',').map(|name| name.trim().to_owned()).collect();
    let is_name = |name: &String| {
        let bare = name.strip_suffix('*').unwrap_or(name);
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        name.len() <= 100 && !name.is_empty() && bare.bytes().all(plain)
    };
    if names.len() <= MAX_EVENT_FILTERS && names.iter().all(is_name) {
        return Ok(names);
    }
    let fix = "use names such as course.enrollment.completed or course.*, with commas between them";
    Err(Problem::invalid(vec![Fault::of_parameter(
        "event",
        "not a name of an event",
        fix,
    )]))
}
