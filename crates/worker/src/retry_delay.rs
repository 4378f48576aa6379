//! How long to wait before the next try: exponential, with full jitter, a pure function of its arguments.

use std::time::Duration;

const LEAST_SPREAD_MS: u64 = 100;
const MOST_SPREAD_MS: u64 = 5_000;

/// The shortest and the longest wait.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spread {
    least_ms: u64,
    most_ms: u64,
}

impl Spread {
    /// Waits from `least` to `most`.
    pub(crate) fn new(least: Duration, most: Duration) -> Self {
        let least_ms = whole_ms(least);
        Self {
            least_ms,
            most_ms: whole_ms(most).max(least_ms),
        }
    }

    /// The shortest wait.
    pub(crate) fn least(self) -> Duration {
        Duration::from_millis(self.least_ms)
    }

    /// The longest wait.
    pub(crate) fn most(self) -> Duration {
        Duration::from_millis(self.most_ms)
    }

    /// The wait after the `failures`-th failure in a row, from 1: any time up to a bound that doubles each time.
    ///
    /// The whole range is used, so that jobs that failed together do not come back together.
    pub(crate) fn full_jitter(self, failures: u32, random: u64) -> Duration {
        let doubled = self.least_ms.saturating_mul(1_u64 << failures.min(32));
        let span_ms = doubled.clamp(self.least_ms, self.most_ms) - self.least_ms;
        Duration::from_millis(self.least_ms + random % (span_ms + 1))
    }
}

/// A wait that is given, and up to a tenth more, within bounds, so that those who wait for the same moment do not come
/// back together.
pub(crate) fn a_little_after(wait: Duration, random: u64) -> Duration {
    let most_ms = whole_ms(wait / 10).clamp(LEAST_SPREAD_MS, MOST_SPREAD_MS);
    wait.saturating_add(Duration::from_millis(random % (most_ms + 1)))
}

/// A duration in whole milliseconds.
pub(crate) fn whole_ms(duration: Duration) -> u64 {
    // Half of the range, so that sums of two never overflow.
    u64::try_from(duration.as_millis())
        .unwrap_or(u64::MAX)
        .min(u64::MAX / 2)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::{Spread, a_little_after};

    const PUSH: (Duration, Duration) = (Duration::from_secs(1), Duration::from_mins(15));

    #[test]
    fn the_first_wait_is_short_and_the_bound_doubles_up_to_the_longest() {
        let spread = Spread::new(PUSH.0, PUSH.1);
        let longest = |failures| {
            let waits = (0..900_001_u64)
                .step_by(1000)
                .map(|random| spread.full_jitter(failures, random));
            waits.max().unwrap_or_default()
        };
        assert!(longest(1) <= Duration::from_secs(2));
        assert!(longest(5) <= Duration::from_secs(32));
        assert!(longest(5) > Duration::from_secs(16));
        assert!(longest(30) > Duration::from_mins(14));
    }

    #[test]
    fn a_given_wait_is_never_cut_and_hardly_prolonged() {
        let wait = Duration::from_secs(30);
        for random in [0, 1, 2_999, 3_000, 3_001, u64::MAX] {
            let spread = a_little_after(wait, random);
            assert!(spread >= wait && spread <= wait + Duration::from_secs(3), "{spread:?}");
        }
        assert_eq!(a_little_after(wait, 3_000), Duration::from_secs(33));
        assert_eq!(a_little_after(Duration::ZERO, 100), Duration::from_millis(100));
        assert_eq!(
            a_little_after(Duration::from_hours(1), 5_000),
            Duration::from_secs(3605)
        );
        assert_eq!(a_little_after(Duration::MAX, 5), Duration::MAX);
    }

    proptest! {
        #[test]
        fn every_wait_is_within_the_bounds(failures in any::<u32>(), random in any::<u64>()) {
            let wait = Spread::new(PUSH.0, PUSH.1).full_jitter(failures, random);
            prop_assert!(wait >= PUSH.0 && wait <= PUSH.1, "{:?}", wait);
        }

        #[test]
        fn odd_bounds_never_overflow(least in any::<u64>(), most in any::<u64>(), failures in any::<u32>(), random in any::<u64>()) {
            let spread = Spread::new(Duration::from_millis(least), Duration::from_millis(most));
            let wait = spread.full_jitter(failures, random);
            prop_assert!(wait <= Duration::from_millis(most.max(least)));
        }
    }
}
