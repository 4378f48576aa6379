//! Whether Redis can do its work, asked at most once a second however many ask: probes need no token.

use std::time::Duration;

use passback_producer::Code;
use passback_queue::{Queue, QueueError};
use tokio::{sync::Mutex, time::Instant};

use crate::problem::Problem;

/// How long a finding is told again.
const TIME_TO_LIVE: Duration = Duration::from_secs(1);

/// The last finding. Who asks while Redis is asked waits for that answer.
#[derive(Default)]
pub(crate) struct Readiness(Mutex<Option<(Instant, Result<(), Problem>)>>);

impl Readiness {
    /// What is wrong with Redis, if anything; a second old at most.
    pub(crate) async fn of(&self, queue: &Queue, allow_unsafe: bool) -> Result<(), Problem> {
        let mut last = self.0.lock().await;
        if let Some((since, finding)) = &*last
            && since.elapsed() < TIME_TO_LIVE
        {
            return finding.clone();
        }
        let finding = look(queue, allow_unsafe).await;
        *last = Some((Instant::now(), finding.clone()));
        finding
    }
}

async fn look(queue: &Queue, allow_unsafe: bool) -> Result<(), Problem> {
    queue.probe_write().await.map_err(not_writable)?;
    if allow_unsafe {
        return Ok(());
    }
    let hazards = queue.safety().await?.hazards;
    if hazards.is_empty() {
        return Ok(());
    }
    let words: Vec<String> = hazards.iter().map(ToString::to_string).collect();
    let detail = format!("Redis answers, but is not safe to use: {}.", words.join("; "));
    Err(Problem::new(Code::StoreUnavailable, detail))
}

/// Says what is wrong where Redis answers and does not write.
fn not_writable(error: QueueError) -> Problem {
    let detail = match &error {
        QueueError::Full => return Problem::new(Code::StoreFull, "Redis answers, but has no memory left for writes."),
        QueueError::ReadOnly(_) => {
            "Redis answers, but takes no writes: it is a replica, lacks replicas, or cannot write to its disk."
        }
        QueueError::Loading => "Redis is starting and still reads its data.",
        QueueError::Refused(_) => "Redis refuses the user or password that this server has for it.",
        QueueError::Unreachable(_)
        | QueueError::TimedOut
        | QueueError::Busy(_)
        | QueueError::BadUrl { .. }
        | QueueError::Other(_)
        | QueueError::Unreadable(_) => return error.into(),
    };
    tracing::warn!(error = %error, "Redis takes no writes");
    Problem::new(Code::StoreUnavailable, detail)
}
