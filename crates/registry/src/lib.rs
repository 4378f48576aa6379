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
mod delivery_policy;
mod difference;
mod domain;
mod eligible_state;
mod email;
mod error;
mod exam;
mod exam_input;
mod exams;
mod field_check;
mod field_error;
mod id;
mod input;
mod key_file;
mod keys;
mod learned_users;
mod plan;
mod record;
mod reseal;
mod result_field;
mod secret_text;
mod shared_token;
mod stamp;
mod store;
mod token_id;
mod token_store;
mod token_watch;
mod toml_fields;
mod vault;
mod view;
mod webhook_access;
mod webhook_fields;
mod webhook_input;
mod webhook_record;
pub mod whole_number;

pub use apply_file::ApplyFile;
pub use audit::{AuditEntry, AuditPage, NewAuditEntry};
pub use change::Change;
pub use connector::{Connector, ConnectorKind};
pub use delivery_policy::{ReadBeforeWrite, VerifyPolicy};
pub use domain::{Domain, InvalidDomain};
pub use eligible_state::EligibleState;
pub use email::{normalise_email, without_emails};
pub use error::RegistryError;
pub use exam::{Exam, OnOutcome, VersionPolicy};
pub use exam_input::{ExamInput, ResultFieldInput};
pub use field_error::{FieldError, FieldErrors};
pub use id::{ConnectorId, ExamId, InvalidId};
pub use input::ConnectorInput;
pub use plan::{EntityKind, Plan, PlannedChange};
pub use reseal::{ResealedConnectors, SealedSecrets};
pub use result_field::ResultField;
pub use shared_token::SharedToken;
pub use stamp::{Removal, Stamp};
pub use store::{Registry, RegistryOptions};
pub use token_id::{InvalidTokenId, TokenId};
pub use token_store::{NewToken, Revocation, Revoked, StoredToken, StoredTokens};
pub use token_watch::TokenWatch;
pub use vault::{Vault, VaultError};
pub use view::{ConnectorView, WebhookView};
pub use webhook_access::{WebhookAccess, WebhookHeader, WebhookLogin};
pub use webhook_input::{WebhookHeaderInput, WebhookInput, WebhookLoginInput};
