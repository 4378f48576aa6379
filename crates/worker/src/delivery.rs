//! A result on its way to its enrolment: stale guard, find the person, read, judge, write, note.

use passback_docebo::{Calls, Endpoint, Enrollment, Failure, UserId};
use passback_producer::{
    Code, Guarded, Holding, Intent, Judgement, Known, Memory, PushJob, ResultCase, Sent, Version, Wanted, Written,
    connector_name, judge, to_json,
};
use passback_queue::{Case, Name, NewIntent, Noted, Permit, RowNote, WrittenTo};
use passback_registry::ReadBeforeWrite;

use crate::decision::timestamp;
use crate::desk::{Desk, Ground};
use crate::lease::Lease;
use crate::outcome::{Pushed, Trouble};

/// Times that newer results may come in between before the job is tried again later.
const MAX_OVERTAKEN: usize = 5;

/// A result on its way to its enrolment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Delivery<'a> {
    pub(crate) desk: &'a Desk,
    pub(crate) ground: &'a Ground,
    pub(crate) push: &'a PushJob,
    pub(crate) lease: &'a Lease,
    /// Whom it is written to where the e-mail is not kept any more.
    pub(crate) user: Option<UserId>,
}

/// What an attempt writes, and over what.
struct Draft {
    user: UserId,
    wanted: Wanted,
    /// What the enrolment held; none where it was not read.
    before: Option<Holding>,
}

