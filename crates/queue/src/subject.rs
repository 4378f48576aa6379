//! `lua/permit.lua` and `lua/note_known.lua`: what is known of one person's record in Docebo, and the right to change it.

use crate::{ClaimToken, Name, Queue, QueueError, keys, queue::millis};

/// What is known of a subject: one person in one course of one connector. Each part is the producer's own JSON.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Subject {
    /// The version in force.
    pub version: Option<String>,
    /// What Docebo held when that was last known for sure.
    pub known: Option<String>,
    /// A write that was begun and whose outcome nobody has noted.
    pub intent: Option<String>,
    /// What a person allowed for one result.
    pub decision: Option<String>,
}

/// Whether a write may begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permit {
    /// It may, and the intent is noted.
    Granted,
    /// The job is no longer this worker's; nothing changed.
    LeaseLost,
    /// Another version has come into force; nothing changed.
    Moved,
}

impl Queue {
    /// What is known of a subject.
    pub async fn subject(&self, subject: &Name) -> Result<Subject, QueueError> {
        let (version, known, intent, decision) = redis::cmd("HMGET")
            .arg(keys::key_of(keys::SUBJECT, subject.as_str()))
            .arg(&["version", "known", "intent", "decision"])
            .query_async(&mut self.connection())
            .await?;
        Ok(Subject {
            version,
            known,
            intent,
            decision,
        })
    }

    /// Gives the right to write: the lease is still the worker's and the version in force is still the one it saw. Notes
    /// the intent, so that whoever comes next knows that a write was begun.
    ///
    /// After an ambiguous error the intent may be noted; repeating the call is safe.
    pub async fn permit_write(
        &self,
        worker: &Name,
        token: ClaimToken,
        subject: &Name,
        version_seen: Option<&str>,
        intent: &str,
    ) -> Result<Permit, QueueError> {
        let mut call = self.timed(&self.shared.scripts.permit);
        call.arg(worker.as_str())
            .arg(token.job.to_string())
            .arg(token.claim)
            .arg(subject.as_str())
            .arg(millis(self.shared.retention.ledger))
            .arg(version_seen.unwrap_or_default())
            .arg(intent);
        let word: String = self.run(&call).await?;
        match word.as_str() {
            "granted" => Ok(Permit::Granted),
            "lease_lost" => Ok(Permit::LeaseLost),
            "moved" => Ok(Permit::Moved),
            other => Err(QueueError::Unreadable(format!("verdict {other} of permit"))),
        }
    }

    /// Notes what Docebo holds now; the intent and the decision have done their part and go. False if the job is no
    /// longer this worker's; nothing changed then.
    pub async fn note_known(
        &self,
        worker: &Name,
        token: ClaimToken,
        subject: &Name,
        known: &str,
    ) -> Result<bool, QueueError> {
        self.end_intent(worker, token, subject, known).await
    }

    /// Notes that what was about to be written was not, for sure: what is known and what a person has allowed stay. False
    /// if the job is no longer this worker's; nothing changed then.
    pub async fn note_unwritten(&self, worker: &Name, token: ClaimToken, subject: &Name) -> Result<bool, QueueError> {
        self.end_intent(worker, token, subject, "").await
    }

    async fn end_intent(
        &self,
        worker: &Name,
        token: ClaimToken,
        subject: &Name,
        known: &str,
    ) -> Result<bool, QueueError> {
        let mut call = self.timed(&self.shared.scripts.note_known);
        call.arg(worker.as_str())
            .arg(token.job.to_string())
            .arg(token.claim)
            .arg(subject.as_str())
            .arg(millis(self.shared.retention.ledger))
            .arg(known);
        self.run(&call).await
    }
}
