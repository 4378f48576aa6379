//! When an entry was stored and when it last changed: what tells one state of it from another.

use jiff::{SignedDuration, Timestamp};

/// The step of the store's clock.
const STEP: SignedDuration = SignedDuration::from_millis(1);

/// When an entry was stored and when it last changed; never the same for two states of one entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// When the entry was first stored.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// What became of a removal that was to happen only in a certain state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removal {
    /// The entry is gone.
    Removed,
    /// There was none.
    Missing,
    /// The entry is in another state than it was to be, and stays.
    Refused,
}

impl Stamp {
    /// The time of a change: later than the one before, also where two fall on one moment or the clock was set back.
    pub(crate) fn of_change(before: Timestamp, now: Timestamp) -> Timestamp {
        before.checked_add(STEP).map_or(now, |next| next.max(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_changes_never_have_the_same_time() {
        let at = |ms| Timestamp::from_millisecond(ms).unwrap();
        assert_eq!(Stamp::of_change(at(1_000), at(2_000)), at(2_000));
        assert_eq!(Stamp::of_change(at(2_000), at(2_000)), at(2_001));
        assert_eq!(Stamp::of_change(at(2_000), at(1_000)), at(2_001));
    }
}
