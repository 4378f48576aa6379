//! Results in, exactly once: row, version in force and job together or not at all.

use std::collections::HashMap;

use futures::{StreamExt, stream};
use passback_queue::{Accepted, JobId, Name, NewJob, NewResult};
use passback_registry::Exam;
use serde::Serialize;

use crate::{
    AcceptedRow, ExamResult, IntakeError, Job, Producer, PushJob, Standing, StoreError, ValidResult, Version,
    name::name, public_time, standing, subject,
};

/// Rounds in which results of the same person may overtake each other before the caller is told to try again.
const MAX_ROUNDS: usize = 20;
/// Results per call to the queue, which is also what a failed call leaves undecided.
const CHUNK_RESULTS: usize = 50;
/// Reads under way at once; they share one connection.
const CONCURRENT_READS: usize = 64;

/// A result that is in Redis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "status")]
pub enum Receipt {
    /// It was accepted now.
    Accepted {
        /// The job that carries it.
        job_id: JobId,
    },
    /// It was accepted before, with the same content.
    AlreadyAccepted {
        /// The job that carries it.
        job_id: JobId,
    },
}

impl Receipt {
    /// The job that carries the result.
    pub fn job_id(&self) -> JobId {
        match self {
            Self::Accepted { job_id } | Self::AlreadyAccepted { job_id } => *job_id,
        }
    }
}

/// A result on its way in: everything that does not depend on the version in force.
struct Incoming {
    /// Its place among the caller's results.
    at: usize,
    exam: std::sync::Arc<Exam>,
    push: PushJob,
    version: Version,
    row: String,
    subject: Name,
    job_id: JobId,
}

/// The versions in force as Redis has them, and as this batch would leave them.
type InForce = HashMap<Name, String>;
/// What became of each of the caller's results; none where that is not decided yet.
type Verdicts = [Option<Result<Receipt, IntakeError>>];

impl Producer {
    /// Accepts one result. After a [`IntakeError::Store`] it may be in Redis or not; repeating the call is safe.
    pub async fn push(&self, result: &ExamResult) -> Result<Receipt, IntakeError> {
        let mut verdicts = self.push_all(std::slice::from_ref(result)).await;
        // One result, one verdict.
        verdicts.pop().unwrap_or(Err(IntakeError::Store(StoreError::Contended)))
    }

    /// Accepts many results and says for each, in their order, what became of it. One bad result stops no other.
    pub async fn push_all(&self, results: &[ExamResult]) -> Vec<Result<Receipt, IntakeError>> {
        let mut verdicts: Vec<Option<Result<Receipt, IntakeError>>> = results.iter().map(|_| None).collect();
        if let Err(error) = self.push_into(results, &mut verdicts).await {
            for verdict in verdicts.iter_mut().filter(|verdict| verdict.is_none()) {
                *verdict = Some(Err(IntakeError::Store(error.clone())));
            }
        }
        let contended = || Err(IntakeError::Store(StoreError::Contended));
        verdicts
            .into_iter()
            .map(|verdict| verdict.unwrap_or_else(contended))
            .collect()
    }

    /// Fills the verdicts in; after an error those that are missing are undecided.
    async fn push_into(&self, results: &[ExamResult], verdicts: &mut Verdicts) -> Result<(), StoreError> {
        let mut left = self.incoming(results, verdicts).await?;
        for _ in 0..MAX_ROUNDS {
            if left.is_empty() {
                break;
            }
            let mut in_force = self.in_force(&mut left, verdicts).await?;
            let mut moved = Vec::new();
            while !left.is_empty() {
                let rest = left.split_off(left.len().min(CHUNK_RESULTS));
                let chunk = std::mem::replace(&mut left, rest);
                moved.extend(self.accept(chunk, &mut in_force, verdicts).await?);
            }
            left = moved;
        }
        Ok(())
    }

