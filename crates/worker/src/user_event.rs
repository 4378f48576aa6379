//! A user was made, changed, shut out or deleted: who waits for them goes on, and what was learned of them is forgotten.

use std::collections::BTreeSet;

use passback_docebo::{Calls, UserId, UserStanding};
use passback_producer::{Memory, ResultState, Version, subject_of, wake};
use passback_queue::{Gate, Marked, Name, RowNote, Subject};

use crate::course_event::is_no_answer;
use crate::desk::{Contacted, trouble_of_registry};
use crate::outcome::Trouble;
use crate::reacted::{Reacted, Word};
use crate::webhook::EventAtHand;

/// The states of results that are not at their end.
const ON_THEIR_WAY: &[&str] = &[
    ResultState::Accepted.as_str(),
    ResultState::Retrying.as_str(),
    ResultState::Parked.as_str(),
    ResultState::Dead.as_str(),
];

const DELETED: &str = "user.deleted";
/// The events after which a user is let in for sure; a change of something else says nothing of it.
const LET_IN: [&str; 2] = ["user.created", "user.reactivated"];

/// A user was made, changed or let in again: an address may lead to somebody now, or to somebody else.
pub(crate) async fn user_there(event: &EventAtHand<'_>, user_id: u64, told: &[String]) -> Result<Reacted, Trouble> {
    let learned = all_persons(event, user_id, &[]).await?;
    if is_known(event, user_id, &learned).await? {
        // What was told of this user before is over, or comes after this. A mark for everybody else would only fill Redis.
        event.mark().await?;
    }
    let persons = with_told(learned, told);
    let mut released = 0;
    for person in &persons {
        released += someone_may_be(event, person).await?;
    }
    Ok(Reacted::released(released))
}

/// Whether something was learned of a user, or written to them.
async fn is_known(event: &EventAtHand<'_>, user_id: u64, learned: &[String]) -> Result<bool, Trouble> {
    if !learned.is_empty() {
        return Ok(true);
    }
    let connector = passback_producer::connector_name(event.connector);
    let written = event
        .queue()
        .courses_written_to(&connector, event.platform, user_id)
        .await?;
    Ok(!written.is_empty())
}

/// A user was shut out or deleted.
pub(crate) async fn user_gone(
    event: &EventAtHand<'_>,
    name: &str,
    user_id: u64,
    calls: &mut Calls,
) -> (Result<Reacted, Trouble>, Option<Gate>) {
    match marked(event, name, user_id).await {
        Ok(Marking::Over(reacted)) => (Ok(reacted), None),
        Ok(Marking::Gone { place }) => (gone(event, name, user_id, &place).await, None),
        Ok(Marking::Unclear) => {
            let (standing, gate) = standing(event, user_id, calls).await;
            let reacted = match standing {
                Ok(standing) => by_standing(event, name, user_id, standing).await,
                Err(trouble) => Err(trouble),
            };
            (reacted, gate)
        }
        Err(trouble) => (Err(trouble), None),
    }
}

/// What an event that a user is gone comes to beside others of that user.
enum Marking {
    /// Nothing more is to be done.
    Over(Reacted),
    /// The user is gone; the place is that of the event that said so first.
    Gone { place: String },
    /// Another event of the same second says that the user was let in.
    Unclear,
}

async fn marked(event: &EventAtHand<'_>, name: &str, user_id: u64) -> Result<Marking, Trouble> {
    let learned = all_persons(event, user_id, &[]).await?;
    if !is_known(event, user_id, &learned).await? {
        return Ok(Marking::Over(Word::NotOurs.into()));
    }
    match event.mark().await? {
        Marked::Older => Ok(Marking::Over(Word::Stale.into())),
        Marked::Tie if name != DELETED && may_be_back(event).await? => Ok(Marking::Unclear),
        Marked::New | Marked::Tie => Ok(Marking::Gone {
            place: event.place.to_owned(),
        }),
        Marked::Same { place } => Ok(Marking::Gone { place }),
    }
}

/// Whether one of the events of that second lets the user in, and none deletes them: nobody comes back from that.
async fn may_be_back(event: &EventAtHand<'_>) -> Result<bool, Trouble> {
    let thing = event.job.thing(event.connector, event.platform);
    let newest = event.queue().newest_of(std::slice::from_ref(&thing)).await?;
    let mut newest = newest.iter().flatten();
    Ok(newest.any(|newest| LET_IN.iter().any(|name| newest.may_be(name)) && !newest.may_be(DELETED)))
}

/// Asks Docebo whether the user is let in; nothing where it cannot be asked any more.
async fn standing(
    event: &EventAtHand<'_>,
    user_id: u64,
    calls: &mut Calls,
) -> (Result<UserStanding, Trouble>, Option<Gate>) {
    let lane = event.lease.claimed.record.lane;
    let Contacted { client, gate, .. } = match event.desk.contact(event.connector, lane).await {
        Ok(contacted) => contacted,
        Err(Trouble::ConnectorMissing) => return (Ok(UserStanding::Unsaid), None),
        Err(trouble) => return (Err(trouble), None),
    };
    let standing = client.user_standing(UserId(user_id), calls).await;
    let standing = standing.or_else(|error| {
        if is_no_answer(&error.failure) {
            Ok(UserStanding::Unsaid)
        } else {
            Err(Trouble::Docebo(error))
        }
    });
    (standing, gate.get())
}

