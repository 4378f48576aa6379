//! Jobs declared: what each carries, and how it is sealed into the queue. Running them is the worker's business.

use std::fmt;

use jiff::Timestamp;
use passback_queue::{JobId, Lane, Name};
use passback_registry::{ExamId, Vault, VaultError};
use serde::{Deserialize, Serialize};

use crate::{Holding, Outcome, ValidResult, WebhookJob, name::name};

const CHECK_V1: &str = "check.v1";
const PUSH_V1: &str = "push.v1";
const VERIFY_V1: &str = "verify.v1";
const WEBHOOK_V1: &str = "webhook.v1";

/// Everything a worker can be asked to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Job {
    /// Is this person enrolled and not done?
    Check(CheckJob),
    /// Write this result to the enrolment.
    Push(PushJob),
    /// Read an enrolment back.
    Verify(Box<VerifyJob>),
    /// Do what follows from an event that Docebo told.
    Webhook(Box<WebhookJob>),
}

/// A check: is this e-mail enrolled, and not completed, in the exam's course?
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckJob {
    /// The exam.
    pub exam_id: ExamId,
    /// The candidate's e-mail, as asked.
    pub email: String,
}

/// A push: write this result to the enrolment.
#[derive(Clone, PartialEq)]
pub struct PushJob {
    /// The idempotency key.
    pub result_id: Name,
    /// The exam.
    pub exam_id: ExamId,
    /// The candidate's e-mail, as sent.
    pub email: String,
    /// How the exam ended.
    pub outcome: Outcome,
    /// The score, 0 to 100.
    pub score_percent: Option<f64>,
    /// When the exam ended.
    pub completed_at: Timestamp,
    /// The exam engine's own count of this person's results.
    pub sequence: Option<u64>,
    /// What stands for the e-mail where that is not kept any more; then it is empty.
    pub stand_in: Option<StandIn>,
}

/// What stands for an e-mail that went with its job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StandIn {
    /// Keyed hash of the e-mail.
    pub person: String,
    /// Keyed hash of the result's content, of which the e-mail is a part.
    pub fingerprint: String,
}

/// A verify: does the enrolment hold what was written? Carries the result itself, for a person may have it written again.
#[derive(Debug, Clone, PartialEq)]
pub struct VerifyJob {
    /// The result that was written.
    pub push: PushJob,
    /// The course it was written to.
    pub course_id: u64,
    /// The platform it was written to: another one has other people under the same numbers. None where that was not
    /// noted.
    pub platform: Option<String>,
    /// The Docebo user it was written to.
    pub user_id: u64,
    /// What the enrolment must hold.
    pub sent: Holding,
    /// Whether an event of Docebo's asked for the read: then it is made whatever the connector's policy says.
    pub asked: bool,
}

impl PushJob {
    /// Keyed hash of the candidate's e-mail.
    pub fn person(&self, vault: &Vault) -> String {
        match &self.stand_in {
            Some(stand_in) => stand_in.person.clone(),
            None => vault.email_hash(&self.email),
        }
    }
}

impl fmt::Debug for CheckJob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CheckJob")
            .field("exam_id", &self.exam_id)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for PushJob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PushJob")
            .field("result_id", &self.result_id)
            .field("exam_id", &self.exam_id)
            .field("outcome", &self.outcome)
            .field("completed_at", &self.completed_at)
            .field("sequence", &self.sequence)
            .finish_non_exhaustive()
    }
}

/// The payload cannot be turned into a job; it is kept, never dropped.
#[derive(Debug, thiserror::Error)]
pub enum UnreadableJob {
    /// The tag is of another version.
    #[error("this version does not know jobs of the kind '{0}'")]
    UnknownKind(String),
    /// The payload does not open.
    #[error("the payload does not open: {0}")]
    Sealed(#[from] VaultError),
    /// The payload opens, but holds something else.
    #[error("the payload is not what its kind says: {0}")]
    Shape(String),
}

impl Job {
    /// The tags of all payloads that this version reads.
    pub const KINDS: [&str; 4] = [CHECK_V1, PUSH_V1, VERIFY_V1, WEBHOOK_V1];

