//! Exams: list, show, check, store, remove.

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use passback_producer::{ExamCheck, ExamView, wake};
use passback_registry::{ApplyFile, ExamId, ExamInput, Removal, Stamp};
use serde::{Deserialize, Serialize};

use crate::{
    auth::Identity,
    connectors::same_id,
    entry_plan::{Planned, apply, plan},
    etag::{Conditions, refused, tagged},
    failure::not_found,
    json::JsonBody,
    list::{List, id_cursor, page_by_id},
    openapi::query,
    parameters::Parameters,
    path_id::PathId,
    problem::Problem,
    state::App,
};

/// What storing an exam did, or would do.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = StoredExam)]
pub(crate) struct Stored {
    id: ExamId,
    dry_run: bool,
    #[serde(flatten)]
    planned: Planned,
    released_jobs: u64,
}

/// Whom a check of the set-up is tried with.
#[derive(Deserialize, utoipa::ToSchema)]
#[schema(as = ExamCheckRequest)]
#[serde(deny_unknown_fields)]
pub(crate) struct Candidate {
    email: Option<String>,
}

/// `GET /v1/exams[?limit=&cursor=]`: sorted by id.
#[utoipa::path(
    get,
    path = "/v1/exams",
    operation_id = "listExams",
    tag = "exams",
    summary = "Every exam",
    description = "",
    responses((status = 200, description = "The exams.", body = List<ExamView>)),
)]
pub(crate) async fn list(State(app): State<App>, parameters: Parameters) -> Result<Json<List<ExamView>>, Problem> {
    let parameters = parameters.only(&["limit", "cursor"])?;
    let limit = parameters.limit()?;
    let after = id_cursor::<ExamId>(&parameters)?;
    let exams = app.registry().exams().await?;
    let (page, next) = page_by_id(exams, after.as_ref(), limit, |exam| &exam.id);
    Ok(Json(List::page(app.producer.exam_views(page).await?, next)))
}

/// `GET /v1/exams/{id}`
#[utoipa::path(
    get,
    path = "/v1/exams/{id}",
    operation_id = "readExam",
    tag = "exams",
    summary = "An exam, and what each outcome would write",
    description = "",
    params(("id" = ExamId, Path, description = "The exam.")),
    responses((status = 200, description = "The exam.", body = ExamView)),
    extensions(("x-passback-codes" = json!(["not_found"]))),
)]
pub(crate) async fn read(
    State(app): State<App>,
    PathId(id): PathId,
    parameters: Parameters,
) -> Result<Response, Problem> {
    parameters.only(&[])?;
    let exam = app.registry().exam(&parse_id(&id)?).await?.ok_or_else(missing)?;
    let stamp = exam.stamp();
    Ok(tagged(stamp, Json(app.producer.exam_view(exam).await?)))
}

/// `POST /v1/exams/{id}/check`
#[utoipa::path(
    post,
    path = "/v1/exams/{id}/check",
    operation_id = "checkExam",
    tag = "exams",
    summary = "Is an exam set up as it should be?",
    description = "Asks Docebo for the credentials, the rights and the course, and with an e-mail for the candidate and the enrolment. Changes nothing.",
    params(("id" = ExamId, Path, description = "The exam.")),
    request_body = Candidate,
    responses((status = 200, description = "What was found.", body = ExamCheck)),
    extensions(("x-passback-codes" = json!(["not_found"]))),
)]
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
#[utoipa::path(
    put,
    path = "/v1/exams/{id}",
    operation_id = "storeExam",
    tag = "exams",
    summary = "Create or change an exam",
    description = "With dry_run=true nothing is stored.",
    params(("id" = ExamId, Path, description = "The exam."), query::DryRun),
    request_body = ExamInput,
    responses((status = 201, description = "What the write did: the exam is new.", body = Stored, headers(("Location" = String, description = "Where the exam is."))), (status = 200, description = "What the write did, or would do.", body = Stored)),
    extensions(("x-passback-codes" = json!(["precondition_failed", "not_found", "registry_full"]))),
)]
pub(crate) async fn store(
    State(app): State<App>,
    PathId(id): PathId,
    identity: Identity,
    parameters: Parameters,
    conditions: Conditions,
    JsonBody(input): JsonBody<ExamInput>,
) -> Result<Response, Problem> {
    let dry_run = parameters.only(&["dry_run"])?.switch("dry_run", false)?;
    let exam = ExamInput {
        id: Some(same_id(id, input.id.as_deref())?),
        ..input
    }
    .validate()?;
    let id = exam.id.clone();
    let file = ApplyFile::of_exam(exam);
    if dry_run {
        let planned = plan(&app, &file, &conditions).await?;
        return Ok(Json(Stored {
            id,
            dry_run,
            planned,
            released_jobs: 0,
        })
        .into_response());
    }
    let planned = apply(&app, &file, &conditions, &identity.name).await?;
    let released_jobs = app.queue().wake(&wake::exam(&id)).await?;
    let place = format!("/v1/exams/{id}");
    let written = planned.written();
    let stored = Stored {
        id,
        dry_run,
        planned,
        released_jobs,
    };
    Ok(written.answer(place, Json(stored)))
}

/// `DELETE /v1/exams/{id}?reason=…`
#[utoipa::path(
    delete,
    path = "/v1/exams/{id}",
    operation_id = "removeExam",
    tag = "exams",
    summary = "Remove an exam",
    description = "",
    params(("id" = ExamId, Path, description = "The exam."), query::Reason),
    responses((status = 204, description = "It is gone.")),
    extensions(("x-passback-codes" = json!(["precondition_failed", "not_found"]))),
)]
pub(crate) async fn remove(
    State(app): State<App>,
    PathId(id): PathId,
    identity: Identity,
    parameters: Parameters,
    conditions: Conditions,
) -> Result<StatusCode, Problem> {
    let reason = parameters.only(&["reason"])?.reason()?;
    let id = parse_id(&id)?;
    let wanted = |state: Stamp| conditions.admit(Some(state));
    let wanted = conditions
        .are_made()
        .then_some(&wanted as &(dyn Fn(Stamp) -> bool + Sync));
    let removal = app
        .registry()
        .remove_exam_if(&id, &identity.name, Some(&reason), wanted);
    match removal.await? {
        Removal::Removed => Ok(StatusCode::NO_CONTENT),
        Removal::Missing => {
            conditions.check(None)?;
            Err(missing())
        }
        Removal::Refused => Err(refused(app.registry().exam(&id).await?.map(|exam| exam.stamp()))),
    }
}

fn parse_id(text: &str) -> Result<ExamId, Problem> {
    text.parse().map_err(|_| missing())
}

fn missing() -> Problem {
    not_found("exam of this id")
}
