//! What lists show of a connector: everything but the secrets.

use jiff::Timestamp;
use serde::Serialize;

use crate::connector::{Connector, ConnectorKind};
use crate::delivery_policy::{ReadBeforeWrite, VerifyPolicy};
use crate::id::ConnectorId;
use crate::stamp::Stamp;
use crate::webhook_access::WebhookAccess;
use crate::webhook_record::WebhookRecord;

/// A connector without its secrets, for the API and the command line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ConnectorView {
    /// The tenant's id.
    pub id: ConnectorId,
    /// The name that people read.
    pub name: String,
    /// What the connector is for.
    #[serde(rename = "type")]
    pub kind: ConnectorKind,
    /// Where the platform answers.
    pub domain: String,
    /// The id of the OAuth client.
    pub client_id: String,
    /// The platform user in whose name we call.
    pub username: String,
    /// HTTP calls to Docebo in any sliding hour, those of all workers together.
    pub calls_per_hour: u32,
    /// Turns that the connector gets beside others in the same lane.
    pub weight: u32,
    /// Jobs of the connector that run at once, over all workers; none where only the workers' slots limit them.
    pub max_concurrency: Option<u32>,
    /// The user name that Docebo shows when it calls our webhook.
    pub webhook_username: Option<String>,
    /// What Docebo shows when it calls our webhook.
    pub webhook: Option<WebhookView>,
    /// How long a connection may take to open.
    pub connect_timeout_ms: u32,
    /// How long one call may take.
    pub request_timeout_ms: u32,
    /// When an enrolment is read before it is written.
    pub read_before_write: ReadBeforeWrite,
    /// Which writes are read back afterwards.
    pub verify: VerifyPolicy,
    /// When the connector was first stored.
    pub created_at: Timestamp,
    /// When the connector last changed.
    pub updated_at: Timestamp,
    /// When the credentials were last tried.
    pub validated_at: Option<Timestamp>,
    /// The catalogue code of the last trial's failure; none where it succeeded.
    pub validation: Option<String>,
}

impl ConnectorView {
    /// Which state of the connector it is.
    pub fn stamp(&self) -> Stamp {
        Stamp {
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }
}

/// The webhook access without its secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WebhookView {
    /// The user name of the first login.
    pub username: String,
    /// The user names of the further logins.
    pub also: Vec<String>,
    /// The name of the header that must carry a secret, where there is one.
    pub header: Option<String>,
    /// The networks that calls may come from; none means any.
    pub sources: Vec<String>,
}

impl From<&WebhookAccess> for WebhookView {
    fn from(access: &WebhookAccess) -> Self {
        Self {
            username: access.username.clone(),
            also: access.also.iter().map(|login| login.username.clone()).collect(),
            header: access.header.as_ref().map(|header| header.name.clone()),
            sources: access.sources.iter().map(ToString::to_string).collect(),
        }
    }
}

impl From<&WebhookRecord> for WebhookView {
    fn from(record: &WebhookRecord) -> Self {
        Self {
            username: record.username.clone(),
            also: record.also.iter().map(|login| login.username.clone()).collect(),
            header: record.header.as_ref().map(|header| header.name.clone()),
            sources: record.sources.iter().map(ToString::to_string).collect(),
        }
    }
}

impl From<&Connector> for ConnectorView {
    fn from(connector: &Connector) -> Self {
        Self {
            id: connector.id.clone(),
            name: connector.name.clone(),
            kind: connector.kind,
            domain: connector.domain.to_string(),
            client_id: connector.client_id.clone(),
            username: connector.username.clone(),
            calls_per_hour: connector.calls_per_hour,
            weight: connector.weight,
            max_concurrency: connector.max_concurrency,
            webhook_username: connector.webhook.as_ref().map(|webhook| webhook.username.clone()),
            webhook: connector.webhook.as_ref().map(WebhookView::from),
            connect_timeout_ms: connector.connect_timeout_ms,
            request_timeout_ms: connector.request_timeout_ms,
            read_before_write: connector.read_before_write,
            verify: connector.verify,
            created_at: connector.created_at,
            updated_at: connector.updated_at,
            validated_at: connector.validated_at,
            validation: connector.validation.clone(),
        }
    }
}
