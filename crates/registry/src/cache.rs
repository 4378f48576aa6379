//! A small cache in the process, so that each job does not ask Redis for its connector and exam again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// How long an entry may be older than Redis.
const TIME_TO_LIVE: Duration = Duration::from_secs(2);
const MAX_ENTRIES: usize = 10_000;

/// Entries by id; what is not there is not remembered, so that a new entry is seen at once.
pub(crate) struct Cache<T> {
    entries: Mutex<HashMap<String, (Instant, Arc<T>)>>,
}

impl<T> Default for Cache<T> {
    fn default() -> Self {
        Self {
            entries: Mutex::default(),
        }
    }
}

impl<T> Cache<T> {
    pub(crate) fn get(&self, id: &str) -> Option<Arc<T>> {
        let entries = self.entries();
        let (since, value) = entries.get(id)?;
        (since.elapsed() < TIME_TO_LIVE).then(|| Arc::clone(value))
    }

    /// Keeps a value read at `since`, the moment before Redis was asked.
    pub(crate) fn put(&self, id: &str, since: Instant, value: Arc<T>) {
        let mut entries = self.entries();
        if entries.len() >= MAX_ENTRIES {
            entries.clear();
        }
        entries.insert(id.to_owned(), (since, value));
    }

    pub(crate) fn clear(&self) {
        self.entries().clear();
    }

    fn entries(&self) -> MutexGuard<'_, HashMap<String, (Instant, Arc<T>)>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn an_entry_is_forgotten_after_two_seconds() {
        let cache = Cache::default();
        cache.put("a", Instant::now(), Arc::new(1));
        tokio::time::advance(Duration::from_millis(1_999)).await;
        assert_eq!(cache.get("a").as_deref(), Some(&1));
        tokio::time::advance(Duration::from_millis(1)).await;
        assert_eq!(cache.get("a"), None);
    }
}
