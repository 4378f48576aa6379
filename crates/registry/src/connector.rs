//! A connector: one Docebo platform of one organisation.

use std::fmt;

use jiff::Timestamp;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::delivery_policy::{ReadBeforeWrite, VerifyPolicy};
use crate::domain::Domain;
use crate::id::ConnectorId;
use crate::webhook_access::WebhookAccess;

/// What a connector is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ConnectorKind {
    /// Eligibility checks before an exam, results after it.
    #[default]
    Eligibility,
}

impl ConnectorKind {
    /// The word as people write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Eligibility => "eligibility",
        }
    }
}

/// One Docebo platform of one organisation: where it is, who we are there, how much we may call.
#[derive(Clone)]
pub struct Connector {
    /// The tenant's id.
    pub id: ConnectorId,
    /// The name that people read.
    pub name: String,
    /// What the connector is for.
    pub kind: ConnectorKind,
    /// Where the platform answers.
    pub domain: Domain,
    /// The id of the OAuth client.
    pub client_id: String,
    /// The secret of the OAuth client.
    pub client_secret: SecretString,
    /// The platform user in whose name we call.
    pub username: String,
    /// That user's password.
    pub password: SecretString,
    /// HTTP calls to Docebo in any sliding hour, those of all workers together.
    pub calls_per_hour: u32,
    /// Turns that the connector gets beside others in the same lane.
    pub weight: u32,
    /// Jobs of the connector that run at once, over all workers; none where only the workers' slots limit them.
    pub max_concurrency: Option<u32>,
    /// What Docebo must show when it calls our webhook, where webhooks are used.
    pub webhook: Option<WebhookAccess>,
    /// How long a connection may take to open.
    pub connect_timeout_ms: u32,
    /// How long one call may take.
    pub request_timeout_ms: u32,
    /// When an enrolment is read before it is written.
    pub read_before_write: ReadBeforeWrite,
    /// Which writes are read back afterwards.
    pub verify: VerifyPolicy,
    /// When the connector was first stored; set by the store.
    pub created_at: Timestamp,
    /// When the connector last changed; set by the store.
    pub updated_at: Timestamp,
    /// When the credentials were last tried; set by the store, cleared when they change.
    pub validated_at: Option<Timestamp>,
    /// The catalogue code of the last trial's failure; none where it succeeded.
    pub validation: Option<String>,
}

impl fmt::Debug for Connector {
    /// Without secrets, and without the user name, which is often an e-mail address.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Connector")
            .field("id", &self.id)
            .field("domain", &self.domain)
            .field("calls_per_hour", &self.calls_per_hour)
            .field("weight", &self.weight)
            .field("max_concurrency", &self.max_concurrency)
            .field("validated_at", &self.validated_at)
            .field("validation", &self.validation)
            .finish_non_exhaustive()
    }
}
