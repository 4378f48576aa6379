//! What can be made to go wrong, and when.

use serde::{Deserialize, Serialize};

/// The longest delay that a fault or a tenant may ask for.
pub(crate) const MAX_DELAY_MS: u64 = 600_000;

/// One scripted fault: on which requests it strikes, how often, and what happens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// The requests it strikes.
    pub on: FaultOn,
    /// What happens to them.
    pub kind: FaultKind,
    /// The `Retry-After` header of the answer, in seconds; without it there is no such header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_seconds: Option<u64>,
    /// How long to wait before anything else happens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay_ms: Option<u64>,
    /// Strike only each n-th matching request; all of them if not set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<u32>,
    /// Strike at most so many times, then disappear; without end if not set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
    /// Strike only enrolment calls for this user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<u64>,
    /// Strike only enrolment calls for this course.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub course_id: Option<u64>,
}

/// The requests that a fault strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultOn {
    /// `POST /oauth2/token`.
    Token,
    /// `GET /manage/v1/user`.
    UserSearch,
    /// `GET /learn/v1/enrollments/{course}/{user}`.
    EnrollmentRead,
    /// `PUT /learn/v1/enrollments/{course}/{user}`.
    EnrollmentWrite,
    /// `GET /learn/v1/enrollments`.
    EnrollmentList,
    /// Every request except control requests.
    Any,
}

/// What a fault does to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// Answers 429.
    Throttled,
    /// Answers 401.
    Unauthorized,
    /// Answers 403.
    Forbidden,
    /// Answers 500.
    ServerError,
    /// Answers 503.
    Unavailable,
    /// Answers 200 with an HTML page.
    Html,
    /// Answers 200 and says it is JSON, but it is broken.
    Garbage,
    /// Answers 200 with JSON of another shape.
    OtherShape,
    /// Waits for `delay_ms`, then goes on as usual.
    Slow,
    /// Closes the connection without an answer; nothing took effect.
    CutBefore,
    /// Does what was asked, then closes the connection without an answer.
    CutAfter,
    /// Answers a write with 200 and the pair in `not_updated`; nothing took effect.
    NotUpdated,
}

impl Fault {
    /// Strikes every request of one endpoint, until it is cleared.
    pub fn new(on: FaultOn, kind: FaultKind) -> Self {
        Self {
            on,
            kind,
            retry_after_seconds: None,
            delay_ms: None,
            every: None,
            times: None,
            user_id: None,
            course_id: None,
        }
    }

    /// Returns the same fault, striking at most `times` times.
    #[must_use]
    pub fn times(self, times: u32) -> Self {
        Self {
            times: Some(times),
            ..self
        }
    }

    /// Returns the same fault, striking only each n-th matching request.
    #[must_use]
    pub fn every(self, every: u32) -> Self {
        Self {
            every: Some(every),
            ..self
        }
    }

    /// Returns the same fault with a `Retry-After` header in its answers.
    #[must_use]
    pub fn retry_after_seconds(self, seconds: u64) -> Self {
        Self {
            retry_after_seconds: Some(seconds),
            ..self
        }
    }

    /// Returns the same fault, waiting first.
    #[must_use]
    pub fn delay_ms(self, delay_ms: u64) -> Self {
        Self {
            delay_ms: Some(delay_ms),
            ..self
        }
    }

    /// Returns the same fault, striking only enrolment calls for one user.
    #[must_use]
    pub fn user(self, user_id: u64) -> Self {
        Self {
            user_id: Some(user_id),
            ..self
        }
    }

    /// Returns the same fault, striking only enrolment calls for one course.
    #[must_use]
    pub fn course(self, course_id: u64) -> Self {
        Self {
            course_id: Some(course_id),
            ..self
        }
    }

    /// Says what is wrong with the fault, naming the field; `None` if all is well.
    pub(crate) fn complaint(&self) -> Option<String> {
        if self.every == Some(0) {
            return Some("every is 0, it must be at least 1".to_owned());
        }
        if self.times == Some(0) {
            return Some("times is 0, it must be at least 1".to_owned());
        }
        if self.delay_ms.is_some_and(|delay_ms| delay_ms > MAX_DELAY_MS) {
            return Some(format!("delay_ms is over {MAX_DELAY_MS}"));
        }
        if self.kind == FaultKind::Slow && self.delay_ms.is_none() {
            return Some("a slow fault needs delay_ms".to_owned());
        }
        let narrowed = self.user_id.is_some() || self.course_id.is_some();
        match self.on {
            FaultOn::Token | FaultOn::UserSearch | FaultOn::EnrollmentList if narrowed => {
                Some("user_id and course_id only narrow enrolment calls for one user and course".to_owned())
            }
            FaultOn::Token | FaultOn::UserSearch | FaultOn::EnrollmentRead | FaultOn::EnrollmentList | FaultOn::Any
                if self.kind == FaultKind::NotUpdated =>
            {
                Some("not_updated only strikes on = \"enrollment_write\"".to_owned())
            }
            FaultOn::Token
            | FaultOn::UserSearch
            | FaultOn::EnrollmentRead
            | FaultOn::EnrollmentWrite
            | FaultOn::EnrollmentList
            | FaultOn::Any => None,
        }
    }
}
