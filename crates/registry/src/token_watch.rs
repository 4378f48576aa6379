//! What a server knows of the stored tokens: never older than a second, and what was last seen while Redis is away.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, timeout};

use crate::error::RegistryError;
use crate::store::Registry;
use crate::token_store::StoredTokens;

/// A look that is older is repeated before anybody is let in by it.
const MAX_AGE: Duration = Duration::from_secs(1);
/// A look that is older is repeated beside the requests, so that hardly one has to wait.
const YOUNG: Duration = Duration::from_millis(500);
/// How long a request waits for a look, once a second at most: Redis may be away.
const PATIENCE: Duration = Duration::from_millis(500);

/// The stored tokens as this process knows them; clones share it.
#[derive(Clone)]
pub struct TokenWatch {
    registry: Registry,
    seen: Arc<Mutex<Seen>>,
    /// Held by the one that looks.
    looking: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Default)]
struct Seen {
    tokens: Arc<StoredTokens>,
    version: Option<u64>,
    /// When the last look began that was answered.
    looked: Option<Instant>,
    /// When the last look began.
    tried: Option<Instant>,
    failing: bool,
}

impl std::fmt::Debug for TokenWatch {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("TokenWatch").finish_non_exhaustive()
    }
}

impl TokenWatch {
    /// A watch that has not looked yet.
    pub fn new(registry: Registry) -> Self {
        Self {
            registry,
            seen: Arc::default(),
            looking: Arc::default(),
        }
    }

    /// The tokens as they were at most a second ago, or as they were last seen where Redis does not answer.
    pub async fn tokens(&self) -> Arc<StoredTokens> {
        let age = self.age();
        if age.is_none_or(|age| age >= MAX_AGE) {
            self.look_again(MAX_AGE).await;
        } else if age.is_some_and(|age| age >= YOUNG) && self.looking.try_lock().is_ok() {
            let watch = self.clone();
            tokio::spawn(async move { watch.look(YOUNG).await });
        }
        Arc::clone(&self.seen().tokens)
    }

    /// The same by a look that began after the call, for who knows or suspects that something has changed.
    pub async fn tokens_now(&self) -> Arc<StoredTokens> {
        self.look_again(Duration::ZERO).await;
        Arc::clone(&self.seen().tokens)
    }

    /// Whether the tokens were ever read; before that, nobody can say that a token is none of them.
    pub fn has_looked(&self) -> bool {
        self.seen().looked.is_some()
    }

    /// Waits for a look for as long as a request may be kept; the look itself goes on.
    async fn look_again(&self, older: Duration) {
        let hangs = self.seen().tried.is_some_and(|tried| tried.elapsed() >= PATIENCE);
        if hangs && self.looking.try_lock().is_err() {
            // Others have waited for this one in vain.
            return;
        }
        let watch = self.clone();
        let looking = tokio::spawn(async move { watch.look(older).await });
        // Whoever cannot wait takes what was last seen.
        let _ = timeout(PATIENCE, looking).await;
    }

    /// Looks, unless somebody else has tried since; one at a time.
    async fn look(&self, older: Duration) {
        let asked = Instant::now();
        let _turn = self.looking.lock().await;
        let began = Instant::now();
        let known = {
            let mut seen = self.seen();
            // A look that began after this one was asked for is as good, and so is one that is young enough.
            let enough = seen.tried.is_some_and(|tried| tried >= asked || began - tried < older);
            if enough {
                return;
            }
            seen.tried = Some(began);
            seen.version
        };
        let looked = self.compare(known).await;
        let mut seen = self.seen();
        match looked {
            Ok(found) => {
                if let Some((version, tokens)) = found {
                    if tokens.unreadable > 0 {
                        tracing::error!(
                            entries = tokens.unreadable,
                            "stored tokens cannot be read; they let nobody in"
                        );
                    }
                    (seen.version, seen.tokens) = (Some(version), Arc::new(tokens));
                }
                seen.looked = Some(began);
                seen.failing = false;
            }
            Err(error) => {
                if !seen.failing {
                    tracing::warn!(%error, "the stored tokens cannot be read; those seen last count");
                }
                seen.failing = true;
            }
        }
    }

    /// The tokens where they have changed.
    async fn compare(&self, known: Option<u64>) -> Result<Option<(u64, StoredTokens)>, RegistryError> {
        if known.is_some() && known == Some(self.registry.tokens_version().await?) {
            return Ok(None);
        }
        self.registry.versioned_tokens().await.map(Some)
    }

    /// How long ago the last look began that was answered, or the last one that was not, if Redis is away.
    fn age(&self) -> Option<Duration> {
        let seen = self.seen();
        let last = if seen.failing { seen.tried } else { seen.looked };
        last.map(|last| last.elapsed())
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
