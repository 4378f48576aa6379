//! What the queue must know of a connector when it is stored, shown to work, or removed.

use std::collections::HashSet;

use passback_queue::{Gate, Limits, Name};
use passback_registry::{ConnectorId, ConnectorView};

use crate::{Code, Producer, StoreError, name::name, wake};

/// Connectors whose limits go to the queue at once.
const PAGE_CONNECTORS: usize = 200;

/// The name by which the queue knows a connector.
pub fn connector_name(id: &ConnectorId) -> Name {
    name(id.as_str())
}

/// What one caller of [`Producer::sync_limits`] has told the queue so far.
#[derive(Debug, Default)]
pub struct LimitsTold {
    version: Option<u64>,
    connectors: HashSet<ConnectorId>,
}

impl Producer {
    /// To be called whenever a connector was stored: the queue learns its limits, and a connector whose credentials are
    /// new gets its chance. Returns how many parked jobs went on.
    ///
    /// A gate that was closed because of what the credentials may do opens for one job, which decides; a gate that
    /// closed because Docebo is away or asked for fewer calls keeps its time.
    pub async fn connector_stored(&self, id: &ConnectorId) -> Result<u64, StoreError> {
        let Some(view) = self.registry.connector_view(id).await? else {
            return Ok(0);
        };
        let connector = connector_name(id);
        self.queue.set_limits(&[(connector.clone(), limits_of(&view))]).await?;
        // The registry forgets a validation when the credentials change.
        if view.validated_at.is_some() {
            return Ok(0);
        }
        match self.queue.standing(&connector).await?.gate {
            Gate::Closed { code, until_ms, .. } if until_ms.is_none() || is_about_access(&code) => {
                self.connector_works(id).await
            }
            Gate::Closed { .. } | Gate::Open { .. } | Gate::Ramping { .. } => {
                Ok(self.queue.wake(&wake::connector(id)).await?)
            }
        }
    }

    /// To be called when a connector was shown to work: its gate opens, for one job first and then for more and more.
    /// Returns how many parked jobs went on.
    pub async fn connector_works(&self, id: &ConnectorId) -> Result<u64, StoreError> {
        self.queue.open_gate(&connector_name(id)).await?;
        Ok(self.queue.wake(&wake::connector(id)).await?)
    }

    /// To be called when a connector was removed: the queue forgets its gate and its limits. Its jobs stay.
    pub async fn connector_removed(&self, id: &ConnectorId) -> Result<(), StoreError> {
        Ok(self.queue.forget(&connector_name(id)).await?)
    }

    /// Tells the queue the limits of all connectors if the registry has changed since the last time, and makes it
    /// forget those that are gone: for the case that somebody could store a connector but not tell of it.
    pub async fn sync_limits(&self, told: &mut LimitsTold) -> Result<(), StoreError> {
        // Asked for first: what is stored after it is looked at the next time.
        let version = self.registry.version().await?;
        if told.version == Some(version) {
            return Ok(());
        }
        let views = self.registry.connector_views().await?;
        for page in views.chunks(PAGE_CONNECTORS) {
            let limits: Vec<_> = page
                .iter()
                .map(|view| (connector_name(&view.id), limits_of(view)))
                .collect();
            self.queue.set_limits(&limits).await?;
        }
        let present: HashSet<ConnectorId> = views.into_iter().map(|view| view.id).collect();
        for gone in told.connectors.difference(&present) {
            self.connector_removed(gone).await?;
        }
        *told = LimitsTold {
            version: Some(version),
            connectors: present,
        };
        Ok(())
    }
}

fn limits_of(view: &ConnectorView) -> Limits {
    Limits {
        calls_per_hour: Some(view.calls_per_hour),
        weight: view.weight,
        max_concurrency: view.max_concurrency,
    }
}

/// Whether other credentials may make the difference.
fn is_about_access(code: &str) -> bool {
    [Code::CredentialsRefused, Code::Forbidden, Code::UnexpectedPage]
        .iter()
        .any(|about_access| about_access.as_str() == code)
}
