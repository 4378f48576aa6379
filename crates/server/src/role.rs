//! What the bearer of a token may do.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// What the bearer of a token may do; each role may all that the ones before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Ask for checks, hand in results, read both.
    Ingest,
    /// Read everything else.
    Viewer,
    /// Redrive, discard, cancel, validate, pause.
    Operator,
    /// Change connectors, exams and tokens.
    Admin,
}

impl Role {
    /// Every role, the weakest first.
    pub const ALL: [Self; 4] = [Self::Ingest, Self::Viewer, Self::Operator, Self::Admin];

    /// The word in configuration and answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ingest => "ingest",
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no role.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a role is ingest, viewer, operator or admin")]
pub struct InvalidRole;

impl FromStr for Role {
    type Err = InvalidRole;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or(InvalidRole)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_may_all_that_the_ones_before_it_may() {
        assert!(Role::ALL.windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn a_role_reads_back_as_written() {
        for role in Role::ALL {
            assert_eq!(role.as_str().parse(), Ok(role));
        }
        assert_eq!("root".parse::<Role>(), Err(InvalidRole));
    }
}
