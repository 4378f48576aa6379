//! Control of one running tenant from the same process.

use std::fmt;
use std::sync::Arc;

use crate::enrollment::Enrollment;
use crate::fault::Fault;
use crate::fault_book::MAX_FAULTS;
use crate::ledger::{Counts, Effect, RequestSeen};
use crate::request::Pair;
use crate::state::Platform;

/// Controls one running tenant and reads what happened to it.
#[derive(Clone)]
pub struct TenantHandle {
    pub(crate) platform: Arc<Platform>,
}

impl TenantHandle {
    pub(crate) fn new(platform: Arc<Platform>) -> Self {
        Self { platform }
    }

    /// Returns the tenant's name.
    pub fn name(&self) -> &str {
        &self.platform.settings.name
    }

    /// Adds a fault behind the others; it is ignored when there are 1,000 already.
    pub fn add_fault(&self, fault: Fault) {
        if !self.try_add_fault(fault) {
            tracing::warn!(tenant = self.name(), max = MAX_FAULTS, "too many faults, ignored one");
        }
    }

    pub(crate) fn try_add_fault(&self, fault: Fault) -> bool {
        self.platform.state().faults.add(fault)
    }

    /// Lists the faults that can still strike; `times` is what is left of it.
    pub fn faults(&self) -> Vec<Fault> {
        self.platform.state().faults.list()
    }

    /// Removes all faults.
    pub fn clear_faults(&self) {
        self.platform.state().faults.clear();
    }

    /// Refuses or accepts the credentials; refusing also makes all tokens stale.
    pub fn set_credentials_refused(&self, refused: bool) {
        let mut state = self.platform.state();
        state.credentials_refused = refused;
        if refused {
            state.tokens.clear();
        }
    }

    /// Makes all tokens stale; new ones are given out.
    pub fn expire_tokens(&self) {
        self.platform.state().tokens.clear();
    }

    /// Returns an enrolment as it is now.
    pub fn enrollment(&self, course_id: u64, user_id: u64) -> Option<Enrollment> {
        self.platform.state().enrollment(Pair { course_id, user_id }).cloned()
    }

    /// Lists the writes that took effect, oldest first; the last 200,000 are kept.
    pub fn effects(&self) -> Vec<Effect> {
        self.platform.state().ledger.effects()
    }

    /// Lists the requests that arrived, oldest first; the last 100,000 are kept.
    pub fn requests(&self) -> Vec<RequestSeen> {
        self.platform.state().ledger.requests()
    }

    /// Returns the totals since the start.
    pub fn counts(&self) -> Counts {
        self.platform.state().ledger.counts.clone()
    }
}

impl fmt::Debug for TenantHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TenantHandle")
            .field("name", &self.name())
            .finish_non_exhaustive()
    }
}