    /// The payload's tag, with its version.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Check(_) => CHECK_V1,
            Self::Push(_) => PUSH_V1,
            Self::Verify(_) => VERIFY_V1,
            Self::Webhook(_) => WEBHOOK_V1,
        }
    }

    /// Whose worker slots it takes.
    pub fn lane(&self) -> Lane {
        match self {
            Self::Check(_) => Lane::Check,
            Self::Push(_) => Lane::Push,
            Self::Verify(_) | Self::Webhook(_) => Lane::Background,
        }
    }

    /// The payload, sealed for this one job.
    pub fn seal(&self, id: JobId, vault: &Vault) -> Vec<u8> {
        let plain = match self {
            Self::Check(job) => serde_json::to_vec(job),
            Self::Push(job) => serde_json::to_vec(&PushPayload::from(job)),
            Self::Verify(job) => serde_json::to_vec(&VerifyPayload::from(job.as_ref())),
            Self::Webhook(job) => serde_json::to_vec(job),
        };
        // Texts, numbers and times always serialise.
        vault
            .seal(&payload_context(id), &plain.unwrap_or_default())
            .into_bytes()
    }

    /// Reads a payload back.
    pub fn open(kind: &str, id: JobId, payload: &[u8], vault: &Vault) -> Result<Self, UnreadableJob> {
        if ![CHECK_V1, PUSH_V1, VERIFY_V1, WEBHOOK_V1].contains(&kind) {
            return Err(UnreadableJob::UnknownKind(kind.to_owned()));
        }
        let sealed = std::str::from_utf8(payload).map_err(|_| VaultError::NotSealed)?;
        let plain = vault.open(&payload_context(id), sealed)?;
        // serde's message may quote the payload, which holds an e-mail; where it failed is enough.
        let shape = |error: serde_json::Error| UnreadableJob::Shape(format!("{:?} error", error.classify()));
        if kind == CHECK_V1 {
            return serde_json::from_slice(&plain).map(Self::Check).map_err(shape);
        }
        if kind == WEBHOOK_V1 {
            let job: WebhookJob = serde_json::from_slice(&plain).map_err(shape)?;
            return Ok(Self::Webhook(Box::new(job)));
        }
        if kind == VERIFY_V1 {
            let payload: VerifyPayload = serde_json::from_slice(&plain).map_err(shape)?;
            return Ok(Self::Verify(Box::new(payload.into())));
        }
        let payload: PushPayload = serde_json::from_slice(&plain).map_err(shape)?;
        Ok(Self::Push(payload.into()))
    }
}

/// The place that a job's payload is sealed for.
pub fn payload_context(id: JobId) -> String {
    format!("job/{id}")
}

impl From<&ValidResult> for PushJob {
    fn from(result: &ValidResult) -> Self {
        Self {
            result_id: result.result_id.clone(),
            exam_id: result.exam_id.clone(),
            email: result.email.clone(),
            outcome: result.outcome,
            score_percent: result.score_percent,
            completed_at: result.completed_at,
            sequence: result.sequence,
            stand_in: None,
        }
    }
}

/// `push.v1` as it is stored.
#[derive(Serialize, Deserialize)]
struct PushPayload {
    result_id: String,
    exam_id: ExamId,
    email: String,
    outcome: Outcome,
    score_percent: Option<f64>,
    completed_at: Timestamp,
    sequence: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    stand_in: Option<StandIn>,
}

impl From<&PushJob> for PushPayload {
    fn from(job: &PushJob) -> Self {
        Self {
            result_id: job.result_id.to_string(),
            exam_id: job.exam_id.clone(),
            email: job.email.clone(),
            outcome: job.outcome,
            score_percent: job.score_percent,
            completed_at: job.completed_at,
            sequence: job.sequence,
            stand_in: job.stand_in.clone(),
        }
    }
}

impl From<PushPayload> for PushJob {
    fn from(payload: PushPayload) -> Self {
        Self {
            result_id: name(&payload.result_id),
            exam_id: payload.exam_id,
            email: payload.email,
            outcome: payload.outcome,
            score_percent: payload.score_percent,
            completed_at: payload.completed_at,
            sequence: payload.sequence,
            stand_in: payload.stand_in,
        }
    }
}

/// `verify.v1` as it is stored.
#[derive(Serialize, Deserialize)]
struct VerifyPayload {
    push: PushPayload,
    course_id: u64,
    #[serde(default)]
    platform: Option<String>,
    user_id: u64,
    sent: Holding,
    #[serde(default)]
    asked: bool,
}

