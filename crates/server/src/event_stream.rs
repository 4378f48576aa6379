//! The feed as server-sent events: read page by page, no faster than the reader takes them.

use std::{collections::VecDeque, convert::Infallible, sync::Arc, time::Duration};

use axum::{
    http::{HeaderName, HeaderValue},
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures::stream;
use passback_producer::{Code, FeedEvent, FeedPage, StoreError};
use tokio::sync::OwnedSemaphorePermit;

use crate::{
    events::{After, refuse_gap},
    problem::Problem,
    state::App,
};

/// Events that are read at once; no more of them are ever held for one reader.
const PAGE_EVENTS: usize = 100;
/// How long one look waits for news; then it is repeated.
const LOOK: Duration = Duration::from_secs(30);
/// After so long without an event, a comment says that the connection lives.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// The pause after a look that Redis did not answer.
const RETRY: Duration = Duration::from_secs(1);
const UNBUFFERED: HeaderName = HeaderName::from_static("x-accel-buffering");

/// Streams from a place on; the first look is made before, so that what is wrong is said with a status.
pub(crate) async fn answer(app: App, after: After) -> Result<Response, Problem> {
    let permit = Arc::clone(&app.streams).try_acquire_owned();
    let permit =
        permit.map_err(|_| Problem::new(Code::TooBusy, "Too many streams of events are open at this moment."))?;
    let after = after.resolve(&app).await?;
    let first = app.producer.feed(after.as_deref(), PAGE_EVENTS).await?;
    refuse_gap(&first)?;
    let mut feed = Reader {
        app,
        after,
        waiting: VecDeque::new(),
        failed_before: false,
        _permit: permit,
    };
    feed.take(first);
    let events = stream::unfold(Some(feed), |feed| async {
        let mut feed = feed?;
        match feed.next().await {
            Next::Event(event) => Some((Ok::<_, Infallible>(event), Some(feed))),
            Next::Last(event) => Some((Ok(event), None)),
            Next::Closed => None,
        }
    });
    let keep_alive = KeepAlive::new().interval(KEEP_ALIVE);
    let mut response = Sse::new(events).keep_alive(keep_alive).into_response();
    // Else nginx gathers events until its buffer is full.
    response
        .headers_mut()
        .insert(UNBUFFERED, HeaderValue::from_static("no"));
    Ok(response)
}

/// What a stream says next.
enum Next {
    Event(Event),
    /// And then it ends.
    Last(Event),
    Closed,
}

/// One reader's place in the feed. It is asked for the next event only when the reader has taken the one before.
struct Reader {
    app: App,
    after: Option<String>,
    waiting: VecDeque<FeedEvent>,
    failed_before: bool,
    _permit: OwnedSemaphorePermit,
}

impl Reader {
    async fn next(&mut self) -> Next {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return sent(&event);
            }
            let app = self.app.clone();
            let looked = tokio::select! {
                page = app.producer.wait_for_feed(self.after.as_deref(), PAGE_EVENTS, LOOK) => page,
                () = app.config.closing.cancelled() => return Next::Closed,
            };
            match looked {
                Ok(page) => {
                    self.failed_before = false;
                    if let Err(problem) = refuse_gap(&page) {
                        return Next::Last(broken(&problem));
                    }
                    self.take(page);
                }
                Err(error) if error.is_transient() => self.wait_after(&error).await,
                Err(error) => return Next::Last(broken(&error.into())),
            }
        }
    }

    fn take(&mut self, page: FeedPage) {
        self.after = page.next_cursor;
        self.waiting = page.events.into();
    }

    /// Redis is away: the stream stays, for a reader that is refused at its return may give up for good.
    async fn wait_after(&mut self, error: &StoreError) {
        if !self.failed_before {
            tracing::warn!(%error, "a stream of events waits for Redis");
        }
        self.failed_before = true;
        tokio::select! {
            () = tokio::time::sleep(RETRY) => {}
            () = self.app.config.closing.cancelled() => {}
        }
    }
}

fn sent(event: &FeedEvent) -> Next {
    let message = Event::default().id(&event.cursor).event(event.of.kind());
    match message.json_data(event) {
        Ok(message) => Next::Event(message),
        // Plain structs of texts and numbers always serialise; without one we would rather cut than leave it out.
        Err(_) => Next::Closed,
    }
}

/// Why the stream ends, as its last event.
fn broken(problem: &Problem) -> Event {
    let message = Event::default().event("problem");
    let data = serde_json::to_string(&problem.body(None)).unwrap_or_default();
    message.data(data)
}
