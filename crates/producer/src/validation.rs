//! Validation of a connector: a fresh token and one harmless read, and what follows from it.

use std::sync::Arc;

use jiff::Timestamp;
use passback_docebo::{BuildError, Calls, Client, Error, Failure};
use passback_queue::Failing;
use passback_registry::{Connector, ConnectorId, NewAuditEntry, RegistryError};
use serde::Serialize;

use crate::{
    Actor, Code, Producer, StoreError, connector_name, docebo_client, public_time, validation_guard::CountingGuard,
};

/// What a validation found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Validation {
    /// Whether Docebo accepts the credentials and answers.
    pub ok: bool,
    /// Why not.
    pub code: Option<Code>,
    /// What was found, in a few words.
    pub title: &'static str,
    /// What was found, in a sentence or two.
    pub explanation: &'static str,
    /// Who can put it right.
    pub who_acts: Option<Actor>,
    /// How it is put right.
    pub resolution: &'static [&'static str],
    /// What Docebo or the network said, bounded and redacted.
    pub detail: Option<String>,
    /// Parked jobs that went on because of it.
    pub released_jobs: u64,
    /// When it was found out.
    #[serde(serialize_with = "public_time::serialize")]
    pub checked_at: Timestamp,
}

impl Validation {
    fn succeeded(checked_at: Timestamp) -> Self {
        Self {
            ok: true,
            code: None,
            title: "Docebo accepts the credentials",
            explanation: "A token was issued and a first read was answered.",
            who_acts: None,
            resolution: &[],
            detail: None,
            released_jobs: 0,
            checked_at,
        }
    }

    fn failed(code: Code, detail: String, checked_at: Timestamp) -> Self {
        let entry = code.entry();
        Self {
            ok: false,
            code: Some(code),
            title: entry.title,
            explanation: entry.explanation,
            who_acts: Some(entry.who_acts),
            resolution: entry.resolution,
            detail: Some(detail),
            released_jobs: 0,
            checked_at,
        }
    }
}

impl Producer {
    /// Validates a stored connector; none if there is none of this id.
    ///
    /// The outcome is put on record and stored with the connector. A success opens its gate and releases the jobs that
    /// waited for it; refused credentials close the gate. Not so where somebody changed the connector meanwhile, for
    /// it says nothing of the connector as it is now.
    pub async fn validate(&self, id: &ConnectorId, actor: &str) -> Result<Option<Validation>, StoreError> {
        let Some(connector) = self.registry.connector(id).await? else {
            return Ok(None);
        };
        let now = public_time::from_ms(self.queue.now_ms().await?);
        // With the shared token: the one that is granted here serves the workers too.
        let client = self.docebo_client(&connector);
        let mut validation = tried(self.counted(client, &connector), now).await;
        let code = validation.code.map(Code::as_str);
        let stored = self
            .registry
            .set_validation(id, connector.updated_at, code, validation.checked_at)
            .await;
        let stored = match stored {
            Err(RegistryError::UnknownConnector(_)) => return Ok(None),
            stored => stored?,
        };
        if stored && validation.ok {
            validation.released_jobs = self.connector_works(id).await?;
        }
        if let Some(Code::CredentialsRefused) = validation.code.filter(|_| stored) {
            let code = Code::CredentialsRefused.name();
            self.queue.report(&connector_name(id), Failing::Refused, &code).await?;
        }
        let found = code.unwrap_or("ok");
        let detail = match (stored, validation.ok) {
            (false, _) => format!("{found}, but the connector was changed meanwhile"),
            (true, true) => format!("{found}, {} jobs released", validation.released_jobs),
            (true, false) => found.to_owned(),
        };
        let entry = NewAuditEntry {
            actor: actor.to_owned(),
            action: "connector.validated".to_owned(),
            target: format!("connector {id}"),
            reason: None,
            detail: Some(detail),
        };
        // What was found is stored by then, and jobs may go on because of it: that is not hidden behind a trail that
        // cannot be written.
        if let Err(error) = self.registry.record_audit(&entry).await {
            tracing::error!(%error, actor, connector = %id, "a validation is missing in the audit trail");
        }
        Ok(Some(validation))
    }

    /// Validates a connector that is not stored yet; stores nothing.
    pub async fn validate_candidate(&self, connector: &Connector) -> Result<Validation, StoreError> {
        let now = public_time::from_ms(self.queue.now_ms().await?);
        Ok(tried(self.counted(docebo_client(connector), connector), now).await)
    }

    /// The client with its calls counted.
    pub(crate) fn counted(
        &self,
        client: Result<Client, BuildError>,
        connector: &Connector,
    ) -> Result<Client, BuildError> {
        let guard = CountingGuard::new(&self.queue, connector_name(&connector.id));
        client.map(|client| client.guarded_by(Arc::new(guard)))
    }
}

/// Makes the same two calls for a connector that no store knows.
pub async fn validate_candidate(connector: &Connector, now: Timestamp) -> Validation {
    tried(docebo_client(connector), now).await
}

async fn tried(client: Result<Client, BuildError>, now: Timestamp) -> Validation {
    match client {
        Err(error) => Validation::failed(Code::DoceboUnreachable, error.to_string(), now),
        Ok(client) => match try_out(&client).await {
            Ok(()) => Validation::succeeded(now),
            Err(error) => Validation::failed(failure_code(&error.failure), error.to_string(), now),
        },
    }
}

async fn try_out(client: &Client) -> Result<(), Error> {
    let mut calls = Calls::default();
    client.authenticate(&mut calls).await?;
    client.probe(&mut calls).await
}

/// The message for a failed call to Docebo, where nothing about the call itself says more.
pub fn failure_code(failure: &Failure) -> Code {
    match failure {
        Failure::Unreachable { .. } | Failure::ConnectionLost { .. } => Code::DoceboUnreachable,
        Failure::CertificateInvalid { .. } => Code::CertificateInvalid,
        Failure::TimedOut => Code::DoceboTimedOut,
        Failure::Throttled { .. } => Code::DoceboThrottled,
        // A guard's word is a code of the catalogue; another one can only come of a newer version.
        Failure::Held { why, .. } => why.parse().unwrap_or(Code::DoceboThrottled),
        Failure::Unavailable { .. } => Code::DoceboUnavailable,
        Failure::CredentialsRefused { .. } => Code::CredentialsRefused,
        Failure::Forbidden { .. } => Code::Forbidden,
        Failure::NotJson { .. } => Code::UnexpectedPage,
        Failure::UnexpectedShape { .. } | Failure::NotFound { .. } | Failure::Unexpected { .. } => {
            Code::UnexpectedResponse
        }
        Failure::Rejected { .. } => Code::Rejected,
    }
}
