//! A result that waits to be written to an enrolment that has changed.

use passback_producer::{Code, ResultState, Version, wake};
use passback_queue::{JobRecord, LedgerRow, Name, State, Subject};

use crate::enrollment_event::{EnrollmentEvent, Wrote, state_of};
use crate::outcome::Trouble;
use crate::reacted::{Reacted, Word};

impl EnrollmentEvent<'_> {
    /// A result that waits to be written, perhaps for just this: it looks at the enrolment anew.
    pub(crate) async fn wake_who_waits(&self, kept: &Subject, wrote: Option<&Wrote<'_>>) -> Result<Reacted, Trouble> {
        let version = kept.version.as_deref();
        let version: Option<Version> = version.and_then(|json| serde_json::from_str(json).ok());
        let Some(result_id) = version.and_then(|version| Name::new(version.result_id).ok()) else {
            return Ok(Word::NotOurs.into());
        };
        let queue = self.at_hand.queue();
        let Some(row) = queue.ledger_row(&result_id).await? else {
            return Ok(Word::NotOurs.into());
        };
        match state_of(&row) {
            Some(ResultState::Parked | ResultState::Accepted | ResultState::Running | ResultState::Retrying) => {}
            Some(
                ResultState::Delivered
                | ResultState::Confirmed
                | ResultState::Verified
                | ResultState::NoOp
                | ResultState::Superseded
                | ResultState::Dead
                | ResultState::Discarded,
            )
            | None => return Ok(Word::NotOurs.into()),
        }
        let waiting = Reacted::from(Word::Waits).about(&result_id);
        // A row does not say whether its job runs at this moment.
        let Some(job) = self.carrier(&row).await? else {
            return self.under_way(wrote).await;
        };
        match job.state {
            State::Parked => {}
            // It may have read what was before, and be about to wait for just this.
            State::Running => return self.under_way(wrote).await,
            // Whoever is about to write it reads first.
            State::Ready | State::Scheduled => {
                return Ok(waiting.saying("a result is about to be written, and looks at the enrolment before"));
            }
            State::Dead | State::Done | State::Superseded | State::Expired | State::Discarded => {
                return Ok(Word::NotOurs.into());
            }
        }
        let person = row.subject.rsplit('/').next().unwrap_or_default();
        let code = job.code.and_then(|code| code.parse::<Code>().ok());
        let key = if code == Some(Code::EnrollmentNotFound) {
            Some(wake::enrollment(self.at_hand.connector, self.course_id, person))
        } else {
            (code == Some(Code::ManualOverride)).then(|| wake::decision(result_id.as_str()))
        };
        let Some(key) = key else {
            return Ok(waiting.saying("a result waits to be written, and for something else than this"));
        };
        queue.release_parked(&key).await?;
        Ok(waiting.saying("a result that waits to be written looks at the enrolment anew"))
    }

    /// The job by which a result goes on: the one with its case, or the one that it was accepted with.
    async fn carrier(&self, row: &LedgerRow) -> Result<Option<JobRecord>, Trouble> {
        for id in row.case_job.into_iter().chain([row.job_id]) {
            let job = self.at_hand.queue().job(id).await?;
            if let Some(job) = job.filter(|job| job.state.is_living()) {
                return Ok(Some(job));
            }
        }
        Ok(None)
    }
}
