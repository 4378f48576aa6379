//! The dry run of a push: what would become of a result now.

use axum::Json;
use passback_producer::{ExamResult, Preview};

use crate::{
    Role,
    auth::{Identity, demand},
    problem::Problem,
    state::App,
};

/// `POST /v1/results?dry_run=true`: shows a person's enrolment and spends calls, so handing in is not right enough.
pub(crate) async fn preview(app: &App, identity: &Identity, result: &ExamResult) -> Result<Json<Preview>, Problem> {
    demand(identity, Role::Operator)?;
    Ok(Json(app.producer.preview(result).await?))
}
