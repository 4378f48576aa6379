//! Waits until jobs have ended, without taking much of Redis' time for it.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::figures::{float, per};
use super::ground::Ground;
use super::tally::Tally;
use crate::exit::Failure;

/// The longest and the shortest pause between two looks.
const LOOK_AT_MOST: Duration = Duration::from_millis(50);
const LOOK_AT_LEAST: Duration = Duration::from_millis(1);
/// Without a job ended for so long, nothing ends any more.
const STALLED_AFTER: Duration = Duration::from_mins(1);

/// Looks until every job has ended; says when that was and how often it looked.
pub(crate) async fn until_ended(ground: &Ground, jobs: u64, before: &Tally) -> Result<(Instant, u64), Failure> {
    let mut looks = 0;
    let started = Instant::now();
    let (mut done, mut moved) = (0, started);
    loop {
        let tally = Tally::of(ground.queue()).await?;
        looks += 1;
        let now = Instant::now();
        if tally.pending() == 0 {
            return Ok((now, looks));
        }
        let done_now = tally.done_since(before);
        if done_now > done {
            (done, moved) = (done_now, now);
        } else if now - moved > STALLED_AFTER {
            return Err(Failure::failed(format!(
                "{done} of {jobs} jobs were done, then none any more"
            )));
        }
        sleep(pause(done, jobs, now - started)).await;
    }
}

/// Half of the time that the rest will take at the pace so far, so that the end is seen soon and few looks are taken.
fn pause(done: u64, jobs: u64, elapsed: Duration) -> Duration {
    let left = float(jobs.saturating_sub(done));
    let pause = elapsed.mul_f64((per(left, float(done)) / 2.0).min(1.0));
    pause.clamp(LOOK_AT_LEAST, LOOK_AT_MOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearer_the_end_the_shorter_the_pause() {
        let second = Duration::from_secs(1);
        assert_eq!(pause(0, 1_000, Duration::ZERO), LOOK_AT_LEAST);
        assert_eq!(pause(500, 1_000, second), LOOK_AT_MOST);
        assert_eq!(pause(980, 1_000, second), Duration::from_secs_f64(20.0 / 980.0 / 2.0));
        assert_eq!(pause(1_000, 1_000, second), LOOK_AT_LEAST);
    }
}
