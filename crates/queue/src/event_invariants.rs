//! What must be true of Docebo's events and of what finds its way by them.

use crate::{DoceboFilter, JobId, Queue, QueueError, invariants::MAX_LOOKED_AT, keys, queue::millis};

/// Events read at once.
const PAGE_EVENTS: usize = 1000;
/// What `lua/permit.lua` keeps of one Docebo user.
const MAX_SUBJECTS: u64 = 1000;

impl Queue {
    /// An event that has a job was reacted to, or its job is there: they are stored together or not at all.
    pub(crate) async fn judge_docebo_events(&self, wrong: &mut Vec<String>) -> Result<(), QueueError> {
        let now_ms = self.now_ms().await?;
        let kept_ms = millis(self.shared.retention.finished);
        let mut after = None;
        for _ in 0..MAX_LOOKED_AT / PAGE_EVENTS {
            let page = self.docebo_events(&DoceboFilter::default(), after, PAGE_EVENTS).await?;
            // The record of a job that ended long ago may be gone.
            let young = |received_ms: u64| received_ms.saturating_add(kept_ms) > now_ms;
            let watched: Vec<_> = page
                .events
                .iter()
                .filter(|event| event.has_job && young(event.received_ms))
                .collect();
            let places: Vec<_> = watched.iter().map(|event| event.place).collect();
            for (event, reaction) in watched.iter().zip(self.reactions(&places).await?) {
                let job: JobId = reaction.as_ref().map_or(event.id, |reaction| reaction.job);
                let reacted = reaction.is_some_and(|reaction| reaction.outcome.is_some());
                if !reacted && self.job(job).await?.is_none() {
                    wrong.push(format!("event {} has neither a job nor a reaction", event.place));
                }
            }
            after = page.next;
            if !page.more {
                break;
            }
        }
        Ok(())
    }

    /// What is kept of one Docebo user stays bounded, and goes some day.
    pub(crate) async fn judge_docebo_users(&self, wrong: &mut Vec<String>) -> Result<(), QueueError> {
        for key in self.keys_like(&format!("{}*", keys::DOCEBO_USER)).await? {
            let (subjects, left_ms): (u64, i64) = redis::pipe()
                .cmd("ZCARD")
                .arg(&key)
                .cmd("PTTL")
                .arg(&key)
                .query_async(&mut self.connection())
                .await?;
            if subjects > MAX_SUBJECTS {
                wrong.push(format!("{key} has {subjects} subjects"));
            }
            if left_ms == -1 {
                wrong.push(format!("{key} never goes"));
            }
        }
        Ok(())
    }
}
