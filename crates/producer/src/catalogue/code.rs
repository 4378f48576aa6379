//! The codes, each spelled once.

use std::{fmt, str::FromStr};

use passback_queue::Name;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

use crate::name::name;

/// Declares the codes: variant, its first sentence, its text.
macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident => $text:literal;)*) => {
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
        }
    };
}

codes! {
    /// Check: the candidate may sit the exam.
    Eligible => "eligible";
    /// No Docebo user has this e-mail.
    UserNotFound => "user_not_found";
    /// Several Docebo users have this e-mail.
    UserAmbiguous => "user_ambiguous";
    /// The user is not enrolled in the course.
    EnrollmentNotFound => "enrollment_not_found";
    /// Check: the course is completed already.
    AlreadyCompleted => "already_completed";
    /// Check: the enrolment is suspended.
    EnrollmentSuspended => "enrollment_suspended";
    /// Check: the user is on the waiting list.
    EnrollmentWaitingList => "enrollment_waiting_list";
    /// Check: the enrolment must be confirmed first.
    EnrollmentToConfirm => "enrollment_to_confirm";
    /// Check: the course is overbooked.
    EnrollmentOverbooking => "enrollment_overbooking";
    /// Check: today lies outside the enrolment's validity.
    EnrollmentNotValidNow => "enrollment_not_valid_now";
    /// No connection to Docebo came about, or it broke.
    DoceboUnreachable => "docebo_unreachable";
    /// Docebo answered that it cannot answer.
    DoceboUnavailable => "docebo_unavailable";
    /// Docebo's hourly quota is used up.
    DoceboThrottled => "docebo_throttled";
    /// Docebo did not answer in time.
    DoceboTimedOut => "docebo_timed_out";
    /// Docebo's TLS certificate is not trusted.
    CertificateInvalid => "certificate_invalid";
    /// Docebo refuses the connector's credentials.
    CredentialsRefused => "credentials_refused";
    /// The connector's user may not do this.
    Forbidden => "forbidden";
    /// Docebo answered with a web page.
    UnexpectedPage => "unexpected_page";
    /// Docebo's answer cannot be read.
    UnexpectedResponse => "unexpected_response";
    /// Docebo refuses the content.
    Rejected => "rejected";
    /// It is not known whether a write took effect.
    OutcomeUnknown => "outcome_unknown";
    /// Check: no answer was found in time.
    DeadlinePassed => "deadline_passed";
    /// All attempts, or all the time for them, are used up.
    Exhausted => "exhausted";
    /// The program failed inside an attempt.
    Crashed => "crashed";
    /// An attempt took longer than it may.
    TimedOut => "timed_out";
    /// A person holds the connector or the lane.
    Paused => "paused";
    /// The hour's calls are used up, or kept for other work.
    QuotaUsedUp => "quota_used_up";
    /// Several workers were lost under one job.
    CrashedWorkers => "crashed_workers";
    /// The worker stopped giving signs of life.
    WorkerLost => "worker_lost";
    /// The worker lives but never reported.
    LeaseRanOut => "lease_ran_out";
    /// The job cannot be read by this version.
    Unreadable => "unreadable";
    /// The exam points elsewhere than when the result was accepted.
    ExamMoved => "exam_moved";
    /// The exam's entry was removed.
    ExamMissing => "exam_missing";
    /// The connector's entry was removed.
    ConnectorMissing => "connector_missing";
    /// A newer result took its place.
    Superseded => "superseded";
    /// A person gave the job up.
    Discarded => "discarded";
    /// Two results are as new and contradict each other.
    Conflict => "conflict";
    /// Docebo had it already.
    NoOp => "no_op";
    /// The worker was stopped before it began or ended.
    ShuttingDown => "shutting_down";
    /// Request: fields cannot be accepted.
    InvalidRequest => "invalid_request";
    /// Request: the body is not JSON.
    MalformedJson => "malformed_json";
    /// Request: no such exam.
    UnknownExam => "unknown_exam";
    /// Request: no such connector.
    UnknownConnector => "unknown_connector";
    /// Request: the result id has other content.
    ResultIdTaken => "result_id_taken";
    /// Request: no token.
    TokenMissing => "token_missing";
    /// Request: a token that is not known.
    TokenInvalid => "token_invalid";
    /// Request: the token's role does not allow it.
    RoleTooLow => "role_too_low";
    /// Request: nothing is there.
    NotFound => "not_found";
    /// Request: the path does not take this method.
    MethodNotAllowed => "method_not_allowed";
    /// Request: the body is of another type.
    UnsupportedMediaType => "unsupported_media_type";
    /// Request: the body is too large.
    TooLarge => "too_large";
    /// Request: the batch has too many lines.
    TooManyLines => "too_many_lines";
    /// Request: Redis does not answer.
    StoreUnavailable => "store_unavailable";
    /// Request: Redis has no memory left.
    StoreFull => "store_full";
    /// Request: as many of the same kind are under way as the server takes.
    TooBusy => "too_busy";
    /// Request: the registry has as many entries as it takes.
    RegistryFull => "registry_full";
    /// Request: a worker has the job at this moment.
    JobRunning => "job_running";
    /// Request: the job is not dead.
    NotDead => "not_dead";
    /// Request: the job has ended.
    AlreadyEnded => "already_ended";
    /// Request: exams use the connector.
    ConnectorInUse => "connector_in_use";
    /// Request: the program failed.
    InternalError => "internal_error";
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
