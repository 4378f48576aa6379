//! Reconciling a list in one JSON document.

use std::fmt;

use axum::{
    body::Body,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use passback_producer::{Arrival, FieldProblem, Reconciled};
use passback_queue::Name;
use passback_registry::TokenId;
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{IgnoredAny, SeqAccess, Visitor},
};

use crate::{
    answer::answer_channel,
    body::read_whole,
    json::parse,
    places::Place,
    problem::{Fault, Problem},
    reconcile::{CHUNK_IDS, MAX_IDS, Summary, id_of, look_up},
    state::App,
};

/// The largest document: the most ids of the greatest length fit.
const MAX_BODY_BYTES: usize = 16 * 1024 * 1024;
/// The answer goes out in pieces of so many bytes, the next one when the one before has been taken.
const PIECE_BYTES: usize = 64 * 1024;

/// The ids that are asked for.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[schema(as = ReconcileRequest)]
#[serde(deny_unknown_fields)]
pub(crate) struct Question {
    #[schema(value_type = Vec<serde_json::Value>)]
    result_ids: Ids,
}

/// Up to as many entries as one call may have; more are counted only.
#[derive(Debug)]
struct Ids {
    /// Each a text, or something that is none.
    entries: Vec<Option<String>>,
    more: bool,
}

/// What stands in the list.
#[derive(Deserialize)]
#[serde(untagged)]
enum Entry {
    Text(String),
    Other(IgnoredAny),
}

impl<'de> Deserialize<'de> for Ids {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Bounded)
    }
}

/// Reads a list and holds no more of it than may be asked for.
struct Bounded;

impl<'de> Visitor<'de> for Bounded {
    type Value = Ids;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of result ids")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Ids, A::Error> {
        let mut entries = Vec::new();
        while entries.len() < MAX_IDS {
            match list.next_element()? {
                Some(Entry::Text(text)) => entries.push(Some(text)),
                Some(Entry::Other(_)) => entries.push(None),
                None => return Ok(Ids { entries, more: false }),
            }
        }
        let mut more = false;
        while list.next_element::<IgnoredAny>()?.is_some() {
            more = true;
        }
        Ok(Ids { entries, more })
    }
}

/// The whole answer; what has arrived is counted, and not named.
#[derive(Debug, Default, Serialize, utoipa::ToSchema)]
#[schema(as = ReconcileAnswer)]
pub(crate) struct Document {
    summary: Summary,
    missing: Vec<String>,
    pending: Vec<Stands>,
    dead: Vec<Stands>,
    ended: Vec<Stands>,
    invalid: Vec<Invalid>,
}

/// Where one result stands.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = ReconciledResult)]
struct Stands {
    result_id: String,
    state: Option<String>,
    code: Option<String>,
}

/// An entry that is no id.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = InvalidEntry)]
struct Invalid {
    index: usize,
    detail: String,
}

/// Reads the list and answers it whole; the place is held until the answer is taken, for so long it is in memory.
pub(crate) async fn answer(app: &App, body: Body, place: Place<TokenId>) -> Result<Response, Problem> {
    let document = look_all_up(app, body).await?;
    // Plain structs of texts and numbers always serialise.
    let mut left = Bytes::from(serde_json::to_vec(&document).unwrap_or_default());
    drop(document);
    let (sender, answers) = answer_channel(left.len() / PIECE_BYTES + 2, place);
    while !left.is_empty() {
        let piece = left.split_to(left.len().min(PIECE_BYTES));
        if sender.send_bytes(piece).is_err() {
            break;
        }
    }
    sender.end();
    let mut response = Body::from_stream(answers).into_response();
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    Ok(response)
}

async fn look_all_up(app: &App, body: Body) -> Result<Document, Problem> {
    let body = read_whole(body, MAX_BODY_BYTES, app.config.body_timeout_ms).await?;
    let Question { result_ids } = parse(&body)?;
    drop(body);
    if result_ids.more {
        let problem = format!("more than {MAX_IDS} ids");
        let fault = Fault::at("/result_ids", problem, "ask for the rest in another call");
        return Err(Problem::invalid(vec![fault]));
    }
    let mut document = Document::default();
    let mut entries = result_ids.entries.into_iter().enumerate().peekable();
    while entries.peek().is_some() {
        let chunk = entries.by_ref().take(CHUNK_IDS);
        let given = chunk.map(|(index, text)| (index, id_of(text.as_deref().unwrap_or_default())));
        for (index, found) in look_up(app, given.collect()).await? {
            document.take(index, found);
        }
    }
    Ok(document)
}

impl Document {
    fn take(&mut self, index: usize, found: Result<(Name, Reconciled), FieldProblem>) {
        let (result_id, found) = match found {
            Ok((id, found)) => (id.to_string(), found),
            Err(problem) => {
                self.summary.count_invalid();
                let detail = problem.to_string();
                return self.invalid.push(Invalid { index, detail });
            }
        };
        self.summary.count(found.arrival);
        let Reconciled { arrival, state, code } = found;
        let list = match arrival {
            Arrival::Missing => return self.missing.push(result_id),
            Arrival::Delivered => return,
            Arrival::Pending => &mut self.pending,
            Arrival::Dead => &mut self.dead,
            Arrival::Ended => &mut self.ended,
        };
        list.push(Stands { result_id, state, code });
    }
}
