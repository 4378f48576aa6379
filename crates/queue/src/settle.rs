//! `lua/settle.lua`: attempts end, in batches.

use redis::ScriptInvocation;

use crate::{Name, Queue, QueueError, Settlement, Transition, Verdict, queue::millis};

/// Settlements per script call; more are split.
const CHUNK_SETTLEMENTS: usize = 100;

impl Queue {
    /// Ends attempts of one worker and says for each what became of it.
    ///
    /// After an error some may be applied; repeating the call is safe and says `Again`.
    pub async fn settle(&self, worker: &Name, settlements: &[Settlement]) -> Result<Vec<Verdict>, QueueError> {
        let mut verdicts = Vec::with_capacity(settlements.len());
        for chunk in settlements.chunks(CHUNK_SETTLEMENTS) {
            let mut call = self.timed(&self.shared.scripts.settle);
            call.arg(worker.as_str())
                .arg(millis(self.shared.retention.finished))
                .arg(millis(self.shared.retention.answer));
            for settlement in chunk {
                add_settlement(&mut call, settlement);
            }
            let words: Vec<String> = self.run(&call).await?;
            for word in words {
                verdicts.push(match word.as_str() {
                    "settled" => Verdict::Settled,
                    "again" => Verdict::Again,
                    "fenced" => Verdict::Fenced,
                    other => return Err(QueueError::Unreadable(format!("verdict {other} of settle"))),
                });
            }
        }
        Ok(verdicts)
    }
}

/// The five arguments of one settlement.
fn add_settlement(call: &mut ScriptInvocation<'_>, settlement: &Settlement) {
    let (wake, reference) = match &settlement.transition {
        Transition::Park { wake, also: None, .. } => (wake.to_string(), ""),
        // No name holds a blank.
        Transition::Park {
            wake, also: Some(also), ..
        } => (format!("{wake} {also}"), ""),
        Transition::Superseded { by } => (String::new(), by.as_str()),
        Transition::Done
        | Transition::Expired
        | Transition::Retry { .. }
        | Transition::Snooze { .. }
        | Transition::Bury
        | Transition::Release => (String::new(), ""),
    };
    let rest = format!(
        "|{}|{wake}|{}|{}|{reference}",
        settlement.transition.delay(),
        settlement.code.as_ref().map_or("", AsRef::as_ref),
        settlement.ledger_state.unwrap_or_default(),
    );
    let end = format!(
        "{}|{}|{}|{}{}",
        settlement.token.claim,
        settlement.transition.verb(),
        u8::from(settlement.transition.burns_attempt()),
        u8::from(settlement.docebo_answered),
        if rest == "|0||||" { "" } else { &rest },
    );
    let attempt = settlement.attempt.as_ref().map(crate::AttemptRecord::to_line);
    call.arg(settlement.token.job.to_string())
        .arg(end)
        .arg(attempt.unwrap_or_default())
        .arg(settlement.answer.as_deref().unwrap_or_default())
        .arg(settlement.header.as_deref().unwrap_or_default());
}
