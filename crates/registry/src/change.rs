//! What a write did, or would do.

use std::fmt;

use serde::Serialize;

/// What a write did, or would do, to one entry of the registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// The entry is new.
    Created,
    /// The entry was there with other content.
    Updated,
    /// The entry was there with this content already; nothing was written.
    Unchanged,
}

impl Change {
    /// The word as it stands in JSON and the audit trail.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Unchanged => "unchanged",
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}
