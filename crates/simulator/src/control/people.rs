//! Users, courses and enrolments.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post, put};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};

use crate::control::{Refusal, Tenant, accept, done, found, read};
use crate::enrollment::Enrollment;
use crate::handle::TenantHandle;
use crate::world::{Course, User};

const USER: &str = "user";
const COURSE: &str = "course";
const ENROLLMENT: &str = "enrollment";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EmailWish {
    email: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Report {
    user_id: u64,
}

#[derive(Serialize)]
struct Reported {
    number_of_reports: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Completion {
    score: Option<f64>,
}

pub(super) fn routes() -> Router<TenantHandle> {
    Router::new()
        .route("/users", put(put_user))
        .route("/users/{user}", get(show_user).delete(delete_user))
        .route("/users/{user}/email", put(set_email))
        .route("/users/{user}/deactivate", post(deactivate))
        .route("/users/{user}/reactivate", post(reactivate))
        .route("/courses", put(put_course))
        .route("/courses/{course}", get(show_course).delete(delete_course))
        .route("/courses/{course}/outdated", post(mark_outdated))
        .route("/enrollments", put(put_enrollment))
        .route(
            "/enrollments/{course}/{user}",
            get(show_enrollment).delete(remove_enrollment),
        )
        .route("/enrollments/{course}/{user}/complete", post(complete))
}

async fn put_user(State(tenant): Tenant, body: Bytes) -> Result<StatusCode, Refusal> {
    tenant.put_user(read::<User>(&body)?);
    Ok(StatusCode::NO_CONTENT)
}

async fn show_user(State(tenant): Tenant, Path(user): Path<u64>) -> Result<Json<User>, Refusal> {
    found(tenant.user(user), USER)
}

async fn delete_user(State(tenant): Tenant, Path(user): Path<u64>) -> Result<Json<User>, Refusal> {
    found(tenant.delete_user(user), USER)
}

async fn set_email(State(tenant): Tenant, Path(user): Path<u64>, body: Bytes) -> Result<StatusCode, Refusal> {
    let wish: EmailWish = read(&body)?;
    done(tenant.set_email(user, &wish.email), USER)
}

async fn deactivate(State(tenant): Tenant, Path(user): Path<u64>) -> Result<StatusCode, Refusal> {
    done(tenant.set_active(user, false), USER)
}

async fn reactivate(State(tenant): Tenant, Path(user): Path<u64>) -> Result<StatusCode, Refusal> {
    done(tenant.set_active(user, true), USER)
}

async fn put_course(State(tenant): Tenant, body: Bytes) -> Result<StatusCode, Refusal> {
    tenant.put_course(read::<Course>(&body)?);
    Ok(StatusCode::NO_CONTENT)
}

async fn show_course(State(tenant): Tenant, Path(course): Path<u64>) -> Result<Json<Course>, Refusal> {
    found(tenant.course(course), COURSE)
}

async fn delete_course(State(tenant): Tenant, Path(course): Path<u64>) -> Result<Json<Course>, Refusal> {
    found(tenant.delete_course(course), COURSE)
}

async fn mark_outdated(State(tenant): Tenant, Path(course): Path<u64>, body: Bytes) -> Result<Json<Reported>, Refusal> {
    let report: Report = read(&body)?;
    let reports = tenant.mark_outdated(course, report.user_id);
    found(reports.map(|number_of_reports| Reported { number_of_reports }), COURSE)
}

async fn put_enrollment(State(tenant): Tenant, body: Bytes) -> Result<StatusCode, Refusal> {
    let enrollment: Enrollment = read(&body)?;
    accept(enrollment.complaint())?;
    tenant.put_enrollment(enrollment);
    Ok(StatusCode::NO_CONTENT)
}

async fn show_enrollment(
    State(tenant): Tenant,
    Path((course_id, user_id)): Path<(u64, u64)>,
) -> Result<Json<Enrollment>, Refusal> {
    found(tenant.enrollment(course_id, user_id), ENROLLMENT)
}

async fn remove_enrollment(
    State(tenant): Tenant,
    Path((course_id, user_id)): Path<(u64, u64)>,
) -> Result<Json<Enrollment>, Refusal> {
    found(tenant.remove_enrollment(course_id, user_id), ENROLLMENT)
}

async fn complete(
    State(tenant): Tenant,
    Path((course_id, user_id)): Path<(u64, u64)>,
    body: Bytes,
) -> Result<StatusCode, Refusal> {
    let wish: Completion = read(&body)?;
    if wish.score.is_some_and(|score| score < 0.0) {
        return Err(Refusal::wrong("score must not be negative".to_owned()));
    }
    done(tenant.complete(course_id, user_id, wish.score), ENROLLMENT)
}
