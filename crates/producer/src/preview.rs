//! A dry run of a push: what would become of a result now. Reads Docebo, and writes nowhere.

use passback_docebo::{Calls, Client, CourseId, Enrollment, Error, UserId};
use passback_queue::{HeldBy, LedgerRow, Name};
use passback_registry::{Connector, Exam, ReadBeforeWrite};

use crate::preview_view::{HELD_ALREADY, OTHER_COUNTS, Preview, RequestView, WRITES_NOTHING, Would, differences};
use crate::public_time::{self, shown};
use crate::{
    Code, ExamResult, Guarded, Holding, IntakeError, Judgement, Memory, Producer, PushJob, StoreError, Version, Wanted,
    connector_name, failure_code, judge,
};

/// A result that is looked at, and what is known of it.
struct Candidate<'a> {
    push: &'a PushJob,
    exam: &'a Exam,
    /// Its row, where it was accepted before.
    row: Option<&'a LedgerRow>,
}

/// The enrolment that a result goes to.
struct Place {
    user: UserId,
    enrollment: Enrollment,
}

/// What Docebo says of the place.
enum Found {
    Nobody,
    Several,
    OtherUser { user: UserId, before: u64 },
    NotEnrolled { user: UserId },
    Enrolled(Place),
}

impl Producer {
    /// Says what would become of a result if it were accepted and carried to Docebo now. Checks what an accept checks,
    /// asks Docebo, and changes nothing, neither there nor here, but for the calls that it counts.
    pub async fn preview(&self, result: &ExamResult) -> Result<Preview, IntakeError> {
        let now = public_time::from_ms(self.queue.now_ms().await?);
        let valid = result.validate(now).map_err(IntakeError::Invalid)?;
        let push = PushJob::from(&valid);
        let version = Version::of(&push, self.vault());
        let row = self.queue.ledger_row(&push.result_id).await?;
        if row.as_ref().is_some_and(|row| row.fingerprint != version.fingerprint) {
            return Err(IntakeError::OtherContent {
                result_id: push.result_id.to_string(),
            });
        }
        let mut preview = Preview::new(&push, row.as_ref());
        // As it is stored at this moment: a person who has just changed it wants to see the change.
        let Some(exam) = self.registry.exam(&push.exam_id).await? else {
            if row.is_none() {
                return Err(IntakeError::UnknownExam {
                    exam_id: push.exam_id.to_string(),
                });
            }
            preview.ends_as(Would::Park, Code::ExamMissing);
            return Ok(preview.unless_ended(row.as_ref()));
        };
        preview.connector = Some(exam.connector.clone());
        let candidate = Candidate {
            push: &push,
            exam: &exam,
            row: row.as_ref(),
        };
        self.foresee(&candidate, &mut preview).await?;
        Ok(preview.unless_ended(row.as_ref()))
    }

    /// The way of a push, step by step as its worker goes it.
    async fn foresee(&self, result: &Candidate<'_>, preview: &mut Preview) -> Result<(), StoreError> {
        let Candidate { push, exam, .. } = *result;
        let accepted = result.row.and_then(|row| Name::new(row.subject.as_str()).ok());
        let platform = self.platform_of(&exam.connector).await?.unwrap_or_default();
        let memory = match self.guard(push, exam, &platform, accepted).await? {
            Guarded::InForce { memory, .. } => *memory,
            Guarded::ExamMoved => {
                preview.ends_as(Would::Park, Code::ExamMoved);
                return Ok(());
            }
            Guarded::Superseded { by } => {
                preview.would_be(Would::Superseded, Code::Superseded, OTHER_COUNTS);
                preview.by = Some(by);
                return Ok(());
            }
            Guarded::Conflict { with, .. } => {
                preview.ends_as(Would::Conflict, Code::Conflict);
                preview.with = Some(with);
                return Ok(());
            }
        };
        let wanted = Wanted::by(push, exam);
        if wanted.is_nothing() {
            preview.would_be(Would::NoOp, Code::NoOp, WRITES_NOTHING);
            return Ok(());
        }
        let connector = match self.registry.connector(&exam.connector).await {
            Ok(Some(connector)) => connector,
            Ok(None) => {
                preview.ends_as(Would::Park, Code::ConnectorMissing);
                return Ok(());
            }
            Err(error) if error.is_retryable() => return Err(error.into()),
            Err(error) => {
                preview.unknown(Code::DoceboUnreachable, error.to_string());
                return Ok(());
            }
        };
        if let Some(held) = self.queue.held_by(&connector_name(&exam.connector)).await? {
            // Like a worker: what a person has paused, or what Docebo refuses, is not called.
            preview.unknown(held.code.parse().unwrap_or(Code::DoceboUnreachable), wait_of(&held));
            return Ok(());
        }
        let client = match self.counted(self.docebo_client(&connector), &connector) {
            Ok(client) => client,
            Err(error) => {
                preview.unknown(Code::DoceboUnreachable, error.to_string());
                return Ok(());
            }
        };
        match find(&client, result, &memory).await {
            Err(error) => preview.unknown(failure_code(&error.failure), error.to_string()),
            Ok(found) => {
                let unread = self.goes_unread(&connector, &memory, result.row).await?;
                preview.take(found, unread, &wanted, &memory, exam);
            }
        }
        Ok(())
    }

