//! What one attempt called, for its record.

use std::fmt;
use std::time::Duration;

use tokio::time::Instant;

/// A Docebo route that this crate calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// The OAuth token route.
    Token,
    /// The search for users.
    UserSearch,
    /// The read of one user.
    UserRead,
    /// The read of one enrolment.
    EnrollmentRead,
    /// The write of one enrolment.
    EnrollmentWrite,
    /// The list of enrolments.
    EnrollmentList,
}

impl Endpoint {
    /// Method and path, without ids: fit for a record, a log line or a metric's label.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Token => "POST /oauth2/token",
            Self::UserSearch => "GET /manage/v1/user",
            Self::UserRead => "GET /manage/v1/user/{user}",
            Self::EnrollmentRead => "GET /learn/v1/enrollments/{course}/{user}",
            Self::EnrollmentWrite => "PUT /learn/v1/enrollments/{course}/{user}",
            Self::EnrollmentList => "GET /learn/v1/enrollments",
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One HTTP call, as it went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Call {
    /// The route that was called.
    pub endpoint: Endpoint,
    /// The answer's status, or `None` when no answer came.
    pub status: Option<u16>,
    /// How long the call took, its answer's body included.
    pub duration_ms: u64,
}

/// The HTTP calls of one attempt, in order.
///
/// A call that is cut short because its future was dropped is listed too: it may have reached Docebo and counts
/// against the quota.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Calls(pub Vec<Call>);

impl Calls {
    /// Starts the clock of one call; the call is listed when the recording is dropped.
    pub(crate) fn begin(&mut self, endpoint: Endpoint) -> Recording<'_> {
        Recording {
            calls: self,
            endpoint,
            status: None,
            started: Instant::now(),
        }
    }
}

/// A call under way. Listing happens on drop, so that a cancelled call is on record as well.
pub(crate) struct Recording<'a> {
    calls: &'a mut Calls,
    endpoint: Endpoint,
    status: Option<u16>,
    started: Instant,
}

impl Recording<'_> {
    pub(crate) fn answered(&mut self, status: u16) {
        self.status = Some(status);
    }
}

impl Drop for Recording<'_> {
    fn drop(&mut self) {
        let duration_ms = whole_ms(self.started.elapsed());
        tracing::debug!(
            endpoint = self.endpoint.as_str(),
            status = self.status,
            duration_ms,
            "docebo call"
        );
        self.calls.0.push(Call {
            endpoint: self.endpoint,
            status: self.status,
            duration_ms,
        });
    }
}

fn whole_ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
