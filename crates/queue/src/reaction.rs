//! `lua/react.lua` and `lua/replay.lua`: what an event's job came to, and having it done once more.

use crate::{DoceboPlace, JobId, NewJob, Queue, QueueError, keys, queue::millis, receive::add_job_about_event};

/// Events whose reactions are read in one round trip.
const CHUNK_EVENTS: usize = 200;

/// What a job came to.
#[derive(Debug, Clone)]
pub struct NewReaction<'a> {
    /// The event.
    pub place: DoceboPlace,
    /// The job.
    pub job: JobId,
    /// What it came to, in a word.
    pub outcome: &'a str,
    /// The result that it is about.
    pub result_id: Option<&'a str>,
    /// More about it; nothing personal.
    pub detail: Option<&'a str>,
}

/// What is kept of the reaction to an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reaction {
    /// The job that looks after it, or did last.
    pub job: JobId,
    /// What that came to; none as long as it waits.
    pub outcome: Option<String>,
    /// The result that it is about.
    pub result_id: Option<String>,
    /// More about it.
    pub detail: Option<String>,
    /// When it came to that, milliseconds since 1970 by the queue's clock.
    pub at_ms: Option<u64>,
}

/// What became of a replay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replay {
    /// The new job is in Redis.
    Queued(JobId),
    /// A job for the event waits or runs; nothing changed.
    Waiting(JobId),
}

/// What is read of a reaction.
type Fields = (
    Option<String>,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<u64>,
);

impl Queue {
    /// Keeps what an event's job came to. False if another job looks after the event by now; nothing changed then.
    pub async fn note_reaction(&self, reaction: &NewReaction<'_>) -> Result<bool, QueueError> {
        let mut call = self.timed(&self.shared.scripts.react);
        call.arg(reaction.place.to_string())
            .arg(millis(self.shared.retention.docebo_events))
            .arg(reaction.job.to_string())
            .arg(reaction.outcome)
            .arg(reaction.result_id.unwrap_or_default())
            .arg(reaction.detail.unwrap_or_default());
        self.run(&call).await
    }

    /// What is kept of the reactions to events; none for one whose first job has not ended.
    pub async fn reactions(&self, places: &[DoceboPlace]) -> Result<Vec<Option<Reaction>>, QueueError> {
        let mut reactions = Vec::with_capacity(places.len());
        for chunk in places.chunks(CHUNK_EVENTS) {
            let mut pipe = redis::pipe();
            for place in chunk {
                let key = keys::key_of(keys::REACTION, &place.to_string());
                pipe.cmd("HMGET")
                    .arg(key)
                    .arg(&["job", "outcome", "result", "detail", "at"]);
            }
            let rows: Vec<Fields> = pipe.query_async(&mut self.connection()).await?;
            reactions.extend(rows.into_iter().map(read));
        }
        Ok(reactions)
    }

    /// Has an event reacted to once more, by a new job; not while the one before waits or runs.
    ///
    /// After an ambiguous error it may be queued; repeating the call is safe.
    pub async fn replay(&self, place: DoceboPlace, first_job: JobId, new: &NewJob) -> Result<Replay, QueueError> {
        let mut call = self.timed(&self.shared.scripts.replay);
        call.arg(place.to_string())
            .arg(millis(self.shared.retention.docebo_events))
            .arg(first_job.to_string());
        add_job_about_event(&mut call, new);
        let (word, job): (String, String) = self.run(&call).await?;
        let unreadable = || QueueError::Unreadable(format!("verdict {word} of a replay"));
        let job = job.parse().map_err(|_| unreadable())?;
        match word.as_str() {
            "queued" => Ok(Replay::Queued(job)),
            "waiting" => Ok(Replay::Waiting(job)),
            _ => Err(unreadable()),
        }
    }
}

fn read((job, outcome, result_id, detail, at_ms): Fields) -> Option<Reaction> {
    let filled = |text: Option<String>| text.filter(|text| !text.is_empty());
    Some(Reaction {
        job: job?.parse().ok()?,
        outcome: filled(outcome),
        result_id: filled(result_id),
        detail: filled(detail),
        at_ms,
    })
}
