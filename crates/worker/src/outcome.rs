//! What an attempt found. Handlers say what happened; what becomes of the job is decided elsewhere, in one place.

use std::time::Duration;

use passback_docebo::Error;
use passback_producer::{Code, Holding, OwnResult, ResultCase};
use passback_queue::{Gate, Name};
use passback_registry::{ConnectorId, ExamId};

use crate::reacted::Reacted;

/// How an attempt ended.
#[derive(Debug)]
pub(crate) enum Happened {
    /// The check has an answer from Docebo.
    Checked(Finding),
    /// The push ended well.
    Pushed(Pushed),
    /// The verify found nothing that a person must see.
    Verified(Verified),
    /// What follows from an event of Docebo's was done.
    Reacted(Reacted),
    /// Something stood in the way.
    Failed(Trouble),
}

/// What a check found out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    /// What Docebo says of the enrolment.
    pub(crate) code: Code,
    /// The result of ours that completed the course, where it was one.
    pub(crate) own: Option<OwnResult>,
}

/// How a push ended well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Pushed {
    /// Docebo has it from us.
    Delivered,
    /// Docebo had it already, or there was nothing to write.
    NothingToDo,
    /// A newer or better result counts.
    Superseded {
        /// That result.
        by: Name,
    },
}

/// What a verify found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verified {
    /// The enrolment holds what was sent.
    AsSent,
    /// Docebo has said so by itself.
    Confirmed,
    /// It was written to another platform than the connector leads to now, so that nothing can be read.
    Elsewhere,
    /// Another result was written since, or is about to be.
    Overtaken {
        /// The result that counts, if it is another one.
        by: Option<Name>,
    },
}

/// What stood in the way.
#[derive(Debug, Clone)]
pub(crate) enum Trouble {
    /// Nobody has this e-mail.
    UserNotFound,
    /// Several people have it.
    UserAmbiguous,
    /// The person is not in the course.
    EnrollmentNotFound,
    /// The enrolment is in a state that this version does not know.
    StatusUnknown {
        /// What Docebo wrote.
        status: String,
    },
    /// A call to Docebo failed.
    Docebo(Error),
    /// As new a result says something else.
    Conflict {
        /// That result.
        with: String,
        /// What it would write.
        other: Box<Holding>,
    },
    /// Docebo holds what neither passback nor the result put there.
    ManualOverride(Box<ResultCase>),
    /// The e-mail leads to another user than before.
    IdentityChanged(Box<ResultCase>),
    /// Reading back showed something else than was written.
    VerifyMismatch(Box<ResultCase>),
    /// The exam points to another course, connector or platform than when the result was accepted, or written.
    ExamMoved,
    /// Docebo has told that the course is deleted, and the person is not found in it.
    CourseDeleted,
    /// A write that an event may be about has been begun, and nobody knows yet what came of it.
    WriteUnderWay {
        /// When it makes sense to look again.
        wait: Duration,
    },
    /// The exam is not in the registry any more.
    ExamMissing,
    /// Its connector is not.
    ConnectorMissing,
    /// No client can be made of the connector, or its secrets do not open.
    ConnectorUnusable {
        /// Why, without secrets.
        detail: String,
    },
    /// The payload is of another version, or does not open.
    Unreadable {
        /// Why, without its content.
        detail: String,
    },
    /// Redis did not answer what the attempt had to know.
    StoreUnavailable {
        /// What Redis said.
        detail: String,
    },
    /// The handler panicked.
    Panicked,
    /// The attempt took longer than it may.
    Cut,
    /// A check's deadline came, after the trouble that it met last.
    OutOfTime {
        /// None if it met none: an answer was outstanding.
        last: Option<Box<Trouble>>,
    },
    /// The worker stops.
    Interrupted,
    /// Redis has not heard the worker for so long that others may take its jobs.
    Unheard,
    /// The lease is somebody else's already, or nobody's.
    LeaseLost,
}

/// Whom and what a job turned out to be about, for the event it may have to wait for.
#[derive(Debug, Clone)]
pub(crate) struct About {
    /// The connector that was called.
    pub(crate) connector: ConnectorId,
    /// The exam.
    pub(crate) exam: ExamId,
    /// The course.
    pub(crate) course_id: u64,
    /// The person, as a keyed hash.
    pub(crate) email_hash: String,
    /// The result, where it is one.
    pub(crate) result_id: Option<Name>,
}

/// What a handler hands back.
#[derive(Debug)]
pub(crate) struct Ending {
    /// How it ended.
    pub(crate) happened: Happened,
    /// What it was about, as far as that was found out.
    pub(crate) about: Option<About>,
    /// The gate of the connector it called, as this process heard of it last.
    pub(crate) gate: Option<Gate>,
}

impl From<Happened> for Ending {
    fn from(happened: Happened) -> Self {
        Self {
            happened,
            about: None,
            gate: None,
        }
    }
}

impl From<Trouble> for Ending {
    fn from(trouble: Trouble) -> Self {
        Happened::Failed(trouble).into()
    }
}

impl Verified {
    /// What the history keeps of it.
    pub(crate) fn detail(&self) -> &'static str {
        match self {
            Self::AsSent => "the enrolment holds what was sent",
            Self::Confirmed => "Docebo has confirmed it by a webhook, or was asked because of one",
            Self::Elsewhere => "it was written to another platform than the connector leads to now",
            Self::Overtaken { .. } => "another result was written since, or is on its way",
        }
    }
}

impl Trouble {
    /// What a person must decide, as far as the trouble itself says it.
    pub(crate) fn case(&self) -> Option<&ResultCase> {
        match self {
            Self::ManualOverride(case) | Self::IdentityChanged(case) | Self::VerifyMismatch(case) => Some(case),
            Self::Conflict { .. }
            | Self::UserNotFound
            | Self::UserAmbiguous
            | Self::EnrollmentNotFound
            | Self::StatusUnknown { .. }
            | Self::Docebo(_)
            | Self::ExamMoved
            | Self::CourseDeleted
            | Self::WriteUnderWay { .. }
            | Self::ExamMissing
            | Self::ConnectorMissing
            | Self::ConnectorUnusable { .. }
            | Self::Unreadable { .. }
            | Self::StoreUnavailable { .. }
            | Self::Panicked
            | Self::Cut
            | Self::OutOfTime { .. }
            | Self::Interrupted
            | Self::Unheard
            | Self::LeaseLost => None,
        }
    }

    /// What the history keeps of it: bounded and redacted where it was made.
    pub(crate) fn detail(&self) -> Option<String> {
        match self {
            Self::Docebo(error) => Some(error.to_string()),
            Self::StatusUnknown { status } => Some(format!("the enrolment's status is '{status}'")),
            Self::Conflict { with, .. } => Some(format!("the result {with} is as new and says something else")),
            Self::ConnectorUnusable { detail } | Self::Unreadable { detail } | Self::StoreUnavailable { detail } => {
                Some(detail.clone())
            }
            Self::OutOfTime { last } => last.as_ref().and_then(|trouble| trouble.detail()),
            Self::UserNotFound
            | Self::UserAmbiguous
            | Self::EnrollmentNotFound
            | Self::ManualOverride(_)
            | Self::IdentityChanged(_)
            | Self::VerifyMismatch(_)
            | Self::ExamMoved
            | Self::CourseDeleted
            | Self::WriteUnderWay { .. }
            | Self::ExamMissing
            | Self::ConnectorMissing
            | Self::Panicked
            | Self::Cut
            | Self::Interrupted
            | Self::Unheard
            | Self::LeaseLost => None,
        }
    }
}
