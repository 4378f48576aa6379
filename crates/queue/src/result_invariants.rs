//! What must be true of results and of the list of those that are not at their end.

use std::collections::BTreeSet;

use crate::{LedgerState, Name, Queue, QueueError, invariants::MAX_LOOKED_AT, keys};

/// The states that are an end of a result's way, as `lua/parts/ledger.lua` has them.
const AT_ITS_END: [&str; 6] = ["delivered", "confirmed", "verified", "no_op", "superseded", "discarded"];

impl Queue {
    /// An open result has a row that is not at its end; a result that a living push job carries is open.
    pub(crate) async fn judge_open_results(
        &self,
        carried: &BTreeSet<String>,
        wrong: &mut Vec<String>,
    ) -> Result<(), QueueError> {
        let open: BTreeSet<String> = redis::cmd("ZRANGE")
            .arg(keys::key(keys::RESULTS_OPEN))
            .arg(0)
            .arg(MAX_LOOKED_AT)
            .query_async(&mut self.connection())
            .await?;
        for (id, row) in self.rows_of(&open, wrong).await? {
            match row {
                None => wrong.push(format!("result {id} is open but has no row")),
                Some(row) if AT_ITS_END.contains(&row.state.as_str()) => {
                    wrong.push(format!("result {id} is open although it is {}", row.state));
                }
                Some(_) => {}
            }
        }
        let closed: BTreeSet<String> = carried.difference(&open).cloned().collect();
        for (id, row) in self.rows_of(&closed, wrong).await? {
            // A row may have expired before its job.
            if let Some(row) = row {
                let state = row.state;
                wrong.push(format!(
                    "result {id} is {state} and not open, but a living job carries it"
                ));
            }
        }
        Ok(())
    }

    async fn rows_of(
        &self,
        results: &BTreeSet<String>,
        wrong: &mut Vec<String>,
    ) -> Result<Vec<(Name, Option<LedgerState>)>, QueueError> {
        let mut names = Vec::with_capacity(results.len());
        for id in results {
            match Name::new(id) {
                Ok(name) => names.push(name),
                Err(_) => wrong.push(format!("{id:?} is no id of a result")),
            }
        }
        let states = self.ledger_states(&names).await?;
        Ok(names.into_iter().zip(states).collect())
    }
}
