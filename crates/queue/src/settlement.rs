//! How an attempt ends: what the worker decided, ready for the script.

use crate::{AttemptRecord, JobId, Name};

/// The right of one worker incarnation to settle one job once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClaimToken {
    /// The job.
    pub job: JobId,
    /// The number of the lease.
    pub claim: u64,
}

/// Where a settled job goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Transition {
    /// The work is done.
    Done,
    /// A newer result took its place; the name is that result's id.
    Superseded {
        /// The result in force.
        by: Name,
    },
    /// It was of no use any more.
    Expired,
    /// Try again later; burns an attempt.
    Retry {
        /// How long to wait, in milliseconds.
        delay_ms: u64,
    },
    /// Try again later through no fault of its own; burns nothing.
    Snooze {
        /// How long to wait, in milliseconds.
        delay_ms: u64,
    },
    /// Wait for an event; burns nothing.
    Park {
        /// The event that releases it.
        wake: Name,
        /// Another event that releases it as well.
        also: Option<Name>,
        /// When to look again although no event came, in milliseconds; none means never.
        look_again_ms: Option<u64>,
    },
    /// A person must look.
    Bury,
    /// Give it back unfinished, at shutdown; burns nothing.
    Release,
}

impl Transition {
    /// The verb the script knows, which is also the outcome in the history.
    pub fn verb(&self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Superseded { .. } => "superseded",
            Self::Expired => "expired",
            Self::Retry { .. } => "retry",
            Self::Snooze { .. } => "snooze",
            Self::Park { .. } => "park",
            Self::Bury => "bury",
            Self::Release => "release",
        }
    }

    /// Whether the attempt counts against the job's limit.
    pub(crate) fn burns_attempt(&self) -> bool {
        match self {
            Self::Done | Self::Superseded { .. } | Self::Retry { .. } | Self::Bury => true,
            Self::Expired | Self::Snooze { .. } | Self::Park { .. } | Self::Release => false,
        }
    }

    pub(crate) fn delay(&self) -> i64 {
        match self {
            Self::Retry { delay_ms } | Self::Snooze { delay_ms } => waiting(*delay_ms),
            Self::Park { look_again_ms, .. } => look_again_ms.map_or(-1, waiting),
            Self::Done | Self::Superseded { .. } | Self::Expired | Self::Bury | Self::Release => 0,
        }
    }
}

fn waiting(delay_ms: u64) -> i64 {
    i64::try_from(delay_ms.min(crate::enqueue::MAX_WAIT_MS)).unwrap_or(i64::MAX)
}

/// One attempt's end.
#[derive(Debug, Clone)]
pub struct Settlement {
    /// Which lease it ends.
    pub token: ClaimToken,
    /// Where the job goes.
    pub transition: Transition,
    /// The catalogue code of what happened; none on the happy path.
    pub code: Option<Name>,
    /// The line for the history; none for an empty happy path.
    pub attempt: Option<AttemptRecord>,
    /// What the caller asked to know, kept for a day under the job's id.
    pub answer: Option<Vec<u8>>,
    /// The state its ledger row takes; none leaves the row alone.
    pub ledger_state: Option<&'static str>,
    /// Whether Docebo was called and answered as it should: what opens the connector's gate further.
    pub docebo_answered: bool,
    /// [`JobRecord::header`](crate::JobRecord::header) as it was claimed; none has Redis read it.
    pub header: Option<std::sync::Arc<str>>,
}

/// What became of a settlement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It was applied.
    Settled,
    /// It had been applied before: the first answer was lost on the way.
    Again,
    /// The lease was no longer this worker's; nothing changed.
    Fenced,
}
