//! The verify: reads an enrolment back to prove that a write took effect. What differs is a person's case.

use passback_docebo::{Calls, CourseId, UserId};
use passback_producer::{Code, Holding, Memory, ResultCase, ResultState, VerifyJob, Version};
use passback_queue::{LedgerRow, Name, RowNote, State, Subject};
use passback_registry::VerifyPolicy;

use crate::delivery::Delivery;
use crate::desk::{Desk, Ground};
use crate::lease::Lease;
use crate::outcome::{Ending, Happened, Trouble, Verified};

/// The states in which a result waits to be proved, was found not to be, or goes on by a person's decision.
const WRITTEN: &[&str] = &[
    ResultState::Accepted.as_str(),
    ResultState::Retrying.as_str(),
    ResultState::Delivered.as_str(),
    ResultState::Confirmed.as_str(),
    ResultState::Parked.as_str(),
    ResultState::Dead.as_str(),
];
/// The same where an event of Docebo's asked for the read: what was proved before may have been changed since.
const WRITTEN_OR_PROVED: &[&str] = &[
    ResultState::Accepted.as_str(),
    ResultState::Retrying.as_str(),
    ResultState::Delivered.as_str(),
    ResultState::Confirmed.as_str(),
    ResultState::Verified.as_str(),
    ResultState::Parked.as_str(),
    ResultState::Dead.as_str(),
];

/// Reads back what was written.
pub(crate) async fn verify(desk: &Desk, job: &VerifyJob, lease: &Lease, calls: &mut Calls) -> Ending {
    let ground = match desk.ground(&job.push.exam_id, lease.claimed.record.lane).await {
        Ok(ground) => ground,
        Err(trouble) => return trouble.into(),
    };
    let about = ground.about(
        job.push.person(desk.producer.registry().vault()),
        Some(&job.push.result_id),
    );
    let proof = Proof {
        job,
        delivery: Delivery {
            desk,
            ground: &ground,
            push: &job.push,
            lease,
            user: Some(UserId(job.user_id)),
        },
    };
    let happened = proof.prove(calls).await.unwrap_or_else(Happened::Failed);
    Ending {
        happened,
        about: Some(about),
        gate: ground.gate(),
    }
}

struct Proof<'a> {
    job: &'a VerifyJob,
    delivery: Delivery<'a>,
}

