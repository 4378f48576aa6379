//! How many calls are answered in any hour.

use std::collections::VecDeque;

use crate::clock::Moment;

const WINDOW_SECONDS: u64 = 3_600;

/// The calls of the past hour against a limit.
pub(crate) struct Quota {
    calls_per_hour: u32,
    answered: VecDeque<Moment>,
}

impl Quota {
    /// Allows `calls_per_hour` calls in any hour; 0 allows all.
    pub(crate) fn new(calls_per_hour: u32) -> Self {
        Self {
            calls_per_hour,
            answered: VecDeque::new(),
        }
    }

    /// Takes one call, or says in how many seconds the next one is allowed.
    pub(crate) fn take(&mut self, now: Moment) -> Result<(), u64> {
        if self.calls_per_hour == 0 {
            return Ok(());
        }
        while let Some(oldest) = self.answered.front() {
            let free_again = oldest.plus_seconds(WINDOW_SECONDS);
            if free_again <= now {
                self.answered.pop_front();
                continue;
            }
            if self.answered.len() < self.calls_per_hour as usize {
                break;
            }
            let wait_ms = free_again.0.saturating_sub(now.0);
            return Err(u64::try_from(wait_ms).unwrap_or(0).div_ceil(1_000));
        }
        self.answered.push_back(now);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_slides_and_refused_calls_do_not_count() {
        let mut quota = Quota::new(2);
        assert_eq!(quota.take(Moment(0)), Ok(()));
        assert_eq!(quota.take(Moment(600_000)), Ok(()));
        assert_eq!(quota.take(Moment(600_001)), Err(3_000));
        assert_eq!(quota.take(Moment(3_599_999)), Err(1));
        assert_eq!(quota.take(Moment(3_600_000)), Ok(()));
        assert_eq!(quota.take(Moment(3_600_000)), Err(600));
    }

    #[test]
    fn a_limit_of_zero_allows_all() {
        let mut quota = Quota::new(0);
        assert!((0..5_000).all(|_| quota.take(Moment(0)).is_ok()));
    }
}
