//! The stale guard: a result that another one has overtaken is not written.

use passback_queue::Name;
use passback_registry::Exam;

use crate::{Holding, Memory, Producer, PushJob, Standing, StoreError, Version, Wanted, subject_of};

/// Where a result stands among those of its person and course.
#[derive(Debug, Clone, PartialEq)]
pub enum Guarded {
    /// It is the one to write.
    InForce {
        /// Whose record it is.
        subject: Name,
        /// The version in force, as it is stored.
        version: Option<String>,
        /// What is remembered of the enrolment.
        memory: Box<Memory>,
    },
    /// It is the one, but the exam points to another course or connector than when it was accepted.
    ExamMoved,
    /// Another one counts.
    Superseded {
        /// That result.
        by: String,
    },
    /// Another one is as new and says something else.
    Conflict {
        /// That result.
        with: String,
        /// What it would write.
        other: Box<Holding>,
    },
}

impl Producer {
    /// Compares a result with the one in force. What is remembered of the enrolment is that of `platform`, which the
    /// connector leads to now. `accepted` is its subject as it was accepted, for the exam may have moved
    /// to another course since.
    pub async fn guard(
        &self,
        job: &PushJob,
        exam: &Exam,
        platform: &str,
        accepted: Option<Name>,
    ) -> Result<Guarded, StoreError> {
        let vault = self.vault();
        let present = subject_of(&exam.connector, exam.course_id, &job.person(vault));
        let accepted = accepted.unwrap_or_else(|| present.clone());
        let kept = self.queue.subject(&accepted).await?;
        // A version that cannot be read was written by a newer producer; the accept guarded it already.
        let in_force: Option<Version> = kept.version.as_deref().and_then(|json| serde_json::from_str(json).ok());
        let memory = Memory::of(&kept, platform);
        let candidate = Version::of(job, vault);
        Ok(
            match memory.standing(exam.version_policy, &candidate, in_force.as_ref()) {
                // Nothing guards the place where this would be written now.
                Standing::InForce if accepted != present => Guarded::ExamMoved,
                Standing::InForce => Guarded::InForce {
                    subject: accepted,
                    memory: Box::new(memory),
                    version: kept.version,
                },
                Standing::SupersededBy(by) => Guarded::Superseded { by },
                Standing::ConflictsWith(with) => {
                    let other = in_force.filter(|version| version.result_id == with);
                    let other =
                        other.map(|it| Wanted::of(it.outcome, it.score_percent, it.completed_at, exam).holding());
                    let other = Box::new(other.unwrap_or_default());
                    Guarded::Conflict { with, other }
                }
            },
        )
    }
}
