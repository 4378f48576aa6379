//! Opens a job and runs it: the production handler.

use passback_docebo::Calls;
use passback_producer::Job;
use tokio::time::Instant;

use crate::attempt::Handler;
use crate::check::check;
use crate::desk::Desk;
use crate::lease::Lease;
use crate::outcome::{Ending, Trouble};
use crate::push::push;

/// Runs every kind of job.
#[derive(Debug)]
pub(crate) struct Jobs {
    pub(crate) desk: Desk,
}

impl Handler for Jobs {
    async fn handle(&self, lease: &Lease, deadline: Instant, calls: &mut Calls) -> Ending {
        let record = &lease.claimed.record;
        let payload = record.payload.as_deref().unwrap_or_default();
        let vault = self.desk.producer.registry().vault();
        match Job::open(&record.kind, record.id, payload, vault) {
            Ok(Job::Check(job)) => check(&self.desk, &job, lease, deadline, calls).await,
            Ok(Job::Push(job)) => push(&self.desk, &job, lease, calls).await,
            Err(error) => {
                let detail = error.to_string();
                Trouble::Unreadable { detail }.into()
            }
        }
    }
}