    /// Whether the connector's policy has the next attempt write without a look at what is there.
    async fn goes_unread(
        &self,
        connector: &Connector,
        memory: &Memory,
        row: Option<&LedgerRow>,
    ) -> Result<bool, StoreError> {
        match connector.read_before_write {
            ReadBeforeWrite::Always => return Ok(false),
            ReadBeforeWrite::RetryOnly => {}
        }
        let job = match row {
            Some(row) => self.queue.job(row.job_id).await?,
            None => None,
        };
        let begun_before = job.is_some_and(|job| job.claims > 0);
        Ok(!begun_before && !memory.asks_for_a_read())
    }
}

/// Why Docebo was not asked, and how long that lasts.
fn wait_of(held: &HeldBy) -> String {
    match held.until_ms {
        Some(until_ms) => format!(
            "the connector calls nothing until {}",
            shown(public_time::from_ms(until_ms))
        ),
        None => "the connector calls nothing until somebody puts it right".to_owned(),
    }
}

/// Finds the person and the enrolment, as a worker does.
async fn find(client: &Client, result: &Candidate<'_>, memory: &Memory) -> Result<Found, Error> {
    let mut calls = Calls::default();
    let users = client.users_by_email(&result.push.email, &mut calls).await?;
    let user = match users.as_slice() {
        [] => return Ok(Found::Nobody),
        [user] => user.id,
        [_, _, ..] => return Ok(Found::Several),
    };
    if let Some(before) = memory.other_user(result.push.result_id.as_str(), user.0) {
        return Ok(Found::OtherUser { user, before });
    }
    let course = CourseId(result.exam.course_id);
    Ok(match client.enrollment(course, user, &mut calls).await? {
        None => Found::NotEnrolled { user },
        Some(enrollment) => Found::Enrolled(Place { user, enrollment }),
    })
}

impl Preview {
    fn take(&mut self, found: Found, unread: bool, wanted: &Wanted, memory: &Memory, exam: &Exam) {
        match found {
            Found::Nobody => self.ends_as(Would::Park, Code::UserNotFound),
            Found::Several => self.ends_as(Would::Park, Code::UserAmbiguous),
            Found::OtherUser { user, before } => {
                self.ends_as(Would::Park, Code::IdentityChanged);
                (self.user_id, self.user_id_before) = (Some(user.0), Some(before));
            }
            Found::NotEnrolled { user } => {
                // An unread write would be refused for it, and park the same way.
                self.ends_as(Would::Park, Code::EnrollmentNotFound);
                self.user_id = Some(user.0);
            }
            Found::Enrolled(place) => self.compare(&place, unread, wanted, memory, exam),
        }
    }

    fn compare(&mut self, place: &Place, unread: bool, wanted: &Wanted, memory: &Memory, exam: &Exam) {
        let (user, now) = (place.user, Holding::of(&place.enrollment, exam));
        self.user_id = Some(user.0);
        self.unread = unread;
        let judgement = if unread {
            Judgement::Write
        } else {
            judge(&self.result_id, user.0, wanted, &now, memory, exam)
        };
        let after = now.after(wanted);
        match judgement {
            Judgement::AsWanted { .. } => self.would_be(Would::NoOp, Code::NoOp, HELD_ALREADY),
            Judgement::Write => {
                self.request = Some(RequestView::of(exam.course_id, user, wanted.clone()));
                self.difference = differences(&now, &after);
            }
            Judgement::Overridden => {
                self.ends_as(Would::Park, Code::ManualOverride);
                self.last_known = memory.last_known(user.0).cloned();
                self.difference = differences(&now, &after);
            }
        }
        self.after = Some(match judgement {
            Judgement::AsWanted { .. } => now.clone(),
            Judgement::Write | Judgement::Overridden => after,
        });
        self.now = Some(now);
    }
}
