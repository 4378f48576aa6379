//! How long one attempt may take.

use std::time::Duration;

use passback_queue::{JobRecord, Lane};

/// For a check without a deadline of its own.
const CHECK_DEADLINE: Duration = Duration::from_secs(20);
/// No check may take longer, whatever its record says; exams allow up to this.
const LONGEST_CHECK: Duration = Duration::from_mins(2);
/// A check ends itself at its deadline, to answer with what stood in the way; the cut is for one that does not.
const CHECK_CUT_MARGIN: Duration = Duration::from_secs(1);
/// What an attempt leaves of a check's time for its answer to be stored: one that comes later is not taken.
const SETTLE_MARGIN: Duration = Duration::from_millis(500);
/// A lease outlasts the cut by this: it runs out only if the worker failed to cut.
const LEASE_MARGIN: Duration = Duration::from_secs(30);

/// The time of one attempt, from the moment of its claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct AttemptTime {
    /// When the handler should end by itself.
    pub(crate) deadline: Duration,
    /// When it is cut.
    pub(crate) cut: Duration,
}

/// How long an attempt of this job may take.
pub(crate) fn attempt_time(record: &JobRecord, push_deadline: Duration) -> AttemptTime {
    match record.lane {
        Lane::Check => {
            let left = |deadline_ms: u64| Duration::from_millis(deadline_ms.saturating_sub(record.since_ms));
            let left = record.deadline_ms.map_or(CHECK_DEADLINE, left).min(LONGEST_CHECK);
            let deadline = left.saturating_sub((left / 10).min(SETTLE_MARGIN));
            AttemptTime {
                deadline,
                cut: deadline + CHECK_CUT_MARGIN,
            }
        }
        Lane::Push | Lane::Background => AttemptTime {
            deadline: push_deadline,
            cut: push_deadline,
        },
    }
}

/// How long a lease of a lane lasts: the claim does not know which jobs it will get.
pub(crate) fn lease_for(lane: Lane, push_deadline: Duration) -> Duration {
    let longest = match lane {
        Lane::Check => LONGEST_CHECK + CHECK_CUT_MARGIN,
        Lane::Push | Lane::Background => push_deadline,
    };
    longest + LEASE_MARGIN
}
