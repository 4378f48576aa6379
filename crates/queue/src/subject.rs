//! `lua/permit.lua` and `lua/note_known.lua`: what is known of one person's record in Docebo, and the right to change it.

use crate::{ClaimToken, Name, Queue, QueueError, keys, queue::millis};

/// What is known of a subject: one person in one course of one connector. Each part is the producer's own JSON.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Subject {
    /// The version in force.
    pub version: Option<String>,
    /// What Docebo held when that was last known for sure.
    pub known: Option<String>,
    /// A write that was begun and whose outcome nobody has noted.
    pub intent: Option<String>,
    /// What a person allowed for one result.
    pub decision: Option<String>,
}

/// What is about to be written, and to whom.
#[derive(Debug, Clone, Copy)]
pub struct NewIntent<'a> {
    /// Whose record it is.
    pub subject: &'a Name,
    /// The version in force as the caller saw it.
    pub version_seen: Option<&'a str>,
    /// What is about to be written: the producer's own JSON.
    pub intent: &'a str,
    /// The Docebo user who is written to, so that Docebo's word of it finds its way back; none leaves that unnoted.
    pub written_to: Option<WrittenTo<'a>>,
}

/// Where a result is written to.
#[derive(Debug, Clone, Copy)]
pub struct WrittenTo<'a> {
    /// The connector.
    pub connector: &'a Name,
    /// The platform that it leads to: another one gives the same numbers to other people.
    pub platform: &'a str,
    /// Docebo's number of the user.
    pub user_id: u64,
    /// Docebo's number of the course.
    pub course_id: u64,
}

/// Whether a write may begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permit {
    /// It may, and the intent is noted.
    Granted,
    /// The job is no longer this worker's; nothing changed.
    LeaseLost,
    /// Another version has come into force; nothing changed.
    Moved,
}

/// Subjects looked at in one round trip.
const CHUNK_SUBJECTS: usize = 500;
const PARTS: &[&str] = &["version", "known", "intent", "decision"];

/// The parts as they are kept.
type Fields = (Option<String>, Option<String>, Option<String>, Option<String>);

impl Queue {
    /// What is known of a subject.
    pub async fn subject(&self, subject: &Name) -> Result<Subject, QueueError> {
        let fields = redis::cmd("HMGET")
            .arg(keys::key_of(keys::SUBJECT, subject.as_str()))
            .arg(PARTS)
            .query_async(&mut self.connection())
            .await?;
        Ok(read(fields))
    }

    /// What is known of several subjects, in their order.
    pub async fn subjects(&self, subjects: &[Name]) -> Result<Vec<Subject>, QueueError> {
        let mut all = Vec::with_capacity(subjects.len());
        for chunk in subjects.chunks(CHUNK_SUBJECTS) {
            let mut pipe = redis::pipe();
            for subject in chunk {
                pipe.cmd("HMGET")
                    .arg(keys::key_of(keys::SUBJECT, subject.as_str()))
                    .arg(PARTS);
            }
            let rows: Vec<Fields> = pipe.query_async(&mut self.connection()).await?;
            all.extend(rows.into_iter().map(read));
        }
        Ok(all)
    }

    /// Gives the right to write: the lease is still the worker's and the version in force is still the one it saw. Notes
    /// the intent, so that whoever comes next knows that a write was begun.
    ///
    /// After an ambiguous error the intent may be noted; repeating the call is safe.
    pub async fn permit_write(
        &self,
        worker: &Name,
        token: ClaimToken,
        new: NewIntent<'_>,
    ) -> Result<Permit, QueueError> {
        let user = new
            .written_to
            .map(|to| user_part(to.connector, to.platform, to.user_id));
        let member = new.written_to.map(|to| format!("{}|{}", to.course_id, new.subject));
        let mut call = self.timed(&self.shared.scripts.permit);
        call.arg(worker.as_str())
            .arg(token.job.to_string())
            .arg(token.claim)
            .arg(new.subject.as_str())
            .arg(millis(self.shared.retention.ledger))
            .arg(new.version_seen.unwrap_or_default())
            .arg(new.intent)
            .arg(user.unwrap_or_default())
            .arg(member.unwrap_or_default());
        let word: String = self.run(&call).await?;
        match word.as_str() {
            "granted" => Ok(Permit::Granted),
            "lease_lost" => Ok(Permit::LeaseLost),
            "moved" => Ok(Permit::Moved),
            other => Err(QueueError::Unreadable(format!("verdict {other} of permit"))),
        }
    }

    /// The subjects in a course that were written to a Docebo user, or were about to be.
    pub async fn subjects_written_to(&self, to: WrittenTo<'_>) -> Result<Vec<Name>, QueueError> {
        let all = self.courses_written_to(to.connector, to.platform, to.user_id).await?;
        let here = all.into_iter().filter(|(course_id, _)| *course_id == to.course_id);
        Ok(here.map(|(_, subject)| subject).collect())
    }

    /// The courses and subjects that were written to a Docebo user of a platform, or were about to be; the last thousand.
    pub async fn courses_written_to(
        &self,
        connector: &Name,
        platform: &str,
        user_id: u64,
    ) -> Result<Vec<(u64, Name)>, QueueError> {
        let members: Vec<String> = redis::cmd("ZRANGE")
            .arg(keys::key_of(
                keys::DOCEBO_USER,
                &user_part(connector, platform, user_id),
            ))
            .arg(0)
            .arg(-1)
            .query_async(&mut self.connection())
            .await?;
        let read = |member: &String| {
            let (course_id, subject) = member.split_once('|')?;
            Some((course_id.parse().ok()?, Name::new(subject).ok()?))
        };
        Ok(members.iter().filter_map(read).collect())
    }

    /// Notes what Docebo holds now; the intent and the decision have done their part and go. False if the job is no
    /// longer this worker's; nothing changed then.
    pub async fn note_known(
        &self,
        worker: &Name,
        token: ClaimToken,
        subject: &Name,
        known: &str,
    ) -> Result<bool, QueueError> {
        self.end_intent(worker, token, subject, known).await
    }

    /// Notes that what was about to be written was not, for sure: what is known and what a person has allowed stay. False
    /// if the job is no longer this worker's; nothing changed then.
    pub async fn note_unwritten(&self, worker: &Name, token: ClaimToken, subject: &Name) -> Result<bool, QueueError> {
        self.end_intent(worker, token, subject, "").await
    }

    async fn end_intent(
        &self,
        worker: &Name,
        token: ClaimToken,
        subject: &Name,
        known: &str,
    ) -> Result<bool, QueueError> {
        let mut call = self.timed(&self.shared.scripts.note_known);
        call.arg(worker.as_str())
            .arg(token.job.to_string())
            .arg(token.claim)
            .arg(subject.as_str())
            .arg(millis(self.shared.retention.ledger))
            .arg(known);
        self.run(&call).await
    }
}

fn read((version, known, intent, decision): Fields) -> Subject {
    Subject {
        version,
        known,
        intent,
        decision,
    }
}

fn user_part(connector: &Name, platform: &str, user_id: u64) -> String {
    format!("{connector}:{platform}:{user_id}")
}
