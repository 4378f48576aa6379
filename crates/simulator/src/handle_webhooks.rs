//! Webhooks, by the control of a tenant: where they go, what was sent, when all is done.

use serde_json::Value;

use crate::clock::Moment;
use crate::handle::TenantHandle;
use crate::webhook::{WebhookCounts, WebhookSent, WebhookTarget, WebhookTargetError};

impl TenantHandle {
    /// Sends webhooks to this target from now on, also those that wait already.
    pub fn set_webhook(&self, target: WebhookTarget) -> Result<(), WebhookTargetError> {
        target.check()?;
        self.platform.state().outbox.set_target(Some(target));
        Ok(())
    }

    /// Sends no webhooks from now on; those that wait are given up, which the log says.
    pub fn clear_webhook(&self) {
        self.platform.state().outbox.set_target(None);
    }

    /// Sends any event with any payload, ticked or not, in the target's way; false if there is no target.
    pub fn emit(&self, event: &str, payload: Value) -> bool {
        self.platform.state().outbox.fire(event, payload, Moment::now())
    }

    /// Sends one more copy of a message of the log; false if it is not there, or there is no target.
    pub fn resend_webhook(&self, message_id: &str) -> bool {
        self.platform.state().outbox.resend(message_id, Moment::now())
    }

    /// Lets go what waits for a group or a shuffle to be complete; delays stay.
    pub fn flush_webhooks(&self) {
        self.platform.state().outbox.flush(Moment::now());
    }

    /// Lists the deliveries, one entry per copy of a message, oldest first; the last 100,000 are kept.
    pub fn webhooks(&self) -> Vec<WebhookSent> {
        self.platform.state().outbox.list()
    }

    /// Returns the totals since the start.
    pub fn webhook_counts(&self) -> WebhookCounts {
        self.platform.state().outbox.counts()
    }

    /// Lets go what is held and waits until every webhook is delivered or given up, or the simulator stops.
    ///
    /// Retries count as waiting, so that a receiver that is away makes this as long as the target is patient.
    pub async fn webhooks_settled(&self) -> WebhookCounts {
        self.flush_webhooks();
        let quiet = async {
            loop {
                let told = self.platform.signals.quiet.notified();
                if self.platform.state().outbox.is_quiet() {
                    return;
                }
                told.await;
            }
        };
        self.platform.stop.run_until_cancelled(quiet).await;
        self.webhook_counts()
    }
}
