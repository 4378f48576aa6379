//! The codes, each spelled once.

use std::{fmt, str::FromStr};

use passback_queue::Name;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

use super::{Entry, cases, checks, courses, docebo, jobs, plans, problems, webhooks};
use crate::name::name;

/// Declares the codes: variant, its first sentence, its text, its message. A code without a message does not compile.
macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident => $text:literal, $entry:path;)*) => {
        /// Everything that passback has a message for.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Code {
            $($(#[$doc])* $variant,)*
        }

        impl Code {
            /// Every code, in the order of the catalogue.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The code as it stands in answers, lists and the ledger.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)*
                }
            }

            /// The message for the code.
            pub const fn entry(self) -> Entry {
                match self {
                    $(Self::$variant => $entry,)*
                }
            }
        }
    };
}

codes! {
    /// Check: the candidate may sit the exam.
    Eligible => "eligible", checks::ELIGIBLE;
    /// No Docebo user has this e-mail.
    UserNotFound => "user_not_found", checks::USER_NOT_FOUND;
    /// Several Docebo users have this e-mail.
    UserAmbiguous => "user_ambiguous", checks::USER_AMBIGUOUS;
    /// The user is not enrolled in the course.
    EnrollmentNotFound => "enrollment_not_found", checks::ENROLLMENT_NOT_FOUND;
    /// Check: the course is completed already.
    AlreadyCompleted => "already_completed", checks::ALREADY_COMPLETED;
    /// Check: the enrolment is suspended.
    EnrollmentSuspended => "enrollment_suspended", checks::ENROLLMENT_SUSPENDED;
    /// Check: the user is on the waiting list.
    EnrollmentWaitingList => "enrollment_waiting_list", checks::ENROLLMENT_WAITING_LIST;
    /// Check: the enrolment must be confirmed first.
    EnrollmentToConfirm => "enrollment_to_confirm", checks::ENROLLMENT_TO_CONFIRM;
    /// Check: the course is overbooked.
    EnrollmentOverbooking => "enrollment_overbooking", checks::ENROLLMENT_OVERBOOKING;
    /// Check: today lies outside the enrolment's validity.
    EnrollmentNotValidNow => "enrollment_not_valid_now", checks::ENROLLMENT_NOT_VALID_NOW;
    /// Check: the exam does not take an enrolment in this state.
    EnrollmentStateExcluded => "enrollment_state_excluded", checks::ENROLLMENT_STATE_EXCLUDED;
    /// No connection to Docebo came about, or it broke.
    DoceboUnreachable => "docebo_unreachable", docebo::DOCEBO_UNREACHABLE;
    /// Docebo answered that it cannot answer.
    DoceboUnavailable => "docebo_unavailable", docebo::DOCEBO_UNAVAILABLE;
    /// Docebo's hourly quota is used up.
    DoceboThrottled => "docebo_throttled", docebo::DOCEBO_THROTTLED;
    /// Docebo did not answer in time.
    DoceboTimedOut => "docebo_timed_out", docebo::DOCEBO_TIMED_OUT;
    /// Docebo's TLS certificate is not trusted.
    CertificateInvalid => "certificate_invalid", docebo::CERTIFICATE_INVALID;
    /// Docebo refuses the connector's credentials.
    CredentialsRefused => "credentials_refused", docebo::CREDENTIALS_REFUSED;
    /// The connector's user may not do this.
    Forbidden => "forbidden", docebo::FORBIDDEN;
    /// Docebo answered with a web page.
    UnexpectedPage => "unexpected_page", docebo::UNEXPECTED_PAGE;
    /// Docebo's answer cannot be read.
    UnexpectedResponse => "unexpected_response", docebo::UNEXPECTED_RESPONSE;
    /// Docebo refuses the content.
    Rejected => "rejected", docebo::REJECTED;
    /// It is not known whether a write took effect.
    OutcomeUnknown => "outcome_unknown", docebo::OUTCOME_UNKNOWN;
    /// Check: no answer was found in time.
    DeadlinePassed => "deadline_passed", jobs::DEADLINE_PASSED;
    /// All attempts, or all the time for them, are used up.
    Exhausted => "exhausted", jobs::EXHAUSTED;
    /// The program failed inside an attempt.
    Crashed => "crashed", jobs::CRASHED;
    /// An attempt took longer than it may.
    TimedOut => "timed_out", jobs::TIMED_OUT;
    /// A person holds the connector or the lane.
    Paused => "paused", jobs::PAUSED;
    /// The hour's calls are used up, or kept for other work.
    QuotaUsedUp => "quota_used_up", jobs::QUOTA_USED_UP;
    /// Several workers were lost under one job.
    CrashedWorkers => "crashed_workers", jobs::CRASHED_WORKERS;
    /// The worker stopped giving signs of life.
    WorkerLost => "worker_lost", jobs::WORKER_LOST;
    /// The worker lives but never reported.
    LeaseRanOut => "lease_ran_out", jobs::LEASE_RAN_OUT;
    /// The job cannot be read by this version.
    Unreadable => "unreadable", jobs::UNREADABLE;
    /// The exam points elsewhere than when the result was accepted.
    ExamMoved => "exam_moved", jobs::EXAM_MOVED;
    /// The exam's entry was removed.
    ExamMissing => "exam_missing", jobs::EXAM_MISSING;
    /// The connector's entry was removed.
    ConnectorMissing => "connector_missing", jobs::CONNECTOR_MISSING;
    /// A newer result took its place.
    Superseded => "superseded", jobs::SUPERSEDED;
    /// A person gave the job up.
    Discarded => "discarded", jobs::DISCARDED;
    /// Two results are as new and contradict each other.
    Conflict => "conflict", jobs::CONFLICT;
    /// Docebo had it already.
    NoOp => "no_op", jobs::NO_OP;
    /// Docebo holds what neither passback nor the result put there.
    ManualOverride => "manual_override", cases::MANUAL_OVERRIDE;
    /// The e-mail leads to another user than before.
    IdentityChanged => "identity_changed", cases::IDENTITY_CHANGED;
    /// Reading back showed something else than was written.
    VerifyMismatch => "verify_mismatch", cases::VERIFY_MISMATCH;
    /// A person decided that Docebo's value stays.
    KeptTheirs => "kept_theirs", cases::KEPT_THEIRS;
    /// Docebo has told that the exam's course is deleted.
    CourseDeleted => "course_deleted", courses::COURSE_DELETED;
    /// Docebo has told that learners find the exam's course outdated.
    CourseOutdated => "course_outdated", courses::COURSE_OUTDATED;
    /// The candidate's data was erased.
    Erased => "erased", cases::ERASED;
    /// The worker was stopped before it began or ended.
    ShuttingDown => "shutting_down", jobs::SHUTTING_DOWN;
    /// Request: fields cannot be accepted.
    InvalidRequest => "invalid_request", problems::INVALID_REQUEST;
    /// Request: the body is not JSON.
    MalformedJson => "malformed_json", problems::MALFORMED_JSON;
    /// The body did not come whole.
    BodyIncomplete => "body_incomplete", problems::BODY_INCOMPLETE;
    /// Request: no such exam.
    UnknownExam => "unknown_exam", problems::UNKNOWN_EXAM;
    /// Request: no such connector.
    UnknownConnector => "unknown_connector", problems::UNKNOWN_CONNECTOR;
    /// Request: the result id has other content.
    ResultIdTaken => "result_id_taken", problems::RESULT_ID_TAKEN;
    /// Request: no token.
    TokenMissing => "token_missing", problems::TOKEN_MISSING;
    /// Request: a token that is not known.
    TokenInvalid => "token_invalid", problems::TOKEN_INVALID;
    /// Request: a token whose time is over.
    TokenExpired => "token_expired", problems::TOKEN_EXPIRED;
    /// Request: a token that somebody ended.
    TokenRevoked => "token_revoked", problems::TOKEN_REVOKED;
    /// Request: the token's role does not allow it.
    RoleTooLow => "role_too_low", problems::ROLE_TOO_LOW;
    /// Request: nothing is there.
    NotFound => "not_found", problems::NOT_FOUND;
    /// Request: the path does not take this method.
    MethodNotAllowed => "method_not_allowed", problems::METHOD_NOT_ALLOWED;
    /// Request: the body is of another type.
    UnsupportedMediaType => "unsupported_media_type", problems::UNSUPPORTED_MEDIA_TYPE;
    /// Request: the body is too large.
    TooLarge => "too_large", problems::TOO_LARGE;
    /// Request: the batch has too many lines.
    TooManyLines => "too_many_lines", problems::TOO_MANY_LINES;
    /// Request: Redis does not answer.
    StoreUnavailable => "store_unavailable", problems::STORE_UNAVAILABLE;
    /// Request: Redis has no memory left.
    StoreFull => "store_full", problems::STORE_FULL;
    /// Request: as many of the same kind are under way as the server takes.
    TooBusy => "too_busy", problems::TOO_BUSY;
    /// Request: the entry is not in the state that it names.
    PreconditionFailed => "precondition_failed", problems::PRECONDITION_FAILED;
    /// Request: the caller asks faster than it may.
    RateLimited => "rate_limited", problems::RATE_LIMITED;
    /// Webhook: user name, password or header are not the connector's.
    WebhookUnauthorized => "webhook_unauthorized", webhooks::WEBHOOK_UNAUTHORIZED;
    /// Webhook: the address is not on the connector's list.
    WebhookSourceRefused => "webhook_source_refused", webhooks::WEBHOOK_SOURCE_REFUSED;
    /// Request: the registry has as many entries as it takes.
    RegistryFull => "registry_full", problems::REGISTRY_FULL;
    /// Request: a worker has the job at this moment.
    JobRunning => "job_running", problems::JOB_RUNNING;
    /// Request: the job is not dead.
    NotDead => "not_dead", problems::NOT_DEAD;
    /// Request: the job has ended.
    AlreadyEnded => "already_ended", problems::ALREADY_ENDED;
    /// Request: the plan runs already.
    PlanRunning => "plan_running", plans::PLAN_RUNNING;
    /// Request: the plan was gone through.
    PlanFinished => "plan_finished", plans::PLAN_FINISHED;
    /// Request: the plan does not run.
    PlanNotRunning => "plan_not_running", plans::PLAN_NOT_RUNNING;
    /// Request: the result waits for nobody's decision.
    NothingToDecide => "nothing_to_decide", problems::NOTHING_TO_DECIDE;
    /// Request: the case is another one than was decided.
    CaseChanged => "case_changed", problems::CASE_CHANGED;
    /// Request: the feed does not go back so far.
    CursorExpired => "cursor_expired", problems::CURSOR_EXPIRED;
    /// Request: exams use the connector.
    ConnectorInUse => "connector_in_use", problems::CONNECTOR_IN_USE;
    /// Request: the program failed.
    InternalError => "internal_error", problems::INTERNAL_ERROR;
}

impl Code {
    /// The code as the queue takes it.
    pub fn name(self) -> Name {
        name(self.as_str())
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text is no code of the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a code of the message catalogue")]
pub struct UnknownCode;

impl FromStr for Code {
    type Err = UnknownCode;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .iter()
            .copied()
            .find(|code| code.as_str() == text)
            .ok_or(UnknownCode)
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

#[cfg(feature = "openapi")]
mod schema {
    use utoipa::{
        PartialSchema, ToSchema,
        openapi::{ObjectBuilder, RefOr, schema::Schema},
    };

    use super::Code;

    impl PartialSchema for Code {
        fn schema() -> RefOr<Schema> {
            ObjectBuilder::new()
                .schema_type(utoipa::openapi::Type::String)
                .description(Some("A code of the catalogue of messages."))
                .enum_values(Some(Code::ALL.iter().map(|code| code.as_str())))
                .into()
        }
    }

    impl ToSchema for Code {}
}
