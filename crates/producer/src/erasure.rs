//! Erasing a person: everything that holds a candidate's address goes. The ledger's rows stay, and so does what is
//! remembered of the enrolment (Docebo's user id, status and score), both under the keyed hash of the address.
//!
//! An e-mail stands in the sealed payloads of jobs that have not ended and of Docebo's events, and nowhere else. Jobs are
//! found by the hash of it, events by opening them. Done in calls of bounded length, each of which may be the last.

use futures::{StreamExt, TryStreamExt, stream};
use passback_queue::{Discarded, Intervention, JobId, Lane, ScannedJob};
use passback_registry::{ConnectorId, NewAuditEntry};
use serde::Serialize;

use crate::{IntakeError, Producer, StoreError, event_erasure::EventWalk, field_rules};

/// Jobs looked at in one look.
const JOBS_PER_LOOK: usize = 1_000;
/// The looks of one call that takes a moment.
pub const ERASURE_LOOKS: usize = 100;
/// Jobs named in an answer; the counts are always whole.
const MAX_NAMED: usize = 1_000;
/// Connectors told at once to forget somebody.
const FORGETS_AT_ONCE: usize = 16;

/// Who is to be erased, and how far that is.
#[derive(Debug, Clone, Copy)]
pub struct ErasureWish<'a> {
    /// The address.
    pub email: &'a str,
    /// Where the call before this one stopped; 0 to begin.
    pub cursor: u64,
    /// The most looks of this call, each of up to 1,000 jobs or 500 events: [`ERASURE_LOOKS`], or fewer.
    pub looks: usize,
    /// Only say what would be erased.
    pub dry_run: bool,
}

/// What became of a person's jobs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Erasure {
    /// Keyed hash of the e-mail, as it stands in the audit trail and in the ledger.
    pub person: String,
    /// Whether nothing was changed.
    pub dry_run: bool,
    /// Jobs that were looked at.
    pub looked_at: usize,
    /// Jobs that ended, or would end.
    pub erased: usize,
    /// Jobs that a worker has at this moment: to be asked for again.
    pub running: usize,
    /// The jobs, as far as they can be named.
    pub jobs: Vec<ErasedJob>,
    /// Docebo's events that were looked at.
    pub events_looked_at: usize,
    /// Docebo's events that name the person, and were removed, or would be.
    pub events: usize,
    /// Docebo's events that could not be opened: the key that sealed them is missing.
    pub events_unreadable: usize,
    /// Where the next call goes on; none where everything was looked at.
    pub next_cursor: Option<String>,
}

/// What became of one job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ErasedJob {
    /// The job.
    pub id: JobId,
    /// Its payload's tag.
    pub kind: String,
    /// Whose slots it takes.
    pub lane: Lane,
    /// `erased`, `running`, or `found` where nothing was to be changed.
    pub status: &'static str,
}

impl Producer {
    /// Ends the jobs of a person that have not ended, with the code `erased`, removes the events of Docebo's that name
    /// them, and forgets the number that was learned for them from Docebo. What runs is left and counted; what came in while this went on may be missed: repeat it then.
    pub async fn erase(&self, wish: ErasureWish<'_>, by: &Intervention) -> Result<Erasure, IntakeError> {
        let mut problems = Vec::new();
        let Some(email) = field_rules::email(wish.email, &mut problems) else {
            return Err(IntakeError::Invalid(problems));
        };
        let person = self.vault().email_hash(&email);
        if !wish.dry_run && wish.cursor == 0 {
            // On record before anything ends: whoever is cut off half-way has erased all the same.
            self.note_erasure(&person, "person.erasure_begun", None, by).await?;
        }
        let mut erasure = Erasure {
            person,
            dry_run: wish.dry_run,
            looked_at: 0,
            erased: 0,
            running: 0,
            jobs: Vec::new(),
            events_looked_at: 0,
            events: 0,
            events_unreadable: 0,
            next_cursor: None,
        };
        let mut walk = EventWalk::of_cursor(wish.cursor);
        let mut looks = 0;
        let mut cursor = wish.cursor;
        while walk.is_none() && looks < wish.looks {
            let page = self.queue.scan_jobs(cursor, JOBS_PER_LOOK).await?;
            erasure.looked_at += page.jobs.len();
            self.erase_those(&page.jobs, &mut erasure, by).await?;
            (cursor, looks) = (page.next, looks + 1);
            walk = (cursor == 0).then(EventWalk::begin);
        }
        let next = match walk {
            None => Some(cursor),
            Some(walk) => {
                let left = wish.looks.saturating_sub(looks);
                self.erase_events(walk, &email, left, &mut erasure).await?
            }
        };
        erasure.next_cursor = next.map(|cursor| cursor.to_string());
        if !wish.dry_run {
            self.forget(&erasure).await?;
            self.note_counts(&erasure, by).await;
        }
        Ok(erasure)
    }

