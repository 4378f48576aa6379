//! Whether Redis has heard of this worker lately: without that it must neither claim nor go on.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

/// Where the heartbeat writes down when it was last heard.
#[derive(Debug)]
pub(crate) struct Heard {
    last: watch::Sender<Option<Instant>>,
}

/// Where the others read it.
#[derive(Debug, Clone)]
pub(crate) struct Hearing {
    last: watch::Receiver<Option<Instant>>,
    /// How long one beat is good for.
    good_for: Duration,
}

/// A worker that has not been heard yet.
pub(crate) fn hearing(good_for: Duration) -> (Heard, Hearing) {
    let (sender, last) = watch::channel(None);
    (Heard { last: sender }, Hearing { last, good_for })
}

impl Heard {
    /// A beat that began at this moment was answered.
    pub(crate) fn heard(&self, began: Instant) {
        self.last.send_replace(Some(began));
    }
}

impl Hearing {
    /// Returns when the worker is known to Redis, at once if it is.
    pub(crate) async fn until_heard(&mut self) {
        let good_for = self.good_for;
        let fresh = |last: &Option<Instant>| last.is_some_and(|began| began.elapsed() < good_for);
        if self.last.wait_for(fresh).await.is_err() {
            // The heartbeat has ended, and with it the worker.
            std::future::pending::<()>().await;
        }
    }

    /// Returns when others may take this worker's jobs, because it has not been heard for too long.
    pub(crate) async fn until_unheard(mut self) {
        loop {
            let last = *self.last.borrow_and_update();
            let Some(last) = last else { return };
            tokio::select! {
                () = sleep_until(last + self.good_for) => return,
                changed = self.last.changed() => if changed.is_err() {
                    sleep_until(last + self.good_for).await;
                    return;
                },
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::{Instant, advance, timeout};

    use super::hearing;

    #[tokio::test(start_paused = true)]
    async fn each_beat_prolongs_the_time_in_which_the_worker_is_heard() {
        let (heard, hearing) = hearing(Duration::from_secs(14));
        heard.heard(Instant::now());
        advance(Duration::from_secs(10)).await;
        heard.heard(Instant::now());
        let unheard = hearing.clone().until_unheard();
        assert!(timeout(Duration::from_secs(13), unheard).await.is_err());
        assert!(timeout(Duration::from_secs(2), hearing.until_unheard()).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_worker_is_not_heard_before_its_first_beat_nor_long_after_its_last() {
        let (heard, mut hearing) = hearing(Duration::from_secs(14));
        assert!(timeout(Duration::from_mins(1), hearing.until_heard()).await.is_err());
        heard.heard(Instant::now());
        hearing.until_heard().await;
        advance(Duration::from_secs(15)).await;
        assert!(timeout(Duration::from_mins(1), hearing.until_heard()).await.is_err());
    }
}
