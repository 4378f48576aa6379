//! Connectors: read, write, remove, and what the last validation said.

use std::sync::Arc;

use jiff::Timestamp;
use tokio::time::Instant;

use crate::audit::StoredAudit;
use crate::change::Change;
use crate::connector::Connector;
use crate::difference::{self, Difference};
use crate::domain::{Domain, InvalidDomain};
use crate::error::RegistryError;
use crate::exam::Exam;
use crate::field_error::{FieldError, FieldErrors};
use crate::id::{ConnectorId, ExamId};
use crate::plan::EntityKind;
use crate::record::ConnectorRecord;
use crate::stamp::{Removal, Stamp};
use crate::store::{Attempt, MAX_CONNECTORS, Registry, Write};
use crate::vault::Vault;
use crate::view::ConnectorView;

/// What storing a connector would do.
pub(crate) struct ConnectorUpsert {
    pub(crate) difference: Difference,
    /// None where nothing needs to be written.
    pub(crate) record: Option<ConnectorRecord>,
}

/// Compares a connector with what is stored; the dates and the validation are the store's own.
pub(crate) fn upsert(new: &Connector, old: Option<&ConnectorRecord>, vault: &Vault, now: Timestamp) -> ConnectorUpsert {
    let mut record = ConnectorRecord::seal(new, vault);
    let difference = difference::of_connector(old, &record, vault);
    (record.created_at, record.updated_at) = (now, now);
    (record.validated_at, record.validation) = (None, None);
    if let Some(old) = old {
        record.created_at = old.created_at;
        if !difference.touches_credentials() {
            record.validated_at = old.validated_at;
            record.validation.clone_from(&old.validation);
        }
        record.updated_at = match difference.change {
            Change::Unchanged => old.updated_at,
            Change::Created | Change::Updated => Stamp::of_change(old.updated_at, now),
        };
    }
    // A connector that did not change is still written once to seal its secrets with a new key.
    let stale_seal = old.is_some_and(|old| !old.is_current(vault));
    let write = difference.change != Change::Unchanged || stale_seal;
    ConnectorUpsert {
        difference,
        record: write.then_some(record),
    }
}

/// The JSON of a record or exam.
pub(crate) fn to_json<T: serde::Serialize>(target: &str, value: &T) -> Result<String, RegistryError> {
    serde_json::to_string(value).map_err(|_| RegistryError::Unreadable {
        target: target.to_owned(),
    })
}

pub(crate) fn from_json<T: serde::de::DeserializeOwned>(target: &str, json: &str) -> Result<T, RegistryError> {
    serde_json::from_str(json).map_err(|_| RegistryError::Unreadable {
        target: target.to_owned(),
    })
}

impl Registry {
    /// One connector with its secrets opened.
    pub async fn connector(&self, id: &ConnectorId) -> Result<Option<Connector>, RegistryError> {
        let record = self.connector_record(id).await?;
        record.map(|record| record.open(&self.vault)).transpose()
    }

    /// One connector, up to two seconds old; for the path of every job.
    pub async fn connector_cached(&self, id: &ConnectorId) -> Result<Option<Arc<Connector>>, RegistryError> {
        if let Some(connector) = self.cached_connectors.get(id.as_str()) {
            return Ok(Some(connector));
        }
        let since = Instant::now();
        let connector = self.connector(id).await?.map(Arc::new);
        if let Some(connector) = &connector {
            self.cached_connectors.put(id.as_str(), since, Arc::clone(connector));
        }
        Ok(connector)
    }

    /// All connectors with their secrets opened, sorted by id.
    pub async fn connectors(&self) -> Result<Vec<Connector>, RegistryError> {
        let records = self.connector_records().await?;
        records.iter().map(|record| record.open(&self.vault)).collect()
    }

    /// All connectors without their secrets, sorted by id; works also where a key is missing.
    pub async fn connector_views(&self) -> Result<Vec<ConnectorView>, RegistryError> {
        let records = self.connector_records().await?;
        Ok(records.into_iter().map(ConnectorRecord::view).collect())
    }

    /// The ids of all connectors.
    pub async fn connector_ids(&self) -> Result<Vec<ConnectorId>, RegistryError> {
        let ids = self.fields(&self.keys.connectors).await?;
        Ok(ids.iter().filter_map(|id| id.parse().ok()).collect())
    }

    /// One connector without its secrets; works also where a key is missing.
    pub async fn connector_view(&self, id: &ConnectorId) -> Result<Option<ConnectorView>, RegistryError> {
        Ok(self.connector_record(id).await?.map(ConnectorRecord::view))
    }

    /// Stores a connector; the store sets its dates and keeps its validation while the credentials stay.
    pub async fn put_connector(&self, connector: &Connector, actor: &str) -> Result<Change, RegistryError> {
        self.check_domain(connector).map_err(FieldErrors::from)?;
        self.change(|| self.try_put_connector(connector, actor)).await
    }

