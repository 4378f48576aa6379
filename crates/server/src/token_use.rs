//! When each token was last used: noted beside the requests, once a minute at most, and never in their way.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use passback_registry::{Registry, TokenId};

/// A token is noted again only after so long.
const BETWEEN_NOTES: Duration = Duration::from_mins(1);
/// More than there can be tokens.
const MAX_TOKENS: usize = 10_000;

/// What this process has noted.
#[derive(Debug, Default)]
pub(crate) struct TokenUse {
    noted: Mutex<HashMap<TokenId, Duration>>,
}

impl TokenUse {
    /// Has it noted that a token was used, unless that was done of late; who asks does not wait for it.
    pub(crate) fn note(&self, registry: &Registry, id: &TokenId, uptime: Duration) {
        if !self.is_due(id, uptime) {
            return;
        }
        let (registry, id) = (registry.clone(), id.clone());
        tokio::spawn(async move {
            if let Err(error) = registry.note_tokens_used(&[id]).await {
                tracing::debug!(%error, "the use of a token was not noted");
            }
        });
    }

    fn is_due(&self, id: &TokenId, uptime: Duration) -> bool {
        let mut noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        let lately = noted
            .get(id)
            .is_some_and(|at| uptime.saturating_sub(*at) < BETWEEN_NOTES);
        if lately {
            return false;
        }
        if noted.len() >= MAX_TOKENS {
            noted.clear();
        }
        noted.insert(id.clone(), uptime);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_noted_once_a_minute() {
        let uses = TokenUse::default();
        let [one, two] = [1, 2].map(|byte| TokenId::of(&[byte; 32]));
        assert!(uses.is_due(&one, Duration::ZERO) && uses.is_due(&two, Duration::ZERO));
        assert!(!uses.is_due(&one, Duration::from_millis(59_999)));
        assert!(uses.is_due(&one, Duration::from_mins(1)));
        assert!(!uses.is_due(&one, Duration::from_mins(1)));
    }
}
