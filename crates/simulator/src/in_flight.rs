//! A request between its arrival and its answer.

use std::sync::Arc;

use crate::clock::Moment;
use crate::ledger::Answer;
use crate::request::{Endpoint, Pair, Target};
use crate::state::Platform;

/// A request that waits for its answer. Dropping it means that the client has left.
pub(crate) struct InFlight {
    platform: Arc<Platform>,
    pub(crate) seq: u64,
    writes: Option<Pair>,
}

impl InFlight {
    /// Notes the arrival, and whether it is a write that overlaps another one.
    pub(crate) fn begin(platform: &Arc<Platform>, target: Target, now: Moment) -> Self {
        let writes = target.pair.filter(|_| target.endpoint == Endpoint::EnrollmentWrite);
        let mut state = platform.state();
        let mut overlapping = false;
        if let Some(pair) = writes {
            let running = state.writing.entry(pair).or_default();
            overlapping = *running > 0;
            *running += 1;
        }
        let seq = state.ledger.arrived(target, overlapping, now);
        drop(state);
        Self {
            platform: Arc::clone(platform),
            seq,
            writes,
        }
    }

    /// Notes the answer, and that the effect it reports is known to the client.
    pub(crate) fn finish(self, answer: Answer, reported_effect: Option<u64>, now: Moment) {
        let mut state = self.platform.state();
        state.ledger.answered(self.seq, answer, now);
        if let Some(effect) = reported_effect {
            state.ledger.effect_answered(effect);
        }
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        let Some(pair) = self.writes else { return };
        let mut state = self.platform.state();
        if let Some(running) = state.writing.get_mut(&pair) {
            *running = running.saturating_sub(1);
            if *running == 0 {
                state.writing.remove(&pair);
            }
        }
    }
}
