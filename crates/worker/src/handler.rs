//! The outcome table: what stood in the way → what becomes of a check, what becomes of a push. One match each for
//! our own troubles and for Docebo's failures, without wildcards: a new one does not compile until it has a row.

use std::time::Duration;

use passback_docebo::{Endpoint, Error, Failure};
use passback_producer::{Answer, Code, failure_code};
use passback_queue::Gate;

use crate::call_guard::failing_of;
use crate::outcome::Trouble;

/// A row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Row {
    /// What the catalogue calls it.
    pub(crate) code: Code,
    /// What becomes of a check.
    pub(crate) check: CheckWay,
    /// What becomes of a push, or of work in the background.
    pub(crate) push: PushWay,
}

/// What becomes of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CheckWay {
    /// That is its answer.
    Answer(Answer),
    /// Try again within its deadline, not before Docebo wants it; at the deadline the answer is `unverified`.
    Again {
        /// How long Docebo asked to wait.
        not_before: Option<Duration>,
    },
    /// Wait for an event; the deadline ends it like any other check.
    Park {
        /// The event.
        until: Wake,
        /// When to look again without it.
        look_again: LookAgain,
    },
    /// Give it back to the queue.
    Release,
}

/// What becomes of a push.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PushWay {
    /// Try again later, not before Docebo wants it.
    Retry {
        /// How long Docebo asked to wait.
        not_before: Option<Duration>,
    },
    /// Try again later, and bury it after a few attempts.
    RetryFewTimes,
    /// Try again later through no fault of its own, not before Docebo wants it.
    Snooze {
        /// How long Docebo asked to wait.
        not_before: Option<Duration>,
    },
    /// Try again when it is known to make sense, through no fault of its own.
    Hold {
        /// After how long that is.
        wait: Duration,
    },
    /// Wait for an event.
    Park {
        /// The event.
        until: Wake,
        /// When to look again without it.
        look_again: LookAgain,
    },
    /// A person must look.
    Bury,
    /// Give it back to the queue.
    Release,
}

/// The events that parked jobs wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wake {
    /// The connector works again.
    Connector,
    /// The person exists.
    User,
    /// The person is in the course.
    Enrollment,
    /// A person has decided.
    Decision,
    /// A worker runs that reads this kind of job.
    Unreadable,
    /// The exam and its connector are there.
    Exam,
}

/// When a parked job is looked at although nothing released it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LookAgain {
    /// After the configured time.
    Usual,
    /// After an hour.
    Hourly,
}

const UNVERIFIED: CheckWay = CheckWay::Answer(Answer::Unverified);
const NOT_ELIGIBLE: CheckWay = CheckWay::Answer(Answer::NotEligible);
const AGAIN: CheckWay = CheckWay::Again { not_before: None };
const RETRY: PushWay = PushWay::Retry { not_before: None };

const fn park(until: Wake) -> PushWay {
    let look_again = LookAgain::Usual;
    PushWay::Park { until, look_again }
}

const fn row(code: Code, check: CheckWay, push: PushWay) -> Row {
    Row { code, check, push }
}

/// The row of a trouble.
pub(crate) fn row_of(trouble: &Trouble) -> Row {
    match trouble {
        Trouble::UserNotFound => row(Code::UserNotFound, NOT_ELIGIBLE, park(Wake::User)),
        Trouble::UserAmbiguous => row(Code::UserAmbiguous, NOT_ELIGIBLE, park(Wake::User)),
        Trouble::EnrollmentNotFound => row(Code::EnrollmentNotFound, NOT_ELIGIBLE, park(Wake::Enrollment)),
        Trouble::StatusUnknown { .. } => row(Code::UnexpectedResponse, UNVERIFIED, PushWay::RetryFewTimes),
        Trouble::Docebo(error) => row_of_docebo(error),
        // Looked at again as well: a newer result may have settled it, or its age ends it.
        Trouble::Conflict { .. } => row(Code::Conflict, UNVERIFIED, park(Wake::Decision)),
        // Looked at again: somebody may set the enrolment back.
        Trouble::ManualOverride(_) => row(Code::ManualOverride, UNVERIFIED, park(Wake::Decision)),
        Trouble::IdentityChanged(_) => row(Code::IdentityChanged, UNVERIFIED, park(Wake::Decision)),
        Trouble::VerifyMismatch(_) => row(Code::VerifyMismatch, UNVERIFIED, park(Wake::Decision)),
        Trouble::ExamMoved => row(Code::ExamMoved, UNVERIFIED, park(Wake::Exam)),
        Trouble::CourseDeleted => row(Code::CourseDeleted, UNVERIFIED, park(Wake::Exam)),
        Trouble::WriteUnderWay { wait } => row(Code::OutcomeUnknown, AGAIN, PushWay::Hold { wait: *wait }),
        Trouble::ExamMissing => row(Code::ExamMissing, UNVERIFIED, park(Wake::Exam)),
        Trouble::ConnectorMissing => row(Code::ConnectorMissing, UNVERIFIED, park(Wake::Exam)),
        Trouble::ConnectorUnusable { .. } => row(Code::DoceboUnreachable, UNVERIFIED, park(Wake::Connector)),
        Trouble::Unreadable { .. } => row(
            Code::Unreadable,
            CheckWay::Park {
                until: Wake::Unreadable,
                look_again: LookAgain::Usual,
            },
            park(Wake::Unreadable),
        ),
        Trouble::StoreUnavailable { .. } => row(Code::StoreUnavailable, AGAIN, PushWay::Snooze { not_before: None }),
        Trouble::Panicked => row(Code::Crashed, AGAIN, RETRY),
        Trouble::Cut => row(Code::TimedOut, AGAIN, RETRY),
        Trouble::OutOfTime { last } => {
            let code = last.as_ref().map_or(Code::DeadlinePassed, |last| row_of(last).code);
            row(code, UNVERIFIED, RETRY)
        }
        Trouble::Interrupted => row(Code::ShuttingDown, CheckWay::Release, PushWay::Release),
        Trouble::Unheard => row(Code::WorkerLost, CheckWay::Release, PushWay::Release),
        Trouble::LeaseLost => row(Code::LeaseRanOut, CheckWay::Release, PushWay::Release),
    }
}