impl Proof<'_> {
    fn ground(&self) -> &Ground {
        self.delivery.ground
    }

    async fn prove(&self, calls: &mut Calls) -> Result<Happened, Trouble> {
        let record = &self.delivery.lease.claimed.record;
        let subject = record.key.as_deref().and_then(|key| Name::new(key).ok());
        let row = self
            .delivery
            .desk
            .producer
            .queue()
            .ledger_row(&self.job.push.result_id)
            .await?;
        let Some(subject) = subject.filter(|_| self.is_here(&record.connector)) else {
            // The exam belongs to another platform by now. Nothing can be looked up there; but a case stays one.
            return if self.is_a_case(row.as_ref()) {
                Err(Trouble::ExamMoved)
            } else {
                Ok(Happened::Verified(Verified::Elsewhere))
            };
        };
        if self.is_on_its_way(row.as_ref()).await? {
            // The attempt that comes will have its own write proved, or put before a person what has changed.
            return Ok(Happened::Verified(Verified::Overtaken { by: None }));
        }
        let kept = self.delivery.desk.producer.queue().subject(&subject).await?;
        let memory = Memory::of(&kept, &self.ground().platform());
        let result_id = self.job.push.result_id.as_str();
        if memory.has_decided(result_id) {
            return Ok(self.write_again(calls).await);
        }
        let written_by = memory.known.as_ref().and_then(|known| known.written_by.as_deref());
        // Another result was written since, or may have been: its own verify speaks for the enrolment.
        if written_by != Some(result_id) || memory.intent.is_some() {
            let by = self.counts_instead(&kept);
            return Ok(Happened::Verified(Verified::Overtaken { by }));
        }
        if self.is_confirmed(row.as_ref()) {
            return Ok(Happened::Verified(Verified::Confirmed));
        }
        if self.another_waits(row.as_ref()).await? {
            return Ok(Happened::Verified(Verified::Overtaken { by: None }));
        }
        self.read_back(&memory, calls).await.map(Happened::Verified)
    }

    /// Whether it was written where the exam's connector leads to now: elsewhere the user's number is somebody else's. A job
    /// that does not say where is not known to be from elsewhere.
    fn is_here(&self, connector: &str) -> bool {
        let ground = self.ground();
        let noted = self.job.platform.as_ref();
        connector == ground.connector.id.as_str() && noted.is_none_or(|platform| *platform == ground.platform())
    }

    /// Whether the result's row follows this job: it waits for a decision, or acts on one.
    fn is_a_case(&self, row: Option<&LedgerRow>) -> bool {
        row.is_some_and(|row| row.case_job == Some(self.delivery.lease.claimed.record.id))
    }

    /// The result in force, if it is another one.
    fn counts_instead(&self, kept: &Subject) -> Option<Name> {
        let in_force: Version = serde_json::from_str(kept.version.as_deref()?).ok()?;
        let by = Name::new(in_force.result_id).ok()?;
        (by != self.job.push.result_id).then_some(by)
    }

    /// Whether the job that carries the result goes on: its worker was lost between the write and the job's end.
    async fn is_on_its_way(&self, row: Option<&LedgerRow>) -> Result<bool, Trouble> {
        let Some(row) = row else { return Ok(false) };
        let push = self.delivery.desk.producer.queue().job(row.job_id).await?;
        Ok(push.is_some_and(|push| push.state.is_living()))
    }

    /// Whether another job waits with the result's case already: two would ask a person twice.
    async fn another_waits(&self, row: Option<&LedgerRow>) -> Result<bool, Trouble> {
        let other = row.and_then(|row| row.case_job);
        let Some(other) = other.filter(|other| *other != self.delivery.lease.claimed.record.id) else {
            return Ok(false);
        };
        let job = self.delivery.desk.producer.queue().job(other).await?;
        Ok(job.is_some_and(|job| job.state == State::Parked))
    }

    /// A webhook has said so already, or had it read, and the connector's policy takes its word. It has none for the text
    /// in a field.
    fn is_confirmed(&self, row: Option<&LedgerRow>) -> bool {
        if self.job.asked {
            return false;
        }
        match self.ground().connector.verify {
            VerifyPolicy::Always | VerifyPolicy::Sample => false,
            VerifyPolicy::UnlessWebhook => row.is_some_and(|row| match row.state.parse() {
                Ok(ResultState::Verified) => true,
                Ok(ResultState::Confirmed) => self.job.sent.field.is_none(),
                Ok(
                    ResultState::Accepted
                    | ResultState::Running
                    | ResultState::Retrying
                    | ResultState::Parked
                    | ResultState::Delivered
                    | ResultState::NoOp
                    | ResultState::Superseded
                    | ResultState::Dead
                    | ResultState::Discarded,
                )
                | Err(_) => false,
            }),
        }
    }

    async fn read_back(&self, memory: &Memory, calls: &mut Calls) -> Result<Verified, Trouble> {
        let (course, user) = (CourseId(self.job.course_id), UserId(self.job.user_id));
        let enrollment = self.ground().client.enrollment(course, user, calls).await;
        let enrollment = enrollment.map_err(Trouble::Docebo)?;
        let now = enrollment.map(|enrollment| Holding::of(&enrollment, &self.ground().exam));
        if now.as_ref().is_some_and(|now| self.job.sent.still_is(now)) {
            return self.note_verified().await;
        }
        let case = self
            .delivery
            .case(Code::VerifyMismatch, self.job.sent.clone(), Some(user));
        let case = Box::new(ResultCase {
            theirs: now,
            last_known: memory.last_known(user.0).cloned(),
            ..case
        });
        // A result that has come to another end meanwhile, or was proved before, waits for nobody.
        let from = if self.job.asked { WRITTEN_OR_PROVED } else { WRITTEN };
        if self.delivery.note_case(from, &case).await? {
            Err(Trouble::VerifyMismatch(case))
        } else {
            Ok(Verified::Overtaken { by: None })
        }
    }

    async fn note_verified(&self) -> Result<Verified, Trouble> {
        let state = ResultState::Verified.as_str();
        let note = RowNote {
            result_id: self.job.push.result_id.clone(),
            from: WRITTEN,
            state: Some(state),
            step: state,
            code: String::new(),
            reference: String::new(),
            case: None,
        };
        let noted = self.delivery.note_on_row(&note).await?;
        Ok(if noted {
            Verified::AsSent
        } else {
            Verified::Overtaken { by: None }
        })
    }

    /// A person has decided that the result is written over what was found: this job carries it from here.
    async fn write_again(&self, calls: &mut Calls) -> Happened {
        match self.delivery.deliver(calls).await {
            Ok(pushed) => Happened::Pushed(pushed),
            Err(trouble) => Happened::Failed(self.delivery.put_before_a_person(trouble).await),
        }
    }
}
