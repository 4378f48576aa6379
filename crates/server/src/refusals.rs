//! Webhooks that were refused: who tries passwords out is slowed down, and does not fill the log.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use passback_producer::Code;
use passback_registry::ConnectorId;

use crate::rate_limit::RateLimit;

/// Refusals of one connector that are told as such.
const MAX_REFUSALS_PER_SECOND: u32 = 20;
/// Refusals of one connector for one reason are logged no more often.
const BETWEEN_LOGS: Duration = Duration::from_secs(1);
/// As many as there can be connectors.
const MAX_LOGGED: usize = 10_000;

/// The refusals of this process.
#[derive(Debug)]
pub(crate) struct Refusals {
    limit: RateLimit<ConnectorId>,
    logged: Mutex<HashMap<(ConnectorId, Code), Logged>>,
}

/// When a connector's refusals for a reason were logged, and how many have come since.
#[derive(Debug, Clone, Copy)]
struct Logged {
    at: Duration,
    since: u64,
}

impl Default for Refusals {
    fn default() -> Self {
        Self {
            limit: RateLimit::new(MAX_REFUSALS_PER_SECOND),
            logged: Mutex::default(),
        }
    }
}

impl Refusals {
    /// Counts a refusal at `now`; beyond so many a second, says how long to wait.
    pub(crate) fn count(&self, connector: &ConnectorId, now: Duration) -> Result<(), Duration> {
        self.limit.admit(connector, now)
    }

    /// How many refusals are to be logged at `now`, this one included; none if that was done a moment ago.
    pub(crate) fn to_log(&self, connector: &ConnectorId, reason: Code, now: Duration) -> Option<u64> {
        let mut logged = self.logged.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (connector.clone(), reason);
        if let Some(last) = logged.get_mut(&key) {
            last.since += 1;
            if now.saturating_sub(last.at) < BETWEEN_LOGS {
                return None;
            }
            let count = last.since;
            *last = Logged { at: now, since: 0 };
            return Some(count);
        }
        if logged.len() >= MAX_LOGGED {
            logged.clear();
        }
        logged.insert(key, Logged { at: now, since: 0 });
        Some(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_logged_once_a_second_with_their_count() {
        let refusals = Refusals::default();
        let acme: ConnectorId = "acme".parse().unwrap();
        let logged: Vec<_> = (0..25)
            .filter_map(|tenth| refusals.to_log(&acme, Code::WebhookUnauthorized, Duration::from_millis(100 * tenth)))
            .collect();
        assert_eq!(logged, [1, 10, 10]);
        // Another reason is not hidden by the first.
        let other = refusals.to_log(&acme, Code::WebhookSourceRefused, Duration::from_millis(2_400));
        assert_eq!(other, Some(1));
    }
}
