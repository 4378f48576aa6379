//! Seals what older keys sealed with the key that seals today, so that an old key can go.

use std::collections::BTreeMap;

use crate::connectors::connector_write;
use crate::error::RegistryError;
use crate::id::ConnectorId;
use crate::store::{Attempt, Registry};
use crate::vault::Vault;

/// What became of the connectors' secrets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ResealedConnectors {
    /// Connectors whose secrets were sealed again.
    pub changed: u64,
    /// Connectors with a secret that does not open; they were left as they are.
    pub unreadable: Vec<ConnectorId>,
}

/// What the keys have sealed of the connectors' secrets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SealedSecrets {
    /// How many each key has sealed, by the key's id.
    pub by_key: BTreeMap<String, u64>,
    /// How many no key has sealed: what is stored is no sealed value.
    pub unreadable: u64,
}

impl Registry {
    /// Seals again each connector that has a secret under another key than today's.
    ///
    /// Each is one write, so that the work may end at any point and be taken up again. Nothing but the seals changes.
    /// A secret that does not open leaves its own connector as it is, and no other.
    pub async fn reseal_connectors(&self) -> Result<ResealedConnectors, RegistryError> {
        let mut resealed = ResealedConnectors::default();
        for record in self.connector_records().await? {
            if record.is_current(&self.vault) {
                continue;
            }
            match self.change(|| self.try_reseal(&record.id)).await {
                Ok(written) => resealed.changed += u64::from(written),
                Err(RegistryError::Sealed { connector, .. }) => resealed.unreadable.push(connector),
                Err(error) => return Err(error),
            }
        }
        Ok(resealed)
    }

    async fn try_reseal(&self, id: &ConnectorId) -> Result<Attempt<bool>, RegistryError> {
        let Some(mut record) = self.connector_record(id).await? else {
            return Ok(Attempt::Done(false));
        };
        if record.is_current(&self.vault) {
            return Ok(Attempt::Done(false));
        }
        record.reseal(&self.vault)?;
        let write = connector_write(&record)?;
        Ok(Attempt::Commit(vec![write], Vec::new(), true))
    }

    /// How many connector secrets each key has sealed.
    pub async fn sealed_with(&self) -> Result<SealedSecrets, RegistryError> {
        let mut sealed = SealedSecrets::default();
        for record in self.connector_records().await? {
            for (_, secret) in record.sealed() {
                match Vault::key_id_of(secret) {
                    Some(key_id) => *sealed.by_key.entry(key_id.to_owned()).or_default() += 1,
                    None => sealed.unreadable += 1,
                }
            }
        }
        Ok(sealed)
    }
}
