//! What can go wrong with the registry.

use crate::field_error::FieldErrors;
use crate::id::{ConnectorId, ExamId};
use crate::vault::VaultError;

const MAX_EXAMS_NAMED: usize = 10;

/// Why the registry could not answer or refused a change.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// Redis did not do what was asked.
    #[error("the registry's Redis failed: {source}")]
    Store {
        /// Whether the same call may succeed later.
        retryable: bool,
        /// What the client said.
        source: redis::RedisError,
    },
    /// An input that cannot be accepted, with everything that is wrong with it.
    #[error(transparent)]
    Invalid(#[from] FieldErrors),
    /// A connector that exams still use is not removed.
    #[error(
        "connector {connector} is used by {}: remove these exams, or move them to another connector, first",
        named(exams)
    )]
    ConnectorInUse {
        /// The connector.
        connector: ConnectorId,
        /// The exams that use it.
        exams: Vec<ExamId>,
    },
    /// A validation was reported for a connector that is not there.
    #[error("there is no connector {0}")]
    UnknownConnector(ConnectorId),
    /// The registry changed after the plan was made.
    #[error("the registry changed since the plan was made: make the plan again")]
    PlanOutdated,
    /// Others wrote to the registry all the time.
    #[error("the registry is being changed by others: try again")]
    Contended,
    /// There are as many entries as the registry takes.
    #[error("the registry is full: at most {limit} {what}")]
    Full {
        /// What is too many.
        what: &'static str,
        /// How many there may be.
        limit: usize,
    },
    /// A stored secret does not open.
    #[error("the {field} of connector {connector} cannot be opened: {source}")]
    Sealed {
        /// The connector.
        connector: ConnectorId,
        /// The field.
        field: &'static str,
        /// What the vault said.
        source: VaultError,
    },
    /// A stored entry is not what this version writes.
    #[error("the stored {target} cannot be read: it was written by something else, or a newer version")]
    Unreadable {
        /// The entry.
        target: String,
    },
    /// A cursor that no list gave out.
    #[error("not a cursor of this list: use the `next` of the page before")]
    InvalidCursor,
}

impl RegistryError {
    /// Whether Redis refused because it has no memory left.
    pub fn is_out_of_memory(&self) -> bool {
        match self {
            Self::Store { source, .. } => source.code() == Some("OOM"),
            Self::Contended
            | Self::Invalid(_)
            | Self::ConnectorInUse { .. }
            | Self::UnknownConnector(_)
            | Self::PlanOutdated
            | Self::Full { .. }
            | Self::Sealed { .. }
            | Self::Unreadable { .. }
            | Self::InvalidCursor => false,
        }
    }

    /// Whether the same call may succeed later without anyone correcting anything.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Store { retryable, .. } => *retryable,
            Self::Contended => true,
            Self::Invalid(_)
            | Self::ConnectorInUse { .. }
            | Self::UnknownConnector(_)
            | Self::PlanOutdated
            | Self::Full { .. }
            | Self::Sealed { .. }
            | Self::Unreadable { .. }
            | Self::InvalidCursor => false,
        }
    }
}

impl From<redis::RedisError> for RegistryError {
    fn from(source: redis::RedisError) -> Self {
        // OOM and MISCONF end when an operator makes room on the server; the client counts them as final.
        let recovers = matches!(source.code(), Some("OOM" | "MISCONF" | "NOREPLICAS" | "BUSY"));
        let transport = source.is_io_error() || source.is_timeout();
        let temporary = !matches!(source.retry_method(), redis::RetryMethod::NoRetry);
        Self::Store {
            retryable: recovers || transport || temporary,
            source,
        }
    }
}

fn named(exams: &[ExamId]) -> String {
    let mut names: Vec<&str> = exams.iter().take(MAX_EXAMS_NAMED).map(ExamId::as_str).collect();
    let more = format!("{} more", exams.len().saturating_sub(MAX_EXAMS_NAMED));
    if exams.len() > MAX_EXAMS_NAMED {
        names.push(&more);
    }
    let noun = if exams.len() == 1 { "exam" } else { "exams" };
    format!("{noun} {}", names.join(", "))
}