    async fn erase_those(
        &self,
        jobs: &[ScannedJob],
        erasure: &mut Erasure,
        by: &Intervention,
    ) -> Result<(), StoreError> {
        let end = format!("/{}", erasure.person);
        let theirs = |job: &&ScannedJob| job.key.as_deref().is_some_and(|key| key.ends_with(&end));
        let jobs: Vec<&ScannedJob> = jobs.iter().filter(theirs).collect();
        if erasure.dry_run {
            for job in jobs {
                // A look may show a job twice.
                if erasure.jobs.iter().all(|found| found.id != job.id) {
                    erasure.erased += 1;
                    erasure.name(job, "found");
                }
            }
            return Ok(());
        }
        let ids: Vec<JobId> = jobs.iter().map(|job| job.id).collect();
        let verdicts = self.queue.erase(&ids, by).await?;
        for (job, verdict) in jobs.into_iter().zip(verdicts) {
            match verdict {
                Discarded::Discarded => {
                    erasure.erased += 1;
                    erasure.name(job, "erased");
                }
                Discarded::Running => {
                    erasure.running += 1;
                    erasure.name(job, "running");
                }
                // It ended by itself meanwhile, or was seen twice.
                Discarded::NotDead | Discarded::Ended | Discarded::Unknown => {}
            }
        }
        Ok(())
    }

    /// Has every connector forget the number that Docebo gave the person. Whose number it was is needed until the last
    /// event was looked at.
    async fn forget(&self, erasure: &Erasure) -> Result<(), StoreError> {
        let connectors = self.registry.connector_views().await?;
        let (person, wholly) = (erasure.person.as_str(), erasure.next_cursor.is_none());
        let forgetting = connectors
            .into_iter()
            .map(|connector| async move { self.forget_at(&connector.id, person, wholly).await });
        stream::iter(forgetting)
            .buffer_unordered(FORGETS_AT_ONCE)
            .try_collect()
            .await
    }

    async fn forget_at(&self, connector: &ConnectorId, person: &str, wholly: bool) -> Result<(), StoreError> {
        let forgotten = if wholly {
            self.registry.forget_person(connector, person).await
        } else {
            self.registry.forget_user(connector, person).await
        };
        match forgotten {
            Ok(()) => Ok(()),
            Err(error) if error.is_retryable() => Err(error.into()),
            Err(error) => {
                tracing::warn!(%connector, %error, "a connector could not forget somebody's number; it does so within a month");
                Ok(())
            }
        }
    }

    /// The counts follow what is done by then: a trail that cannot take them is no reason to do it again.
    async fn note_counts(&self, erasure: &Erasure, by: &Intervention) {
        let more = if erasure.next_cursor.is_some() {
            ", to be continued"
        } else {
            ""
        };
        let (erased, running) = (erasure.erased, erasure.running);
        let events = match erasure.events {
            0 => String::new(),
            events => format!(", {events} events of Docebo removed"),
        };
        let detail = format!("{erased} jobs ended, {running} were running{events}{more}");
        let noted = self.note_erasure(&erasure.person, "person.erased", Some(detail), by);
        if let Err(error) = noted.await {
            tracing::error!(%error, erased, running, "the counts of an erasure are missing in the audit trail");
        }
    }

    async fn note_erasure(
        &self,
        person: &str,
        action: &str,
        detail: Option<String>,
        by: &Intervention,
    ) -> Result<(), StoreError> {
        let entry = NewAuditEntry {
            actor: by.actor.clone(),
            action: action.to_owned(),
            target: format!("person {person}"),
            reason: Some(by.reason.clone()),
            detail,
        };
        Ok(self.registry.record_audit(&entry).await?)
    }
}

impl Erasure {
    fn name(&mut self, job: &ScannedJob, status: &'static str) {
        if self.jobs.len() < MAX_NAMED {
            self.jobs.push(ErasedJob {
                id: job.id,
                kind: job.kind.clone(),
                lane: job.lane,
                status,
            });
        }
    }
}
