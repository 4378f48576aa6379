//! What another platform has told than the one that a connector leads to: kept like every event, and without effect.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use passback_registry::ConnectorId;

use crate::reacted::{Reacted, Word};
use crate::retry_delay::whole_ms;
use crate::webhook::EventAtHand;

/// Between two lines in the log about one connector.
const SAID_EVERY: Duration = Duration::from_hours(1);
/// Connectors that are remembered to have been warned of.
const MAX_REMEMBERED: usize = 1000;

/// When it was said of a connector that another platform tells it things.
#[derive(Debug, Default)]
pub(crate) struct Strangers(Mutex<HashMap<ConnectorId, u64>>);

impl Strangers {
    fn is_news(&self, connector: &ConnectorId, now_ms: u64) -> bool {
        let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = said.get(connector);
        if before.is_some_and(|before| now_ms < before.saturating_add(whole_ms(SAID_EVERY))) {
            return false;
        }
        if said.len() >= MAX_REMEMBERED {
            said.clear();
        }
        said.insert(connector.clone(), now_ms);
        true
    }
}

impl EventAtHand<'_> {
    /// What an event comes to that another platform has told: a copy with the same settings, or the one that the connector
    /// led to before. The same numbers are other people and courses there. None where it is not known to be another one.
    pub(crate) fn of_another_platform(&self) -> Option<Reacted> {
        let other = self.job.platform.as_deref().filter(|other| *other != self.platform)?;
        if self.desk.strangers.is_news(self.connector, self.lease.now_ms()) {
            tracing::warn!(
                connector = %self.connector,
                leads_to = self.platform,
                told_by = other,
                "another Docebo platform sends its events to this connector's webhook; they change nothing"
            );
        }
        let reacted = Reacted::from(Word::OtherPlatform);
        Some(reacted.saying(format!(
            "it comes from {other}, and the connector leads to {}",
            self.platform
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_connector_is_warned_of_once_an_hour() {
        let (strangers, hour_ms) = (Strangers::default(), whole_ms(SAID_EVERY));
        let (acme, beta) = ("acme".parse().unwrap(), "beta".parse().unwrap());
        assert!(strangers.is_news(&acme, 1000) && strangers.is_news(&beta, 1000));
        assert!(!strangers.is_news(&acme, 1000 + hour_ms - 1));
        assert!(strangers.is_news(&acme, 1000 + hour_ms));
    }
}
