//! How fast one caller may ask: so many requests a second in the long run, twice as many at once.
//!
//! Counted by each server process for itself: behind a balancer over N servers a caller has N times as much.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use passback_producer::Code;
use passback_registry::{ConnectorId, TokenId};

use crate::{ServerConfig, problem::Problem, state::App};

/// Seconds' worth of requests that may come at once.
const BURST_SECONDS: u64 = 2;
const NANOS_PER_SECOND: u64 = 1_000_000_000;
/// Callers remembered; more than there can be tokens, as many as there can be connectors.
const MAX_CALLERS: usize = 10_000;

/// The limits of one server.
#[derive(Debug)]
pub(crate) struct Rates {
    tokens: RateLimit<TokenId>,
    connectors: RateLimit<ConnectorId>,
}

impl Rates {
    pub(crate) fn of(config: &ServerConfig) -> Self {
        Self {
            tokens: RateLimit::new(config.max_requests_per_second_per_token),
            connectors: RateLimit::new(config.max_webhooks_per_second_per_connector),
        }
    }
}

/// Counts a request of a token, or says when the next one may come.
pub(crate) fn admit_token(app: &App, id: &TokenId, name: &str) -> Result<(), Problem> {
    let limit = &app.rates.tokens;
    let admitted = limit.admit(id, app.config.clock.uptime());
    let per_second = limit.per_second;
    admitted.map_err(|wait| refusal(wait, format!("The token '{name}' may ask {per_second} times a second.")))
}

/// Counts a call that has no token, a webhook, for its connector, or says when the next one may come.
pub(crate) fn admit_connector(app: &App, id: &ConnectorId) -> Result<(), Problem> {
    let limit = &app.rates.connectors;
    let admitted = limit.admit(id, app.config.clock.uptime());
    let per_second = limit.per_second;
    admitted.map_err(|wait| {
        let detail = format!("The connector '{id}' takes {per_second} webhooks a second.");
        refusal(wait, detail)
    })
}

pub(crate) fn refusal(wait: Duration, detail: String) -> Problem {
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    Problem::new(Code::RateLimited, detail).retry_after(seconds.max(1))
}

/// A limit for each caller of a kind: the moment up to which its requests are spoken for, and no more.
#[derive(Debug)]
pub(crate) struct RateLimit<K> {
    per_second: u32,
    spoken_for: Mutex<HashMap<K, Duration>>,
}

impl<K: Eq + Hash + Clone> RateLimit<K> {
    pub(crate) fn new(per_second: u32) -> Self {
        Self {
            per_second,
            spoken_for: Mutex::default(),
        }
    }

    /// Counts a request at `now`, or says how long to wait; 0 a second means that there is no limit.
    pub(crate) fn admit(&self, caller: &K, now: Duration) -> Result<(), Duration> {
        let Some(nanos) = NANOS_PER_SECOND.checked_div(u64::from(self.per_second)) else {
            return Ok(());
        };
        let burst = Duration::from_secs(BURST_SECONDS);
        let mut spoken_for = self.spoken_for.lock().unwrap_or_else(PoisonError::into_inner);
        let from = spoken_for.get(caller).copied().unwrap_or(now).max(now);
        let next = from + Duration::from_nanos(nanos);
        let wait = next.saturating_sub(now + burst);
        if wait > Duration::ZERO {
            return Err(wait);
        }
        if spoken_for.len() >= MAX_CALLERS && !spoken_for.contains_key(caller) {
            // Whose time has passed begins anew anyway.
            spoken_for.retain(|_, until| *until > now);
        }
        if spoken_for.len() < MAX_CALLERS || spoken_for.contains_key(caller) {
            spoken_for.insert(caller.clone(), next);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn two_seconds_worth_comes_at_once_and_then_so_many_a_second() {
        let limit = RateLimit::new(10);
        let now = Duration::from_hours(1);
        let taken = (0..100).take_while(|_| limit.admit(&"a", now).is_ok()).count();
        assert_eq!(taken, 20);
        assert_eq!(limit.admit(&"a", now), Err(SECOND / 10));
        for tenth in 1..=30 {
            let now = now + SECOND * tenth / 10;
            assert_eq!(limit.admit(&"a", now), Ok(()));
            assert_eq!(limit.admit(&"a", now), Err(SECOND / 10));
        }
        assert_eq!(limit.admit(&"b", now), Ok(()));
    }

    #[test]
    fn who_is_refused_is_not_kept_waiting_longer_for_it() {
        let limit = RateLimit::new(1);
        let refused = (0..1_000).filter(|_| limit.admit(&"a", SECOND).is_err()).count();
        assert_eq!(refused, 998);
        assert_eq!(limit.admit(&"a", SECOND * 2), Ok(()));
    }

    #[test]
    fn a_rest_is_not_saved_up_beyond_the_burst() {
        let limit = RateLimit::new(1);
        let later = Duration::from_hours(24);
        assert_eq!(limit.admit(&"a", SECOND), Ok(()));
        assert_eq!((0..10).filter(|_| limit.admit(&"a", later).is_ok()).count(), 2);
    }

    #[test]
    fn none_means_no_limit() {
        let limit = RateLimit::new(0);
        assert!((0..10_000).all(|_| limit.admit(&"a", SECOND).is_ok()));
    }

    #[test]
    fn no_more_callers_are_remembered_than_there_is_room_for() {
        let limit = RateLimit::new(1);
        for caller in 0..2 * MAX_CALLERS {
            assert_eq!(limit.admit(&caller, SECOND), Ok(()));
        }
        assert_eq!(limit.spoken_for.lock().unwrap().len(), MAX_CALLERS);
        assert_eq!(limit.admit(&usize::MAX, SECOND * 10), Ok(()));
        assert_eq!(limit.spoken_for.lock().unwrap().len(), 1);
    }
}
