//! A feed as server-sent events: read page by page, no faster than the reader takes them.

use std::{collections::VecDeque, convert::Infallible, time::Duration};

use axum::{
    http::{HeaderName, HeaderValue},
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures::stream;
use passback_producer::StoreError;
use passback_registry::TokenId;
use serde::Serialize;
use tokio::time::Instant;

use crate::{
    auth::{Identity, recheck},
    events::{After, refuse_gap},
    places::Place,
    problem::Problem,
    state::App,
};

/// Events that are read at once; no more of them are ever held for one reader.
const PAGE_EVENTS: usize = 100;
/// How long one look waits for news; then it is repeated, if the token is still good.
const LOOK: Duration = Duration::from_secs(5);
/// After so long without an event, a comment says that the connection lives.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// So often a reader that gets no event is told at most how far it was looked.
const TELL_PLACE: Duration = KEEP_ALIVE;
/// The pause after a look that Redis did not answer.
const RETRY: Duration = Duration::from_secs(1);
const UNBUFFERED: HeaderName = HeaderName::from_static("x-accel-buffering");

/// Something that is read on from a cursor.
pub(crate) trait Feed: Send + Sync + 'static {
    /// What it tells.
    type Event: Serialize + Send + 'static;

    /// Events behind a cursor, oldest first; with a wait, as soon as there is one.
    fn read(
        &self,
        app: &App,
        after: Option<&str>,
        limit: usize,
        wait: Option<Duration>,
    ) -> impl Future<Output = Result<Page<Self::Event>, StoreError>> + Send;

    /// The cursor behind which everything comes that is yet to happen.
    fn end(&self, app: &App) -> impl Future<Output = Result<String, StoreError>> + Send;

    /// An event's cursor, and its kind.
    fn label(event: &Self::Event) -> (&str, &str);
}

/// A page of a feed.
pub(crate) struct Page<E> {
    pub(crate) events: Vec<E>,
    pub(crate) next_cursor: Option<String>,
    /// Whether events behind the cursor are kept no more.
    pub(crate) gap: bool,
}

/// Streams from a place on; the first look is made before, so that what is wrong is said with a status.
///
/// The stream ends with the token that opened it.
pub(crate) async fn answer<F: Feed>(app: App, identity: Identity, feed: F, after: After) -> Result<Response, Problem> {
    let place = app.streams.take(&identity.id, "streams of events open")?;
    let known = match &after {
        After::Cursor(cursor) => Some(cursor.clone()),
        After::Beginning | After::Latest => None,
    };
    let after = after.resolve_in(&app, &feed).await?;
    let first = feed.read(&app, after.as_deref(), PAGE_EVENTS, None).await?;
    refuse_gap(first.gap)?;
    let mut reader = Reader {
        app,
        identity,
        feed,
        after,
        waiting: VecDeque::new(),
        known,
        told_place: None,
        failed_before: false,
        _place: place,
    };
    reader.take(first);
    let events = stream::unfold(Some(reader), |reader| async {
        let mut reader = reader?;
        match reader.next().await {
            Next::Event(event) => Some((Ok::<_, Infallible>(event), Some(reader))),
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
struct Reader<F: Feed> {
    app: App,
    identity: Identity,
    feed: F,
    after: Option<String>,
    waiting: VecDeque<F::Event>,
    /// The cursor that the reader would come back with.
    known: Option<String>,
    /// When it was last told one without an event.
    told_place: Option<Instant>,
    failed_before: bool,
    _place: Place<TokenId>,
}

impl<F: Feed> Reader<F> {
    async fn next(&mut self) -> Next {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                self.known = Some(F::label(&event).0.to_owned());
                return sent::<F>(&event);
            }
            if let Some(place) = self.untold_place() {
                return Next::Event(Event::default().id(place));
            }
            let app = self.app.clone();
            let looked = tokio::select! {
                page = self.feed.read(&app, self.after.as_deref(), PAGE_EVENTS, Some(LOOK)) => page,
                () = app.config.closing.cancelled() => return Next::Closed,
            };
            // Before anything of this look is told; so at least after every look, however much there is to read.
            if let Err(problem) = recheck(&app, &self.identity).await {
                return Next::Last(broken(&problem));
            }
            match looked {
                Ok(page) => {
                    self.failed_before = false;
                    if let Err(problem) = refuse_gap(page.gap) {
                        return Next::Last(broken(&problem));
                    }
                    self.take(page);
                }
                Err(error) if error.is_transient() => self.wait_after(&error).await,
                Err(error) => return Next::Last(broken(&error.into())),
            }
        }
    }

    /// The cursor behind what nobody asked for, if the reader does not know it yet. Without it, a reader of rare events
    /// would come back with a cursor that is long gone, having missed nothing. An id without data is no event, by the
    /// standard, and yet what the reader comes back with.
    fn untold_place(&mut self) -> Option<String> {
        let rests = self.told_place.is_some_and(|told| told.elapsed() < TELL_PLACE);
        if rests || self.after == self.known {
            return None;
        }
        self.told_place = Some(Instant::now());
        self.known.clone_from(&self.after);
        self.after.clone()
    }

    fn take(&mut self, page: Page<F::Event>) {
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

fn sent<F: Feed>(event: &F::Event) -> Next {
    let (cursor, kind) = F::label(event);
    let message = Event::default().id(cursor);
    // A field of the stream is one line. The kind stands in the data as well, so nothing is lost without the field.
    let message = if kind.is_empty() || kind.contains(['\r', '\n']) {
        message
    } else {
        message.event(kind)
    };
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
