//! Lanes: work that must not wait for other work has its own worker slots.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Where a job queues and whose worker slots it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Lane {
    /// A person is waiting for the answer.
    Check,
    /// Results on their way to Docebo.
    Push,
    /// What may take its time: verification, webhooks.
    Background,
}

impl Lane {
    /// Every lane, in the order they are shown.
    pub const ALL: [Self; 3] = [Self::Check, Self::Push, Self::Background];

    /// The lane's name in keys, files and answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Check => "check",
            Self::Push => "push",
            Self::Background => "background",
        }
    }
}

impl fmt::Display for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no lane.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a lane is check, push or background")]
pub struct InvalidLane;

impl FromStr for Lane {
    type Err = InvalidLane;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|lane| lane.as_str() == text)
            .ok_or(InvalidLane)
    }
}
