//! A person's decision about a result that waits for one: Docebo's value stays, or ours is written.

use jiff::Timestamp;
use passback_queue::{CaseVerdict, Decided, Intervention, LedgerRow, Name, NewDecision};
use passback_registry::{NewAuditEntry, without_emails};
use serde::{Deserialize, Serialize};

use crate::{
    Code, Decision, Job, Known, Memory, Producer, ResultCase, StoreError, Version, memory::to_json, public_time,
};

/// What a person decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = Decision))]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// What Docebo holds stays; the result is not written.
    KeepTheirs,
    /// The result is written over what Docebo holds.
    WriteOurs,
}

impl Verdict {
    /// The word in requests and records.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::KeepTheirs => "keep_theirs",
            Self::WriteOurs => "write_ours",
        }
    }
}

/// A decision that could not be carried out; nothing changed.
#[derive(Debug, thiserror::Error)]
pub enum DecideError {
    /// There is no such result.
    #[error("there is no result of this id")]
    Unknown,
    /// A worker looks at it at this moment.
    #[error("a worker has the result at this moment")]
    Running,
    /// It waits for nobody's decision.
    #[error("the result waits for nobody's decision")]
    NothingToDecide,
    /// The case is another one than the caller knows.
    #[error("the case has changed meanwhile")]
    Changed,
    /// Redis did not give an answer that can be used.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl DecideError {
    /// The message for it.
    pub fn code(&self) -> Code {
        match self {
            Self::Unknown => Code::NotFound,
            Self::Running => Code::JobRunning,
            Self::NothingToDecide => Code::NothingToDecide,
            Self::Changed => Code::CaseChanged,
            Self::Store(error) => error.code(),
        }
    }
}

impl Producer {
    /// The case of a result that waits for a person; none if it waits for nobody.
    pub async fn case_of(&self, result_id: &str) -> Result<Option<ResultCase>, StoreError> {
        Ok(self.result(result_id).await?.and_then(|result| result.case))
    }

    /// Carries out a person's decision and puts it on record. With `seen`, only if the case is still the one that the
    /// person has seen, by the moment it was found.
    pub async fn decide(
        &self,
        result_id: &str,
        verdict: Verdict,
        seen: Option<Timestamp>,
        actor: &str,
        reason: &str,
    ) -> Result<ResultCase, DecideError> {
        let name = Name::new(result_id).map_err(|_| DecideError::Unknown)?;
        let row = self.queue.ledger_row(&name).await.map_err(StoreError::from)?;
        let row = row.ok_or(DecideError::Unknown)?;
        let json = row.case.clone().ok_or(DecideError::NothingToDecide)?;
        let case: ResultCase = serde_json::from_str(&json).map_err(|_| DecideError::NothingToDecide)?;
        // A case that went by itself stays on the row until the next one.
        if row.code != case.code.as_str() {
            return Err(DecideError::NothingToDecide);
        }
        if seen.is_some_and(|seen| seen != case.found_at) {
            return Err(DecideError::Changed);
        }
        let at_ms = self.queue.now_ms().await.map_err(StoreError::from)?;
        let by = Intervention {
            actor: actor.to_owned(),
            reason: without_emails(reason),
            at_ms,
        };
        let decision = NewDecision {
            result_id: name,
            case_seen: json,
            verdict: match verdict {
                Verdict::KeepTheirs => CaseVerdict::KeepTheirs {
                    known: kept(&case, self.version_kept(&row, &case).await?, at_ms),
                },
                Verdict::WriteOurs => self.write_ours(result_id, &row, &case, &by).await?,
            },
        };
        match self.queue.decide(&decision, &by).await.map_err(StoreError::from)? {
            Decided::Done => {}
            Decided::Running => return Err(DecideError::Running),
            Decided::NotWaiting => return Err(DecideError::NothingToDecide),
            Decided::Changed => return Err(DecideError::Changed),
            Decided::Unknown => return Err(DecideError::Unknown),
        }
        self.note_decision(result_id, verdict, &case, &by).await;
        Ok(case)
    }

