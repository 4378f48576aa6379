//! A user was made, changed, shut out or deleted: who waits for them goes on, and what was learned of them is forgotten.

use passback_producer::{Memory, ResultState, Version, wake};
use passback_queue::{Marked, Name, RowNote, Subject};

use crate::desk::trouble_of_registry;
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

/// A user was made, changed or let in again: an address may lead to somebody now, or to somebody else.
pub(crate) async fn user_there(event: &EventAtHand<'_>, user_id: u64, told: &[String]) -> Result<Reacted, Trouble> {
    if is_known(event, user_id).await? {
        // What was told of this user before is over, or comes after this. A mark for everybody else would only fill Redis.
        event.mark().await?;
    }
    let persons = all_persons(event, user_id, told).await?;
    let mut released = 0;
    for person in &persons {
        released += someone_may_be(event, person).await?;
    }
    Ok(Reacted::released(released))
}

/// Whether something was learned of a user, or written to them.
async fn is_known(event: &EventAtHand<'_>, user_id: u64) -> Result<bool, Trouble> {
    if !all_persons(event, user_id, &[]).await?.is_empty() {
        return Ok(true);
    }
    let connector = passback_producer::connector_name(event.connector);
    let written = event.queue().courses_written_to(&connector, user_id).await?;
    Ok(!written.is_empty())
}

/// A user was shut out or deleted.
pub(crate) async fn user_gone(event: &EventAtHand<'_>, name: &str, user_id: u64) -> Result<Reacted, Trouble> {
    let connector = event.connector;
    let persons = all_persons(event, user_id, &[]).await?;
    let queue = event.queue();
    let written = queue
        .courses_written_to(&passback_producer::connector_name(connector), user_id)
        .await?;
    if persons.is_empty() && written.is_empty() {
        return Ok(Word::NotOurs.into());
    }
    let place = match event.mark().await? {
        Marked::Older => return Ok(Word::Stale.into()),
        Marked::New | Marked::Tie => event.place.to_owned(),
        Marked::Same { place } => place,
    };
    tracing::warn!(%connector, user_id, event = name, "Docebo has shut out or deleted a user whom results were written to");
    let step = if name == "user.deleted" {
        "user_deleted"
    } else {
        "user_deactivated"
    };
    for (_, subject) in written {
        for result_id in concerned(&queue.subject(&subject).await?) {
            event.step_once(&result_id, ON_THEIR_WAY, step, &place).await?;
        }
    }
    let mut released = 0;
    for person in &persons {
        // An address that two users had may lead to one now.
        released += someone_may_be(event, person).await?;
    }
    let marked = Reacted::from(Word::Marked);
    Ok(if released == 0 {
        marked
    } else {
        marked.saying(format!("{released} jobs go on"))
    })
}

/// The hashes of all addresses that are known to have led to a user, and those that the event tells.
pub(crate) async fn all_persons(
    event: &EventAtHand<'_>,
    user_id: u64,
    told: &[String],
) -> Result<Vec<String>, Trouble> {
    let registry = event.desk.producer.registry();
    let learned = registry.persons_of_number(event.connector, user_id).await;
    let mut persons = learned.map_err(|error| trouble_of_registry(&error))?;
    for person in told {
        if !persons.contains(person) {
            persons.push(person.clone());
        }
    }
    Ok(persons)
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
fn concerned(kept: &Subject) -> Vec<Name> {
    let in_force = kept
        .version
        .as_deref()
        .and_then(|json| serde_json::from_str::<Version>(json).ok());
    let written_by = Memory::of(kept).known.and_then(|known| known.written_by);
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
