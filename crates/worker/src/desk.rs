//! What every job needs before its first call: the exam, its connector, a client.

use std::sync::Arc;

use passback_docebo::{Client, CourseId, User, UserId};
use passback_producer::{Producer, StoreError};
use passback_queue::{Gate, Lane, Name, QueueError};
use passback_registry::{Connector, ConnectorId, Exam, ExamId, RegistryError};

use crate::call_guard::{CallGuard, LastGate};
use crate::clients::{Clients, Contact};
use crate::other_platform::Strangers;
use crate::outcome::{About, Trouble};
use crate::retry_delay::Spread;

/// What the handlers of jobs share.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) producer: Producer,
    pub(crate) clients: Clients,
    /// Between two tries of a check.
    pub(crate) check_retry: Spread,
    /// Of which connectors it was said that another platform tells them things.
    pub(crate) strangers: Strangers,
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

/// A connector that may be called.
#[derive(Debug)]
pub(crate) struct Contacted {
    pub(crate) connector: Connector,
    /// Asks the queue before each call, and tells it of each failure.
    pub(crate) client: Client,
    pub(crate) gate: LastGate,
}

impl Ground {
    pub(crate) fn course(&self) -> CourseId {
        CourseId(self.exam.course_id)
    }

    /// The platform that the connector leads to, for what is remembered of its numbers.
    pub(crate) fn platform(&self) -> String {
        self.connector.domain.to_string()
    }

    /// The connector's gate, as it was heard of last.
    pub(crate) fn gate(&self) -> Option<Gate> {
        self.gate.get()
    }

    /// What a job for this e-mail is about.
    pub(crate) fn about(&self, email_hash: String, result_id: Option<&Name>) -> About {
        About {
            connector: self.connector.id.clone(),
            exam: self.exam.id.clone(),
            course_id: self.exam.course_id,
            email_hash,
            result_id: result_id.cloned(),
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
        let Contacted {
            connector,
            client,
            gate,
        } = self.contact(&exam.connector, lane).await?;
        Ok(Ground {
            exam,
            connector,
            client,
            gate,
        })
    }

    /// A connector, as it is now, and its client.
    pub(crate) async fn contact(&self, connector: &ConnectorId, lane: Lane) -> Result<Contacted, Trouble> {
        let connector = self.producer.registry().connector(connector).await;
        let connector = connector.map_err(|error| trouble_of_registry(&error))?;
        let connector = connector.ok_or(Trouble::ConnectorMissing)?;
        let contact = self.clients.of(&self.producer, &connector);
        let Contact { client, gate } = contact.map_err(|error| Trouble::ConnectorUnusable {
            detail: error.to_string(),
        })?;
        let guard = CallGuard::new(&self.producer, lane, &connector, gate.clone());
        Ok(Contacted {
            connector,
            client: client.guarded_by(Arc::new(guard)),
            gate,
        })
    }

    /// The user that this e-mail led to lately. What is remembered is only ever a saving: where it cannot be read,
    /// Docebo is asked.
    pub(crate) async fn learned_user(&self, ground: &Ground, email: &str) -> Option<UserId> {
        let person = self.email_hash(email);
        let learned = self.producer.registry().learned_user(&ground.connector.id, &person);
        learned.await.ok().flatten().map(UserId)
    }

    /// The one user that an e-mail leads to; who it is, or that it is nobody any more, is remembered.
    pub(crate) async fn the_one(&self, ground: &Ground, email: &str, users: &[User]) -> Result<UserId, Trouble> {
        match users {
            [user] => {
                self.learn_user(ground, email, user.id).await;
                Ok(user.id)
            }
            [] => {
                self.forget_user(ground, email).await;
                Err(Trouble::UserNotFound)
            }
            // Never the first of several: it may be somebody else.
            [_, _, ..] => {
                self.forget_user(ground, email).await;
                self.remember_all(ground, email, users).await;
                Err(Trouble::UserAmbiguous)
            }
        }
    }

    async fn learn_user(&self, ground: &Ground, email: &str, user: UserId) {
        let person = self.email_hash(email);
        let learned = self
            .producer
            .registry()
            .learn_user(&ground.connector.id, &person, user.0);
        if let Err(error) = learned.await {
            tracing::debug!(%error, "a user's id could not be remembered");
        }
    }

    /// What is told of any of them may leave the address to one alone.
    async fn remember_all(&self, ground: &Ground, email: &str, users: &[User]) {
        let person = self.email_hash(email);
        let numbers: Vec<u64> = users.iter().map(|user| user.id.0).collect();
        let registry = self.producer.registry();
        let remembered = registry.remember_numbers(&ground.connector.id, &person, &numbers);
        if let Err(error) = remembered.await {
            tracing::debug!(%error, "the ids of several users of one address could not be remembered");
        }
    }

    async fn forget_user(&self, ground: &Ground, email: &str) {
        let person = self.email_hash(email);
        let forgotten = self.producer.registry().forget_user(&ground.connector.id, &person);
        if let Err(error) = forgotten.await {
            tracing::debug!(%error, "a user's id could not be forgotten; it expires");
        }
    }

    pub(crate) fn email_hash(&self, email: &str) -> String {
        self.producer.registry().vault().email_hash(email)
    }
}

pub(crate) fn trouble_of_registry(error: &RegistryError) -> Trouble {
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

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self::StoreUnavailable {
            detail: error.to_string(),
        }
    }
}
