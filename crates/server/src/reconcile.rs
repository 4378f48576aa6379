//! Which of many results have arrived: ids in, where each stands out.

use axum::{
    extract::{Request, State},
    http::HeaderMap,
    response::Response,
};
use passback_producer::{Arrival, FieldProblem, Reconciled, parse_result_id};
use passback_queue::Name;
use serde::Serialize;

use crate::{
    auth::Identity,
    body::expect_media_type,
    parameters::Parameters,
    problem::Problem,
    reconcile_document::{self, Document, Question},
    reconcile_stream,
    state::App,
};

/// The most ids of one call.
pub(crate) const MAX_IDS: usize = 100_000;
/// Ids per look at the ledger.
pub(crate) const CHUNK_IDS: usize = 1_000;
const JSON: &str = "application/json";
const LINE_TYPES: [&str; 4] = [
    "text/plain",
    "application/x-ndjson",
    "application/ndjson",
    "application/jsonl",
];

/// How many ids stand how.
#[derive(Debug, Default, Serialize, utoipa::ToSchema)]
pub(crate) struct Summary {
    asked: u64,
    missing: u64,
    pending: u64,
    dead: u64,
    delivered: u64,
    ended: u64,
    invalid: u64,
}

impl Summary {
    /// Counts an id that was looked up.
    pub(crate) fn count(&mut self, arrival: Arrival) {
        self.asked += 1;
        let counter = match arrival {
            Arrival::Missing => &mut self.missing,
            Arrival::Pending => &mut self.pending,
            Arrival::Dead => &mut self.dead,
            Arrival::Delivered => &mut self.delivered,
            Arrival::Ended => &mut self.ended,
        };
        *counter += 1;
    }

    /// Counts something that is no id.
    pub(crate) fn count_invalid(&mut self) {
        self.asked += 1;
        self.invalid += 1;
    }
}

/// `POST /v1/reconcile`
#[utoipa::path(
    post,
    path = "/v1/reconcile",
    operation_id = "reconcile",
    tag = "results",
    summary = "Which of these results have arrived",
    description = "Up to 100,000 ids: in one JSON document, or one per line, with an answer per line (the schema ReconcileLine) and a summary as the last line.",
    request_body(content((Question = "application/json"), (String = "text/plain"), (String = "application/x-ndjson")), description = "The ids."),
    responses((status = 200, description = "Where each result stands.", content((Document = "application/json"), (String = "application/x-ndjson")))),
    extensions(("x-passback-codes" = json!(["too_busy"]))),
)]
pub(crate) async fn reconcile(
    State(app): State<App>,
    identity: Identity,
    parameters: Parameters,
    request: Request,
) -> Result<Response, Problem> {
    parameters.only(&[])?;
    let place = app.reconciliations.take(&identity.id, "reconciliations under way")?;
    if is_json(request.headers()) {
        return reconcile_document::answer(&app, request.into_body(), place).await;
    }
    expect_media_type(request.headers(), &LINE_TYPES).map_err(|problem| {
        problem.fix(format!(
            "Or send `Content-Type: {JSON}` and an object with the list result_ids."
        ))
    })?;
    Ok(reconcile_stream::answer(app, identity, request.into_body(), place))
}

/// Each id with where it stands, in their order; what is no id keeps its place.
pub(crate) async fn look_up<T>(
    app: &App,
    given: Vec<(T, Result<Name, FieldProblem>)>,
) -> Result<Vec<(T, Result<(Name, Reconciled), FieldProblem>)>, Problem> {
    let ids: Vec<Name> = given.iter().filter_map(|(_, id)| id.as_ref().ok().cloned()).collect();
    let mut found = app.producer.reconcile(&ids).await?.into_iter();
    let answered = given.into_iter().filter_map(|(place, id)| match id {
        Ok(id) => found.next().map(|found| (place, Ok((id, found)))),
        Err(problem) => Some((place, Err(problem))),
    });
    Ok(answered.collect())
}

/// The id that a text is.
pub(crate) fn id_of(text: &str) -> Result<Name, FieldProblem> {
    parse_result_id(text.trim())
}

fn is_json(headers: &HeaderMap) -> bool {
    expect_media_type(headers, &[JSON]).is_ok()
}
