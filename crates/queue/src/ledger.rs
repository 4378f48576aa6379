//! `lua/accept.lua` and the ledger: one row per result, every step from accepted to the end.

use serde::Deserialize;

use crate::{JobId, Name, NewJob, Queue, QueueError, enqueue::add_job, keys, queue::millis};

/// Results per script call; more are split.
const CHUNK_RESULTS: usize = 50;
/// Rows looked at in one round trip.
const CHUNK_STATES: usize = 500;

/// An exam result to be accepted together with the job that carries it.
#[derive(Debug, Clone)]
pub struct NewResult {
    /// The idempotency key.
    pub result_id: Name,
    /// Keyed hash of the content: the same id with another fingerprint is refused.
    pub fingerprint: String,
    /// What the row says for ever, as JSON; nothing personal in it.
    pub row: String,
    /// Whose record it is about: connector, course and hashed person.
    pub subject: Name,
    /// The version in force when the caller decided; empty if none.
    pub version_seen: String,
    /// The version in force from now on.
    pub version_wanted: String,
    /// The job that carries it.
    pub job: NewJob,
}

/// What became of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accepted {
    /// Row and job are in Redis.
    New,
    /// It was accepted before, with the same content.
    Same,
    /// The id is taken by other content; nothing changed.
    OtherContent,
    /// Another result of the same subject came in between; decide again with the new version in force.
    Moved,
}

/// One step of a result's way.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Step {
    /// When, milliseconds since 1970 by Redis' clock.
    pub at_ms: u64,
    /// What: `accepted`, `retrying`, `parked`, `delivered` and so on.
    pub step: String,
    /// The catalogue code, or empty.
    pub code: String,
    /// What it refers to, such as the superseding result, or empty.
    pub reference: String,
    /// Who decided it, if a person did.
    #[serde(default)]
    pub actor: Option<String>,
    /// Why they did.
    #[serde(default)]
    pub reason: Option<String>,
}

/// A result's row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerRow {
    /// The immutable part, as accepted.
    pub row: String,
    /// The content's fingerprint.
    pub fingerprint: String,
    /// The job that carries it.
    pub job_id: JobId,
    /// Whose record it is about.
    pub subject: String,
    /// Where it stands.
    pub state: String,
    /// The catalogue code that explains the state, or empty.
    pub code: String,
    /// Attempts used up.
    pub attempts: u32,
    /// The result that took its place.
    pub superseded_by: Option<String>,
    /// What happened, oldest first.
    pub steps: Vec<Step>,
    /// What a person must decide about it, as JSON.
    pub case: Option<String>,
    /// The job that waits for that decision.
    pub case_job: Option<JobId>,
}

/// Where a result stands, without the rest of its row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerState {
    /// Where it stands.
    pub state: String,
    /// The catalogue code that explains the state, or empty.
    pub code: String,
}

impl Queue {
    /// Accepts results: for each, row and job together or neither.
    ///
    /// After an error some may be accepted; repeating the call is safe and says `Same`.
    pub async fn accept(&self, results: &[NewResult]) -> Result<Vec<Accepted>, QueueError> {
        let mut verdicts = Vec::with_capacity(results.len());
        for chunk in results.chunks(CHUNK_RESULTS) {
            let mut call = self.timed(&self.shared.scripts.accept);
            call.arg(millis(self.shared.retention.ledger));
            for result in chunk {
                add_job(&mut call, &result.job, result.result_id.as_str());
                call.arg(result.result_id.as_str())
                    .arg(&result.fingerprint)
                    .arg(&result.row)
                    .arg(result.subject.as_str())
                    .arg(&result.version_seen)
                    .arg(&result.version_wanted);
            }
            let words: Vec<String> = self.run(&call).await?;
            for word in words {
                verdicts.push(parse_verdict(&word)?);
            }
        }
        Ok(verdicts)
    }

    /// A result's row, if it was ever accepted and is still kept.
    pub async fn ledger_row(&self, result_id: &Name) -> Result<Option<LedgerRow>, QueueError> {
        let fields: Vec<Option<String>> = redis::cmd("HMGET")
            .arg(keys::key_of(keys::LEDGER, result_id.as_str()))
            .arg(&[
                "row",
                "fingerprint",
                "job",
                "subject",
                "state",
                "code",
                "attempts",
                "superseded_by",
                "steps",
                "case",
                "case_job",
            ])
            .query_async(&mut self.connection())
            .await?;
        let Ok(
            [
                Some(row),
                fingerprint,
                job,
                subject,
                state,
                code,
                attempts,
                superseded_by,
                steps,
                case,
                case_job,
            ],
        ) = <[Option<String>; 11]>::try_from(fields)
        else {
            return Ok(None);
        };
        let unreadable = |what: &str| QueueError::Unreadable(format!("{what} in the ledger row {result_id}"));
        let steps = steps.unwrap_or_default();
        let steps = steps.lines().map(serde_json::from_str).collect::<Result<_, _>>();
        Ok(Some(LedgerRow {
            row,
            fingerprint: fingerprint.unwrap_or_default(),
            job_id: job.unwrap_or_default().parse().map_err(|_| unreadable("job id"))?,
            subject: subject.unwrap_or_default(),
            state: state.unwrap_or_default(),
            code: code.unwrap_or_default(),
            attempts: attempts.and_then(|text| text.parse().ok()).unwrap_or(0),
            superseded_by: superseded_by.filter(|text| !text.is_empty()),
            steps: steps.map_err(|_| unreadable("steps"))?,
            case,
            case_job: case_job.and_then(|text| text.parse().ok()),
        }))
    }

    /// Where each of these results stands; none for one that is not known.
    pub async fn ledger_states(&self, ids: &[Name]) -> Result<Vec<Option<LedgerState>>, QueueError> {
        let mut states = Vec::with_capacity(ids.len());
        for chunk in ids.chunks(CHUNK_STATES) {
            let mut pipe = redis::pipe();
            for id in chunk {
                let key = keys::key_of(keys::LEDGER, id.as_str());
                pipe.cmd("HMGET").arg(key).arg("state").arg("code");
            }
            let rows: Vec<(Option<String>, Option<String>)> = pipe.query_async(&mut self.connection()).await?;
            states.extend(rows.into_iter().map(|(state, code)| {
                let code = code.unwrap_or_default();
                state.map(|state| LedgerState { state, code })
            }));
        }
        Ok(states)
    }
}

fn parse_verdict(word: &str) -> Result<Accepted, QueueError> {
    match word {
        "accepted" => Ok(Accepted::New),
        "same" => Ok(Accepted::Same),
        "other" => Ok(Accepted::OtherContent),
        "moved" => Ok(Accepted::Moved),
        other => Err(QueueError::Unreadable(format!("verdict {other} of accept"))),
    }
}
