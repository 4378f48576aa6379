//! Stands between a job's client and Docebo: the queue grants each call, and hears of each failure of the connector.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use jiff::Timestamp;
use passback_docebo::{Endpoint, Failure, Guard, Held};
use passback_producer::{Code, Producer, connector_name, failure_code};
use passback_queue::{Failing, Gate, Lane, Name, Spent};
use passback_registry::{Connector, ConnectorId};

/// When to ask again for a call that Redis could neither grant nor refuse.
const STORE_WAIT: Duration = Duration::from_secs(1);

/// The gate of one connector as this process heard of it last. Clones are the same.
///
/// Jobs that wait for one token share its fate, and only the one that asked for it hears of the gate.
#[derive(Debug, Clone, Default)]
pub(crate) struct LastGate(Arc<Mutex<Option<Gate>>>);

impl LastGate {
    pub(crate) fn get(&self) -> Option<Gate> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, gate: Gate) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(gate);
    }
}

/// The guard of one job's client.
#[derive(Debug)]
pub(crate) struct CallGuard {
    producer: Producer,
    lane: Lane,
    id: ConnectorId,
    name: Name,
    /// Which life of the connector the job's client was made of.
    updated_at: Timestamp,
    validated_at: Option<Timestamp>,
    gate: LastGate,
}

impl CallGuard {
    pub(crate) fn new(producer: &Producer, lane: Lane, connector: &Connector, gate: LastGate) -> Self {
        Self {
            producer: producer.clone(),
            lane,
            id: connector.id.clone(),
            name: connector_name(&connector.id),
            updated_at: connector.updated_at,
            validated_at: connector.validated_at,
            gate,
        }
    }

    async fn spend(&self) -> Result<(), Held> {
        match self.producer.queue().spend(&self.name, self.lane).await {
            Ok(Spent::Granted) => Ok(()),
            Ok(Spent::Held { code, wait }) => Err(Held { why: code, wait }),
            Err(error) => {
                // Without a grant nobody has counted the call.
                tracing::debug!(connector = %self.id, %error, "no grant for a call to Docebo");
                Err(Held {
                    why: Code::StoreUnavailable.as_str().to_owned(),
                    wait: Some(STORE_WAIT),
                })
            }
        }
    }

    async fn report(&self, failure: &Failure) {
        let Some(failing) = failing_of(failure) else { return };
        if failing == Failing::Refused && self.was_put_right().await {
            tracing::debug!(connector = %self.id, "the refused credentials are of the past");
            return;
        }
        let code = failure_code(failure).name();
        match self.producer.queue().report(&self.name, failing, &code).await {
            // Between the question and the report somebody may have put it right: nobody would open the gate again.
            Ok(_) if failing == Failing::Refused && self.was_put_right().await => self.open_again().await,
            Ok(gate) => self.gate.set(gate),
            Err(error) => tracing::debug!(connector = %self.id, %error, "a failure of Docebo could not be reported"),
        }
    }

    async fn open_again(&self) {
        if let Err(error) = self.producer.queue().open_gate(&self.name).await {
            tracing::warn!(connector = %self.id, %error, "a gate that was closed by a refusal of the past could not be opened");
        }
    }

    /// Whether somebody has changed or validated the connector since the job began: then a refusal says nothing of it
    /// as it is now, and a gate that only a person opens must not close for it.
    async fn was_put_right(&self) -> bool {
        match self.producer.registry().connector_view(&self.id).await {
            Ok(Some(view)) => {
                let validated = view.validation.is_none() && view.validated_at > self.validated_at;
                view.updated_at != self.updated_at || validated
            }
            Ok(None) => true,
            // Whoever cannot be asked takes no report either.
            Err(_) => false,
        }
    }
}

impl Guard for CallGuard {
    fn ask(&self, _: Endpoint) -> BoxFuture<'_, Result<(), Held>> {
        self.spend().boxed()
    }

    fn heard<'a>(&'a self, _: Endpoint, outcome: Result<(), &'a Failure>) -> BoxFuture<'a, ()> {
        match outcome {
            // Told with the job's settlement, for all its calls at once.
            Ok(()) => futures::future::ready(()).boxed(),
            Err(failure) => self.report(failure).boxed(),
        }
    }
}

/// How a failure shows that the connector fails, whatever it means for the job; none where it is the job's alone.
pub(crate) fn failing_of(failure: &Failure) -> Option<Failing> {
    match failure {
        Failure::Unavailable {
            status: 503,
            retry_after: Some(wait),
        } => Some(Failing::Throttled { wait: *wait }),
        Failure::Unreachable { .. }
        | Failure::ConnectionLost { .. }
        | Failure::TimedOut
        | Failure::Unavailable { .. } => Some(Failing::Down),
        Failure::CertificateInvalid { .. } => Some(Failing::DownForSure),
        Failure::Throttled { retry_after } => Some(Failing::Throttled {
            wait: retry_after.unwrap_or_default(),
        }),
        Failure::CredentialsRefused { .. } => Some(Failing::Refused),
        Failure::Forbidden { .. } | Failure::NotJson { .. } => Some(Failing::Forbidden),
        Failure::Held { .. }
        | Failure::UnexpectedShape { .. }
        | Failure::Rejected { .. }
        | Failure::NotFound { .. }
        | Failure::Unexpected { .. } => None,
    }
}
