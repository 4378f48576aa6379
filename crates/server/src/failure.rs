//! What goes wrong behind the API, as problems. Logged here, once.

use passback_producer::{Code, IntakeError, StoreError};
use passback_queue::QueueError;
use passback_registry::{FieldErrors, RegistryError};

use crate::problem::{Fault, Problem};

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        if error.is_full() {
            tracing::warn!(error = %error, "the store is full");
            return Self::new(
                Code::StoreFull,
                "Redis has no memory left for new work; nothing was stored.",
            );
        }
        if matches!(error, StoreError::Contended) {
            return Self::new(
                Code::StoreUnavailable,
                "Other results of the same person came in at the same moment, again and again. Send this one again.",
            );
        }
        if error.is_transient() {
            tracing::warn!(error = %error, "the store cannot be reached");
            return Self::new(
                Code::StoreUnavailable,
                "Redis gave no answer. Repeating the call is safe: nothing is done twice.",
            );
        }
        tracing::error!(error = %error, "the store answered with an error");
        Self::new(
            Code::InternalError,
            "The store answered with an error; the log of the server says which.",
        )
    }
}

impl From<QueueError> for Problem {
    fn from(error: QueueError) -> Self {
        StoreError::from(error).into()
    }
}

impl From<IntakeError> for Problem {
    fn from(error: IntakeError) -> Self {
        let code = error.code();
        match error {
            IntakeError::Invalid(problems) => Self::invalid(problems.into_iter().map(Fault::from).collect()),
            IntakeError::UnknownExam { exam_id } => {
                let detail = format!("No exam is registered under the id '{exam_id}'.");
                let fix = "register the exam (`passback apply -f`), or correct the id";
                Self::new(code, detail).with_fault(Fault::at("/exam_id", format!("no exam is called '{exam_id}'"), fix))
            }
            IntakeError::OtherContent { result_id } => {
                let detail = format!("The result '{result_id}' was accepted before, with other content.");
                let fix = "send a correction under a new result_id";
                Self::new(code, detail).with_fault(Fault::at("/result_id", "taken by other content", fix))
            }
            IntakeError::Store(error) => error.into(),
        }
    }
}

impl From<FieldErrors> for Problem {
    fn from(errors: FieldErrors) -> Self {
        let fault = |error: passback_registry::FieldError| {
            Fault::at(format!("/{}", error.field.replace('.', "/")), error.problem, error.fix)
        };
        Self::invalid(errors.0.into_iter().map(fault).collect())
    }
}

impl From<RegistryError> for Problem {
    fn from(error: RegistryError) -> Self {
        match error {
            RegistryError::Invalid(errors) => errors.into(),
            RegistryError::ConnectorInUse { .. } => Self::new(Code::ConnectorInUse, sentence(&error)),
            RegistryError::UnknownConnector(_) => Self::new(Code::NotFound, sentence(&error)),
            RegistryError::InvalidCursor => {
                let fix = "use the next_cursor of the page before";
                Self::invalid(vec![Fault::of_parameter("cursor", "not a cursor of this list", fix)])
            }
            RegistryError::PlanOutdated => RegistryError::Contended.into(),
            RegistryError::Full { .. } => Self::new(Code::RegistryFull, sentence(&error)),
            RegistryError::Store { .. }
            | RegistryError::Contended
            | RegistryError::Sealed { .. }
            | RegistryError::Unreadable { .. } => StoreError::from(error).into(),
        }
    }
}

/// An error's text as a sentence of its own.
fn sentence(error: &RegistryError) -> String {
    let text = error.to_string();
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| {
        format!("{}{}.", first.to_uppercase(), chars.as_str())
    })
}

/// No such thing.
pub(crate) fn not_found(what: &str) -> Problem {
    Problem::new(Code::NotFound, format!("There is no {what}."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registry_with_too_many_entries_is_no_outage() {
        let full = RegistryError::Full {
            what: "connectors",
            limit: 10_000,
        };
        let body = serde_json::to_value(Problem::from(full).body(None)).unwrap();
        assert_eq!(
            (body["status"].as_u64(), body["code"].as_str()),
            (Some(409), Some("registry_full"))
        );
        assert_eq!(body["detail"], "The registry is full: at most 10000 connectors.");
    }
}
