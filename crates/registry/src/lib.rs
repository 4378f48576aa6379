//! Connectors and exams in Redis, secrets sealed; audit trail.
//!
//! A connector is one Docebo platform of one organisation, an exam says which of its courses a result goes to.
//! Both come in through one path ([`ConnectorInput`], [`ExamInput`]), whether from a file ([`ApplyFile`]) or from the API, and are kept by [`Registry`].
//! Secrets leave the process only sealed by a [`Vault`].

mod apply_file;
mod audit;
mod cache;
mod change;
mod connector;
mod connectors;
mod difference;
mod domain;
mod email;
mod error;
mod exam;
mod exams;
mod field_check;
mod field_error;
mod id;
mod input;
mod key_file;
mod keys;
mod plan;
mod record;
mod secret_text;
mod shared_token;
mod store;
mod toml_fields;
mod vault;
mod view;

pub use apply_file::ApplyFile;
pub use audit::{AuditEntry, AuditPage, NewAuditEntry};
pub use change::Change;
pub use connector::{Connector, ConnectorKind, WebhookAccess};
pub use domain::{Domain, InvalidDomain};
pub use email::{normalise_email, without_emails};
pub use error::RegistryError;
pub use exam::{Exam, OnOutcome, VersionPolicy};
pub use field_error::{FieldError, FieldErrors};
pub use id::{ConnectorId, ExamId, InvalidId};
pub use input::{ConnectorInput, ExamInput, WebhookInput};
pub use plan::{EntityKind, Plan, PlannedChange};
pub use shared_token::SharedToken;
pub use store::{Registry, RegistryOptions};
pub use vault::{Vault, VaultError};
pub use view::ConnectorView;
