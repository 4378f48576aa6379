//! The push: stale guard, find the person, read, write if need be.

use passback_docebo::{Calls, Endpoint, UserId};
use passback_producer::{PushJob, Standing, Version, standing, subject};
use passback_queue::{CallRecord, Claimed, JobRecord, Name};

use crate::desk::{Desk, Ground};
use crate::lease::Lease;
use crate::outcome::{Ending, Happened, Pushed, Trouble};
use crate::wanted::Wanted;

/// Carries a result to its enrolment.
pub(crate) async fn push(desk: &Desk, job: &PushJob, lease: &Lease, calls: &mut Calls) -> Ending {
    let ground = match desk.ground(&job.exam_id, lease.claimed.record.lane).await {
        Ok(ground) => ground,
        Err(trouble) => return trouble.into(),
    };
    let about = ground.about(desk.email_hash(&job.email));
    let happened = match deliver(desk, &ground, job, &lease.claimed, calls).await {
        Ok(pushed) => Happened::Pushed(pushed),
        Err(trouble) => Happened::Failed(trouble),
    };
    Ending {
        happened,
        about: Some(about),
        gate: ground.gate(),
    }
}

async fn deliver(
    desk: &Desk,
    ground: &Ground,
    job: &PushJob,
    claimed: &Claimed,
    calls: &mut Calls,
) -> Result<Pushed, Trouble> {
    let record = &claimed.record;
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
    still_ours(desk, claimed).await?;
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
    let present = subject(&ground.connector.id, ground.exam.course_id, &job.email, vault);
    let accepted = accepted.unwrap_or_else(|| present.clone());
    let in_force = desk.producer.queue().subject(&accepted).await?.version;
    // A version that cannot be read was written by a newer producer; the accept guarded it already.
    let in_force: Option<Version> = in_force.and_then(|json| serde_json::from_str(&json).ok());
    let candidate = Version::of(job, vault);
    match standing(ground.exam.version_policy, &candidate, in_force.as_ref()) {
        // Nothing guards the place where this would be written now.
        Standing::InForce if accepted != present => Err(Trouble::ExamMoved),
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

/// Whether this attempt still has the right to write: a process that slept may have lost it to another worker, which
/// has perhaps gone on to a newer result already.
async fn still_ours(desk: &Desk, claimed: &Claimed) -> Result<(), Trouble> {
    let worker = claimed.record.worker.as_deref();
    let Some(worker) = worker.and_then(|worker| Name::new(worker).ok()) else {
        return Err(Trouble::LeaseLost);
    };
    let ours = desk.producer.queue().holds(&worker, claimed.token).await?;
    if ours { Ok(()) } else { Err(Trouble::LeaseLost) }
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

/// Whether an attempt before this one may have written: it called the write and was not refused, or its worker was
/// lost with its story.
fn may_have_written(record: &JobRecord) -> bool {
    let mut attempts = record.history.iter();
    attempts.any(|attempt| attempt.outcome == "crashed" || attempt.calls.iter().any(may_be_a_write))
}

/// Whether a call may have changed an enrolment: a write that Docebo did not plainly refuse.
fn may_be_a_write(call: &CallRecord) -> bool {
    let refused = |status: u16| (300..500).contains(&status) && status != 408;
    call.endpoint == Endpoint::EnrollmentWrite.as_str() && !call.status.is_some_and(refused)
}

#[cfg(test)]
mod tests {
    use passback_docebo::Endpoint;
    use passback_queue::CallRecord;
    use rstest::rstest;

    use super::may_be_a_write;

    #[rstest]
    #[case(None, true)]
    #[case(Some(200), true)]
    #[case(Some(302), false)]
    #[case(Some(401), false)]
    #[case(Some(408), true)]
    #[case(Some(422), false)]
    #[case(Some(429), false)]
    #[case(Some(503), true)]
    fn a_write_that_docebo_refused_was_none(#[case] status: Option<u16>, #[case] may_have_written: bool) {
        let call = |endpoint: Endpoint| CallRecord {
            endpoint: endpoint.as_str().to_owned(),
            status,
            duration_ms: 1,
        };
        assert_eq!(may_be_a_write(&call(Endpoint::EnrollmentWrite)), may_have_written);
        assert!(!may_be_a_write(&call(Endpoint::EnrollmentRead)));
    }
}
