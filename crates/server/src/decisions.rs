//! A person's decision about a result that waits for one.

use axum::{Json, extract::State};
use jiff::Timestamp;
use passback_producer::{DecideError, ResultView, Verdict};
use serde::Deserialize;

use crate::{
    auth::Identity,
    failure::not_found,
    json::JsonBody,
    openapi::query,
    parameters::{Parameters, reason_in_body},
    path_id::PathId,
    problem::{Fault, Problem},
    state::App,
};

/// What was decided, and why.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[schema(as = DecisionRequest)]
#[serde(deny_unknown_fields)]
pub(crate) struct DecisionBody {
    decision: Verdict,
    reason: Option<String>,
    /// The `found_at` of the case that the person has looked at.
    seen: Option<String>,
}

/// `POST /v1/results/{result_id}/decision[?dry_run=true]`
#[utoipa::path(
    post,
    path = "/v1/results/{result_id}/decision",
    operation_id = "decideResult",
    tag = "results",
    summary = "Decide about a result that waits for a person",
    description = "With dry_run=true it only says whether the decision could be carried out. The reason is needed otherwise.",
    params(("result_id" = String, Path, description = "The idempotency key of the result.", pattern = "^[A-Za-z0-9._:-]{1,128}$"), query::DryRun),
    request_body = DecisionBody,
    responses((status = 200, description = "The result after the decision.", body = ResultView)),
    extensions(("x-passback-codes" = json!(["not_found", "job_running", "nothing_to_decide", "case_changed"]))),
)]
pub(crate) async fn decide(
    State(app): State<App>,
    identity: Identity,
    PathId(result_id): PathId,
    parameters: Parameters,
    JsonBody(body): JsonBody<DecisionBody>,
) -> Result<Json<ResultView>, Problem> {
    let dry_run = parameters.only(&["dry_run"])?.switch("dry_run", false)?;
    let seen = body.seen.as_deref().map(moment).transpose()?;
    if dry_run {
        return preview(&app, &result_id, seen).await.map(Json);
    }
    let reason = body
        .reason
        .as_deref()
        .ok_or_else(|| Fault::at("/reason", "missing", "add it"));
    let reason = reason
        .and_then(reason_in_body)
        .map_err(|fault| Problem::invalid(vec![fault]))?;
    let producer = &app.producer;
    producer
        .decide(&result_id, body.decision, seen, &identity.name, &reason)
        .await?;
    standing(&app, &result_id).await.map(Json)
}

/// The result with its case, if a decision could be carried out as things are now.
async fn preview(app: &App, result_id: &str, seen: Option<Timestamp>) -> Result<ResultView, Problem> {
    let result = standing(app, result_id).await?;
    let Some(case) = &result.case else {
        return Err(DecideError::NothingToDecide.into());
    };
    if seen.is_some_and(|seen| seen != case.found_at) {
        return Err(DecideError::Changed.into());
    }
    Ok(result)
}

fn moment(text: &str) -> Result<Timestamp, Problem> {
    let moment = text.parse::<Timestamp>();
    moment.map_err(|_| {
        let fix = "send the found_at of the case as it was shown";
        Problem::invalid(vec![Fault::at("/seen", "not a time", fix)])
    })
}

async fn standing(app: &App, result_id: &str) -> Result<ResultView, Problem> {
    let result = app.producer.result(result_id).await?;
    result.ok_or_else(|| not_found("result of this id"))
}

impl From<DecideError> for Problem {
    fn from(error: DecideError) -> Self {
        let code = error.code();
        match error {
            DecideError::Unknown => not_found("result of this id"),
            DecideError::Running => Self::new(code, "A worker has the result at this moment; nothing was decided."),
            DecideError::NothingToDecide => Self::new(code, "The result waits for nobody's decision."),
            DecideError::Changed => Self::new(
                code,
                "The case is not the one that was looked at any more; nothing was decided.",
            ),
            DecideError::Store(error) => error.into(),
        }
    }
}
