//! A result as everyone sees it: its ledger row, and where its job is at this moment.

use std::str::FromStr;

use jiff::Timestamp;
use passback_queue::{HeldBy, JobId, JobRecord, LedgerRow, Name, QueueError, State, Step};
use serde::Serialize;

use crate::{AcceptedRow, Actor, Code, Outcome, Producer, ResultCase, StoreError, public_time};

/// Where a result stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ResultState {
    /// It is in Redis and waits for a worker.
    Accepted,
    /// A worker has it at this moment.
    Running,
    /// It is tried again later.
    Retrying,
    /// It waits for an event.
    Parked,
    /// Docebo took it.
    Delivered,
    /// Docebo's webhook confirmed it.
    Confirmed,
    /// It was read back and is as wanted.
    Verified,
    /// Docebo had it already.
    NoOp,
    /// A newer result took its place.
    Superseded,
    /// A person must look.
    Dead,
    /// A person ended it.
    Discarded,
}

impl ResultState {
    /// All states, in the order of a result's way.
    pub const ALL: [Self; 11] = [
        Self::Accepted,
        Self::Running,
        Self::Retrying,
        Self::Parked,
        Self::Delivered,
        Self::Confirmed,
        Self::Verified,
        Self::NoOp,
        Self::Superseded,
        Self::Dead,
        Self::Discarded,
    ];

    /// The word as it stands in the ledger and in answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Running => "running",
            Self::Retrying => "retrying",
            Self::Parked => "parked",
            Self::Delivered => "delivered",
            Self::Confirmed => "confirmed",
            Self::Verified => "verified",
            Self::NoOp => "no_op",
            Self::Superseded => "superseded",
            Self::Dead => "dead",
            Self::Discarded => "discarded",
        }
    }

    /// Whether nothing more happens to the result by itself or by a person.
    pub fn is_final(self) -> bool {
        match self {
            Self::Accepted | Self::Running | Self::Retrying | Self::Parked | Self::Dead => false,
            Self::Delivered | Self::Confirmed | Self::Verified | Self::NoOp | Self::Superseded | Self::Discarded => {
                true
            }
        }
    }
}

impl ResultState {
    /// Whether Docebo took this very result.
    pub fn is_written(self) -> bool {
        match self {
            Self::Delivered | Self::Confirmed | Self::Verified => true,
            Self::Accepted
            | Self::Running
            | Self::Retrying
            | Self::Parked
            | Self::NoOp
            | Self::Superseded
            | Self::Dead
            | Self::Discarded => false,
        }
    }

    /// Whether it stands still until an event or a person moves it.
    pub fn needs_a_person(self) -> bool {
        match self {
            Self::Parked | Self::Dead => true,
            Self::Accepted
            | Self::Running
            | Self::Retrying
            | Self::Delivered
            | Self::Confirmed
            | Self::Verified
            | Self::NoOp
            | Self::Superseded
            | Self::Discarded => false,
        }
    }
}

impl FromStr for ResultState {
    type Err = QueueError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or_else(|| QueueError::Unreadable(format!("the state {text} of a result")))
    }
}

/// One step of a result's way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StepView {
    /// When.
    #[serde(serialize_with = "public_time::serialize")]
    pub at: Timestamp,
    /// What: `accepted`, `retrying`, `parked`, `delivered` and so on.
    pub step: String,
    /// The catalogue's code for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// What it refers to, such as the superseding result.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Who decided it, if a person did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// Why they did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A result as everyone sees it. No e-mail.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ResultView {
    /// The idempotency key.
    pub result_id: String,
    /// The exam.
    pub exam_id: String,
    /// The connector it goes to.
    pub connector: String,
    /// How the exam ended.
    pub outcome: Outcome,
    /// The score, 0 to 100.
    #[serde(serialize_with = "public_time::percent")]
    pub score_percent: Option<f64>,
    /// When the exam ended.
    #[serde(serialize_with = "public_time::serialize")]
    pub completed_at: Timestamp,
    /// Where it stands.
    pub state: ResultState,
    /// Why it stands there, where there is something to say.
    pub code: Option<String>,
    /// The reason in a few words.
    pub title: Option<&'static str>,
    /// Who can put it right.
    pub who_acts: Option<Actor>,
    /// How it is put right.
    pub resolution: &'static [&'static str],
    /// The result that took its place.
    pub superseded_by: Option<String>,
    /// The job that carries it.
    pub job_id: JobId,
    /// Attempts used up.
    pub attempts: u32,
    /// What happened, oldest first.
    pub steps: Vec<StepView>,
    /// The reason in a sentence or two.
    pub explanation: Option<&'static str>,
    /// The Docebo course.
    pub course_id: u64,
    /// The exam engine's own count of this person's results.
    pub sequence: Option<u64>,
    /// When it is tried or looked at again.
    #[serde(serialize_with = "public_time::option::serialize")]
    pub next_at: Option<Timestamp>,
    /// What a person must decide, with the values side by side.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub case: Option<ResultCase>,
    /// The job that waits for that decision: the one that carries the result, or one that read it back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub case_job_id: Option<JobId>,
}

