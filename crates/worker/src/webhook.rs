//! An event that Docebo told: what follows from it, once and again, in whatever order events arrive.

use std::time::Duration;

use passback_docebo::Calls;
use passback_producer::{Fact, WebhookJob};
use passback_queue::{Mark, Marked, Name, NewReaction, Queue};
use passback_registry::ConnectorId;

use crate::course_event::course_told;
use crate::desk::Desk;
use crate::enrollment_event::EnrollmentEvent;
use crate::lease::Lease;
use crate::outcome::{Ending, Happened, Trouble};
use crate::reacted::{Reacted, Word};
use crate::retry_delay::whole_ms;
use crate::user_event::{user_gone, user_there};

/// As far as Docebo's clock may be ahead of ours. What is said to happen later than that would hide all that happens until
/// then.
const CLOCK_AHEAD: Duration = Duration::from_mins(5);

/// An event at hand.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EventAtHand<'a> {
    pub(crate) desk: &'a Desk,
    pub(crate) lease: &'a Lease,
    pub(crate) connector: &'a ConnectorId,
    /// The platform that the connector leads to now.
    pub(crate) platform: &'a str,
    pub(crate) job: &'a WebhookJob,
    /// Its place among all that Docebo has told.
    pub(crate) place: &'a str,
}

/// Does what follows from an event, and keeps with it what that came to.
pub(crate) async fn webhook(desk: &Desk, job: &WebhookJob, lease: &Lease, calls: &mut Calls) -> Ending {
    let record = &lease.claimed.record;
    let Ok(connector) = record.connector.parse::<ConnectorId>() else {
        let detail = "the name of the connector cannot be read".to_owned();
        return Trouble::Unreadable { detail }.into();
    };
    let platform = match desk.producer.platform_of(&connector).await {
        // Of a connector that is gone, nothing is remembered.
        Ok(platform) => platform.unwrap_or_default(),
        Err(error) => return Trouble::from(error).into(),
    };
    let event = EventAtHand {
        desk,
        lease,
        connector: &connector,
        platform: &platform,
        job,
        place: record.about.as_deref().unwrap_or_default(),
    };
    event.warn_of_its_time();
    let (reacted, gate) = event.react(calls).await;
    let kept = match &reacted {
        Ok(reacted) => event.keep(reacted).await,
        Err(_) => Ok(()),
    };
    Ending {
        happened: match (reacted, kept) {
            (Ok(reacted), Ok(())) => Happened::Reacted(reacted),
            (Err(trouble), _) | (Ok(_), Err(trouble)) => Happened::Failed(trouble),
        },
        about: None,
        gate,
    }
}

impl EventAtHand<'_> {
    pub(crate) fn queue(&self) -> &Queue {
        self.desk.producer.queue()
    }

    /// When it happened, in milliseconds since 1970, and whether Docebo says so or that is when it was received.
    pub(crate) fn fired_ms(&self) -> (u64, bool) {
        let received = self.job.received_ms.unwrap_or(self.lease.claimed.record.created_ms);
        let fired = self.job.fired_at.and_then(|at| u64::try_from(at.as_millisecond()).ok());
        let fired = fired.filter(|fired_ms| *fired_ms <= received.saturating_add(whole_ms(CLOCK_AHEAD)));
        fired.map_or((received, false), |fired_ms| (fired_ms, true))
    }

    /// Says once that the time of an event is not taken for one.
    fn warn_of_its_time(&self) {
        let (_, exact) = self.fired_ms();
        if let Some(fired_at) = self.job.fired_at
            && !exact
            && self.lease.claimed.record.claims <= 1
        {
            tracing::warn!(
                connector = %self.connector,
                event = self.place,
                %fired_at,
                "an event says that it happens in the future; it counts as of when it was received"
            );
        }
    }

    /// Marks the event as the newest of its thing, if it is.
    pub(crate) async fn mark(&self) -> Result<Marked, Trouble> {
        self.mark_thing(&self.job.thing(self.connector, self.platform)).await
    }

    /// The same for another thing that it says something of.
    pub(crate) async fn mark_thing(&self, thing: &Name) -> Result<Marked, Trouble> {
        let (fired_ms, exact) = self.fired_ms();
        let mark = Mark {
            thing,
            fired_ms,
            exact,
            event: self.job.fact.event(),
            print: &self.job.print,
            place: self.place,
        };
        Ok(self.queue().mark(&mark).await?)
    }

    async fn react(&self, calls: &mut Calls) -> (Result<Reacted, Trouble>, Option<passback_queue::Gate>) {
        if let Some(reacted) = self.of_another_platform() {
            return (Ok(reacted), None);
        }
        let reacted = match &self.job.fact {
            Fact::EnrollmentChanged { course_id, user_id, .. }
            | Fact::EnrollmentCreated { course_id, user_id, .. }
            | Fact::EnrollmentDeleted { course_id, user_id } => {
                let event = EnrollmentEvent {
                    at_hand: self,
                    course_id: *course_id,
                    user_id: *user_id,
                };
                event.react().await
            }
            Fact::UserThere { user_id, persons, .. } => user_there(self, *user_id, persons).await,
            Fact::UserGone { event, user_id } => return user_gone(self, event, *user_id, calls).await,
            Fact::CourseTold { event, course_id } => return course_told(self, event, *course_id, calls).await,
        };
        (reacted, None)
    }

    /// Keeps what it came to with the event; a job that an older version stored has none.
    async fn keep(&self, reacted: &Reacted) -> Result<(), Trouble> {
        let Ok(place) = self.place.parse() else {
            return Ok(());
        };
        let (word, job) = (reacted.word.as_str(), self.lease.claimed.record.id);
        if reacted.word == Word::BySomeoneElse {
            tracing::warn!(
                event = self.place,
                connector = %self.connector,
                result = reacted.result.as_ref().map(tracing::field::display),
                "somebody else has changed an enrolment that passback wrote"
            );
        }
        let reaction = NewReaction {
            place,
            job,
            outcome: word,
            result_id: reacted.result.as_ref().map(Name::as_str),
            detail: reacted.detail.as_deref(),
        };
        // Another job may look after the event by now; then it will say what that came to.
        self.queue().note_reaction(&reaction).await?;
        Ok(())
    }
}
