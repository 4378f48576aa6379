//! Errors named by what happened.

use std::time::Duration;

use crate::call::Endpoint;

/// A call to Docebo did not give what was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{endpoint}: {failure}")]
pub struct Error {
    /// Where it happened; a call may fail at the token route before its own.
    pub endpoint: Endpoint,
    /// What happened.
    pub failure: Failure,
}

/// What happened instead of the expected answer.
///
/// Every `detail` and `excerpt` is at most 300 characters, without control characters, e-mail addresses or tokens.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The client's guard kept the call here; nothing was sent.
    #[error("held: {why}")]
    Held {
        /// The guard's word for the reason.
        why: String,
        /// After how long asking again makes sense; `None` when somebody has to act first.
        wait: Option<Duration>,
    },
    /// The request never left: DNS, connection refused, connect time-out, TLS handshake.
    #[error("unreachable: {detail}")]
    Unreachable {
        /// What the network said.
        detail: String,
    },
    /// The server's TLS certificate is not trusted.
    #[error("TLS certificate is not valid: {detail}")]
    CertificateInvalid {
        /// What the verifier said.
        detail: String,
    },
    /// The connection was cut after the request may have left.
    #[error("connection lost: {detail}")]
    ConnectionLost {
        /// What the network said.
        detail: String,
    },
    /// No whole answer came in time.
    #[error("timed out")]
    TimedOut,
    /// Docebo answered 429.
    #[error("throttled")]
    Throttled {
        /// How long Docebo asked to wait.
        retry_after: Option<Duration>,
    },
    /// Docebo answered 408 or 5xx.
    #[error("unavailable: status {status}")]
    Unavailable {
        /// The answer's status.
        status: u16,
        /// How long Docebo asked to wait.
        retry_after: Option<Duration>,
    },
    /// The token route refused the credentials, or a call answered 401 to a fresh token as well.
    #[error("credentials refused: {detail}")]
    CredentialsRefused {
        /// What Docebo said.
        detail: String,
    },
    /// Docebo answered 403.
    #[error("forbidden: {detail}")]
    Forbidden {
        /// What Docebo said.
        detail: String,
    },
    /// A 2xx or 404 with HTML or another content type: a login, forbidden or maintenance page.
    #[error("status {status} is not JSON but {}: {excerpt}", content_type.as_deref().unwrap_or("of no content type"))]
    NotJson {
        /// The answer's status.
        status: u16,
        /// The answer's content type.
        content_type: Option<String>,
        /// How the body begins.
        excerpt: String,
    },
    /// JSON of another shape, broken JSON, or more of it than is read.
    #[error("unexpected shape: {detail}: {excerpt}")]
    UnexpectedShape {
        /// What was missing or wrong.
        detail: String,
        /// How the body begins.
        excerpt: String,
    },
    /// Docebo answered 400 or 422, or listed the enrolment as not updated.
    #[error("rejected with status {status}: {detail}")]
    Rejected {
        /// The answer's status; 200 when the enrolment was listed as not updated.
        status: u16,
        /// What Docebo said.
        detail: String,
    },
    /// Docebo answered 404 where that is not an answer.
    #[error("not found: {detail}")]
    NotFound {
        /// What Docebo said.
        detail: String,
    },
    /// Any other status; redirects are not followed.
    #[error("unexpected status {status}: {detail}")]
    Unexpected {
        /// The answer's status.
        status: u16,
        /// What Docebo said.
        detail: String,
    },
}

impl Failure {
    /// Joins the failure with where it happened.
    pub(crate) fn at(self, endpoint: Endpoint) -> Error {
        Error {
            endpoint,
            failure: self,
        }
    }
}

impl Error {
    /// Whether a write may have taken effect although it failed; the next attempt reads first.
    ///
    /// A server or a gateway that fails may have written before it failed, and a 2xx that cannot be read proves
    /// neither outcome. What Docebo refused by name had no effect, nor has a read.
    pub fn outcome_unknown(&self) -> bool {
        match self.endpoint {
            Endpoint::Token
            | Endpoint::UserSearch
            | Endpoint::UserRead
            | Endpoint::EnrollmentRead
            | Endpoint::EnrollmentList => false,
            Endpoint::EnrollmentWrite => match &self.failure {
                Failure::ConnectionLost { .. }
                | Failure::TimedOut
                | Failure::Unavailable { .. }
                | Failure::NotJson { .. }
                | Failure::UnexpectedShape { .. } => true,
                Failure::Held { .. }
                | Failure::Unreachable { .. }
                | Failure::CertificateInvalid { .. }
                | Failure::Throttled { .. }
                | Failure::CredentialsRefused { .. }
                | Failure::Forbidden { .. }
                | Failure::Rejected { .. }
                | Failure::NotFound { .. }
                | Failure::Unexpected { .. } => false,
            },
        }
    }
}