impl Producer {
    /// A result as it stands; none if it was never accepted, or its row is no longer kept.
    pub async fn result(&self, result_id: &str) -> Result<Option<ResultView>, StoreError> {
        let Ok(name) = Name::new(result_id) else {
            // No result can have been accepted under it.
            return Ok(None);
        };
        let Some(mut ledger) = self.queue.ledger_row(&name).await? else {
            return Ok(None);
        };
        let job = self.queue.job(ledger.job_id).await?;
        // It may have ended between the two looks: then the row says more by now.
        if job.as_ref().is_some_and(|job| !job.state.is_living()) {
            ledger = self.queue.ledger_row(&name).await?.unwrap_or(ledger);
        }
        // A ready job of a held connector waits for an event, whatever index it stands in.
        let held = match job.as_ref().filter(|job| job.state == State::Ready) {
            Some(job) => match Name::new(job.connector.as_str()) {
                Ok(connector) => self.queue.held_by(&connector).await?,
                Err(_) => None,
            },
            None => None,
        };
        // What was found by another job waits with that job.
        let case_job = match ledger
            .case_job
            .filter(|id| ledger.case.is_some() && *id != ledger.job_id)
        {
            Some(id) => self.queue.job(id).await?,
            None => None,
        };
        let jobs = Jobs {
            push: job.as_ref(),
            case: case_job.as_ref(),
        };
        Ok(Some(view(result_id, ledger, jobs, held)?))
    }
}

/// The jobs that say where a result stands, as far as they are kept.
#[derive(Clone, Copy)]
struct Jobs<'a> {
    push: Option<&'a JobRecord>,
    /// The one that waits for a decision, where that is another one.
    case: Option<&'a JobRecord>,
}

fn view(result_id: &str, ledger: LedgerRow, jobs: Jobs<'_>, held: Option<HeldBy>) -> Result<ResultView, QueueError> {
    let job = jobs.push;
    let row: AcceptedRow = serde_json::from_str(&ledger.row)
        .map_err(|_| QueueError::Unreadable(format!("the ledger row of result {result_id}")))?;
    let (state, code) = if let Some(held) = &held {
        (ResultState::Parked, Some(held.code.clone()))
    } else {
        let state = state_of(ledger.state.parse()?, job);
        (state, code_of(&ledger, job).filter(|_| state != ResultState::Running))
    };
    let case = ledger.case.as_deref().and_then(|json| serde_json::from_str(json).ok());
    let case = case.filter(|case: &ResultCase| state.needs_a_person() && code.as_deref() == Some(case.code.as_str()));
    let entry = code.as_deref().and_then(|code| code.parse::<Code>().ok());
    let entry = entry.map(Code::entry);
    let waits = match state {
        ResultState::Retrying | ResultState::Parked => {
            let of_case = jobs.case.filter(|_| case.is_some());
            let due = of_case.or(job).and_then(|job| job.due_ms);
            due.or(held.and_then(|held| held.until_ms))
        }
        ResultState::Accepted
        | ResultState::Running
        | ResultState::Delivered
        | ResultState::Confirmed
        | ResultState::Verified
        | ResultState::NoOp
        | ResultState::Superseded
        | ResultState::Dead
        | ResultState::Discarded => None,
    };
    Ok(ResultView {
        result_id: result_id.to_owned(),
        exam_id: row.exam_id.to_string(),
        connector: row.connector.to_string(),
        outcome: row.outcome,
        score_percent: row.score_percent,
        completed_at: row.completed_at,
        state,
        title: entry.map(|entry| entry.title),
        who_acts: entry.map(|entry| entry.who_acts),
        resolution: entry.map_or(&[], |entry| entry.resolution),
        explanation: entry.map(|entry| entry.explanation),
        code,
        superseded_by: ledger.superseded_by,
        job_id: ledger.job_id,
        attempts: job.map_or(ledger.attempts, |job| job.attempts),
        steps: ledger.steps.into_iter().map(step).collect(),
        course_id: row.course_id,
        sequence: row.sequence,
        next_at: waits.map(public_time::from_ms),
        case_job_id: ledger.case_job.filter(|_| case.is_some()),
        case,
    })
}

/// The job says where it is, the ledger says what it achieved.
fn state_of(ledger: ResultState, job: Option<&JobRecord>) -> ResultState {
    let Some(job) = job else { return ledger };
    match job.state {
        State::Running => ResultState::Running,
        State::Scheduled => ResultState::Retrying,
        State::Parked => ResultState::Parked,
        State::Dead | State::Expired => ResultState::Dead,
        State::Superseded => ResultState::Superseded,
        State::Discarded => ResultState::Discarded,
        // A job whose time has come is ready again although the ledger still says what it waited for.
        State::Ready if ledger == ResultState::Parked => ResultState::Retrying,
        State::Ready | State::Done => ledger,
    }
}

fn code_of(ledger: &LedgerRow, job: Option<&JobRecord>) -> Option<String> {
    let living = job.filter(|job| job.state.is_living());
    let code = living.map_or_else(|| Some(ledger.code.clone()), |job| job.code.clone());
    code.filter(|code| !code.is_empty())
}

fn step(step: Step) -> StepView {
    let filled = |text: String| (!text.is_empty()).then_some(text);
    StepView {
        at: public_time::from_ms(step.at_ms),
        step: step.step,
        code: filled(step.code),
        reference: filled(step.reference),
        actor: step.actor.and_then(filled),
        reason: step.reason.and_then(filled),
    }
}
