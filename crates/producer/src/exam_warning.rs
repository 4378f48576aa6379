//! What Docebo has told of an exam's course that its owner should know: that it is gone, or out of date.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use jiff::Timestamp;
use passback_queue::{Mark, Newest};
use passback_registry::{ConnectorId, Exam};
use serde::Serialize;

use crate::{Code, ExamView, Producer, StoreError, course_thing, public_time};

/// Docebo's event of a course that is deleted.
const DELETED: &str = "course.deleted";
/// Docebo's event of a course that a learner reported.
const OUTDATED: &str = "content.markedoutdated";
/// Our own: a course was seen at Docebo, whatever was told before.
const SEEN: &str = "passback.course_seen";

/// Something that stands in an exam's way, or soon may.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ExamWarning {
    /// The code.
    pub code: Code,
    /// What is wrong, in a few words.
    pub title: &'static str,
    /// Since when, by Docebo's clock.
    #[serde(serialize_with = "public_time::serialize")]
    pub since: Timestamp,
    /// What is wrong, in a sentence or two.
    pub explanation: &'static str,
    /// How it is put right.
    pub resolution: &'static [&'static str],
}

impl Producer {
    /// An exam with what each outcome would write, and with what stands in its way.
    pub async fn exam_view(&self, exam: Exam) -> Result<ExamView, StoreError> {
        let warnings = self.warnings(std::slice::from_ref(&exam)).await?;
        Ok(ExamView {
            warnings: warnings.into_iter().flatten().collect(),
            ..exam.into()
        })
    }

    /// The same for many.
    pub async fn exam_views(&self, exams: Vec<Exam>) -> Result<Vec<ExamView>, StoreError> {
        let warnings = self.warnings(&exams).await?;
        let views = exams.into_iter().zip(warnings).map(|(exam, warnings)| ExamView {
            warnings,
            ..exam.into()
        });
        Ok(views.collect())
    }

    async fn warnings(&self, exams: &[Exam]) -> Result<Vec<Vec<ExamWarning>>, StoreError> {
        let mut platforms: BTreeMap<&ConnectorId, String> = BTreeMap::new();
        let mut things = Vec::with_capacity(exams.len());
        for exam in exams {
            let platform = match platforms.entry(&exam.connector) {
                Entry::Occupied(known) => known.into_mut(),
                // Of a connector that is gone nothing is told.
                Entry::Vacant(unknown) => unknown.insert(self.platform_of(&exam.connector).await?.unwrap_or_default()),
            };
            things.push(course_thing(&exam.connector, platform, exam.course_id));
        }
        let newest = self.queue.newest_of(&things).await?;
        Ok(newest
            .iter()
            .map(|newest| newest.as_ref().and_then(warning).into_iter().collect())
            .collect())
    }

    /// Whether a platform has told that a course of its is deleted, and nothing since that says otherwise.
    pub async fn is_course_deleted(
        &self,
        connector: &ConnectorId,
        platform: &str,
        course_id: u64,
    ) -> Result<bool, StoreError> {
        let thing = course_thing(connector, platform, course_id);
        let newest = self.queue.newest_of(&[thing]).await?;
        Ok(newest
            .iter()
            .flatten()
            .any(|newest| code(newest) == Some(Code::CourseDeleted)))
    }

    /// To be called when a course was seen at a platform: what was told of its end is over, and the results that wait for it
    /// go on. Returns how many jobs that are.
    pub async fn course_seen(
        &self,
        connector: &ConnectorId,
        platform: &str,
        course_id: u64,
    ) -> Result<u64, StoreError> {
        let thing = course_thing(connector, platform, course_id);
        let newest = self.queue.newest_of(std::slice::from_ref(&thing)).await?;
        let Some(newest) = newest.iter().flatten().next() else {
            return Ok(0);
        };
        if newest.event == SEEN {
            // Whoever noted it may have been cut off before the results were told.
            return self.course_is_back(connector, course_id).await;
        }
        if code(newest).is_none() {
            return Ok(0);
        }
        let now_ms = self.queue.now_ms().await?;
        let seen = Mark {
            thing: &thing,
            fired_ms: now_ms,
            exact: true,
            event: SEEN,
            print: SEEN,
            place: "",
        };
        self.queue.mark(&seen).await?;
        self.course_is_back(connector, course_id).await
    }

    /// Lets the results go on that wait because their course was gone. Returns how many jobs that are.
    pub async fn course_is_back(&self, connector: &ConnectorId, course_id: u64) -> Result<u64, StoreError> {
        let courses = self.exams_by_course(connector).await?;
        let mut released = 0;
        for exam in courses.get(&course_id).into_iter().flatten() {
            released += self.queue.wake(&crate::wake::exam(exam)).await?;
        }
        Ok(released)
    }
}

/// What the newest event of a course means for its exams. Of two events of the same second, one of which is its deletion,
/// the worse counts until Docebo has been asked.
fn code(newest: &Newest) -> Option<Code> {
    match newest.event.as_str() {
        DELETED => Some(Code::CourseDeleted),
        SEEN => None,
        _ if newest.may_be(DELETED) => Some(Code::CourseDeleted),
        OUTDATED => Some(Code::CourseOutdated),
        _ => None,
    }
}

fn warning(newest: &Newest) -> Option<ExamWarning> {
    let code = code(newest)?;
    let entry = code.entry();
    Some(ExamWarning {
        code,
        title: entry.title,
        since: public_time::from_ms(newest.fired_ms),
        explanation: entry.explanation,
        resolution: entry.resolution,
    })
}
