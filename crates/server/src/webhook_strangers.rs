//! Webhooks of connectors that there are not: anybody can send them, so they ask Redis for little.
//!
//! An id that was found once is always looked up, which the registry remembers. Of all others together only so many a
//! second are, and one that was not found is told so without another look for a moment. Where there are more, the list of
//! all connectors is read once a second, so that no flood of invented ids shuts out one that is there.

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use passback_registry::ConnectorId;

use crate::rate_limit::RateLimit;

/// Ids never found that are looked up in a second; twice as many at once.
const MAX_LOOKS_PER_SECOND: u32 = 50;
/// How long an id that was not found is told so without a look; a new connector is reached after it.
const MISSING_FOR: Duration = Duration::from_secs(1);
/// The most ids remembered as missing.
const MAX_MISSING: usize = 1_000;
/// The most ids remembered as found: as many as there can be connectors.
const MAX_FOUND: usize = 10_000;

/// What this process knows of ids that webhooks came for.
#[derive(Debug)]
pub(crate) struct Strangers {
    looks: RateLimit<()>,
    lists: RateLimit<()>,
    ids: Mutex<Ids>,
}

#[derive(Debug, Default)]
struct Ids {
    found: HashSet<ConnectorId>,
    /// Until when each is told to be missing.
    missing: HashMap<ConnectorId, Duration>,
}

/// What is to be done about an id.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// Look it up.
    Now,
    /// It was not there a moment ago.
    Missing,
    /// Too many were looked up of late; so long until the next one.
    Later(Duration),
}

impl Default for Strangers {
    fn default() -> Self {
        Self {
            looks: RateLimit::new(MAX_LOOKS_PER_SECOND),
            lists: RateLimit::new(1),
            ids: Mutex::default(),
        }
    }
}

impl Strangers {
    /// Whether an id may be looked up at `now`.
    pub(crate) fn may_look(&self, id: &ConnectorId, now: Duration) -> Look {
        let ids = self.ids();
        if ids.found.contains(id) {
            return Look::Now;
        }
        if ids.missing.get(id).is_some_and(|until| *until > now) {
            return Look::Missing;
        }
        self.looks.admit(&(), now).map_or_else(Look::Later, |()| Look::Now)
    }

    /// Whether the list of all connectors may be read at `now`.
    pub(crate) fn may_list(&self, now: Duration) -> bool {
        self.lists.admit(&(), now).is_ok()
    }

    /// Remembers all connectors that there are.
    pub(crate) fn note_all(&self, all: Vec<ConnectorId>) {
        let mut ids = self.ids();
        for id in &all {
            ids.missing.remove(id);
        }
        ids.found = all.into_iter().take(MAX_FOUND).collect();
    }

    /// Remembers what a look at `now` has found.
    pub(crate) fn note(&self, id: &ConnectorId, found: bool, now: Duration) {
        let mut ids = self.ids();
        if found {
            ids.missing.remove(id);
            if ids.found.len() < MAX_FOUND && !ids.found.contains(id) {
                ids.found.insert(id.clone());
            }
            return;
        }
        ids.found.remove(id);
        if ids.missing.len() >= MAX_MISSING {
            ids.missing.retain(|_, until| *until > now);
        }
        // Where there is no room, the limit of looks is the only one.
        if ids.missing.len() < MAX_MISSING {
            ids.missing.insert(id.clone(), now + MISSING_FOR);
        }
    }

    fn ids(&self) -> MutexGuard<'_, Ids> {
        self.ids.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn id(number: usize) -> ConnectorId {
        format!("c-{number}").parse().unwrap()
    }

    #[test]
    fn an_id_that_is_missing_is_looked_up_once_a_second_and_one_that_was_found_always() {
        let strangers = Strangers::default();
        assert_eq!(strangers.may_look(&id(1), SECOND), Look::Now);
        strangers.note(&id(1), false, SECOND);
        assert_eq!(strangers.may_look(&id(1), SECOND * 199 / 100), Look::Missing);
        assert_eq!(strangers.may_look(&id(1), SECOND * 2), Look::Now);
        strangers.note(&id(1), true, SECOND * 2);
        for _ in 0..1_000 {
            assert_eq!(strangers.may_look(&id(1), SECOND * 2), Look::Now);
        }
        // Removed since.
        strangers.note(&id(1), false, SECOND * 2);
        assert_eq!(strangers.may_look(&id(1), SECOND * 2), Look::Missing);
    }

    #[test]
    fn whoever_sends_many_ids_gets_few_looks_and_fills_no_memory() {
        let strangers = Strangers::default();
        strangers.note(&id(0), true, SECOND);
        let mut looks = 0;
        for number in 1..=20 * MAX_MISSING {
            // Ten thousand a second, for two seconds.
            let now = SECOND + SECOND * u32::try_from(number).unwrap() / 10_000;
            if strangers.may_look(&id(number), now) == Look::Now {
                looks += 1;
            }
            strangers.note(&id(number), false, now);
            assert_eq!(strangers.may_look(&id(0), now), Look::Now);
        }
        assert!((150..=250).contains(&looks), "{looks}");
        assert!(strangers.ids().missing.len() <= MAX_MISSING);
    }
}
