//! The push: stale guard, find the person, read, write if need be.

use passback_docebo::{Calls, Endpoint, Error, UserId};
use passback_producer::{PushJob, Standing, Version, standing, subject};
use passback_queue::{JobRecord, Name};

use crate::desk::{Desk, Ground};
use crate::handler::{PushWay, Wake, row_of};
use crate::lease::Lease;
use crate::outcome::{About, Ending, Happened, Pushed, Trouble};
use crate::wanted::Wanted;

/// Carries a result to its enrolment.
pub(crate) async fn push(desk: &Desk, job: &PushJob, lease: &Lease, calls: &mut Calls) -> Ending {
    let ground = match desk.ground(&job.exam_id).await {
        Ok(ground) => ground,
        Err(trouble) => return trouble.into(),
    };
    let about = ground.about(desk.email_hash(&job.email));
    let happened = match deliver(desk, &ground, job, &lease.claimed.record, calls).await {
        Ok(pushed) => Happened::Pushed(pushed),
        Err(Trouble::Docebo(error)) => Happened::Failed(fixed_or_not(desk, &ground, error).await),
        Err(trouble) => Happened::Failed(trouble),
    };
    let about: Option<About> = Some(about);
    Ending { happened, about }
}

async fn deliver(
    desk: &Desk,
    ground: &Ground,
    job: &PushJob,
    record: &JobRecord,
    calls: &mut Calls,
) -> Result<Pushed, Trouble> {
    if let Some(superseded) = guard(desk, ground, job, record).await? {
        return Ok(superseded);
    }
    let wanted = Wanted::by(job, &ground.exam);
    if wanted.is_nothing() {
        return Ok(Pushed::NothingToDo);
    }
    let user = the_user(ground, job, calls).await?;
    let enrollment = ground.client.enrollment(ground.course(), user, calls).await;
    let enrollment = enrollment
        .map_err(Trouble::Docebo)?
        .ok_or(Trouble::EnrollmentNotFound)?;
    if wanted.is_met_by(&enrollment) {
        // An earlier attempt whose answer was lost has done it.
        let ours = may_have_written(record);
        return Ok(if ours { Pushed::Delivered } else { Pushed::NothingToDo });
    }
    // Once more, for a newer result may have been accepted while we read.
    if let Some(superseded) = guard(desk, ground, job, record).await? {
        return Ok(superseded);
    }
    let course = ground.course();
    let written = ground
        .client
        .update_enrollment(course, user, &wanted.update(), calls)
        .await;
    written.map_err(Trouble::Docebo)?;
    Ok(Pushed::Delivered)
}

/// The stale guard: a result that another one has overtaken is not written.
async fn guard(desk: &Desk, ground: &Ground, job: &PushJob, record: &JobRecord) -> Result<Option<Pushed>, Trouble> {
    let vault = desk.producer.registry().vault();
    // The subject as it was accepted, for the exam may have moved to another course since.
    let accepted = record.key.as_deref().and_then(|key| Name::new(key).ok());
    let subject = accepted.unwrap_or_else(|| subject(&ground.connector.id, ground.exam.course_id, &job.email, vault));
    let in_force = desk.producer.queue().subject(&subject).await?.version;
    // A version that cannot be read was written by a newer producer; the accept guarded it already.
    let in_force: Option<Version> = in_force.and_then(|json| serde_json::from_str(&json).ok());
    let candidate = Version::of(job, vault);
    match standing(ground.exam.version_policy, &candidate, in_force.as_ref()) {
        Standing::InForce => Ok(None),
        Standing::SupersededBy(by) => match Name::new(by) {
            Ok(by) => Ok(Some(Pushed::Superseded { by })),
            Err(error) => Err(Trouble::Unreadable {
                detail: error.to_string(),
            }),
        },
        Standing::ConflictsWith(with) => Err(Trouble::Conflict { with }),
    }
}

async fn the_user(ground: &Ground, job: &PushJob, calls: &mut Calls) -> Result<UserId, Trouble> {
    let users = ground.client.users_by_email(&job.email, calls).await;
    match users.map_err(Trouble::Docebo)?.as_slice() {
        [] => Err(Trouble::UserNotFound),
        [user] => Ok(user.id),
        // Never the first of several: it may be somebody else.
        [_, _, ..] => Err(Trouble::UserAmbiguous),
    }
}

/// Whether an attempt before this one may have written: it called the write, or its worker was lost with its story.
fn may_have_written(record: &JobRecord) -> bool {
    let write = Endpoint::EnrollmentWrite.as_str();
    let in_calls = |calls: &[passback_queue::CallRecord]| calls.iter().any(|call| call.endpoint == write);
    let mut attempts = record.history.iter();
    attempts.any(|attempt| attempt.outcome == "crashed" || in_calls(&attempt.calls))
}

/// A job about to wait for its connector looks once more: whoever put it right while this attempt ran has released
/// the waiting jobs already, and would not release this one.
async fn fixed_or_not(desk: &Desk, ground: &Ground, error: Error) -> Trouble {
    let trouble = Trouble::Docebo(error.clone());
    match row_of(&trouble).push {
        PushWay::Park {
            until: Wake::Connector, ..
        } => {}
        PushWay::Park { .. }
        | PushWay::Retry
        | PushWay::RetryFewTimes
        | PushWay::Snooze { .. }
        | PushWay::Bury
        | PushWay::Release => return trouble,
    }
    let used = &ground.connector;
    match desk.producer.registry().connector(&used.id).await {
        Ok(Some(now)) if now.updated_at != used.updated_at => Trouble::FixedMeanwhile(error),
        Ok(Some(now)) if now.validated_at != used.validated_at && now.validation.is_none() => {
            Trouble::FixedMeanwhile(error)
        }
        Ok(Some(_) | None) | Err(_) => trouble,
    }
}