    /// Validates, and finds the exam of each; what is refused has its verdict then.
    async fn incoming(&self, results: &[ExamResult], verdicts: &mut Verdicts) -> Result<Vec<Incoming>, StoreError> {
        let now = public_time::from_ms(self.queue.now_ms().await?);
        let mut incoming = Vec::with_capacity(results.len());
        for (at, (result, verdict)) in results.iter().zip(verdicts).enumerate() {
            let valid = match result.validate(now) {
                Ok(valid) => valid,
                Err(problems) => {
                    *verdict = Some(Err(IntakeError::Invalid(problems)));
                    continue;
                }
            };
            match self.exam(&valid.exam_id).await {
                Ok(Some(exam)) => incoming.push(self.prepare(at, &valid, exam)),
                Ok(None) => *verdict = Some(of_one_item(self.without_exam(&valid).await)?),
                Err(error) => *verdict = Some(of_one_item(Err(error))?),
            }
        }
        Ok(incoming)
    }

    fn prepare(&self, at: usize, result: &ValidResult, exam: std::sync::Arc<Exam>) -> Incoming {
        let vault = self.vault();
        let push = PushJob::from(result);
        let email_hash = vault.email_hash(&result.email);
        Incoming {
            at,
            version: Version::of(&push, vault),
            row: AcceptedRow::new(result, &exam, email_hash).to_json(),
            subject: subject(&exam.connector, exam.course_id, &result.email, vault),
            job_id: JobId::generate(),
            push,
            exam,
        }
    }

    /// A result whose exam is gone may still be one that was accepted while it was there.
    async fn without_exam(&self, result: &ValidResult) -> Result<Result<Receipt, IntakeError>, StoreError> {
        let fingerprint = Version::of(&PushJob::from(result), self.vault()).fingerprint;
        Ok(match self.queue.ledger_row(&result.result_id).await? {
            Some(row) if row.fingerprint == fingerprint => Ok(Receipt::AlreadyAccepted { job_id: row.job_id }),
            Some(_) => Err(IntakeError::OtherContent {
                result_id: result.result_id.to_string(),
            }),
            None => Err(IntakeError::UnknownExam {
                exam_id: result.exam_id.to_string(),
            }),
        })
    }

    /// What is in force for each person these results are about; where that cannot be read, the results of this person
    /// have their verdict and leave.
    async fn in_force(&self, incoming: &mut Vec<Incoming>, verdicts: &mut Verdicts) -> Result<InForce, StoreError> {
        let mut subjects: Vec<Name> = incoming.iter().map(|one| one.subject.clone()).collect();
        subjects.sort_unstable();
        subjects.dedup();
        let reads = subjects.into_iter().map(|subject| async move {
            let seen = self.queue.subject(&subject).await;
            (subject, seen)
        });
        let read: Vec<_> = stream::iter(reads).buffer_unordered(CONCURRENT_READS).collect().await;
        let mut in_force = InForce::new();
        for (subject, seen) in read {
            match seen.map_err(StoreError::from) {
                Ok(seen) => {
                    in_force.insert(subject, seen.version.unwrap_or_default());
                }
                Err(error) => {
                    for one in incoming.extract_if(.., |one| one.subject == subject) {
                        decide(verdicts, one.at, of_one_item(Err(error.clone()))?);
                    }
                }
            }
        }
        Ok(in_force)
    }

