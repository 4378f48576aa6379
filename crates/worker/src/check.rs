//! The check: is this person enrolled, and not done? With quick tries inside its deadline.

use jiff::tz::TimeZone;
use passback_docebo::Calls;
use passback_producer::CheckJob;
use tokio::time::{Instant, sleep, timeout_at};

use crate::decision::timestamp;
use crate::desk::Desk;
use crate::eligibility::judge;
use crate::handler::{CheckWay, row_of};
use crate::lease::Lease;
use crate::outcome::{About, Ending, Happened, Trouble};

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
    *about = Some(ground.about(desk.email_hash(&job.email)));
    let users = ground.client.users_by_email(&job.email, calls).await;
    let user = match users.map_err(Trouble::Docebo)?.as_slice() {
        [] => return Err(Trouble::UserNotFound),
        [user] => user.id,
        // Never the first of several: it may be somebody else.
        [_, _, ..] => return Err(Trouble::UserAmbiguous),
    };
    let enrollment = ground.client.enrollment(ground.course(), user, calls).await;
    let enrollment = enrollment
        .map_err(Trouble::Docebo)?
        .ok_or(Trouble::EnrollmentNotFound)?;
    let now = timestamp(lease.now_ms()).to_zoned(TimeZone::UTC).datetime();
    Ok(judge(&enrollment, now))
}
