//! Says when results were accepted long ago and are still not at their end. Every worker does it.

use std::time::Duration;

use passback_producer::{Overdue, Producer};
use tokio::time::sleep;

/// Between two looks.
const EVERY: Duration = Duration::from_mins(10);

/// Looks until it is dropped, and warns once at each look that finds some: what waits for a person counts, too.
pub(crate) async fn watch(producer: &Producer, after: Duration) {
    loop {
        match producer.overdue_results(after).await {
            Ok(Overdue { count: 0, .. }) => {}
            Ok(Overdue { count, oldest_age_s }) => tracing::warn!(
                count,
                oldest_age_s,
                overdue_after_s = after.as_secs(),
                "results were accepted long ago and are not at their end: passback result list --overdue names them"
            ),
            Err(error) => tracing::warn!(%error, "it cannot be seen whether results are overdue"),
        }
        sleep(EVERY).await;
    }
}
