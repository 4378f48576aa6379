//! `lua/note.lua` and `lua/decide.lua`: what is noted on a result's row beside its job's settlements, and the cases that
//! a person decides.

use crate::{ClaimToken, Intervention, JobId, Name, Queue, QueueError, queue::millis};

/// Something to be noted on a result's row beside what the settlement of its job says.
#[derive(Debug, Clone)]
pub struct RowNote {
    /// Whose row.
    pub result_id: Name,
    /// The states the row must be in; empty for any.
    pub from: &'static [&'static str],
    /// The state it takes; none leaves it where it is.
    pub state: Option<&'static str>,
    /// The step to be added; empty for none.
    pub step: &'static str,
    /// The catalogue code, of the step and of the state if that changes; or empty.
    pub code: String,
    /// What the step refers to, or empty.
    pub reference: String,
    /// What a person must decide; none leaves a case that is there.
    pub case: Option<Case>,
}

/// What became of a note.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Noted {
    /// It stands in the row.
    Yes,
    /// There is no such row, or it is in another state; nothing changed.
    No,
    /// The job is not this worker's any more; nothing changed.
    LeaseLost,
}

/// What a person must decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// The job that waits for it.
    pub job: JobId,
    /// What it is about: the producer's own JSON.
    pub json: String,
}

/// A person's decision about the case of a result.
#[derive(Debug, Clone)]
pub struct NewDecision {
    /// Whose case.
    pub result_id: Name,
    /// The case as the person saw it: nobody decides about what has changed meanwhile.
    pub case_seen: String,
    /// What was decided.
    pub verdict: CaseVerdict,
}

/// What a person decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CaseVerdict {
    /// Docebo's value stays, and the job ends.
    KeepTheirs {
        /// What Docebo is known to hold from now on; none leaves what is known.
        known: Option<String>,
    },
    /// The job goes on.
    WriteOurs {
        /// What the person allowed, for the subject.
        decision: String,
        /// The version in force from now on, and the one that the person saw in its place; none leaves the one in force.
        version: Option<(String, String)>,
    },
}

/// What became of a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decided {
    /// It holds.
    Done,
    /// A worker has the job at this moment; nothing changed.
    Running,
    /// The job does not wait for a decision; nothing changed.
    NotWaiting,
    /// The case is another one, or there is none any more; nothing changed.
    Changed,
    /// No such result.
    Unknown,
}

impl Queue {
    /// Notes something on a result's row. False where there is no such row or it is in another state.
    pub async fn note(&self, note: &RowNote) -> Result<bool, QueueError> {
        Ok(self.noted(note, None).await? == Noted::Yes)
    }

    /// The same for the worker that has a job, as long as it has it.
    pub async fn note_under_lease(
        &self,
        worker: &Name,
        token: ClaimToken,
        note: &RowNote,
    ) -> Result<Noted, QueueError> {
        self.noted(note, Some((worker, token))).await
    }

    async fn noted(&self, note: &RowNote, lease: Option<(&Name, ClaimToken)>) -> Result<Noted, QueueError> {
        let (job, json) = note.case.as_ref().map_or((String::new(), ""), |case| {
            let json = case.json.as_str();
            (case.job.to_string(), json)
        });
        let mut call = self.timed(&self.shared.scripts.note);
        call.arg(note.result_id.as_str())
            .arg(millis(self.shared.retention.ledger))
            .arg(note.state.unwrap_or_default())
            .arg(note.step)
            .arg(&note.code)
            .arg(&note.reference)
            .arg(job)
            .arg(json)
            .arg(lease.map_or("", |(worker, _)| worker.as_str()))
            .arg(lease.map_or_else(String::new, |(_, token)| token.job.to_string()))
            .arg(lease.map_or(0, |(_, token)| token.claim));
        for state in note.from {
            call.arg(*state);
        }
        let noted: i64 = self.run(&call).await?;
        Ok(match noted {
            1 => Noted::Yes,
            -1 => Noted::LeaseLost,
            _ => Noted::No,
        })
    }

    /// Carries out a person's decision together with all that follows from it.
    pub async fn decide(&self, decision: &NewDecision, by: &Intervention) -> Result<Decided, QueueError> {
        let (verdict, kept, version) = match &decision.verdict {
            CaseVerdict::KeepTheirs { known } => ("keep_theirs", known.as_deref(), None),
            CaseVerdict::WriteOurs { decision, version } => ("write_ours", Some(decision.as_str()), version.as_ref()),
        };
        let mut call = self.timed(&self.shared.scripts.decide);
        call.arg(millis(self.shared.retention.finished))
            .arg(millis(self.shared.retention.ledger))
            .arg(decision.result_id.as_str())
            .arg(&decision.case_seen)
            .arg(by.line("decided"))
            .arg(verdict)
            .arg(kept.unwrap_or_default())
            .arg(version.map_or("", |(new, _)| new))
            .arg(version.map_or("", |(_, seen)| seen));
        let word: String = self.run(&call).await?;
        match word.as_str() {
            "done" => Ok(Decided::Done),
            "running" => Ok(Decided::Running),
            "not_waiting" => Ok(Decided::NotWaiting),
            "changed" => Ok(Decided::Changed),
            "unknown" => Ok(Decided::Unknown),
            other => Err(QueueError::Unreadable(format!("verdict {other} of decide"))),
        }
    }
}
