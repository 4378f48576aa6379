//! Opens a job and runs it: the production handler. Beside that, it keeps the queue's limits as the registry
//! has them, and says what is overdue.

use std::time::Duration;

use passback_docebo::Calls;
use passback_producer::{Job, LimitsTold, wake};
use tokio::time::{Instant, sleep};

use crate::attempt::Handler;
use crate::check::check;
use crate::desk::Desk;
use crate::lease::Lease;
use crate::outcome::{Ending, Trouble};
use crate::overdue;
use crate::push::push;
use crate::verify::verify;
use crate::webhook::webhook;

/// Runs every kind of job.
#[derive(Debug)]
pub(crate) struct Jobs {
    pub(crate) desk: Desk,
    /// Between two looks whether the registry has changed.
    pub(crate) sync_limits_every: Duration,
    /// How long after its acceptance a result that is not at its end is worth a warning.
    pub(crate) overdue_after: Duration,
}

impl Handler for Jobs {
    async fn handle(&self, lease: &Lease, deadline: Instant, calls: &mut Calls) -> Ending {
        let record = &lease.claimed.record;
        let payload = record.payload.as_deref().unwrap_or_default();
        let vault = self.desk.producer.registry().vault();
        match Job::open(&record.kind, record.id, payload, vault) {
            Ok(Job::Check(job)) => check(&self.desk, &job, lease, deadline, calls).await,
            Ok(Job::Push(job)) => push(&self.desk, &job, lease, calls).await,
            Ok(Job::Verify(job)) => verify(&self.desk, &job, lease, calls).await,
            Ok(Job::Webhook(job)) => webhook(&self.desk, &job, lease, calls).await,
            Err(error) => {
                let detail = error.to_string();
                Trouble::Unreadable { detail }.into()
            }
        }
    }

    async fn chores(&self) {
        let overdue = overdue::watch(&self.desk.producer, self.overdue_after);
        tokio::join!(self.sync_limits(), overdue, self.read_again());
    }
}

impl Jobs {
    /// What a worker before could not read goes on: this one may know its kind, or have its key.
    async fn read_again(&self) {
        for kind in Job::KINDS {
            let key = wake::unreadable(kind);
            loop {
                match self.desk.producer.queue().wake(&key).await {
                    Ok(0) => break,
                    Ok(released) => {
                        tracing::info!(kind, released, "jobs that could not be read are tried again");
                        break;
                    }
                    Err(error) => {
                        tracing::debug!(%error, kind, "jobs that could not be read are not tried again yet");
                        sleep(self.sync_limits_every / 6).await;
                    }
                }
            }
        }
    }

    /// Whoever stores a connector tells the queue; this is for when that failed, and for connectors of before.
    async fn sync_limits(&self) {
        let mut told = LimitsTold::default();
        loop {
            let wait = match self.desk.producer.sync_limits(&mut told).await {
                Ok(()) => self.sync_limits_every,
                Err(error) => {
                    tracing::warn!(%error, "the queue could not be told the limits of the connectors");
                    self.sync_limits_every / 6
                }
            };
            sleep(wait).await;
        }
    }
}
