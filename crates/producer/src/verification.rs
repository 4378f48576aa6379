//! Verify jobs: each write is read back some time later, as the connector's policy says.

use std::time::Duration;

use jiff::Timestamp;
use passback_queue::{ClaimToken, JobId, LedgerRow, Name, NewJob};
use passback_registry::{Connector, Exam, VerifyPolicy};

use crate::{AcceptedRow, Holding, Job, Known, Producer, PushJob, StandIn, StoreError, VerifyJob, name::name};

/// Docebo may take a moment until a read shows what was written.
const SOON: Duration = Duration::from_secs(30);
/// Where a webhook confirms most writes, only what it has not confirmed by then is read.
const AFTER_THE_WEBHOOK: Duration = Duration::from_mins(15);
/// Of so many results a sample reads one.
const SAMPLE_OF: u64 = 10;

/// A write that Docebo has taken.
#[derive(Debug, Clone, Copy)]
pub struct Written<'a> {
    /// The result.
    pub push: &'a PushJob,
    /// Where it was written.
    pub connector: &'a Connector,
    /// Its exam.
    pub exam: &'a Exam,
    /// To whom.
    pub user_id: u64,
    /// What the enrolment must hold now.
    pub sent: &'a Holding,
    /// Whose record it is.
    pub subject: &'a Name,
    /// The attempt that wrote it.
    pub token: ClaimToken,
}

/// A result of which the enrolment is to be read at once, because Docebo told something of it.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The result.
    pub result_id: &'a Name,
    /// Its row.
    pub row: &'a LedgerRow,
    /// Whose record it is.
    pub subject: &'a Name,
    /// What Docebo is known to hold.
    pub known: &'a Known,
    /// The job that asks.
    pub by: JobId,
}

impl Producer {
    /// Has a write read back later, if the connector's policy asks for it. To be called before the attempt is settled:
    /// a crash in between then costs one read too many, never one too few.
    pub async fn verify_later(&self, written: Written<'_>) -> Result<Option<JobId>, StoreError> {
        let Written { push, token, .. } = written;
        let delay = match written.connector.verify {
            VerifyPolicy::Always => SOON,
            VerifyPolicy::Sample if self.is_in_sample(push) => SOON,
            VerifyPolicy::Sample => return Ok(None),
            VerifyPolicy::UnlessWebhook => AFTER_THE_WEBHOOK,
        };
        let random = self.hash_bits(&format!("verify/{}/{}", token.job, token.claim));
        let id = JobId::from_parts(self.queue.now_ms().await?, random);
        let job = Job::Verify(Box::new(VerifyJob {
            push: push.clone(),
            course_id: written.exam.course_id,
            platform: Some(written.connector.domain.to_string()),
            user_id: written.user_id,
            sent: written.sent.clone(),
            asked: false,
        }));
        let new = NewJob {
            id,
            lane: job.lane(),
            connector: name(written.connector.id.as_str()),
            key: Some(written.subject.clone()),
            kind: name(job.kind()),
            delay_ms: u64::try_from(delay.as_millis()).unwrap_or(u64::MAX),
            ttl_ms: None,
            about: Some(name(written.exam.id.as_str())),
            trace: None,
            payload: job.seal(id, self.vault()),
        };
        self.queue.enqueue_for(&new, &push.result_id).await?;
        Ok(Some(id))
    }

    /// Has the enrolment of a result that was written read at once, or as soon after the write as a read shows it,
    /// whatever the connector's policy says; none where what the result says cannot be read.
    ///
    /// Repeating the call for the same job is safe.
    pub async fn read_now(&self, asked: Asked<'_>) -> Result<Option<JobId>, StoreError> {
        let Some(accepted) = serde_json::from_str::<AcceptedRow>(&asked.row.row).ok() else {
            return Ok(None);
        };
        let random = self.hash_bits(&format!("read-now/{}/{}", asked.by, asked.result_id));
        let id = JobId::from_parts(asked.by.unix_ms(), random);
        let job = Job::Verify(Box::new(VerifyJob {
            push: PushJob {
                result_id: asked.result_id.clone(),
                exam_id: accepted.exam_id.clone(),
                // It went with the job that wrote the result; what follows from here needs it no more.
                email: String::new(),
                outcome: accepted.outcome,
                score_percent: accepted.score_percent,
                completed_at: accepted.completed_at,
                sequence: accepted.sequence,
                stand_in: Some(StandIn {
                    person: accepted.email_hash,
                    fingerprint: asked.row.fingerprint.clone(),
                }),
            },
            course_id: accepted.course_id,
            platform: Some(asked.known.platform.clone()),
            user_id: asked.known.user_id,
            sent: asked.known.holding.clone(),
            asked: true,
        }));
        let new = NewJob {
            id,
            lane: job.lane(),
            connector: name(accepted.connector.as_str()),
            key: Some(asked.subject.clone()),
            kind: name(job.kind()),
            delay_ms: soon_after(asked.known.at, self.queue.now_ms().await?),
            ttl_ms: None,
            about: Some(name(accepted.exam_id.as_str())),
            trace: None,
            payload: job.seal(id, self.vault()),
        };
        self.queue.enqueue_for(&new, asked.result_id).await?;
        Ok(Some(id))
    }

    /// The same results are in the sample whoever asks.
    fn is_in_sample(&self, push: &PushJob) -> bool {
        let bits = self.hash_bits(&format!("sample/{}", push.result_id));
        bits.is_multiple_of(u128::from(SAMPLE_OF))
    }

    /// The low 80 bits of a keyed hash.
    pub(crate) fn hash_bits(&self, text: &str) -> u128 {
        let hash = self.vault().keyed_hash(text);
        u128::from_str_radix(&hash, 16).unwrap_or_default() & ((1 << 80) - 1)
    }
}

/// How long until a read shows what was written at a moment, in milliseconds.
fn soon_after(written: Timestamp, now_ms: u64) -> u64 {
    let written_ms = u64::try_from(written.as_millisecond()).unwrap_or_default();
    let shown_ms = written_ms.saturating_add(u64::try_from(SOON.as_millis()).unwrap_or(u64::MAX));
    // A write of the future, by another clock, is waited for no longer than one of just now.
    shown_ms.saturating_sub(now_ms.max(written_ms))
}
