//! An enrolment was made, changed or ended at Docebo: a result of ours is confirmed by it, somebody else has changed it,
//! or somebody who waits for it goes on.

use passback_producer::{Asked, Fact, Known, Memory, ResultState, connector_name, course_thing, subject_of, wake};
use passback_queue::{LedgerRow, Marked, Name, RowNote, State, Subject, WrittenTo};

use crate::decision::timestamp;
use crate::desk::trouble_of_registry;
use crate::opinion::{Opinion, Told, opinion};
use crate::outcome::Trouble;
use crate::own_writes::OurEcho;
use crate::reacted::{Reacted, Word};
use crate::user_event::all_persons;
use crate::webhook::EventAtHand;

/// Looks at a row that changes meanwhile.
const MAX_LOOKS: usize = 3;
/// The states of a result that was written and is at its end.
const WRITTEN: &[&str] = &[
    ResultState::Delivered.as_str(),
    ResultState::Confirmed.as_str(),
    ResultState::Verified.as_str(),
];
const DELIVERED: &[&str] = &[ResultState::Delivered.as_str()];
const CONFIRMED: &str = ResultState::Confirmed.as_str();
const CHANGED: &str = "changed_by_someone_else";

/// An event of one user in one course.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EnrollmentEvent<'a> {
    pub(crate) at_hand: &'a EventAtHand<'a>,
    pub(crate) course_id: u64,
    pub(crate) user_id: u64,
}

/// A result that was written to the enrolment.
pub(crate) struct Wrote<'a> {
    pub(crate) subject: &'a Name,
    pub(crate) result_id: Name,
    pub(crate) known: Known,
}

/// How an event stands among others of its enrolment.
#[derive(Debug, Clone, Copy)]
struct Seen<'a> {
    /// Whether another one is as new.
    tie: bool,
    place: &'a str,
    echo: OurEcho,
}

