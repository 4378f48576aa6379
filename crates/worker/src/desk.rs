//! What every job needs before its first call: the exam, its connector, a client.

use std::sync::Arc;

use passback_docebo::{Client, CourseId};
use passback_producer::Producer;
use passback_queue::{Gate, Lane, QueueError};
use passback_registry::{Connector, Exam, ExamId, RegistryError};

use crate::call_guard::{CallGuard, LastGate};
use crate::clients::{Clients, Contact};
use crate::outcome::{About, Trouble};
use crate::retry_delay::Spread;

/// What the handlers of jobs share.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) producer: Producer,
    pub(crate) clients: Clients,
    /// Between two tries of a check.
    pub(crate) check_retry: Spread,
}

/// What one job stands on.
#[derive(Debug)]
pub(crate) struct Ground {
    pub(crate) exam: Exam,
    pub(crate) connector: Connector,
    /// Asks the queue before each call, and tells it of each failure.
    pub(crate) client: Client,
    gate: LastGate,
}

impl Ground {
    pub(crate) fn course(&self) -> CourseId {
        CourseId(self.exam.course_id)
    }

    /// The connector's gate, as it was heard of last.
    pub(crate) fn gate(&self) -> Option<Gate> {
        self.gate.get()
    }

    /// What a job for this e-mail is about.
    pub(crate) fn about(&self, email_hash: String) -> About {
        About {
            connector: self.connector.id.clone(),
            exam: self.exam.id.clone(),
            course_id: self.exam.course_id,
            email_hash,
        }
    }
}

impl Desk {
    /// Looks up what a job stands on, as it is now: a job that was just released because its connector was put right
    /// must not meet the connector of two seconds ago.
    pub(crate) async fn ground(&self, exam: &ExamId, lane: Lane) -> Result<Ground, Trouble> {
        let registry = self.producer.registry();
        let exam = registry.exam(exam).await.map_err(|error| trouble_of_registry(&error))?;
        let exam = exam.ok_or(Trouble::ExamMissing)?;
        let connector = registry
            .connector(&exam.connector)
            .await
            .map_err(|error| trouble_of_registry(&error))?;
        let connector = connector.ok_or(Trouble::ConnectorMissing)?;
        let contact = self.clients.of(&self.producer, &connector);
        let Contact { client, gate } = contact.map_err(|error| Trouble::ConnectorUnusable {
            detail: error.to_string(),
        })?;
        let guard = CallGuard::new(&self.producer, lane, &connector, gate.clone());
        Ok(Ground {
            exam,
            connector,
            client: client.guarded_by(Arc::new(guard)),
            gate,
        })
    }

    pub(crate) fn email_hash(&self, email: &str) -> String {
        self.producer.registry().vault().email_hash(email)
    }
}

fn trouble_of_registry(error: &RegistryError) -> Trouble {
    let detail = error.to_string();
    if error.is_retryable() {
        Trouble::StoreUnavailable { detail }
    } else {
        Trouble::ConnectorUnusable { detail }
    }
}

impl From<QueueError> for Trouble {
    fn from(error: QueueError) -> Self {
        Self::StoreUnavailable {
            detail: error.to_string(),
        }
    }
}
