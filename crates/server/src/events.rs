//! The feed of final answers: read on from a cursor, at once or as soon as there is something new.
//!
//! At least once: who keeps the cursor of the last event that it has dealt with misses nothing, and may see an event
//! twice. Cursors hold over restarts of both sides.

use std::time::Duration;

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use passback_producer::{Code, FeedEvent, FeedPage};
use passback_queue::is_event_cursor;
use serde::Serialize;

use crate::{
    auth::Identity,
    event_stream::{self, Feed},
    final_answers::FinalAnswers,
    openapi::query,
    parameters::Parameters,
    problem::{Fault, Problem},
    state::App,
    wait::{self, Wait},
};

/// The word for "what comes from now on".
const LATEST: &str = "latest";
const EVENT_STREAM: &str = "text/event-stream";
/// The header in which a stream's reader says where it was.
const LAST_EVENT_ID: &str = "last-event-id";

/// A page of the feed.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = EventPage)]
pub(crate) struct EventsView {
    events: Vec<FeedEvent>,
    next_cursor: Option<String>,
    more: bool,
}

/// `GET /v1/events[?after=CURSOR|latest&limit=100&wait=30s]`, or with `Prefer: wait=30`
#[utoipa::path(
    get,
    path = "/v1/events",
    operation_id = "readEvents",
    tag = "feed",
    summary = "The feed of final answers",
    description = "At least once: keep the cursor of the last event that was dealt with, and nothing is missed. With `Accept: text/event-stream` the same events come as server-sent events, until the connection ends; `Last-Event-ID` then goes before `after`, and `limit` and `wait` are not taken.",
    params(query::Feed),
    responses((status = 200, description = "The events behind the cursor, oldest first.", content((EventsView = "application/json"), (String = "text/event-stream")))),
    extensions(("x-passback-codes" = json!(["cursor_expired", "too_busy"]))),
)]
pub(crate) async fn read(
    State(app): State<App>,
    identity: Identity,
    parameters: Parameters,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if accepts_stream(&headers) {
        // A stream has neither an end nor pages.
        let parameters = parameters.only(&["after"])?;
        let after = resumed(&headers)?.or(after(&parameters)?);
        return event_stream::answer(app, identity, FinalAnswers, placed(after)).await;
    }
    let parameters = parameters.only(&["after", "limit", "wait"])?;
    let (after, limit) = (placed(after(&parameters)?), parameters.limit()?);
    let wait = Wait::of(&parameters, &headers)?;
    let after = after.resolve_in(&app, &FinalAnswers).await?;
    let page = read_page(&app, &identity, after.as_deref(), limit, wait.time).await?;
    wait.recheck(&app, &identity).await?;
    refuse_gap(page.gap)?;
    let FeedPage {
        events,
        next_cursor,
        more,
        gap: _,
    } = page;
    let view = EventsView {
        events,
        next_cursor,
        more,
    };
    Ok(wait.confirm(Json(view).into_response()))
}

/// Waits for events, unless too many wait already or the server is to stop.
async fn read_page(
    app: &App,
    identity: &Identity,
    after: Option<&str>,
    limit: usize,
    wait: Option<Duration>,
) -> Result<FeedPage, Problem> {
    let now = || app.producer.feed(after, limit);
    let Some(wait) = wait else { return Ok(now().await?) };
    let Some(_place) = wait::place(app, identity) else {
        return Ok(now().await?);
    };
    tokio::select! {
        page = app.producer.wait_for_feed(after, limit, wait) => Ok(page?),
        () = app.config.closing.cancelled() => Ok(now().await?),
    }
}

/// Where to begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum After {
    /// With the oldest event that is kept.
    Beginning,
    /// With what comes from now on.
    Latest,
    /// Behind this event.
    Cursor(String),
}

impl After {
    /// The cursor of this feed to read behind; none for the beginning.
    pub(crate) async fn resolve_in<F: Feed>(self, app: &App, feed: &F) -> Result<Option<String>, Problem> {
        match self {
            Self::Beginning => Ok(None),
            Self::Latest => Ok(Some(feed.end(app).await?)),
            Self::Cursor(cursor) => {
                if app.queue().is_event_ahead(&cursor).await? {
                    let fix = "leave it out, or use a next_cursor of this very feed";
                    let fault = Fault::of_parameter("after", "lies in the future, so it is of another feed", fix);
                    return Err(Problem::invalid(vec![fault]));
                }
                Ok(Some(cursor))
            }
        }
    }
}

/// Says that events were lost to who asks, rather than leave them out without a word.
pub(crate) fn refuse_gap(gap: bool) -> Result<(), Problem> {
    if gap {
        return Err(Problem::new(
            Code::CursorExpired,
            "Events behind this cursor were kept for their time and are gone.",
        ));
    }
    Ok(())
}

fn placed(after: Option<After>) -> After {
    after.unwrap_or(After::Beginning)
}

pub(crate) fn after(parameters: &Parameters) -> Result<Option<After>, Problem> {
    let after = parameters.text("after");
    after
        .map(|text| parse(text, |problem, fix| Fault::of_parameter("after", problem, fix)))
        .transpose()
}

/// A reader that was cut off says so in a header, whatever its address says.
pub(crate) fn resumed(headers: &HeaderMap) -> Result<Option<After>, Problem> {
    let Some(value) = headers.get(LAST_EVENT_ID) else {
        return Ok(None);
    };
    let text = value.to_str().unwrap_or("?");
    // Browsers send it empty where no event came yet.
    Some(text)
        .filter(|text| !text.is_empty())
        .map(|text| parse(text, |problem, fix| Fault::of_header(LAST_EVENT_ID, problem, fix)))
        .transpose()
}

fn parse(text: &str, fault: impl Fn(&'static str, &'static str) -> Fault) -> Result<After, Problem> {
    if text == LATEST {
        return Ok(After::Latest);
    }
    if is_event_cursor(text) {
        return Ok(After::Cursor(text.to_owned()));
    }
    let fix = "use the cursor of an event or a next_cursor; latest for what comes from now on; or leave it out";
    Err(Problem::invalid(vec![fault("not a cursor of the feed", fix)]))
}

pub(crate) fn accepts_stream(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter();
    accepted
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|kind| {
            let essence = kind.split(';').next().unwrap_or_default().trim();
            essence.eq_ignore_ascii_case(EVENT_STREAM)
        })
}