async fn by_standing(
    event: &EventAtHand<'_>,
    name: &str,
    user_id: u64,
    standing: UserStanding,
) -> Result<Reacted, Trouble> {
    let asked = Reacted::from(Word::AskedDocebo);
    match standing {
        UserStanding::Active => Ok(asked.saying("the user is let in")),
        UserStanding::ShutOut => {
            gone(event, name, user_id, event.place).await?;
            Ok(asked.saying("the user is shut out"))
        }
        UserStanding::Unsaid => Ok(asked.saying("Docebo does not say whether the user is let in: nothing is noted")),
    }
}

/// Notes it on the results of the user that are on their way, written or not; an address that two users had may lead to
/// one now.
async fn gone(event: &EventAtHand<'_>, name: &str, user_id: u64, place: &str) -> Result<Reacted, Trouble> {
    let step = if name == DELETED {
        "user_deleted"
    } else {
        "user_deactivated"
    };
    let persons = all_persons(event, user_id, &[]).await?;
    let mut results = Vec::new();
    for kept in event
        .queue()
        .subjects(&subjects_of(event, user_id, &persons).await?)
        .await?
    {
        results.extend(concerned(&kept, event.platform));
    }
    if !results.is_empty() {
        let connector = event.connector;
        tracing::warn!(%connector, user_id, event = name, "Docebo has shut out or deleted a user whom results are for");
    }
    for result_id in results {
        event.step_once(&result_id, ON_THEIR_WAY, step, place).await?;
    }
    let mut released = 0;
    for person in &persons {
        released += someone_may_be(event, person).await?;
    }
    let marked = Reacted::from(Word::Marked);
    Ok(match released {
        0 => marked,
        1 => marked.saying("1 job goes on"),
        jobs => marked.saying(format!("{jobs} jobs go on")),
    })
}

/// The subjects that were written to a user, and those of the user's addresses in all courses that exams are in.
async fn subjects_of(event: &EventAtHand<'_>, user_id: u64, persons: &[String]) -> Result<Vec<Name>, Trouble> {
    let connector = event.connector;
    let name = passback_producer::connector_name(connector);
    let written = event.queue().courses_written_to(&name, event.platform, user_id).await?;
    let mut subjects: BTreeSet<Name> = written.into_iter().map(|(_, subject)| subject).collect();
    let courses = event.desk.producer.exams_by_course(connector).await?;
    for person in persons {
        subjects.extend(
            courses
                .keys()
                .map(|course_id| subject_of(connector, *course_id, person)),
        );
    }
    Ok(subjects.into_iter().collect())
}

/// The hashes of all addresses that are known to have led to a user, and those that the event tells.
pub(crate) async fn all_persons(
    event: &EventAtHand<'_>,
    user_id: u64,
    told: &[String],
) -> Result<Vec<String>, Trouble> {
    let registry = event.desk.producer.registry();
    let learned = registry.persons_of_number(event.connector, user_id).await;
    let learned = learned.map_err(|error| trouble_of_registry(&error))?;
    Ok(with_told(learned, told))
}

/// The same list with those that an event tells, each once.
fn with_told(mut persons: Vec<String>, told: &[String]) -> Vec<String> {
    for person in told {
        if !persons.contains(person) {
            persons.push(person.clone());
        }
    }
    persons
}

/// Lets go on what waits for somebody of this address, or for their enrolment; what was learned of it is asked anew.
async fn someone_may_be(event: &EventAtHand<'_>, person: &str) -> Result<u64, Trouble> {
    let (producer, connector, queue) = (&event.desk.producer, event.connector, event.queue());
    let forgotten = producer.registry().forget_user(connector, person).await;
    forgotten.map_err(|error| trouble_of_registry(&error))?;
    // Who waits for their enrolment waits under this key, too.
    Ok(queue.wake(&wake::user(connector, person)).await?)
}

/// The results of a subject that may be on their way: the one that counts, and the one that was written.
fn concerned(kept: &Subject, platform: &str) -> Vec<Name> {
    let in_force = kept
        .version
        .as_deref()
        .and_then(|json| serde_json::from_str::<Version>(json).ok());
    let written_by = Memory::of(kept, platform).known.and_then(|known| known.written_by);
    let ids = in_force.map(|version| version.result_id).into_iter().chain(written_by);
    let mut ids: Vec<Name> = ids.filter_map(|id| Name::new(id).ok()).collect();
    ids.dedup();
    ids
}

impl EventAtHand<'_> {
    /// Notes a step on a result's row, if that is in one of these states and the event has not left it there before.
    pub(crate) async fn step_once(
        &self,
        result_id: &Name,
        from: &'static [&'static str],
        step: &'static str,
        place: &str,
    ) -> Result<(), Trouble> {
        let row = self.queue().ledger_row(result_id).await?;
        let known = |row: &passback_queue::LedgerRow| {
            let mut steps = row.steps.iter();
            steps.any(|noted| noted.step == step && noted.reference == place)
        };
        if row.as_ref().is_none_or(known) {
            return Ok(());
        }
        let note = RowNote {
            result_id: result_id.clone(),
            from,
            state: None,
            step,
            code: String::new(),
            reference: place.to_owned(),
            case: None,
        };
        self.note(&note).await?;
        Ok(())
    }

    /// Notes something on a result's row as long as the job is ours; says whether the row was as it had to be.
    pub(crate) async fn note(&self, note: &RowNote) -> Result<bool, Trouble> {
        let worker = self.lease.claimed.record.worker.as_deref();
        let worker = worker
            .and_then(|worker| Name::new(worker).ok())
            .ok_or(Trouble::LeaseLost)?;
        match self
            .queue()
            .note_under_lease(&worker, self.lease.claimed.token, note)
            .await?
        {
            passback_queue::Noted::Yes => Ok(true),
            passback_queue::Noted::No => Ok(false),
            passback_queue::Noted::LeaseLost => Err(Trouble::LeaseLost),
        }
    }
}