/// What becomes of a push that met a trouble of its connector, now that the connector's gate is closed: it waits with
/// all the others, and an attempt that the connector failed is not counted against it.
pub(crate) fn behind_gate(way: PushWay, trouble: &Trouble, gate: &Gate, now_ms: u64) -> PushWay {
    let of_the_connector = match trouble {
        Trouble::Docebo(error) => failing_of(&error.failure).is_some(),
        Trouble::UserNotFound
        | Trouble::UserAmbiguous
        | Trouble::EnrollmentNotFound
        | Trouble::StatusUnknown { .. }
        | Trouble::Conflict { .. }
        | Trouble::ManualOverride(_)
        | Trouble::IdentityChanged(_)
        | Trouble::VerifyMismatch(_)
        | Trouble::ExamMoved
        | Trouble::CourseDeleted
        | Trouble::WriteUnderWay { .. }
        | Trouble::ExamMissing
        | Trouble::ConnectorMissing
        | Trouble::ConnectorUnusable { .. }
        | Trouble::Unreadable { .. }
        | Trouble::StoreUnavailable { .. }
        | Trouble::Panicked
        | Trouble::Cut
        | Trouble::OutOfTime { .. }
        | Trouble::Interrupted
        | Trouble::Unheard
        | Trouble::LeaseLost => false,
    };
    let until_ms = match gate {
        Gate::Closed { until_ms, .. } if of_the_connector => *until_ms,
        Gate::Closed { .. } | Gate::Open { .. } | Gate::Ramping { .. } => return way,
    };
    match way {
        PushWay::Retry { not_before } | PushWay::Snooze { not_before } => match until_ms {
            Some(until_ms) if until_ms > now_ms => PushWay::Hold {
                wait: Duration::from_millis(until_ms - now_ms).max(not_before.unwrap_or_default()),
            },
            // Its time has come meanwhile.
            Some(_) => way,
            None => park(Wake::Connector),
        },
        PushWay::RetryFewTimes | PushWay::Hold { .. } | PushWay::Park { .. } | PushWay::Bury | PushWay::Release => way,
    }
}

fn row_of_docebo(error: &Error) -> Row {
    let code = failure_code(&error.failure);
    // A write that may have taken effect is tried again like any other: every attempt reads first.
    let or_unknown = if error.outcome_unknown() {
        Code::OutcomeUnknown
    } else {
        code
    };
    match &error.failure {
        Failure::Unreachable { .. } | Failure::ConnectionLost { .. } | Failure::TimedOut => {
            row(or_unknown, AGAIN, RETRY)
        }
        Failure::Unavailable { status, retry_after } => {
            let not_before = *retry_after;
            // Only who answers 503 and names a time has announced a pause.
            let push = if *status == 503 && not_before.is_some() {
                PushWay::Snooze { not_before }
            } else {
                PushWay::Retry { not_before }
            };
            row(or_unknown, CheckWay::Again { not_before }, push)
        }
        Failure::Throttled { retry_after } => {
            let not_before = *retry_after;
            row(code, CheckWay::Again { not_before }, PushWay::Snooze { not_before })
        }
        Failure::Held { wait: Some(wait), .. } => {
            let not_before = Some(*wait);
            row(code, CheckWay::Again { not_before }, PushWay::Hold { wait: *wait })
        }
        // Somebody has to act first.
        Failure::Held { wait: None, .. } => row(code, UNVERIFIED, park(Wake::Connector)),
        Failure::CertificateInvalid { .. } => row(
            code,
            UNVERIFIED,
            PushWay::Park {
                until: Wake::Connector,
                look_again: LookAgain::Hourly,
            },
        ),
        Failure::CredentialsRefused { .. } | Failure::Forbidden { .. } | Failure::NotJson { .. } => {
            row(code, UNVERIFIED, park(Wake::Connector))
        }
        Failure::UnexpectedShape { .. } | Failure::Unexpected { .. } => row(code, AGAIN, PushWay::RetryFewTimes),
        Failure::Rejected { .. } => row(code, UNVERIFIED, PushWay::Bury),
        Failure::NotFound { .. } => match error.endpoint {
            Endpoint::EnrollmentWrite => row(Code::EnrollmentNotFound, UNVERIFIED, park(Wake::Enrollment)),
            // These routes exist on every platform; without them, it is not Docebo that answers.
            Endpoint::Token
            | Endpoint::UserSearch
            | Endpoint::UserRead
            | Endpoint::EnrollmentRead
            | Endpoint::EnrollmentList => row(code, UNVERIFIED, PushWay::RetryFewTimes),
        },
    }
}