impl Delivery<'_> {
    /// Brings the enrolment to what the result wants, unless another result counts or somebody has put something else
    /// there.
    pub(crate) async fn deliver(&self, calls: &mut Calls) -> Result<Pushed, Trouble> {
        let mut user = None;
        for _ in 0..MAX_OVERTAKEN {
            let (subject, version, memory) = match self.guard().await? {
                Guarded::InForce {
                    subject,
                    version,
                    memory,
                } => (subject, version, *memory),
                Guarded::ExamMoved => return Err(Trouble::ExamMoved),
                Guarded::Superseded { by } => return superseded(by),
                Guarded::Conflict { with, other } => return Err(Trouble::Conflict { with, other }),
            };
            let wanted = Wanted::by(self.push, &self.ground.exam);
            if wanted.is_nothing() {
                return Ok(Pushed::NothingToDo);
            }
            let user = match user {
                Some(user) => user,
                None => *user.insert(self.the_user(calls).await?),
            };
            self.same_person(&memory, user, &wanted)?;
            let before = self.read(&memory, user, calls).await?;
            if let Some(now) = &before
                && let Some(pushed) = self.judged(&subject, &memory, user, &wanted, now).await?
            {
                return Ok(pushed);
            }
            let draft = Draft { user, wanted, before };
            if let Some(intent) = self.permit(&subject, version.as_deref(), &memory, &draft).await? {
                return self.write(&subject, &memory, draft, intent, calls).await;
            }
            // A newer result was accepted while we read.
        }
        Err(Trouble::StoreUnavailable {
            detail: "newer results of the same person were accepted again and again".to_owned(),
        })
    }

    async fn guard(&self) -> Result<Guarded, Trouble> {
        let accepted = self.lease.claimed.record.key.as_deref();
        let accepted = accepted.and_then(|key| Name::new(key).ok());
        let producer = &self.desk.producer;
        let platform = self.ground.platform();
        Ok(producer
            .guard(self.push, &self.ground.exam, &platform, accepted)
            .await?)
    }

    async fn the_user(&self, calls: &mut Calls) -> Result<UserId, Trouble> {
        if self.push.stand_in.is_some() {
            // It was written to this user before, and a person has decided that it is again.
            return self.user.ok_or(Trouble::UserNotFound);
        }
        // Asked for anew at each attempt: an address that has gone to another account must not take the result there.
        let users = self.ground.client.users_by_email(&self.push.email, calls).await;
        self.desk
            .the_one(self.ground, &self.push.email, &users.map_err(Trouble::Docebo)?)
            .await
    }

    fn same_person(&self, memory: &Memory, user: UserId, wanted: &Wanted) -> Result<(), Trouble> {
        let result_id = self.push.result_id.as_str();
        match memory.other_user(result_id, user.0) {
            None => Ok(()),
            Some(before) => Err(Trouble::IdentityChanged(Box::new(ResultCase {
                user_id_before: Some(before),
                last_known: memory.last_known(before).cloned(),
                ..self.case(Code::IdentityChanged, wanted.holding(), Some(user))
            }))),
        }
    }

    /// What the enrolment holds; none where the connector's policy spares the read, which it does only for a first
    /// attempt that nothing unclear went before.
    async fn read(&self, memory: &Memory, user: UserId, calls: &mut Calls) -> Result<Option<Holding>, Trouble> {
        let unclear = self.lease.claimed.record.claims > 1 || memory.asks_for_a_read();
        match self.ground.connector.read_before_write {
            ReadBeforeWrite::RetryOnly if !unclear => return Ok(None),
            ReadBeforeWrite::RetryOnly | ReadBeforeWrite::Always => {}
        }
        let enrollment = self.ground.client.enrollment(self.ground.course(), user, calls).await;
        let enrollment: Enrollment = enrollment
            .map_err(Trouble::Docebo)?
            .ok_or(Trouble::EnrollmentNotFound)?;
        Ok(Some(Holding::of(&enrollment, &self.ground.exam)))
    }

    /// How the attempt ends by what the enrolment holds; none if the result is to be written.
    async fn judged(
        &self,
        subject: &Name,
        memory: &Memory,
        user: UserId,
        wanted: &Wanted,
        now: &Holding,
    ) -> Result<Option<Pushed>, Trouble> {
        let result_id = self.push.result_id.as_str();
        match judge(result_id, user.0, wanted, now, memory, &self.ground.exam) {
            Judgement::Write => Ok(None),
            // An earlier attempt whose answer was lost has done it.
            Judgement::AsWanted { ours: true } => {
                let met = memory.once_met(result_id, user.0, wanted, now);
                let since = memory.write_begun(result_id);
                let known = self.known(user, met.clone(), Some(result_id));
                let sent = memory.sent_by(result_id).cloned();
                self.note(subject, Known { since, sent, ..known }).await?;
                self.verify_later(subject, user, &met).await?;
                Ok(Some(Pushed::Delivered))
            }
            Judgement::AsWanted { ours: false } => {
                let met = memory.once_met(result_id, user.0, wanted, now);
                let last = memory.known.as_ref().filter(|known| known.user_id == user.0);
                let unchanged = last.filter(|known| known.holding.still_is(&met));
                let written_by = unchanged.and_then(|known| known.written_by.as_deref());
                // What a person has kept stays kept as long as a result wants nothing else.
                let kept = unchanged.is_some_and(|known| known.kept);
                let since = written_by.and_then(|_| unchanged?.since);
                let sent = written_by.and_then(|_| unchanged?.sent.clone());
                let known = self.known(user, met, written_by);
                let known = Known {
                    kept,
                    since,
                    sent,
                    ..known
                };
                self.note(subject, known).await?;
                Ok(Some(Pushed::NothingToDo))
            }
            Judgement::Overridden => Err(Trouble::ManualOverride(Box::new(ResultCase {
                theirs: Some(now.clone()),
                last_known: memory.last_known(user.0).cloned(),
                ..self.case(Code::ManualOverride, now.after(wanted), Some(user))
            }))),
        }
    }

    /// Asks for the right to write and puts on record what is about to be written; returns that. None if another result
    /// counts by now.
    async fn permit(
        &self,
        subject: &Name,
        version: Option<&str>,
        memory: &Memory,
        draft: &Draft,
    ) -> Result<Option<Intent>, Trouble> {
        let worker = self.worker()?;
        let base = draft.before.as_ref().or_else(|| memory.last_known(draft.user.0));
        let after = base.cloned().unwrap_or_default().after(&draft.wanted);
        let intent = Intent {
            result_id: self.push.result_id.to_string(),
            platform: self.ground.platform(),
            user_id: draft.user.0,
            before: draft.before.clone(),
            allowed: memory.has_decided(self.push.result_id.as_str()),
            after,
            sent: Some(Sent::of(&draft.wanted, draft.before.as_ref())),
            at: timestamp(self.lease.now_ms()),
        };
        let queue = self.desk.producer.queue();
        let connector = connector_name(&self.ground.connector.id);
        let new = NewIntent {
            subject,
            version_seen: version,
            intent: &to_json(&intent),
            // Noted first: Docebo's webhook may come before its answer.
            written_to: Some(WrittenTo {
                connector: &connector,
                platform: &intent.platform,
                user_id: draft.user.0,
                course_id: self.ground.exam.course_id,
            }),
        };
        match queue.permit_write(&worker, self.lease.claimed.token, new).await? {
            Permit::Granted => Ok(Some(intent)),
            Permit::Moved => Ok(None),
            // A process that slept may have lost it to another worker, which has perhaps gone on to a newer result.
            Permit::LeaseLost => Err(Trouble::LeaseLost),
        }
    }

    async fn write(
        &self,
        subject: &Name,
        memory: &Memory,
        draft: Draft,
        intent: Intent,
        calls: &mut Calls,
    ) -> Result<Pushed, Trouble> {
        let Draft { user, wanted, .. } = draft;
        let (client, course) = (&self.ground.client, self.ground.course());
        if let Err(error) = client.update_enrollment(course, user, &wanted.update(), calls).await {
            // What was unknown before stays unknown, for what the refused write found there may be its work.
            if !error.outcome_unknown() && memory.intent.is_none() {
                self.note_unwritten(subject).await?;
            }
            return Err(Trouble::Docebo(error));
        }
        let known = self.known(user, intent.after.clone(), Some(self.push.result_id.as_str()));
        let (since, sent) = (Some(intent.at), intent.sent);
        self.note(subject, Known { since, sent, ..known }).await?;
        self.verify_later(subject, user, &intent.after).await?;
        Ok(Pushed::Delivered)
    }

    async fn note(&self, subject: &Name, known: Known) -> Result<(), Trouble> {
        let (queue, worker, known) = (self.desk.producer.queue(), self.worker()?, to_json(&known));
        let noted = queue.note_known(&worker, self.lease.claimed.token, subject, &known);
        if noted.await? { Ok(()) } else { Err(Trouble::LeaseLost) }
    }

    async fn note_unwritten(&self, subject: &Name) -> Result<(), Trouble> {
        let (queue, worker) = (self.desk.producer.queue(), self.worker()?);
        let noted = queue.note_unwritten(&worker, self.lease.claimed.token, subject);
        if noted.await? { Ok(()) } else { Err(Trouble::LeaseLost) }
    }

    /// Who has the job: this process, unless it slept for too long.
    fn worker(&self) -> Result<Name, Trouble> {
        let worker = self.lease.claimed.record.worker.as_deref();
        worker
            .and_then(|worker| Name::new(worker).ok())
            .ok_or(Trouble::LeaseLost)
    }

    async fn verify_later(&self, subject: &Name, user: UserId, sent: &Holding) -> Result<(), Trouble> {
        let written = Written {
            push: self.push,
            connector: &self.ground.connector,
            exam: &self.ground.exam,
            user_id: user.0,
            sent,
            subject,
            token: self.lease.claimed.token,
        };
        self.desk.producer.verify_later(written).await?;
        Ok(())
    }

    fn known(&self, user: UserId, holding: Holding, written_by: Option<&str>) -> Known {
        Known {
            platform: self.ground.platform(),
            user_id: user.0,
            holding,
            written_by: written_by.map(str::to_owned),
            version: Some(Version::of(self.push, self.desk.producer.registry().vault())),
            kept: false,
            since: None,
            sent: None,
            at: timestamp(self.lease.now_ms()),
        }
    }

    pub(crate) fn case(&self, code: Code, ours: Holding, user: Option<UserId>) -> ResultCase {
        ResultCase {
            code,
            ours,
            theirs: None,
            last_known: None,
            user_id: user.map(|user| user.0),
            user_id_before: None,
            conflicts_with: None,
            other: None,
            platform: Some(self.ground.platform()),
            found_at: timestamp(self.lease.now_ms()),
        }
    }

    /// Puts what only a person can decide on the result's row, before the job parks; what nobody could see there is
    /// tried again.
    pub(crate) async fn put_before_a_person(&self, trouble: Trouble) -> Trouble {
        let trouble = self.by_course(trouble).await;
        let case = match (&trouble, trouble.case()) {
            (_, Some(case)) => case.clone(),
            (Trouble::Conflict { with, other }, None) => ResultCase {
                conflicts_with: Some(with.clone()),
                other: Some(other.as_ref().clone()),
                ..self.case(Code::Conflict, Wanted::by(self.push, &self.ground.exam).holding(), None)
            },
            (_, None) => return trouble,
        };
        self.note_case(&[], &case).await.err().unwrap_or(trouble)
    }

    /// Who is not found in a course that is deleted need not be enrolled: the exam needs another course.
    async fn by_course(&self, trouble: Trouble) -> Trouble {
        let at_write = |error: &passback_docebo::Error| {
            error.endpoint == Endpoint::EnrollmentWrite && matches!(error.failure, Failure::NotFound { .. })
        };
        let is_absent = matches!(trouble, Trouble::EnrollmentNotFound)
            || matches!(&trouble, Trouble::Docebo(error) if at_write(error));
        if !is_absent {
            return trouble;
        }
        let (producer, exam) = (&self.desk.producer, &self.ground.exam);
        match producer
            .is_course_deleted(&exam.connector, &self.ground.platform(), exam.course_id)
            .await
        {
            Ok(true) => Trouble::CourseDeleted,
            Ok(false) => trouble,
            Err(error) => error.into(),
        }
    }

    /// Notes a case on the result's row, if that is in one of these states; says whether it was. A case that was found
    /// again as it was stays the one that a person may be looking at.
    pub(crate) async fn note_case(&self, from: &'static [&'static str], case: &ResultCase) -> Result<bool, Trouble> {
        let queue = self.desk.producer.queue();
        let row = queue.ledger_row(&self.push.result_id).await?;
        let earlier = row.and_then(|row| serde_json::from_str::<ResultCase>(row.case.as_deref()?).ok());
        let found_at = earlier
            .filter(|earlier| earlier.is_the_same_as(case))
            .map_or(case.found_at, |earlier| earlier.found_at);
        let case = ResultCase {
            found_at,
            ..case.clone()
        };
        let note = RowNote {
            result_id: self.push.result_id.clone(),
            from,
            state: None,
            step: "",
            code: String::new(),
            reference: String::new(),
            case: Some(Case {
                job: self.lease.claimed.record.id,
                json: to_json(&case),
            }),
        };
        self.note_on_row(&note).await
    }

    /// Notes something on the result's row as long as the job is ours; says whether the row was as it had to be.
    pub(crate) async fn note_on_row(&self, note: &RowNote) -> Result<bool, Trouble> {
        let worker = self.worker()?;
        let queue = self.desk.producer.queue();
        match queue.note_under_lease(&worker, self.lease.claimed.token, note).await? {
            Noted::Yes => Ok(true),
            Noted::No => Ok(false),
            Noted::LeaseLost => Err(Trouble::LeaseLost),
        }
    }
}

fn superseded(by: String) -> Result<Pushed, Trouble> {
    match Name::new(by) {
        Ok(by) => Ok(Pushed::Superseded { by }),
        Err(error) => Err(Trouble::Unreadable {
            detail: error.to_string(),
        }),
    }
}
