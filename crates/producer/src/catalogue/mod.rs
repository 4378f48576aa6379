//! The catalogue of messages: for every code what happened, who acts, how it is put right.
//!
//! One text for API, console, command line and logs.

mod cases;
mod checks;
mod code;
mod courses;
mod docebo;
mod jobs;
mod plans;
mod problems;
mod webhooks;

use serde::Serialize;

pub use code::{Code, UnknownCode};

/// Who can put something right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// Who runs passback.
    Platform,
    /// The administrator of the organisation's Docebo platform.
    OrganisationAdmin,
    /// The candidate.
    Candidate,
    /// The exam engine's team.
    ExamEngine,
    /// Docebo itself.
    Docebo,
    /// Nobody needs to: it comes right by itself, or nothing is wrong.
    Nobody,
}

impl Actor {
    /// The word as it stands in answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Platform => "platform",
            Self::OrganisationAdmin => "organisation_admin",
            Self::Candidate => "candidate",
            Self::ExamEngine => "exam_engine",
            Self::Docebo => "docebo",
            Self::Nobody => "nobody",
        }
    }

    /// Who that is, for people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Platform => "who runs passback",
            Self::OrganisationAdmin => "the organisation's Docebo administrator",
            Self::Candidate => "the candidate",
            Self::ExamEngine => "the exam engine's team",
            Self::Docebo => "Docebo",
            Self::Nobody => "nobody",
        }
    }
}

impl std::fmt::Display for Actor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// The code, as it stands in answers and lists.
    pub code: &'static str,
    /// What happened, in a few words.
    pub title: &'static str,
    /// What happened, in a sentence or two.
    pub explanation: &'static str,
    /// Who can put it right.
    pub who_acts: Actor,
    /// How it is put right, step by step.
    pub resolution: &'static [&'static str],
    /// Whether the same request or job may be run again without harm.
    pub safe_to_retry: bool,
    /// Whether passback goes on by itself once the cause is gone.
    pub releases_itself: bool,
    /// The HTTP status, for codes that refuse a request.
    pub http_status: Option<u16>,
}
