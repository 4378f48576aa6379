//! Which of many results have arrived, and which have not: what an exam engine asks after the fact.

use passback_queue::{LedgerState, Name};
use serde::Serialize;

use crate::{FieldProblem, Producer, ResultState, StoreError, field_rules};

/// Where a result stands, for whoever only asks whether it arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Arrival {
    /// It was never accepted, or its row is no longer kept.
    Missing,
    /// It is on its way, or waits for something.
    Pending,
    /// A person must look.
    Dead,
    /// Docebo holds it.
    Delivered,
    /// Docebo does not hold this very result, and nothing more happens: a newer one took its place, or a person ended it.
    Ended,
}

impl Arrival {
    /// All of them, the worst first.
    pub const ALL: [Self; 5] = [Self::Missing, Self::Dead, Self::Pending, Self::Ended, Self::Delivered];

    /// The word as it stands in answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Pending => "pending",
            Self::Dead => "dead",
            Self::Delivered => "delivered",
            Self::Ended => "ended",
        }
    }
}

impl From<ResultState> for Arrival {
    fn from(state: ResultState) -> Self {
        match state {
            ResultState::Accepted | ResultState::Running | ResultState::Retrying | ResultState::Parked => Self::Pending,
            ResultState::Dead => Self::Dead,
            ResultState::Delivered | ResultState::Confirmed | ResultState::Verified | ResultState::NoOp => {
                Self::Delivered
            }
            ResultState::Superseded | ResultState::Discarded => Self::Ended,
        }
    }
}

/// Where one result stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reconciled {
    /// Whether it arrived.
    pub arrival: Arrival,
    /// The state in the ledger; none if it is missing.
    pub state: Option<String>,
    /// Why it stands there, where there is something to say.
    pub code: Option<String>,
}

impl Reconciled {
    fn of(row: Option<LedgerState>) -> Self {
        let Some(LedgerState { state, code }) = row else {
            return Self {
                arrival: Arrival::Missing,
                state: None,
                code: None,
            };
        };
        // A state that only a newer version knows is not taken for an arrival.
        let arrival = state.parse::<ResultState>().map_or(Arrival::Pending, Arrival::from);
        Self {
            arrival,
            state: Some(state),
            code: Some(code).filter(|code| !code.is_empty()),
        }
    }
}

/// A text as the id of a result, or what is wrong with it.
pub fn parse_result_id(text: &str) -> Result<Name, FieldProblem> {
    let mut problems = Vec::new();
    let id = field_rules::result_id(text, &mut problems);
    // Either there is an id, or the rule has said what is wrong.
    id.ok_or_else(|| {
        problems
            .pop()
            .unwrap_or_else(|| FieldProblem::new("result_id", "is not an id", "correct it"))
    })
}

impl Producer {
    /// Where each of these results stands, in their order.
    pub async fn reconcile(&self, ids: &[Name]) -> Result<Vec<Reconciled>, StoreError> {
        let rows = self.queue.ledger_states(ids).await?;
        Ok(rows.into_iter().map(Reconciled::of).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reconciled(state: &str) -> Arrival {
        let row = LedgerState {
            state: state.to_owned(),
            code: String::new(),
        };
        Reconciled::of(Some(row)).arrival
    }

    #[test]
    fn a_result_that_nothing_more_happens_to_is_never_pending() {
        for state in ResultState::ALL {
            let settled = [Arrival::Delivered, Arrival::Ended].contains(&reconciled(state.as_str()));
            assert_eq!(settled, state.is_final(), "{}", state.as_str());
        }
        assert_eq!(Reconciled::of(None).arrival, Arrival::Missing);
    }

    #[test]
    fn a_state_of_a_newer_version_is_not_taken_for_an_arrival() {
        assert_eq!(reconciled("translated"), Arrival::Pending);
    }
}