    async fn try_put_connector(&self, connector: &Connector, actor: &str) -> Result<Attempt<Change>, RegistryError> {
        let old = self.connector_record(&connector.id).await?;
        let upsert = upsert(connector, old.as_ref(), &self.vault, self.now().await?);
        let change = upsert.difference.change;
        let Some(record) = upsert.record else {
            return Ok(Attempt::Done(change));
        };
        if change == Change::Created && self.count(&self.keys.connectors).await? >= MAX_CONNECTORS {
            return Err(RegistryError::Full {
                what: "connectors",
                limit: MAX_CONNECTORS,
            });
        }
        let audit = StoredAudit::of_upsert(actor, EntityKind::Connector, connector.id.as_str(), &upsert.difference);
        let write = connector_write(&record)?;
        Ok(Attempt::Commit(vec![write], audit.into_iter().collect(), change))
    }

    /// Removes a connector that no exam uses; false if there was none.
    pub async fn remove_connector(
        &self,
        id: &ConnectorId,
        actor: &str,
        reason: Option<&str>,
    ) -> Result<bool, RegistryError> {
        let removal = self.remove_connector_if(id, actor, reason, None).await?;
        Ok(removal == Removal::Removed)
    }

    /// Removes a connector that no exam uses, if its state is one that is wanted at the very moment of the removal.
    pub async fn remove_connector_if(
        &self,
        id: &ConnectorId,
        actor: &str,
        reason: Option<&str>,
        wanted: Option<&(dyn Fn(Stamp) -> bool + Sync)>,
    ) -> Result<Removal, RegistryError> {
        self.change(|| self.try_remove_connector(id, actor, reason, wanted))
            .await
    }

    async fn try_remove_connector(
        &self,
        id: &ConnectorId,
        actor: &str,
        reason: Option<&str>,
        wanted: Option<&(dyn Fn(Stamp) -> bool + Sync)>,
    ) -> Result<Attempt<Removal>, RegistryError> {
        if self.field(&self.keys.connectors, id.as_str()).await?.is_none() {
            return Ok(Attempt::Done(Removal::Missing));
        }
        // Read only where it matters, so that an entry that cannot be read can be removed.
        if let Some(wanted) = wanted {
            let stamp = self.connector_record(id).await?.map(|record| record.stamp());
            if !stamp.is_some_and(wanted) {
                return Ok(Attempt::Done(Removal::Refused));
            }
        }
        let exams = self.exams().await?.into_iter();
        let exams: Vec<ExamId> = exams
            .filter(|exam: &Exam| exam.connector == *id)
            .map(|exam| exam.id)
            .collect();
        if !exams.is_empty() {
            return Err(RegistryError::ConnectorInUse {
                connector: id.clone(),
                exams,
            });
        }
        let write = Write {
            kind: EntityKind::Connector,
            id: id.to_string(),
            json: None,
        };
        let audit = StoredAudit::of_removal(actor, EntityKind::Connector, id.as_str(), reason);
        Ok(Attempt::Commit(vec![write], vec![audit], Removal::Removed))
    }

    /// Records what a validation of the credentials said: nothing, or the catalogue code of its failure.
    ///
    /// The validation belongs to the connector as it was updated at `seen`; false, and nothing recorded, if it changed
    /// since.
    pub async fn set_validation(
        &self,
        id: &ConnectorId,
        seen: Timestamp,
        failure: Option<&str>,
        at: Timestamp,
    ) -> Result<bool, RegistryError> {
        self.change(|| self.try_set_validation(id, seen, failure, at)).await
    }

    async fn try_set_validation(
        &self,
        id: &ConnectorId,
        seen: Timestamp,
        failure: Option<&str>,
        at: Timestamp,
    ) -> Result<Attempt<bool>, RegistryError> {
        let Some(mut record) = self.connector_record(id).await? else {
            return Err(RegistryError::UnknownConnector(id.clone()));
        };
        if record.updated_at != seen {
            return Ok(Attempt::Done(false));
        }
        record.validated_at = Some(at);
        record.validation = failure.map(str::to_owned);
        let write = connector_write(&record)?;
        Ok(Attempt::Commit(vec![write], Vec::new(), true))
    }

    pub(crate) async fn connector_record(&self, id: &ConnectorId) -> Result<Option<ConnectorRecord>, RegistryError> {
        let json = self.field(&self.keys.connectors, id.as_str()).await?;
        json.map(|json| from_json(&format!("connector {id}"), &json))
            .transpose()
    }

    pub(crate) async fn connector_records(&self) -> Result<Vec<ConnectorRecord>, RegistryError> {
        let values = self.values(&self.keys.connectors).await?;
        let mut records = values
            .iter()
            .map(|json| from_json("connector", json))
            .collect::<Result<Vec<ConnectorRecord>, _>>()?;
        records.sort_by(|left, right| left.id.cmp(&right.id));
        Ok(records)
    }

    /// Every way into the store asks here whether plain `http` is allowed.
    pub(crate) fn check_domain(&self, connector: &Connector) -> Result<(), FieldError> {
        let allowed = self.options.allow_http_loopback;
        let again = Domain::parse(&connector.domain.base_url(), allowed);
        again.map(|_| ()).map_err(|error: InvalidDomain| {
            let text = error.to_string();
            let (problem, fix) = text.split_once(": ").unwrap_or((&text, "correct it"));
            FieldError::new("domain", problem, fix).of(&format!("connector {}", connector.id))
        })
    }
}

pub(crate) fn connector_write(record: &ConnectorRecord) -> Result<Write, RegistryError> {
    Ok(Write {
        kind: EntityKind::Connector,
        id: record.id.to_string(),
        json: Some(to_json(&format!("connector {}", record.id), record)?),
    })
}