    /// What is allowed: this one write, to this user, over what the person has seen.
    async fn write_ours(
        &self,
        result_id: &str,
        row: &LedgerRow,
        case: &ResultCase,
        by: &Intervention,
    ) -> Result<CaseVerdict, DecideError> {
        let version = if case.code == Code::Conflict {
            Some((
                self.version_of(row).await?,
                self.version_seen(result_id, row, case).await?,
            ))
        } else {
            None
        };
        let decision = to_json(&Decision {
            result_id: result_id.to_owned(),
            platform: case.platform.clone().unwrap_or_default(),
            user_id: case.user_id.unwrap_or_default(),
            over: case.theirs.clone(),
            by: by.actor.clone(),
            at: public_time::from_ms(by.at_ms),
        });
        Ok(CaseVerdict::WriteOurs { decision, version })
    }

    /// What counts from now on for what comes later: the result that gives way to Docebo's value, or what counted before.
    async fn version_kept(&self, row: &LedgerRow, case: &ResultCase) -> Result<Option<Version>, DecideError> {
        if let Ok(json) = self.version_of(row).await {
            return Ok(serde_json::from_str(&json).ok());
        }
        let subject = Name::new(row.subject.as_str()).map_err(|_| DecideError::NothingToDecide)?;
        let kept = self.queue.subject(&subject).await.map_err(StoreError::from)?;
        let memory = Memory::of(&kept, case.platform.as_deref().unwrap_or_default());
        Ok(memory.known.and_then(|known| known.version))
    }

    /// The version in force, if it still is the one that the case is about.
    async fn version_seen(&self, result_id: &str, row: &LedgerRow, case: &ResultCase) -> Result<String, DecideError> {
        let subject = Name::new(row.subject.as_str()).map_err(|_| DecideError::NothingToDecide)?;
        let version = self.queue.subject(&subject).await.map_err(StoreError::from)?.version;
        let json = version.ok_or(DecideError::Changed)?;
        let version: Version = serde_json::from_str(&json).map_err(|_| DecideError::Changed)?;
        let in_force = version.result_id.as_str();
        // The other one may be out of force by a person's word, and what it wrote stands.
        if case.conflicts_with.as_deref() == Some(in_force) || result_id == in_force {
            Ok(json)
        } else {
            Err(DecideError::Changed)
        }
    }

    /// The version of a result, by the payload of the job that waits with its case.
    async fn version_of(&self, row: &LedgerRow) -> Result<String, DecideError> {
        let id = row.case_job.unwrap_or(row.job_id);
        let job = self.queue.job(id).await.map_err(StoreError::from)?;
        let payload = job.as_ref().and_then(|job| Some((job, job.payload.as_deref()?)));
        let opened = payload.map(|(job, payload)| Job::open(&job.kind, job.id, payload, self.vault()));
        match opened {
            Some(Ok(Job::Push(push))) => Ok(Version::of(&push, self.vault()).to_json()),
            Some(Ok(Job::Verify(verify))) => Ok(Version::of(&verify.push, self.vault()).to_json()),
            Some(Ok(Job::Check(_) | Job::Webhook(_)) | Err(_)) | None => Err(DecideError::NothingToDecide),
        }
    }

    /// The decision is carried out by then, and the job's history names it: a trail that cannot be written is logged.
    async fn note_decision(&self, result_id: &str, verdict: Verdict, case: &ResultCase, by: &Intervention) {
        let entry = NewAuditEntry {
            actor: by.actor.clone(),
            action: format!("result.{}", verdict.as_str()),
            target: format!("result {result_id}"),
            reason: Some(by.reason.clone()),
            detail: Some(format!("was {}", case.code)),
        };
        if let Err(error) = self.registry.record_audit(&entry).await {
            tracing::error!(%error, actor = %by.actor, result = result_id, "a decision is missing in the audit trail");
        }
    }
}

/// What Docebo holds and a person has confirmed is what is known from now on.
fn kept(case: &ResultCase, version: Option<Version>, at_ms: u64) -> Option<String> {
    let (user_id, holding) = (case.user_id?, case.theirs.clone()?);
    Some(to_json(&Known {
        platform: case.platform.clone().unwrap_or_default(),
        user_id,
        holding,
        written_by: None,
        version,
        kept: true,
        since: None,
        sent: None,
        at: public_time::from_ms(at_ms),
    }))
}
