//! Exams: list, show, check, store, remove.

use axum::{Json, extract::State, http::StatusCode};
use passback_producer::{ExamCheck, ExamView, wake};
use passback_registry::{ApplyFile, Exam, ExamId, ExamInput};
use serde::{Deserialize, Serialize};

use crate::{
    auth::Identity,
    connectors::same_id,
    entry_plan::{Planned, apply, plan},
    failure::not_found,
    json::JsonBody,
    list::List,
    parameters::Parameters,
    path_id::PathId,
    problem::Problem,
    state::App,
};

/// What storing an exam did, or would do.
#[derive(Debug, Serialize)]
pub(crate) struct Stored {
    id: ExamId,
    dry_run: bool,
    #[serde(flatten)]
    planned: Planned,
    released_jobs: u64,
}

/// Whom a check of the set-up is tried with.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Candidate {
    email: Option<String>,
}

/// `GET /v1/exams`
pub(crate) async fn list(State(app): State<App>, parameters: Parameters) -> Result<Json<List<Exam>>, Problem> {
    parameters.only(&[])?;
    Ok(Json(List::whole(app.registry().exams().await?)))
}

/// `GET /v1/exams/{id}`
pub(crate) async fn read(
    State(app): State<App>,
    PathId(id): PathId,
    parameters: Parameters,
) -> Result<Json<ExamView>, Problem> {
    parameters.only(&[])?;
    let exam = app.registry().exam(&parse_id(&id)?).await?;
    exam.map(|exam| Json(exam.into())).ok_or_else(missing)
}

/// `POST /v1/exams/{id}/check`
pub(crate) async fn check(
    State(app): State<App>,
    PathId(id): PathId,
    parameters: Parameters,
    JsonBody(candidate): JsonBody<Candidate>,
) -> Result<Json<ExamCheck>, Problem> {
    parameters.only(&[])?;
    let checked = app
        .producer
        .check_exam(&parse_id(&id)?, candidate.email.as_deref())
        .await?;
    checked.map(Json).ok_or_else(missing)
}

/// `PUT /v1/exams/{id}[?dry_run=true]`
pub(crate) async fn store(
    State(app): State<App>,
    PathId(id): PathId,
    identity: Identity,
    parameters: Parameters,
    JsonBody(input): JsonBody<ExamInput>,
) -> Result<Json<Stored>, Problem> {
    let dry_run = parameters.only(&["dry_run"])?.switch("dry_run", false)?;
    let exam = ExamInput {
        id: Some(same_id(id, input.id.as_deref())?),
        ..input
    }
    .validate()?;
    let id = exam.id.clone();
    let file = ApplyFile::of_exam(exam);
    if dry_run {
        let planned = plan(&app, &file).await?;
        return Ok(Json(Stored {
            id,
            dry_run,
            planned,
            released_jobs: 0,
        }));
    }
    let planned = apply(&app, &file, &identity.name).await?;
    let released_jobs = app.queue().wake(&wake::exam(&id)).await?;
    Ok(Json(Stored {
        id,
        dry_run,
        planned,
        released_jobs,
    }))
}

/// `DELETE /v1/exams/{id}?reason=…`
pub(crate) async fn remove(
    State(app): State<App>,
    PathId(id): PathId,
    identity: Identity,
    parameters: Parameters,
) -> Result<StatusCode, Problem> {
    let reason = parameters.only(&["reason"])?.reason()?;
    let removed = app
        .registry()
        .remove_exam(&parse_id(&id)?, &identity.name, Some(&reason))
        .await?;
    if removed {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(missing())
    }
}

fn parse_id(text: &str) -> Result<ExamId, Problem> {
    text.parse().map_err(|_| missing())
}

fn missing() -> Problem {
    not_found("exam of this id")
}
