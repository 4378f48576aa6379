//! A course was changed, deleted or reported: what its exams must be warned of.

use passback_docebo::{Calls, CourseId, Failure};
use passback_producer::course_thing;
use passback_queue::{Gate, Marked};

use crate::desk::Contacted;
use crate::outcome::Trouble;
use crate::reacted::{Reacted, Word};
use crate::webhook::EventAtHand;

/// Docebo's event of a course that is deleted.
const DELETED: &str = "course.deleted";

/// Remembers the event, and does what follows from it.
pub(crate) async fn course_told(
    event: &EventAtHand<'_>,
    name: &str,
    course_id: u64,
    calls: &mut Calls,
) -> (Result<Reacted, Trouble>, Option<Gate>) {
    match marked(event, name, course_id).await {
        Ok(None) => look(event, course_id, calls).await,
        Ok(Some(reacted)) => (Ok(reacted), None),
        Err(trouble) => (Err(trouble), None),
    }
}

/// None where another event of the same second may say the contrary.
async fn marked(event: &EventAtHand<'_>, name: &str, course_id: u64) -> Result<Option<Reacted>, Trouble> {
    let (producer, connector) = (&event.desk.producer, event.connector);
    let thing = course_thing(connector, event.platform, course_id);
    let before = event.queue().newest_of(std::slice::from_ref(&thing)).await?;
    let was_deleted = before.iter().flatten().any(|newest| newest.may_be(DELETED));
    let again = match event.mark().await? {
        Marked::Older => return Ok(Some(Word::Stale.into())),
        Marked::Tie => return Ok(None),
        Marked::New => false,
        Marked::Same { .. } => true,
    };
    if name == DELETED {
        let courses = producer.exams_by_course(connector).await?;
        let exams = courses.get(&course_id).map_or(0, Vec::len);
        if exams > 0 {
            tracing::warn!(%connector, course_id, exams, "Docebo has deleted a course that exams are in");
        }
        return Ok(Some(Word::Marked.into()));
    }
    // Who was cut off after the mark does not know any more what stood there.
    if was_deleted || again {
        producer.course_is_back(connector, course_id).await?;
    }
    Ok(Some(Word::Marked.into()))
}

/// Asks Docebo whether the course is there. An empty one looks like one that is gone, so that only a yes says anything.
async fn look(event: &EventAtHand<'_>, course_id: u64, calls: &mut Calls) -> (Result<Reacted, Trouble>, Option<Gate>) {
    let asked = Reacted::from(Word::AskedDocebo);
    let Contacted { client, gate, .. } = match event
        .desk
        .contact(event.connector, event.lease.claimed.record.lane)
        .await
    {
        Ok(contacted) => contacted,
        // Nobody is left to be warned.
        Err(Trouble::ConnectorMissing) => return (Ok(Word::NothingToDo.into()), None),
        Err(trouble) => return (Err(trouble), None),
    };
    let glance = client.course_glance(CourseId(course_id), calls).await;
    let reacted = match glance {
        Ok(glance) if glance.enrolled_seen => {
            let producer = &event.desk.producer;
            let seen = producer.course_seen(event.connector, event.platform, course_id).await;
            seen.map(|_| asked.saying("the course is there")).map_err(Trouble::from)
        }
        Ok(_) => Ok(asked.saying("nobody is seen in the course: it is empty, or gone")),
        Err(error) if is_no_answer(&error.failure) => {
            Ok(asked.saying("Docebo does not say whether the course is there"))
        }
        Err(error) => Err(Trouble::Docebo(error)),
    };
    (reacted, gate.get())
}

/// Whether Docebo has answered, and not what was asked: not every platform may know the route.
pub(crate) fn is_no_answer(failure: &Failure) -> bool {
    match failure {
        Failure::Rejected { .. }
        | Failure::NotFound { .. }
        | Failure::UnexpectedShape { .. }
        | Failure::Unexpected { .. } => true,
        Failure::Held { .. }
        | Failure::Unreachable { .. }
        | Failure::CertificateInvalid { .. }
        | Failure::ConnectionLost { .. }
        | Failure::TimedOut
        | Failure::Throttled { .. }
        | Failure::Unavailable { .. }
        | Failure::CredentialsRefused { .. }
        | Failure::Forbidden { .. }
        | Failure::NotJson { .. } => false,
    }
}
