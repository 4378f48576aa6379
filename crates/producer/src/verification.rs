//! Verify jobs: each write is read back some time later, as the connector's policy says.

use std::time::Duration;

use passback_queue::{ClaimToken, JobId, Name, NewJob};
use passback_registry::{Connector, Exam, VerifyPolicy};

use crate::{Holding, Job, Producer, PushJob, StoreError, VerifyJob, name::name};

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
            user_id: written.user_id,
            sent: written.sent.clone(),
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
