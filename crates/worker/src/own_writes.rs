//! What an event has to do with our own writes: whether it is the echo of one, and how long it waits for one that is under
//! way.

use std::time::Duration;

use jiff::Timestamp;
use passback_producer::{Asked, Intent, Known, Memory};
use passback_queue::Name;

use crate::enrollment_event::{EnrollmentEvent, Wrote};
use crate::opinion::{Opinion, Told, opinion};
use crate::outcome::Trouble;
use crate::reacted::{Reacted, Word};

/// How often an event waits until a write that is under way has come to something. Counted in looks, for an event may be
/// hours old when its first one comes: these take the better part of an hour.
const MAX_LOOKS: u64 = 16;
const SHORTEST_WAIT: Duration = Duration::from_secs(2);
const LONGEST_WAIT: Duration = Duration::from_mins(5);

/// The newest of our writes to an enrolment, by whichever address, that an event tells of: when it was begun.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OurEcho(Option<Timestamp>);

impl OurEcho {
    /// Whether the event tells of a write that came after this one: then that one has changed it, and nobody else.
    pub(crate) fn is_of_a_write_after(self, known: &Known) -> bool {
        self.0.is_some_and(|echo| echo > begun(known))
    }
}

impl EnrollmentEvent<'_> {
    /// Looks for the write that the event tells of, among all who share the enrolment.
    pub(crate) async fn our_echo(&self, subjects: &[Name]) -> Result<OurEcho, Trouble> {
        let mut newest = None;
        for subject in subjects {
            let memory = Memory::of(&self.at_hand.queue().subject(subject).await?, self.at_hand.platform);
            let known = memory.known.filter(|known| known.written_by.is_some());
            for write in known.into_iter().chain(memory.intent.map(as_if_written)) {
                if write.user_id == self.user_id && self.tells_of(&write) {
                    newest = newest.max(Some(begun(&write)));
                }
            }
        }
        Ok(OurEcho(newest))
    }

    fn tells_of(&self, write: &Known) -> bool {
        let told = self.told();
        // A score that is not shown makes nobody else of who wrote the rest.
        let told = Told {
            score: told.score.filter(|score| *score != 0.0),
            ..told
        };
        match opinion(write, told) {
            Opinion::Agrees | Opinion::Fits => true,
            Opinion::Older | Opinion::Differs | Opinion::Unclear => false,
        }
    }

    /// A write has been begun, and nobody knows yet what came of it, or the result moves at this moment: the event waits
    /// for that, and if it takes too long, has what was written before read again; a next attempt reads by itself.
    pub(crate) async fn under_way(&self, wrote: Option<&Wrote<'_>>) -> Result<Reacted, Trouble> {
        let looks = self.at_hand.lease.claimed.record.claims;
        if looks < MAX_LOOKS {
            let doublings = u32::try_from(looks).unwrap_or(u32::MAX).saturating_sub(1);
            let wait = SHORTEST_WAIT.saturating_mul(2_u32.saturating_pow(doublings));
            let wait = wait.min(LONGEST_WAIT);
            return Err(Trouble::WriteUnderWay { wait });
        }
        let asked = Reacted::from(Word::AskedDocebo);
        let nothing_before = "a write is under way; its next attempt reads the enrolment";
        let Some(wrote) = wrote else {
            return Ok(asked.saying(nothing_before));
        };
        let Some(row) = self.at_hand.queue().ledger_row(&wrote.result_id).await? else {
            return Ok(asked.saying(nothing_before));
        };
        let wish = Asked {
            result_id: &wrote.result_id,
            row: &row,
            subject: wrote.subject,
            known: &wrote.known,
            by: self.at_hand.lease.claimed.record.id,
        };
        self.at_hand.desk.producer.read_now(wish).await?;
        let asked = asked.about(&wrote.result_id);
        Ok(asked.saying("a write is under way; the enrolment is read after it"))
    }
}

/// When a write was begun, as far as that is known.
fn begun(known: &Known) -> Timestamp {
    known.since.unwrap_or(known.at)
}

/// What will be known of a write that is under way, if it takes effect.
fn as_if_written(intent: Intent) -> Known {
    Known {
        platform: intent.platform,
        user_id: intent.user_id,
        holding: intent.after,
        written_by: Some(intent.result_id),
        version: None,
        kept: false,
        since: Some(intent.at),
        sent: intent.sent,
        at: intent.at,
    }
}
