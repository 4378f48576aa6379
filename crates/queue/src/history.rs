//! What happened to a job, one line per attempt or intervention.

use serde::{Deserialize, Serialize};

/// One call to Docebo inside an attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CallRecord {
    /// What was called, like `PUT enrollment`.
    pub endpoint: String,
    /// The HTTP status, if an answer came.
    pub status: Option<u16>,
    /// How long it took.
    pub duration_ms: u64,
}

/// One line of a job's history. `outcome` says which fields matter.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AttemptRecord {
    /// Which attempt, from 1.
    #[serde(skip_serializing_if = "is_zero")]
    pub attempt: u32,
    /// Under which lease.
    #[serde(skip_serializing_if = "is_zero_long")]
    pub claim: u64,
    /// Which worker incarnation.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub worker: String,
    /// When it began, milliseconds since 1970 by Redis' clock.
    pub started_ms: u64,
    /// How long it took.
    #[serde(skip_serializing_if = "is_zero_long")]
    pub duration_ms: u64,
    /// How it ended: `done`, `retry`, `snooze`, `park`, `bury`, `crashed`, `redriven`, `discarded` and so on.
    pub outcome: String,
    /// The catalogue code.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub code: String,
    /// What was called.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<CallRecord>,
    /// What Docebo said, bounded and redacted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Who intervened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// Why they did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl AttemptRecord {
    /// Reads lines; a line that is no record is kept as its text, never dropped silently.
    pub(crate) fn parse_lines(lines: &[u8]) -> Vec<Self> {
        let lines = lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        lines
            .map(|line| {
                serde_json::from_slice(line).unwrap_or_else(|_| Self {
                    outcome: "unreadable".to_owned(),
                    detail: Some(String::from_utf8_lossy(line).into_owned()),
                    ..Self::default()
                })
            })
            .collect()
    }

    /// The line for Redis: one line, no line feed inside.
    pub(crate) fn to_line(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde's skip_serializing_if passes a reference"
)]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde's skip_serializing_if passes a reference"
)]
fn is_zero_long(number: &u64) -> bool {
    *number == 0
}