    /// Hands a chunk to the queue. Returns those that were overtaken and must be decided again.
    async fn accept(
        &self,
        chunk: Vec<Incoming>,
        in_force: &mut InForce,
        verdicts: &mut Verdicts,
    ) -> Result<Vec<Incoming>, StoreError> {
        let new: Vec<NewResult> = chunk.iter().map(|one| self.new_result(one, in_force)).collect();
        let accepted = match self.queue.accept(&new).await {
            Ok(accepted) => accepted,
            Err(error) => {
                let error = StoreError::from(error);
                for one in &chunk {
                    decide(verdicts, one.at, of_one_item(Err(error.clone()))?);
                }
                return Ok(Vec::new());
            }
        };
        let mut moved = Vec::new();
        let mut repeated = Vec::new();
        for (one, accepted) in chunk.into_iter().zip(accepted) {
            let verdict = match accepted {
                Accepted::New => {
                    tracing::debug!(result = %one.push.result_id, job = %one.job_id, "result accepted");
                    Ok(Receipt::Accepted { job_id: one.job_id })
                }
                Accepted::Same => {
                    repeated.push((one.at, one.push.result_id));
                    continue;
                }
                Accepted::OtherContent => Err(IntakeError::OtherContent {
                    result_id: one.push.result_id.to_string(),
                }),
                Accepted::Moved => {
                    moved.push(one);
                    continue;
                }
            };
            decide(verdicts, one.at, verdict);
        }
        self.find_earlier_jobs(repeated, verdicts).await?;
        Ok(moved)
    }

    /// What the queue is asked to store; notes what would be in force after it, for the next of the same person.
    fn new_result(&self, one: &Incoming, in_force: &mut InForce) -> NewResult {
        let seen = in_force.get(&one.subject).cloned().unwrap_or_default();
        // A version that cannot be read was written by something newer; it gives way rather than block for ever.
        let current: Option<Version> = serde_json::from_str(&seen).ok();
        let wanted = match standing(one.exam.version_policy, &one.version, current.as_ref()) {
            Standing::InForce => one.version.to_json(),
            // The job is stored all the same: its worker puts on record what became of it.
            Standing::SupersededBy(_) | Standing::ConflictsWith(_) => seen.clone(),
        };
        in_force.insert(one.subject.clone(), wanted.clone());
        let job = Job::Push(one.push.clone());
        NewResult {
            result_id: one.push.result_id.clone(),
            fingerprint: one.version.fingerprint.clone(),
            row: one.row.clone(),
            subject: one.subject.clone(),
            version_seen: seen,
            version_wanted: wanted,
            job: NewJob {
                id: one.job_id,
                lane: job.lane(),
                connector: name(one.exam.connector.as_str()),
                key: Some(one.subject.clone()),
                kind: name(job.kind()),
                delay_ms: 0,
                ttl_ms: None,
                about: Some(name(one.exam.id.as_str())),
                trace: None,
                payload: job.seal(one.job_id, self.vault()),
            },
        }
    }

    /// The jobs of results that were accepted before.
    async fn find_earlier_jobs(&self, repeated: Vec<(usize, Name)>, verdicts: &mut Verdicts) -> Result<(), StoreError> {
        let reads = repeated
            .into_iter()
            .map(|(at, result_id)| async move { (at, self.queue.ledger_row(&result_id).await) });
        let rows: Vec<_> = stream::iter(reads).buffer_unordered(CONCURRENT_READS).collect().await;
        for (at, row) in rows {
            // A row that expired between the two looks is asked for again by the caller.
            let receipt = row
                .map_err(StoreError::from)
                .map(|row| row.map(|row| Receipt::AlreadyAccepted { job_id: row.job_id }))
                .map(|receipt| receipt.ok_or(IntakeError::Store(StoreError::Contended)));
            decide(verdicts, at, of_one_item(receipt)?);
        }
        Ok(())
    }
}

fn decide(verdicts: &mut Verdicts, at: usize, verdict: Result<Receipt, IntakeError>) {
    if let Some(place) = verdicts.get_mut(at) {
        *place = Some(verdict);
    }
}

/// What cannot be read of one result is that result's verdict; an outage of the store is everybody's.
fn of_one_item(
    verdict: Result<Result<Receipt, IntakeError>, StoreError>,
) -> Result<Result<Receipt, IntakeError>, StoreError> {
    match verdict {
        Err(error) if error.is_of_one_item() => Ok(Err(IntakeError::Store(error))),
        verdict => verdict,
    }
}
