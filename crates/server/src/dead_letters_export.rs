//! All dead letters as lines of JSON, with their history: read page by page, no faster than the reader takes them.

use std::{collections::HashMap, io, time::Duration};

use axum::{
    body::Body,
    extract::State as Shared,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures::stream;
use passback_queue::{JobId, JobRecord, MAX_WHOLE_JOBS, QueueError, State, is_dead_cursor};
use serde::Serialize;
use tokio::sync::mpsc::{self, Sender};

use crate::{
    auth::{Identity, recheck},
    dead_letters_filter::{FILTERS, ReadyFilter},
    dead_letters_walk::{Walk, permit},
    job_view::JobView,
    openapi::query,
    parameters::Parameters,
    problem::{Fault, Problem},
    state::App,
};

/// How long a reader may take no line before it is given up.
const PATIENCE: Duration = Duration::from_mins(1);
/// How long an export may take in all: it holds one of few places.
const MAX_DURATION: Duration = Duration::from_mins(10);

/// A piece of the answer, or why there is no more.
type Piece = Result<Bytes, io::Error>;

/// A dead letter, and how the dead letters behind it are asked for.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = ExportedDeadLetter)]
pub(crate) struct ExportedLine {
    /// For `after`: an export that was cut off goes on behind the last line that came whole.
    cursor: String,
    #[serde(flatten)]
    job: JobView,
}

/// `GET /v1/dead-letters/export[?connector=&lane=&code=&older_than=&after=]`
///
/// An answer that cannot be finished is cut off, so that nobody takes a part for the whole; another one goes on from there.
#[utoipa::path(
    get,
    path = "/v1/dead-letters/export",
    operation_id = "exportDeadLetters",
    tag = "dead letters",
    summary = "Every dead letter with its history",
    description = "A line of JSON each, oldest first, masked as the list is. An answer that could not be finished, or took longer than 10 minutes, is cut off: the connection breaks before the body's end, which a client reports as an error (curl: 18 or 92). What came until then is whole lines, but not all of them: `after`, with the `cursor` of the last one, brings the rest.",
    params(query::DeadLettersFilter, query::DeadLettersExport),
    responses((status = 200, description = "The dead letters.", content((String = "application/x-ndjson")))),
    extensions(("x-passback-codes" = json!(["too_busy"]))),
)]
pub(crate) async fn export(
    Shared(app): Shared<App>,
    identity: Identity,
    parameters: Parameters,
) -> Result<Response, Problem> {
    let parameters = parameters.only(&[FILTERS.as_slice(), &["after"]].concat())?;
    let filter = ReadyFilter::of(&parameters)?;
    let after = parameters.text("after");
    if after.is_some_and(|text| !is_dead_cursor(text)) {
        let fix = "use the cursor of a line of the export that was cut off";
        let fault = Fault::of_parameter("after", "not a cursor of an export", fix);
        return Err(Problem::invalid(vec![fault]));
    }
    let permit = permit(&app, &identity)?;
    // The first look is made before the answer begins, so that what is wrong is said with a status.
    let most = app.config.max_exported_dead_letters;
    let mut walk = Walk::begin(app.queue(), filter, most).await?.behind(after);
    let first = walk.next().await?.unwrap_or_default();
    let (sender, receiver) = mpsc::channel(1);
    tokio::spawn(async move {
        let _permit = permit;
        tokio::select! {
            () = send_all(&app, &identity, walk, first, &sender) => {}
            () = tokio::time::sleep(MAX_DURATION) => broken_off(&sender, "it took too long"),
            () = app.config.closing.cancelled() => broken_off(&sender, "the server stops"),
        }
    });
    let pieces = stream::unfold(receiver, |mut receiver| async move {
        let piece: Option<Piece> = receiver.recv().await;
        piece.map(|piece| (piece, receiver))
    });
    let mut response = Body::from_stream(pieces).into_response();
    let ndjson = HeaderValue::from_static("application/x-ndjson");
    response.headers_mut().insert(header::CONTENT_TYPE, ndjson);
    Ok(response)
}

/// Sends look after look; at the end the channel closes, and with it the answer.
async fn send_all(app: &App, identity: &Identity, mut walk: Walk, mut jobs: Vec<JobRecord>, sender: &Sender<Piece>) {
    loop {
        for chunk in jobs.chunks(MAX_WHOLE_JOBS) {
            if recheck(app, identity).await.is_err() {
                return broken_off(sender, "the token ended");
            }
            match lines(app, chunk).await {
                Ok(lines) if lines.is_empty() => {}
                Ok(lines) => {
                    if sender.send_timeout(Ok(lines), PATIENCE).await.is_err() {
                        // Nobody reads, or not any more. What is not read is not taken for whole.
                        return broken_off(sender, "the reader stopped reading");
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "an export of dead letters is broken off");
                    return broken_off(sender, "the store cannot be read");
                }
            }
        }
        match walk.next().await {
            Ok(Some(more)) => jobs = more,
            Ok(None) if walk.is_whole() => return,
            Ok(None) => return broken_off(sender, "there are more than one export takes"),
            Err(error) => {
                tracing::warn!(%error, "an export of dead letters is broken off");
                return broken_off(sender, "the store cannot be read");
            }
        }
    }
}

/// Those of these jobs that are still dead, one line each.
async fn lines(app: &App, found: &[JobRecord]) -> Result<Bytes, QueueError> {
    let ids: Vec<JobId> = found.iter().map(|job| job.id).collect();
    // Where the walk found each: one that has died again since stands further behind, and the others must not be left out.
    let mut cursors: HashMap<JobId, String> = found.iter().map(|job| (job.id, job.dead_cursor())).collect();
    let mut lines = Vec::new();
    for job in app.queue().jobs_of(&ids).await? {
        let Some(cursor) = cursors.remove(&job.id).filter(|_| job.state == State::Dead) else {
            continue;
        };
        let line = ExportedLine {
            cursor,
            job: JobView::from(job),
        };
        // Plain structs of texts and numbers always serialise into a buffer.
        if serde_json::to_writer(&mut lines, &line).is_ok() {
            lines.push(b'\n');
        }
    }
    Ok(lines.into())
}

/// Cuts the answer off, as soon as there is room to say so.
fn broken_off(sender: &Sender<Piece>, why: &'static str) {
    let sender = sender.clone();
    tokio::spawn(async move {
        // An error means that nobody listens any more.
        let _ = sender.send(Err(io::Error::other(why))).await;
    });
}
