//! What can go wrong at the intake, named by what happened.

use std::sync::Arc;

use passback_queue::QueueError;
use passback_registry::{RegistryError, VaultError};

use crate::{Code, FieldProblem};

/// Redis did not give an answer that can be used. Repeating the call is safe.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// A call to the queue failed.
    #[error("{0}")]
    Queue(Arc<QueueError>),
    /// A call to the registry failed.
    #[error("{0}")]
    Registry(Arc<RegistryError>),
    /// Other results of the same person came in between, every time.
    #[error("other results of the same person were accepted at the same moment, again and again")]
    Contended,
}

impl StoreError {
    /// Whether the same call may succeed later without anybody changing it.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Queue(error) => error.is_transient(),
            Self::Registry(error) => error.is_retryable(),
            Self::Contended => true,
        }
    }

    /// Whether it says nothing of the store, only of the one result or check that was asked about.
    pub fn is_of_one_item(&self) -> bool {
        match self {
            Self::Queue(_) | Self::Registry(_) => !self.is_transient(),
            Self::Contended => true,
        }
    }

    /// Whether Redis refuses because it has no memory left.
    pub fn is_full(&self) -> bool {
        match self {
            Self::Queue(error) => matches!(**error, QueueError::Full),
            Self::Registry(error) => error.is_out_of_memory(),
            Self::Contended => false,
        }
    }

    /// The message for it.
    pub fn code(&self) -> Code {
        if self.is_full() {
            Code::StoreFull
        } else if self.is_transient() {
            Code::StoreUnavailable
        } else {
            Code::InternalError
        }
    }
}

impl From<QueueError> for StoreError {
    fn from(error: QueueError) -> Self {
        Self::Queue(Arc::new(error))
    }
}

impl From<RegistryError> for StoreError {
    fn from(error: RegistryError) -> Self {
        Self::Registry(Arc::new(error))
    }
}

/// A check or a result was not accepted; nothing was enqueued unless the store failed half-way.
#[derive(Debug, Clone, thiserror::Error)]
pub enum IntakeError {
    /// Some fields cannot be accepted.
    #[error("{}", listed(.0))]
    Invalid(Vec<FieldProblem>),
    /// No exam of this id is known.
    #[error("no exam with the id '{exam_id}' is known")]
    UnknownExam {
        /// The id that was asked for.
        exam_id: String,
    },
    /// The id was used for other content.
    #[error("the result id '{result_id}' was accepted before with other content")]
    OtherContent {
        /// The id.
        result_id: String,
    },
    /// Redis did not take it.
    #[error("{0}")]
    Store(#[from] StoreError),
}

impl IntakeError {
    /// The message for it.
    pub fn code(&self) -> Code {
        match self {
            Self::Invalid(_) => Code::InvalidRequest,
            Self::UnknownExam { .. } => Code::UnknownExam,
            Self::OtherContent { .. } => Code::ResultIdTaken,
            Self::Store(error) => error.code(),
        }
    }
}

impl From<QueueError> for IntakeError {
    fn from(error: QueueError) -> Self {
        Self::Store(error.into())
    }
}

impl From<RegistryError> for IntakeError {
    fn from(error: RegistryError) -> Self {
        Self::Store(error.into())
    }
}

fn listed(problems: &[FieldProblem]) -> String {
    let texts: Vec<String> = problems.iter().map(ToString::to_string).collect();
    texts.join("; ")
}

/// The producer cannot start.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The master key file cannot be used.
    #[error(transparent)]
    MasterKey(#[from] VaultError),
    /// Redis cannot be used.
    #[error(transparent)]
    Redis(#[from] QueueError),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_is_everybody_s_and_all_else_is_of_the_one_item() {
        let of_one = |error: StoreError| error.is_of_one_item();
        assert!(of_one(StoreError::Contended));
        assert!(of_one(QueueError::Unreadable("a row".to_owned()).into()));
        let unreadable = RegistryError::Unreadable {
            target: "exam forklift-01".to_owned(),
        };
        assert!(of_one(unreadable.into()));
        assert!(!of_one(QueueError::TimedOut.into()));
        assert!(!of_one(QueueError::Full.into()));
    }
}
