//! How much care a connector's writes take: what is read before, and what is read after.

use serde::{Deserialize, Serialize};

/// When an enrolment is read before it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ReadBeforeWrite {
    /// Before every write: a correction that a person made at Docebo is always seen.
    #[default]
    Always,
    /// Only where an earlier write may have taken effect: one call less, and a person's correction is overwritten.
    RetryOnly,
}

impl ReadBeforeWrite {
    /// All values, in the order in which they are offered to people.
    pub const ALL: [Self; 2] = [Self::Always, Self::RetryOnly];

    /// The word as people write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::RetryOnly => "retry_only",
        }
    }
}

/// Which writes are read back afterwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum VerifyPolicy {
    /// Every one.
    #[default]
    Always,
    /// Some of them.
    Sample,
    /// Those that no webhook of Docebo has confirmed.
    UnlessWebhook,
}

impl VerifyPolicy {
    /// All values, in the order in which they are offered to people.
    pub const ALL: [Self; 3] = [Self::Always, Self::Sample, Self::UnlessWebhook];

    /// The word as people write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::Sample => "sample",
            Self::UnlessWebhook => "unless_webhook",
        }
    }
}
