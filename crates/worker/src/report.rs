//! What an attempt leaves behind: its settlement, with a line for the history where there is something to tell, and a
//! line in the log.

use std::sync::Arc;

use passback_docebo::{Call, Calls, Endpoint, Failure};
use passback_queue::{AttemptRecord, CallRecord, Name, Settlement, Transition};

use crate::decision::Decision;
use crate::lease::Lease;
use crate::outcome::{Happened, Trouble};
use crate::retry_delay::whole_ms;

/// Calls that the history keeps of one attempt: the last ones.
const MAX_CALLS: usize = 40;

/// The settlement of an attempt.
pub(crate) fn settlement(
    decision: Decision,
    happened: &Happened,
    lease: &Lease,
    calls: &Calls,
    worker: &Name,
) -> Settlement {
    let attempt =
        has_a_story(&decision, happened, lease, calls).then(|| line(&decision, happened, lease, calls, worker));
    Settlement {
        token: lease.claimed.token,
        transition: decision.transition,
        code: decision.code.map(passback_producer::Code::name),
        attempt,
        answer: decision.answer.map(|answer| answer.to_bytes()),
        ledger_state: decision
            .ledger_state
            .filter(|_| lease.claimed.record.result_id.is_some()),
        docebo_answered: !calls.0.is_empty() && docebo_answered(happened),
        header: Some(Arc::clone(&lease.claimed.record.header)),
    }
}

/// Whether there is anything to tell that the job's record does not say by itself: not of a job that called nobody
/// and was done at its first attempt.
fn has_a_story(decision: &Decision, happened: &Happened, lease: &Lease, calls: &Calls) -> bool {
    decision.transition != Transition::Done
        || decision.code.is_some()
        || detail(happened).is_some()
        || !calls.0.is_empty()
        || !lease.claimed.record.history.is_empty()
}

/// The attempt's line in the history.
fn line(decision: &Decision, happened: &Happened, lease: &Lease, calls: &Calls, worker: &Name) -> AttemptRecord {
    let record = &lease.claimed.record;
    AttemptRecord {
        attempt: record.attempts.saturating_add(1),
        claim: lease.claimed.token.claim,
        worker: worker.to_string(),
        started_ms: record.since_ms,
        duration_ms: whole_ms(lease.elapsed()),
        outcome: decision.transition.verb().to_owned(),
        code: decision.code.map(|code| code.to_string()).unwrap_or_default(),
        calls: last_calls(calls),
        detail: detail(happened),
        ..AttemptRecord::default()
    }
}

/// Whether Docebo did what it should, whatever its answer means for the job.
fn docebo_answered(happened: &Happened) -> bool {
    match happened {
        Happened::Checked(_) | Happened::Pushed(_) | Happened::Verified(_) | Happened::Reacted(_) => true,
        Happened::Failed(trouble) => match trouble {
            Trouble::UserNotFound
            | Trouble::UserAmbiguous
            | Trouble::EnrollmentNotFound
            | Trouble::CourseDeleted
            | Trouble::ManualOverride(_)
            | Trouble::IdentityChanged(_)
            | Trouble::VerifyMismatch(_) => true,
            // A refusal of this one write, or that there is nothing to write to, is an answer like any other.
            Trouble::Docebo(error) => {
                let at_write = error.endpoint == Endpoint::EnrollmentWrite;
                match error.failure {
                    Failure::Rejected { .. } => true,
                    Failure::NotFound { .. } => at_write,
                    Failure::Held { .. }
                    | Failure::Unreachable { .. }
                    | Failure::CertificateInvalid { .. }
                    | Failure::ConnectionLost { .. }
                    | Failure::TimedOut
                    | Failure::Throttled { .. }
                    | Failure::Unavailable { .. }
                    | Failure::CredentialsRefused { .. }
                    | Failure::Forbidden { .. }
                    | Failure::NotJson { .. }
                    | Failure::UnexpectedShape { .. }
                    | Failure::Unexpected { .. } => false,
                }
            }
            Trouble::StatusUnknown { .. }
            | Trouble::Conflict { .. }
            | Trouble::ExamMoved
            | Trouble::WriteUnderWay { .. }
            | Trouble::ExamMissing
            | Trouble::ConnectorMissing
            | Trouble::ConnectorUnusable { .. }
            | Trouble::Unreadable { .. }
            | Trouble::StoreUnavailable { .. }
            | Trouble::Panicked
            | Trouble::Cut
            | Trouble::OutOfTime { .. }
            | Trouble::Interrupted
            | Trouble::Unheard
            | Trouble::LeaseLost => false,
        },
    }
}

/// The settlement of a job that was claimed and never begun: as if it had not been claimed.
pub(crate) fn released_unstarted(lease: &Lease) -> Settlement {
    let code = lease.claimed.record.code.as_deref();
    Settlement {
        token: lease.claimed.token,
        transition: Transition::Release,
        code: code.and_then(|code| Name::new(code).ok()),
        attempt: None,
        answer: None,
        ledger_state: None,
        docebo_answered: false,
        header: Some(Arc::clone(&lease.claimed.record.header)),
    }
}

/// Says once what became of the job; inside the attempt's span, which names it.
pub(crate) fn log(decision: &Decision, happened: &Happened, lease: &Lease) {
    let outcome = decision.transition.verb();
    let code = decision.code.map(passback_producer::Code::as_str);
    let duration_ms = whole_ms(lease.elapsed());
    let detail = detail(happened);
    match &decision.transition {
        Transition::Done | Transition::Superseded { .. } | Transition::Expired => {
            tracing::debug!(outcome, code, duration_ms, "the job has ended");
        }
        Transition::Retry { delay_ms } | Transition::Snooze { delay_ms } => {
            tracing::info!(outcome, code, duration_ms, delay_ms, detail, "the job is tried again");
        }
        Transition::Park { wake, .. } => {
            tracing::info!(outcome, code, duration_ms, %wake, detail, "the job waits for an event");
        }
        Transition::Bury => tracing::warn!(outcome, code, duration_ms, detail, "a person must look at the job"),
        Transition::Release => tracing::info!(outcome, code, duration_ms, "the job goes back unfinished"),
    }
}

fn detail(happened: &Happened) -> Option<String> {
    match happened {
        Happened::Checked(_) | Happened::Pushed(_) => None,
        Happened::Verified(verified) => Some(verified.detail().to_owned()),
        // What it came to is kept with the event; only what there is more to say of it stands here, too.
        Happened::Reacted(reacted) => reacted.detail.clone(),
        Happened::Failed(trouble) => Trouble::detail(trouble),
    }
}

fn last_calls(calls: &Calls) -> Vec<CallRecord> {
    let dropped = calls.0.len().saturating_sub(MAX_CALLS);
    calls.0.iter().skip(dropped).map(call_record).collect()
}

fn call_record(call: &Call) -> CallRecord {
    CallRecord {
        endpoint: call.endpoint.as_str().to_owned(),
        status: call.status,
        duration_ms: call.duration_ms,
    }
}
