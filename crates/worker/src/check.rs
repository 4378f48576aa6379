//! The check: is this person enrolled, and not done? With quick tries inside its deadline.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use passback_docebo::{Calls, Enrollment, UserId};
use passback_producer::{CheckJob, Code, Holding, Memory, OwnResult, eligibility};
use passback_queue::Name;
use tokio::time::{Instant, sleep, timeout_at};

use crate::decision::timestamp;
use crate::desk::{Desk, Ground};
use crate::handler::{CheckWay, row_of};
use crate::lease::Lease;
use crate::outcome::{About, Ending, Finding, Happened, Trouble};

/// Tries of one attempt; the deadline ends it long before.
const MAX_TRIES: u32 = 200;

/// Answers a check, or says at its deadline what stood in the way.
pub(crate) async fn check(desk: &Desk, job: &CheckJob, lease: &Lease, deadline: Instant, calls: &mut Calls) -> Ending {
    let mut about = None;
    let mut last = None;
    for tries in 1..=MAX_TRIES {
        let tried = timeout_at(deadline, once(desk, job, lease, &mut about, calls)).await;
        let trouble = match tried {
            Err(_elapsed) => break,
            Ok(Ok(happened)) => {
                return Ending {
                    about,
                    ..happened.into()
                };
            }
            Ok(Err(trouble)) => trouble,
        };
        match row_of(&trouble).check {
            CheckWay::Answer(_) | CheckWay::Park { .. } | CheckWay::Release => {
                return Ending {
                    about,
                    ..trouble.into()
                };
            }
            CheckWay::Again { not_before } => {
                last = Some(Box::new(trouble));
                let wait = desk.check_retry.full_jitter(tries, fastrand::u64(..));
                let wait = wait.max(not_before.unwrap_or_default());
                // Who asks to wait past the deadline has given the answer; the caller need not wait for it.
                if Instant::now() + wait >= deadline {
                    break;
                }
                sleep(wait).await;
            }
        }
    }
    Ending {
        about,
        ..Trouble::OutOfTime { last }.into()
    }
}

async fn once(
    desk: &Desk,
    job: &CheckJob,
    lease: &Lease,
    about: &mut Option<About>,
    calls: &mut Calls,
) -> Result<Happened, Trouble> {
    let ground = desk.ground(&job.exam_id, lease.claimed.record.lane).await?;
    *about = Some(ground.about(desk.email_hash(&job.email), None));
    let now = timestamp(lease.now_ms()).to_zoned(TimeZone::UTC).datetime();
    let (user, enrollment) = find(desk, &ground, &job.email, now, calls).await?;
    let Some(code) = eligibility(&enrollment, &ground.exam, now) else {
        let status = enrollment.status.as_str().to_owned();
        return Err(Trouble::StatusUnknown { status });
    };
    let own = if code == Code::AlreadyCompleted {
        own_result(desk, &ground, lease, user, &enrollment).await?
    } else {
        None
    };
    Ok(Happened::Checked(Finding { code, own }))
}

/// The person's enrolment. The user id that their e-mail led to lately is good for a yes; before a no the e-mail is asked
/// for again, for it may have gone to another account.
async fn find(
    desk: &Desk,
    ground: &Ground,
    email: &str,
    now: DateTime,
    calls: &mut Calls,
) -> Result<(UserId, Enrollment), Trouble> {
    if let Some(user) = desk.learned_user(ground, email).await {
        let enrollment = ground.client.enrollment(ground.course(), user, calls).await;
        if let Some(enrollment) = enrollment.map_err(Trouble::Docebo)?
            && eligibility(&enrollment, &ground.exam, now) == Some(Code::Eligible)
        {
            return Ok((user, enrollment));
        }
    }
    let users = ground.client.users_by_email(email, calls).await;
    let user = desk.the_one(ground, email, &users.map_err(Trouble::Docebo)?).await?;
    let enrollment = ground.client.enrollment(ground.course(), user, calls).await;
    let enrollment = enrollment.map_err(Trouble::Docebo)?;
    Ok((user, enrollment.ok_or(Trouble::EnrollmentNotFound)?))
}

/// The result of ours that completed the course, if it was one and nobody has changed the enrolment since.
async fn own_result(
    desk: &Desk,
    ground: &Ground,
    lease: &Lease,
    user: UserId,
    enrollment: &Enrollment,
) -> Result<Option<OwnResult>, Trouble> {
    let subject = lease.claimed.record.key.as_deref().and_then(|key| Name::new(key).ok());
    let Some(subject) = subject else { return Ok(None) };
    let kept = desk.producer.queue().subject(&subject).await?;
    let memory = Memory::of(&kept, &ground.platform());
    let known = memory.known.filter(|known| known.user_id == user.0);
    let held = known.filter(|known| known.holding.still_is(&Holding::of(enrollment, &ground.exam)));
    Ok(held.and_then(|known| {
        let written_at = known.at;
        known.written_by.map(|result_id| OwnResult { result_id, written_at })
    }))
}
