//! The stale guard: a result that another one has overtaken is not written.

use passback_producer::{Memory, PushJob, Standing, Version, Wanted, subject};
use passback_queue::Name;

use crate::desk::{Desk, Ground};
use crate::lease::Lease;
use crate::outcome::Trouble;

/// Where a result stands among those of its person and course.
#[derive(Debug)]
pub(crate) enum Guarded {
    /// It is the one to write.
    InForce {
        /// Whose record it is.
        subject: Name,
        /// The version in force, as it is stored.
        version: Option<String>,
        /// What is remembered of the enrolment.
        memory: Box<Memory>,
    },
    /// Another one counts.
    Superseded {
        /// That result.
        by: Name,
    },
}

/// Compares a result with the one in force.
pub(crate) async fn guard(desk: &Desk, ground: &Ground, job: &PushJob, lease: &Lease) -> Result<Guarded, Trouble> {
    let vault = desk.producer.registry().vault();
    // The subject as it was accepted, for the exam may have moved to another course since.
    let accepted = lease.claimed.record.key.as_deref().and_then(|key| Name::new(key).ok());
    let present = subject(&ground.connector.id, ground.exam.course_id, &job.email, vault);
    let accepted = accepted.unwrap_or_else(|| present.clone());
    let kept = desk.producer.queue().subject(&accepted).await?;
    // A version that cannot be read was written by a newer producer; the accept guarded it already.
    let in_force: Option<Version> = kept.version.as_deref().and_then(|json| serde_json::from_str(json).ok());
    let candidate = Version::of(job, vault);
    let memory = Memory::of(&kept);
    match memory.standing(ground.exam.version_policy, &candidate, in_force.as_ref()) {
        // Nothing guards the place where this would be written now.
        Standing::InForce if accepted != present => Err(Trouble::ExamMoved),
        Standing::InForce => Ok(Guarded::InForce {
            subject: accepted,
            memory: Box::new(memory),
            version: kept.version,
        }),
        Standing::SupersededBy(by) => match Name::new(by) {
            Ok(by) => Ok(Guarded::Superseded { by }),
            Err(error) => Err(Trouble::Unreadable {
                detail: error.to_string(),
            }),
        },
        Standing::ConflictsWith(with) => {
            let other = in_force.filter(|version| version.result_id == with);
            let other =
                other.map(|it| Wanted::of(it.outcome, it.score_percent, it.completed_at, &ground.exam).holding());
            let other = Box::new(other.unwrap_or_default());
            Err(Trouble::Conflict { with, other })
        }
    }
}
