//! Checks: a question in, an answer out.

use std::{sync::Arc, time::Duration};

use passback_queue::{Enqueued, JobId, JobRecord, NewJob, State};
use passback_registry::{Exam, ExamId};
use tokio::time::Instant;

use crate::{
    CheckAnswer, CheckJob, CheckRequest, CheckView, IntakeError, Job, Producer, StoreError, name::name, subject,
};

/// A waiter looks for itself this often, in case news were lost.
const LOOK_AGAIN: Duration = Duration::from_secs(5);
/// Checks of one person and exam that share ids, so that asking again finds the one under way. Longer than any
/// deadline, so that only two windows can hold a check under way.
const WINDOW_MS: u64 = 300_000;
/// Ended checks of one person, exam and window after which a new one takes an id of its own.
const MAX_ASKED_AGAIN: u32 = 32;

impl Producer {
    /// Asks whether a candidate may sit an exam. The same question again, while it is under way, is the same check.
    pub async fn check(&self, request: &CheckRequest) -> Result<JobId, IntakeError> {
        let check = request.validate().map_err(IntakeError::Invalid)?;
        let exam = self.exam(&check.exam_id).await?;
        let exam = exam.ok_or_else(|| IntakeError::UnknownExam {
            exam_id: check.exam_id.to_string(),
        })?;
        let now_ms = self.queue.now_ms().await?;
        let deadline_ms = u64::from(exam.check_deadline_seconds) * 1000;
        let window = now_ms / WINDOW_MS;
        let person = self.vault().email_hash(&check.email);
        let asked = |window: u64, again: u32| self.check_id(&exam.id, &person, window, again);

        if now_ms % WINDOW_MS < deadline_ms && window > 0 {
            for again in 0..MAX_ASKED_AGAIN {
                let id = asked(window - 1, again);
                match self.queue.job(id).await? {
                    Some(job) if is_under_way(&job, now_ms) => return Ok(id),
                    Some(_) => {}
                    None => break,
                }
            }
        }
        for again in 0..MAX_ASKED_AGAIN {
            let id = asked(window, again);
            if self.enqueue_check(id, &check, &exam, deadline_ms).await? == Enqueued::Stored {
                return Ok(id);
            }
            match self.queue.job(id).await? {
                Some(job) if is_under_way(&job, now_ms) => return Ok(id),
                Some(_) | None => {}
            }
        }
        let id = JobId::generate();
        self.enqueue_check(id, &check, &exam, deadline_ms).await?;
        Ok(id)
    }

    /// A check as it stands; none if it is not known, or no longer.
    pub async fn check_view(&self, id: JobId) -> Result<Option<CheckView>, StoreError> {
        if let Some(view) = self.answered(id).await? {
            return Ok(Some(view));
        }
        let Some(job) = self.queue.job(id).await? else {
            return Ok(None);
        };
        if job.state == State::Done {
            // It ended between the two looks.
            return self.answered(id).await;
        }
        let now_ms = self.queue.now_ms().await?;
        if job.deadline_ms.is_some_and(|deadline_ms| deadline_ms <= now_ms) {
            // No answer is stored after the deadline, so this look is the last word.
            if let Some(view) = self.answered(id).await? {
                return Ok(Some(view));
            }
        }
        Ok(CheckView::unanswered(&job, now_ms))
    }

    /// A check once it is final, or as it stands when the time is up.
    pub async fn wait_for_check(&self, id: JobId, at_most: Duration) -> Result<Option<CheckView>, StoreError> {
        let give_up = Instant::now() + at_most.min(Duration::from_hours(1));
        let mut hearing = self.endings.subscribe();
        loop {
            let view = self.check_view(id).await?;
            let waiting = view.as_ref().is_some_and(|view| !view.is_final());
            if !waiting || Instant::now() >= give_up {
                return Ok(view);
            }
            let look_again = Instant::now() + self.until_deadline(id).await?.min(LOOK_AGAIN);
            // Time up, or news: either way the next look decides.
            let _ = tokio::time::timeout_at(give_up.min(look_again), hearing.of(id)).await;
        }
    }

    /// The exam's entry; a little old at most.
    pub(crate) async fn exam(&self, id: &ExamId) -> Result<Option<Arc<Exam>>, StoreError> {
        Ok(self.registry.exam_cached(id).await?)
    }

    /// The id of a person's check: the same for all who ask in one window.
    fn check_id(&self, exam: &ExamId, person: &str, window: u64, again: u32) -> JobId {
        let random = self.hash_bits(&format!("check/{exam}/{person}/{window}/{again}"));
        JobId::from_parts(window * WINDOW_MS, random)
    }

    async fn enqueue_check(
        &self,
        id: JobId,
        check: &CheckJob,
        exam: &Exam,
        deadline_ms: u64,
    ) -> Result<Enqueued, StoreError> {
        let job = Job::Check(check.clone());
        let new = NewJob {
            id,
            lane: job.lane(),
            connector: name(exam.connector.as_str()),
            key: Some(subject(&exam.connector, exam.course_id, &check.email, self.vault())),
            kind: name(job.kind()),
            delay_ms: 0,
            ttl_ms: Some(deadline_ms),
            about: Some(name(exam.id.as_str())),
            trace: None,
            payload: job.seal(id, self.vault()),
        };
        Ok(self.queue.enqueue(&new).await?)
    }

    async fn answered(&self, id: JobId) -> Result<Option<CheckView>, StoreError> {
        let Some(bytes) = self.queue.answer(id).await? else {
            return Ok(None);
        };
        let answer: CheckAnswer = serde_json::from_slice(&bytes)
            .map_err(|_| passback_queue::QueueError::Unreadable(format!("the answer of check {id}")))?;
        Ok(Some(CheckView::answered(id, &answer)))
    }

    /// How long until nobody needs to run the check any more.
    async fn until_deadline(&self, id: JobId) -> Result<Duration, StoreError> {
        let deadline_ms = self.queue.job(id).await?.and_then(|job| job.deadline_ms);
        let now_ms = self.queue.now_ms().await?;
        let left = deadline_ms.map_or(u64::MAX, |deadline_ms| deadline_ms.saturating_sub(now_ms));
        // A check that still runs past its deadline is about to end; not to be asked after all the time.
        Ok(Duration::from_millis(left.max(250)))
    }
}

fn is_under_way(job: &JobRecord, now_ms: u64) -> bool {
    match job.state {
        State::Ready | State::Scheduled | State::Running => job.deadline_ms.is_none_or(|deadline| deadline > now_ms),
        State::Parked | State::Dead | State::Done | State::Superseded | State::Expired | State::Discarded => false,
    }
}
