//! The catalogue of messages: for every code what happened, who acts, how it is put right.
//!
//! One text for API, console, command line and logs. The match below has no wildcard: a code without an entry does
//! not compile.

mod checks;
mod code;
mod docebo;
mod jobs;
mod problems;

use serde::Serialize;

pub use code::{Code, UnknownCode};

/// Who can put something right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// Who runs passback.
    Platform,
    /// The administrator of the organisation's Docebo platform.
    OrganisationAdmin,
    /// The candidate.
    Candidate,
    /// The exam engine's team.
    ExamEngine,
    /// Docebo itself.
    Docebo,
    /// Nobody needs to: it comes right by itself, or nothing is wrong.
    Nobody,
}

impl Actor {
    /// The word as it stands in answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Platform => "platform",
            Self::OrganisationAdmin => "organisation_admin",
            Self::Candidate => "candidate",
            Self::ExamEngine => "exam_engine",
            Self::Docebo => "docebo",
            Self::Nobody => "nobody",
        }
    }

    /// Who that is, for people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Platform => "who runs passback",
            Self::OrganisationAdmin => "the organisation's Docebo administrator",
            Self::Candidate => "the candidate",
            Self::ExamEngine => "the exam engine's team",
            Self::Docebo => "Docebo",
            Self::Nobody => "nobody",
        }
    }
}

impl std::fmt::Display for Actor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// The code, as it stands in answers and lists.
    pub code: &'static str,
    /// What happened, in a few words.
    pub title: &'static str,
    /// What happened, in a sentence or two.
    pub explanation: &'static str,
    /// Who can put it right.
    pub who_acts: Actor,
    /// How it is put right, step by step.
    pub resolution: &'static [&'static str],
    /// Whether the same request or job may be run again without harm.
    pub safe_to_retry: bool,
    /// Whether passback goes on by itself once the cause is gone.
    pub releases_itself: bool,
    /// The HTTP status, for codes that refuse a request.
    pub http_status: Option<u16>,
}

impl Code {
    /// The message for the code.
    pub const fn entry(self) -> Entry {
        match self {
            Self::Eligible => checks::ELIGIBLE,
            Self::UserNotFound => checks::USER_NOT_FOUND,
            Self::UserAmbiguous => checks::USER_AMBIGUOUS,
            Self::EnrollmentNotFound => checks::ENROLLMENT_NOT_FOUND,
            Self::AlreadyCompleted => checks::ALREADY_COMPLETED,
            Self::EnrollmentSuspended => checks::ENROLLMENT_SUSPENDED,
            Self::EnrollmentWaitingList => checks::ENROLLMENT_WAITING_LIST,
            Self::EnrollmentToConfirm => checks::ENROLLMENT_TO_CONFIRM,
            Self::EnrollmentOverbooking => checks::ENROLLMENT_OVERBOOKING,
            Self::EnrollmentNotValidNow => checks::ENROLLMENT_NOT_VALID_NOW,
            Self::DoceboUnreachable => docebo::DOCEBO_UNREACHABLE,
            Self::DoceboUnavailable => docebo::DOCEBO_UNAVAILABLE,
            Self::DoceboThrottled => docebo::DOCEBO_THROTTLED,
            Self::DoceboTimedOut => docebo::DOCEBO_TIMED_OUT,
            Self::CertificateInvalid => docebo::CERTIFICATE_INVALID,
            Self::CredentialsRefused => docebo::CREDENTIALS_REFUSED,
            Self::Forbidden => docebo::FORBIDDEN,
            Self::UnexpectedPage => docebo::UNEXPECTED_PAGE,
            Self::UnexpectedResponse => docebo::UNEXPECTED_RESPONSE,
            Self::Rejected => docebo::REJECTED,
            Self::OutcomeUnknown => docebo::OUTCOME_UNKNOWN,
            Self::DeadlinePassed => jobs::DEADLINE_PASSED,
            Self::Exhausted => jobs::EXHAUSTED,
            Self::Crashed => jobs::CRASHED,
            Self::TimedOut => jobs::TIMED_OUT,
            Self::Paused => jobs::PAUSED,
            Self::QuotaUsedUp => jobs::QUOTA_USED_UP,
            Self::CrashedWorkers => jobs::CRASHED_WORKERS,
            Self::WorkerLost => jobs::WORKER_LOST,
            Self::LeaseRanOut => jobs::LEASE_RAN_OUT,
            Self::Unreadable => jobs::UNREADABLE,
            Self::ExamMoved => jobs::EXAM_MOVED,
            Self::ExamMissing => jobs::EXAM_MISSING,
            Self::ConnectorMissing => jobs::CONNECTOR_MISSING,
            Self::Superseded => jobs::SUPERSEDED,
            Self::Discarded => jobs::DISCARDED,
            Self::Conflict => jobs::CONFLICT,
            Self::NoOp => jobs::NO_OP,
            Self::ShuttingDown => jobs::SHUTTING_DOWN,
            Self::InvalidRequest => problems::INVALID_REQUEST,
            Self::MalformedJson => problems::MALFORMED_JSON,
            Self::UnknownExam => problems::UNKNOWN_EXAM,
            Self::UnknownConnector => problems::UNKNOWN_CONNECTOR,
            Self::ResultIdTaken => problems::RESULT_ID_TAKEN,
            Self::TokenMissing => problems::TOKEN_MISSING,
            Self::TokenInvalid => problems::TOKEN_INVALID,
            Self::RoleTooLow => problems::ROLE_TOO_LOW,
            Self::NotFound => problems::NOT_FOUND,
            Self::MethodNotAllowed => problems::METHOD_NOT_ALLOWED,
            Self::UnsupportedMediaType => problems::UNSUPPORTED_MEDIA_TYPE,
            Self::TooLarge => problems::TOO_LARGE,
            Self::TooManyLines => problems::TOO_MANY_LINES,
            Self::StoreUnavailable => problems::STORE_UNAVAILABLE,
            Self::StoreFull => problems::STORE_FULL,
            Self::TooBusy => problems::TOO_BUSY,
            Self::RegistryFull => problems::REGISTRY_FULL,
            Self::JobRunning => problems::JOB_RUNNING,
            Self::NotDead => problems::NOT_DEAD,
            Self::AlreadyEnded => problems::ALREADY_ENDED,
            Self::ConnectorInUse => problems::CONNECTOR_IN_USE,
            Self::InternalError => problems::INTERNAL_ERROR,
        }
    }
}
