//! What a person must decide about a result: the values side by side. No e-mail in it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Code, Holding, public_time};

/// The case of a result that waits for a person's decision.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ResultCase {
    /// Why it waits.
    pub code: Code,
    /// What the enrolment would hold if the result were written.
    pub ours: Holding,
    /// What Docebo holds; none where it was not read, or there is no enrolment any more.
    pub theirs: Option<Holding>,
    /// What passback knew last; none where it never wrote there.
    pub last_known: Option<Holding>,
    /// The Docebo user that the e-mail leads to now, where it was looked up.
    pub user_id: Option<u64>,
    /// The Docebo user that earlier results went to, where it is another one.
    pub user_id_before: Option<u64>,
    /// The result that is exactly as new and says something else.
    pub conflicts_with: Option<String>,
    /// What that result would write.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other: Option<Holding>,
    /// The Docebo platform that it was found at: its user numbers count nowhere else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
    /// When this was found.
    #[serde(serialize_with = "public_time::serialize")]
    pub found_at: Timestamp,
}

impl ResultCase {
    /// Whether it is the same case, found at another time.
    pub fn is_the_same_as(&self, other: &Self) -> bool {
        let found_at = other.found_at;
        Self {
            found_at,
            ..self.clone()
        } == *other
    }
}
