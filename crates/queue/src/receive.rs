//! `lua/receive.lua`: what Docebo tells by webhooks comes in, each item with its job or not at all.

use redis::ScriptInvocation;

use crate::{DoceboPlace, JobId, Name, NewJob, Queue, QueueError, enqueue::job_arguments, queue::millis};

/// Items of a message that are stored by one call of Redis; more are split.
pub const WEBHOOK_ITEMS_PER_CALL: usize = 25;

/// A webhook message.
#[derive(Debug, Clone)]
pub struct NewMessage {
    /// The tenant that it came to.
    pub connector: Name,
    /// Hash of its id: a message that comes again has the same one.
    pub hash: Name,
    /// The id of the key that sealed the payloads.
    pub key_id: String,
    /// What it tells.
    pub items: Vec<NewItem>,
}

/// One thing that Docebo tells.
#[derive(Debug, Clone)]
pub struct NewItem {
    /// The event's own id, for which its payload is sealed; its job has the same.
    pub id: JobId,
    /// Its place in the message, from 0.
    pub index: usize,
    /// The event's name, as Docebo sent it.
    pub event: String,
    /// What may be known of it without opening it: the producer's own JSON, nothing personal in it.
    pub known: String,
    /// The rest, sealed.
    pub payload: Vec<u8>,
    /// The job that looks after it, where there is something to do.
    ///
    /// Its id becomes the event's, and it is about the event: its `about` becomes the event's place.
    pub job: Option<NewJob>,
}

impl Queue {
    /// Stores the items of a message in their order; says for each where it stands, or none if it was stored before.
    ///
    /// After an error some may be stored; repeating the call is safe.
    pub async fn receive(&self, message: &NewMessage) -> Result<Vec<Option<DoceboPlace>>, QueueError> {
        let mut stored = Vec::with_capacity(message.items.len());
        for chunk in message.items.chunks(WEBHOOK_ITEMS_PER_CALL) {
            let mut call = self.timed(&self.shared.scripts.receive);
            call.arg(millis(self.shared.retention.webhook_dedup))
                .arg(message.connector.as_str())
                .arg(message.hash.as_str())
                .arg(&message.key_id);
            for item in chunk {
                add_item(&mut call, item);
            }
            let places: Vec<String> = self.run(&call).await?;
            if places.len() != chunk.len() {
                return Err(QueueError::Unreadable("the verdicts of a receive".to_owned()));
            }
            for place in places {
                stored.push(if place.is_empty() { None } else { Some(place.parse()?) });
            }
        }
        Ok(stored)
    }
}

fn add_item(call: &mut ScriptInvocation<'_>, item: &NewItem) {
    call.arg(item.index)
        .arg(&item.event)
        .arg(&item.known)
        .arg(&item.payload)
        .arg(u8::from(item.job.is_some()));
    match &item.job {
        Some(job) => add_job_about_event(
            call,
            &NewJob {
                id: item.id,
                ..job.clone()
            },
        ),
        None => {
            call.arg(item.id.to_string()).arg(&["", "", "", "", "", "", ""]);
        }
    }
}

/// The arguments of a job to which the script adds the event that it is about.
pub(crate) fn add_job_about_event(call: &mut ScriptInvocation<'_>, job: &NewJob) {
    let trace = job.trace.as_ref().map_or("", AsRef::as_ref);
    job_arguments(call, job, &format!("|{trace}\n"));
}