impl EnrollmentEvent<'_> {
    pub(crate) async fn react(&self) -> Result<Reacted, Trouble> {
        let released = match &self.at_hand.job.fact {
            Fact::EnrollmentCreated { persons, .. } => self.enrolled(persons).await?,
            Fact::EnrollmentChanged { .. }
            | Fact::EnrollmentDeleted { .. }
            | Fact::UserThere { .. }
            | Fact::UserGone { .. }
            | Fact::CourseTold { .. } => Word::NotOurs.into(),
        };
        let subjects = self.subjects().await?;
        if subjects.is_empty() {
            return Ok(released);
        }
        let (tie, place) = match self.at_hand.mark().await? {
            Marked::Older => return Ok(released.or(Word::Stale.into())),
            Marked::Tie => (true, self.at_hand.place.to_owned()),
            Marked::New => (false, self.at_hand.place.to_owned()),
            Marked::Same { place } => (false, place),
        };
        let seen = Seen {
            tie,
            place: &place,
            echo: self.our_echo(&subjects).await?,
        };
        let mut reacted = released;
        for subject in &subjects {
            reacted = reacted.or(self.on(subject, seen).await?);
        }
        Ok(reacted)
    }

    /// Who waits for this enrolment goes on. It also shows that the course is there.
    async fn enrolled(&self, told: &[String]) -> Result<Reacted, Trouble> {
        let (event, connector) = (self.at_hand, self.at_hand.connector);
        let mut released = 0;
        for person in all_persons(event, self.user_id, told).await? {
            let key = wake::enrollment(connector, self.course_id, &person);
            released += event.queue().wake(&key).await?;
        }
        let producer = &event.desk.producer;
        let deleted = async || {
            producer
                .is_course_deleted(connector, event.platform, self.course_id)
                .await
        };
        if deleted().await? {
            let course = course_thing(connector, event.platform, self.course_id);
            event.mark_thing(&course).await?;
            if !deleted().await? {
                released += producer.course_is_back(connector, self.course_id).await?;
            }
        }
        Ok(Reacted::released(released))
    }

    /// The subjects that were written to this user and course, and those of the user that results were handed in for.
    async fn subjects(&self) -> Result<Vec<Name>, Trouble> {
        let (event, connector) = (self.at_hand, self.at_hand.connector);
        let name = connector_name(connector);
        let to = WrittenTo {
            connector: &name,
            platform: event.platform,
            user_id: self.user_id,
            course_id: self.course_id,
        };
        let mut subjects = event.queue().subjects_written_to(to).await?;
        let registry = event.desk.producer.registry();
        let persons = registry.persons_of_number(connector, self.user_id).await;
        for person in persons.map_err(|error| trouble_of_registry(&error))? {
            let subject = subject_of(connector, self.course_id, &person);
            if !subjects.contains(&subject) && event.queue().subject(&subject).await? != Subject::default() {
                subjects.push(subject);
            }
        }
        Ok(subjects)
    }

    async fn on(&self, subject: &Name, seen: Seen<'_>) -> Result<Reacted, Trouble> {
        let mut last = None;
        for _ in 0..MAX_LOOKS {
            let kept = self.at_hand.queue().subject(subject).await?;
            let memory = Memory::of(&kept, self.at_hand.platform);
            let intent = memory.intent.filter(|intent| intent.user_id == self.user_id);
            let written = memory.known.filter(|known| known.user_id == self.user_id);
            let wrote = written.and_then(|known| Wrote::of(subject, known));
            if intent.is_some() {
                return self.under_way(wrote.as_ref()).await;
            }
            let woken = match &self.at_hand.job.fact {
                Fact::EnrollmentChanged { .. } => self.wake_who_waits(&kept, wrote.as_ref()).await?,
                // Who waited for it goes on already, and nobody waits for its end.
                Fact::EnrollmentCreated { .. }
                | Fact::EnrollmentDeleted { .. }
                | Fact::UserThere { .. }
                | Fact::UserGone { .. }
                | Fact::CourseTold { .. } => Word::Marked.into(),
            };
            let Some(wrote) = wrote else {
                return Ok(woken);
            };
            if let Some(reacted) = self.on_written(&wrote, seen).await? {
                return Ok(reacted.about(&wrote.result_id));
            }
            last = Some(wrote);
        }
        self.under_way(last.as_ref()).await
    }

    /// What the event means for a result that was written; none if the result moves at this moment.
    async fn on_written(&self, wrote: &Wrote<'_>, seen: Seen<'_>) -> Result<Option<Reacted>, Trouble> {
        let Some(row) = self.at_hand.queue().ledger_row(&wrote.result_id).await? else {
            return Ok(Some(Word::NothingToDo.into()));
        };
        let opinion = match self.opinion(&wrote.known) {
            Opinion::Older => return Ok(Some(Word::Stale.into())),
            // The other event of that second may be the last one.
            Opinion::Agrees | Opinion::Differs if seen.tie && !is_settled(&row) => Opinion::Unclear,
            Opinion::Differs if seen.tie => Opinion::Unclear,
            // What only fits has no say, and the other one has had its own.
            opinion @ (Opinion::Agrees | Opinion::Fits | Opinion::Differs | Opinion::Unclear) => opinion,
        };
        match state_of(&row) {
            Some(ResultState::Accepted | ResultState::Running | ResultState::Retrying) => {
                self.under_way(Some(wrote)).await.map(Some)
            }
            Some(ResultState::Delivered | ResultState::Confirmed | ResultState::Verified) => {
                self.on_delivered(wrote, &row, opinion, seen).await
            }
            // Its case is looked at anew; where it is none, nothing is to be done.
            Some(ResultState::Parked) if row.case_job.is_some() => {
                let differs = opinion == Opinion::Differs;
                let asked = self.ask(wrote, &row).await?;
                let word = if differs {
                    Word::BySomeoneElse
                } else {
                    Word::AskedDocebo
                };
                Ok(asked.map(|()| word.into()))
            }
            Some(
                ResultState::Parked
                | ResultState::NoOp
                | ResultState::Superseded
                | ResultState::Dead
                | ResultState::Discarded,
            )
            | None => Ok(Some(Word::NothingToDo.into())),
        }
    }

    fn opinion(&self, known: &Known) -> Opinion {
        opinion(known, self.told())
    }

    pub(crate) fn told(&self) -> Told<'_> {
        let (fired_ms, exact) = self.at_hand.fired_ms();
        let (status, completed_at, score) = match &self.at_hand.job.fact {
            Fact::EnrollmentChanged {
                status,
                completed_at,
                score,
                ..
            } => (status.as_deref(), *completed_at, *score),
            // A new enrolment holds nothing, and one that is gone shows nothing: whichever it is now, it must be read.
            Fact::EnrollmentCreated { .. }
            | Fact::EnrollmentDeleted { .. }
            | Fact::UserThere { .. }
            | Fact::UserGone { .. }
            | Fact::CourseTold { .. } => (None, None, None),
        };
        Told {
            status,
            completed_at,
            score,
            at: timestamp(fired_ms),
            exact,
        }
    }

    async fn on_delivered(
        &self,
        wrote: &Wrote<'_>,
        row: &LedgerRow,
        opinion: Opinion,
        seen: Seen<'_>,
    ) -> Result<Option<Reacted>, Trouble> {
        let place = seen.place;
        match opinion {
            // Another result of ours was written over it, by another address of the same user.
            Opinion::Differs | Opinion::Unclear if seen.echo.is_of_a_write_after(&wrote.known) => {
                Ok(Some(Word::NothingToDo.into()))
            }
            Opinion::Older => Ok(Some(Word::Stale.into())),
            // A read has found something else there, before this or after: the case is looked at anew.
            Opinion::Agrees | Opinion::Fits if row.case_job.is_some() => {
                let asked = self.ask(wrote, row).await?;
                Ok(asked.map(|()| Word::AskedDocebo.into()))
            }
            Opinion::Agrees | Opinion::Fits if is_settled(row) => {
                let by_this = |step: &passback_queue::Step| step.step == CONFIRMED && step.reference == place;
                let word = if row.steps.iter().any(by_this) {
                    Word::Confirmed
                } else {
                    Word::AlreadyConfirmed
                };
                Ok(Some(word.into()))
            }
            Opinion::Agrees => {
                let note = RowNote {
                    result_id: wrote.result_id.clone(),
                    from: DELIVERED,
                    state: Some(CONFIRMED),
                    step: CONFIRMED,
                    code: String::new(),
                    reference: place.to_owned(),
                    case: None,
                };
                let noted = self.at_hand.note(&note).await?;
                Ok(noted.then(|| Word::Confirmed.into()))
            }
            // The policy's own read proves it.
            Opinion::Fits => Ok(Some(Word::NothingToDo.into())),
            Opinion::Differs => {
                self.at_hand
                    .step_once(&wrote.result_id, WRITTEN, CHANGED, place)
                    .await?;
                let asked = self.ask(wrote, row).await?;
                Ok(asked.map(|()| Word::BySomeoneElse.into()))
            }
            Opinion::Unclear => {
                let asked = self.ask(wrote, row).await?;
                Ok(asked.map(|()| Word::AskedDocebo.into()))
            }
        }
    }

    /// Has the enrolment read: by the job that waits with the result's case, or by a new one. What differs becomes a
    /// person's case there, never here. None if the job with the case reads at this moment, perhaps what was before.
    async fn ask(&self, wrote: &Wrote<'_>, row: &LedgerRow) -> Result<Option<()>, Trouble> {
        let (producer, queue) = (&self.at_hand.desk.producer, self.at_hand.queue());
        let case_job = match row.case_job {
            Some(id) => queue.job(id).await?.map(|job| job.state),
            None => None,
        };
        match case_job {
            Some(State::Parked) => {
                let released = queue.release_parked(&wake::decision(wrote.result_id.as_str())).await?;
                Ok((released > 0).then_some(()))
            }
            Some(State::Running) => Ok(None),
            // It reads before it does anything else, or a person has to give it a new life.
            Some(State::Ready | State::Scheduled | State::Dead) => Ok(Some(())),
            None | Some(State::Done | State::Superseded | State::Expired | State::Discarded) => {
                let asked = Asked {
                    result_id: &wrote.result_id,
                    row,
                    subject: wrote.subject,
                    known: &wrote.known,
                    by: self.at_hand.lease.claimed.record.id,
                };
                producer.read_now(asked).await?;
                Ok(Some(()))
            }
        }
    }
}

impl<'a> Wrote<'a> {
    pub(crate) fn of(subject: &'a Name, known: Known) -> Option<Self> {
        let result_id = Name::new(known.written_by.clone()?).ok()?;
        Some(Self {
            subject,
            result_id,
            known,
        })
    }
}

pub(crate) fn state_of(row: &LedgerRow) -> Option<ResultState> {
    row.state.parse().ok()
}

/// Whether Docebo has said already that the result is there.
fn is_settled(row: &LedgerRow) -> bool {
    [CONFIRMED, ResultState::Verified.as_str()].contains(&row.state.as_str())
}