impl From<&VerifyJob> for VerifyPayload {
    fn from(job: &VerifyJob) -> Self {
        Self {
            push: PushPayload::from(&job.push),
            course_id: job.course_id,
            platform: job.platform.clone(),
            user_id: job.user_id,
            sent: job.sent.clone(),
            asked: job.asked,
        }
    }
}

impl From<VerifyPayload> for VerifyJob {
    fn from(payload: VerifyPayload) -> Self {
        Self {
            push: payload.push.into(),
            course_id: payload.course_id,
            platform: payload.platform,
            user_id: payload.user_id,
            sent: payload.sent,
            asked: payload.asked,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push() -> Job {
        Job::Push(push_job())
    }

    fn verify() -> Job {
        Job::Verify(Box::new(VerifyJob {
            push: push_job(),
            course_id: 146,
            platform: Some("acme.docebosaas.com".to_owned()),
            user_id: 13_827,
            sent: Holding::default(),
            asked: true,
        }))
    }

    fn push_job() -> PushJob {
        PushJob {
            result_id: Name::new("r-1").unwrap(),
            exam_id: "forklift-01".parse().unwrap(),
            email: "r.moreau@example.org".to_owned(),
            outcome: Outcome::Passed,
            score_percent: Some(87.5),
            completed_at: "2026-11-20T09:30:11Z".parse().unwrap(),
            sequence: Some(3),
            stand_in: None,
        }
    }

    fn check() -> Job {
        Job::Check(CheckJob {
            exam_id: "forklift-01".parse().unwrap(),
            email: "r.moreau@example.org".to_owned(),
        })
    }

    fn webhook() -> Job {
        Job::Webhook(Box::new(WebhookJob {
            fact: crate::Fact::UserGone {
                event: "user.deleted".to_owned(),
                user_id: 13_827,
            },
            fired_at: Some("2026-11-20T09:30:11Z".parse().unwrap()),
            received_ms: None,
            platform: None,
            print: "0f3c".to_owned(),
        }))
    }

    #[test]
    fn a_verify_of_before_events_of_docebo_were_heard_still_opens() {
        let (vault, _) = Vault::generate();
        let id = JobId::from_parts(1, 1);
        let old = r#"{"push":{"result_id":"r-1","exam_id":"forklift-01","email":"r.moreau@example.org","outcome":"passed",
            "score_percent":87.5,"completed_at":"2026-11-20T09:30:11Z","sequence":3},"course_id":146,"user_id":13827,
            "sent":{"status":null,"score":null,"completed_at":null}}"#;
        let sealed = vault.seal(&payload_context(id), old.as_bytes());
        let Job::Verify(verify) = Job::open(VERIFY_V1, id, sealed.as_bytes(), &vault).unwrap() else {
            panic!("a verify");
        };
        assert!(!verify.asked && verify.push.stand_in.is_none() && verify.platform.is_none());
    }

    #[test]
    fn a_job_opens_as_it_was_sealed_and_hides_the_address_meanwhile() {
        let (vault, _) = Vault::generate();
        let id = JobId::from_parts(1, 1);
        for job in [push(), check(), verify(), webhook()] {
            let payload = job.seal(id, &vault);
            assert!(!String::from_utf8_lossy(&payload).contains("moreau"));
            assert_eq!(Job::open(job.kind(), id, &payload, &vault).unwrap(), job);
            assert!(!format!("{job:?}").contains("moreau"));
        }
    }

    #[test]
    fn a_payload_moved_to_another_job_does_not_open() {
        let (vault, _) = Vault::generate();
        let payload = check().seal(JobId::from_parts(1, 1), &vault);
        let opened = Job::open(CHECK_V1, JobId::from_parts(1, 2), &payload, &vault);
        assert!(matches!(opened, Err(UnreadableJob::Sealed(_))));
    }

    #[test]
    fn an_unknown_kind_and_another_shape_are_told_apart() {
        let (vault, _) = Vault::generate();
        let id = JobId::from_parts(1, 1);
        let payload = check().seal(id, &vault);
        let opened = Job::open("check.v9", id, &payload, &vault);
        assert!(matches!(opened, Err(UnreadableJob::UnknownKind(kind)) if kind == "check.v9"));
        let error = Job::open(PUSH_V1, id, &payload, &vault).unwrap_err();
        assert!(matches!(error, UnreadableJob::Shape(_)));
        assert!(!error.to_string().contains("moreau"));
    }
}
