//! How a connector lies in Redis: JSON with each secret sealed for its place.

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::connector::{Connector, ConnectorKind};
use crate::delivery_policy::{ReadBeforeWrite, VerifyPolicy};
use crate::domain::Domain;
use crate::error::RegistryError;
use crate::id::ConnectorId;
use crate::input::DEFAULT_WEIGHT;
use crate::stamp::Stamp;
use crate::vault::{Vault, VaultError};
use crate::view::{ConnectorView, WebhookView};
use crate::webhook_record::WebhookRecord;

pub(crate) const CLIENT_SECRET: &str = "client_secret";
pub(crate) const PASSWORD: &str = "password";

/// A connector as stored.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct ConnectorRecord {
    pub(crate) id: ConnectorId,
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) kind: ConnectorKind,
    pub(crate) domain: String,
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
    pub(crate) username: String,
    pub(crate) password: String,
    pub(crate) calls_per_hour: u32,
    #[serde(default = "default_weight")]
    pub(crate) weight: u32,
    #[serde(default)]
    pub(crate) max_concurrency: Option<u32>,
    #[serde(default)]
    pub(crate) webhook: Option<WebhookRecord>,
    pub(crate) connect_timeout_ms: u32,
    pub(crate) request_timeout_ms: u32,
    #[serde(default)]
    pub(crate) read_before_write: ReadBeforeWrite,
    #[serde(default)]
    pub(crate) verify: VerifyPolicy,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    #[serde(default)]
    pub(crate) validated_at: Option<Timestamp>,
    #[serde(default)]
    pub(crate) validation: Option<String>,
}

fn default_weight() -> u32 {
    DEFAULT_WEIGHT
}

/// Where a secret of a connector belongs; sealed for this place, it opens nowhere else.
pub(crate) fn context(id: &ConnectorId, field: &str) -> String {
    format!("connector/{id}/{field}")
}

impl ConnectorRecord {
    /// Which state of the connector it is.
    pub(crate) fn stamp(&self) -> Stamp {
        Stamp {
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }

    /// Seals the secrets of a connector.
    pub(crate) fn seal(connector: &Connector, vault: &Vault) -> Self {
        let seal = |field, secret: &SecretString| {
            let place = context(&connector.id, field);
            vault.seal(&place, secret.expose_secret().as_bytes())
        };
        Self {
            id: connector.id.clone(),
            name: connector.name.clone(),
            kind: connector.kind,
            domain: connector.domain.to_string(),
            client_id: connector.client_id.clone(),
            client_secret: seal(CLIENT_SECRET, &connector.client_secret),
            username: connector.username.clone(),
            password: seal(PASSWORD, &connector.password),
            calls_per_hour: connector.calls_per_hour,
            weight: connector.weight,
            max_concurrency: connector.max_concurrency,
            webhook: connector
                .webhook
                .as_ref()
                .map(|webhook| WebhookRecord::seal(webhook, seal)),
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

    /// The sealed secrets by their field names.
    pub(crate) fn sealed(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let webhook = self.webhook.as_ref();
        [
            (CLIENT_SECRET, self.client_secret.as_str()),
            (PASSWORD, self.password.as_str()),
        ]
        .into_iter()
        .chain(webhook.into_iter().flat_map(WebhookRecord::sealed))
    }

    /// Whether every secret was sealed with the key that seals today.
    pub(crate) fn is_current(&self, vault: &Vault) -> bool {
        self.sealed().all(|(_, sealed)| vault.is_current(sealed))
    }

    /// Seals with today's key what another one sealed; on an error nothing has changed.
    pub(crate) fn reseal(&mut self, vault: &Vault) -> Result<(), RegistryError> {
        let again = |field: &'static str, sealed: &str| -> Result<String, RegistryError> {
            if vault.is_current(sealed) {
                return Ok(sealed.to_owned());
            }
            let plain = self.reveal(vault, field, sealed);
            let plain = plain.map_err(|source| self.closed(field, source))?;
            Ok(vault.seal(&context(&self.id, field), &plain))
        };
        let client_secret = again(CLIENT_SECRET, &self.client_secret)?;
        let password = again(PASSWORD, &self.password)?;
        let webhook = self.webhook.as_ref();
        let webhook = webhook.map(|webhook| webhook.resealed(again)).transpose()?;
        self.client_secret = client_secret;
        self.password = password;
        self.webhook = webhook;
        Ok(())
    }

    /// The plain text of one sealed secret of this record.
    pub(crate) fn reveal(&self, vault: &Vault, field: &str, sealed: &str) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        vault.open(&context(&self.id, field), sealed)
    }

    /// Opens the secrets.
    pub(crate) fn open(&self, vault: &Vault) -> Result<Connector, RegistryError> {
        let secret = |field: &'static str, sealed: &str| {
            let plain = self
                .reveal(vault, field, sealed)
                .map_err(|source| self.closed(field, source))?;
            std::str::from_utf8(&plain)
                .map(SecretString::from)
                .map_err(|_| self.unreadable())
        };
        let webhook = self.webhook.as_ref().map(|webhook| webhook.open(secret));
        Ok(Connector {
            id: self.id.clone(),
            name: self.name.clone(),
            kind: self.kind,
            // Whether loopback is allowed was decided when the connector was written.
            domain: Domain::parse(&self.domain, true).map_err(|_| self.unreadable())?,
            client_id: self.client_id.clone(),
            client_secret: secret(CLIENT_SECRET, &self.client_secret)?,
            username: self.username.clone(),
            password: secret(PASSWORD, &self.password)?,
            calls_per_hour: self.calls_per_hour,
            weight: self.weight,
            max_concurrency: self.max_concurrency,
            webhook: webhook.transpose()?,
            connect_timeout_ms: self.connect_timeout_ms,
            request_timeout_ms: self.request_timeout_ms,
            read_before_write: self.read_before_write,
            verify: self.verify,
            created_at: self.created_at,
            updated_at: self.updated_at,
            validated_at: self.validated_at,
            validation: self.validation.clone(),
        })
    }

    /// What lists show; needs no key.
    pub(crate) fn view(self) -> ConnectorView {
        ConnectorView {
            id: self.id,
            name: self.name,
            kind: self.kind,
            domain: self.domain,
            client_id: self.client_id,
            username: self.username,
            calls_per_hour: self.calls_per_hour,
            weight: self.weight,
            max_concurrency: self.max_concurrency,
            webhook_username: self.webhook.as_ref().map(|webhook| webhook.username.clone()),
            webhook: self.webhook.as_ref().map(WebhookView::from),
            connect_timeout_ms: self.connect_timeout_ms,
            request_timeout_ms: self.request_timeout_ms,
            read_before_write: self.read_before_write,
            verify: self.verify,
            created_at: self.created_at,
            updated_at: self.updated_at,
            validated_at: self.validated_at,
            validation: self.validation,
        }
    }

    fn closed(&self, field: &'static str, source: VaultError) -> RegistryError {
        RegistryError::Sealed {
            connector: self.id.clone(),
            field,
            source,
        }
    }

    fn unreadable(&self) -> RegistryError {
        RegistryError::Unreadable {
            target: format!("connector {}", self.id),
        }
    }
}
