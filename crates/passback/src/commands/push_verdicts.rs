//! What became of the lines of a file: counted, and said in the format that was asked for.

use serde_json::{Value, json};

use crate::api::field_errors;
use crate::exit::{Exit, Failure};
use crate::output::{self, Format, field};

/// The most refusals that one JSON document names; the counts are always whole.
const MAX_NAMED_REFUSALS: usize = 10_000;

/// What became of the lines so far.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    accepted: u64,
    already_accepted: u64,
    refused: u64,
    /// Refused only because the store could not take them now.
    not_now: u64,
}

/// Counts verdicts and says them.
pub(super) struct Verdicts {
    format: Format,
    tally: Tally,
    /// For the JSON document.
    refusals: Vec<Value>,
    /// The output failed: sending goes on, for a half-sent file helps nobody.
    unwritten: Option<Failure>,
}

impl Verdicts {
    pub(super) fn new(format: Format) -> Self {
        Self {
            format,
            tally: Tally::default(),
            refusals: Vec::new(),
            unwritten: None,
        }
    }

    /// Takes one verdict whose line is the one in the file.
    pub(super) fn take(&mut self, verdict: Value) {
        self.tally.count(&verdict);
        match self.format {
            Format::Table if verdict["status"] == "refused" && !is_not_now(&verdict) => {
                output::note(&refusal(&verdict));
            }
            Format::Table => {}
            Format::Json => {
                if verdict["status"] == "refused" && self.refusals.len() < MAX_NAMED_REFUSALS {
                    self.refusals.push(verdict);
                }
            }
            Format::Ndjson => {
                if self.unwritten.is_none() {
                    self.unwritten = output::line(&verdict.to_string()).err();
                }
            }
        }
    }

    /// Whether the store cannot take more now.
    pub(super) fn is_stuck(&self) -> bool {
        self.tally.not_now > 0
    }

    /// Whether any line was accepted, now or before.
    pub(super) fn have_begun(&self) -> bool {
        self.tally.accepted + self.tally.already_accepted > 0
    }

    /// Says on stderr how far it went.
    pub(super) fn note_summary(&self) {
        output::note(&self.tally.summary());
    }

    /// Prints what is printed once, and gives the exit code.
    pub(super) fn finish(self) -> Result<Exit, Failure> {
        match self.format {
            Format::Table => output::line(&self.tally.summary())?,
            Format::Json => output::item(self.format, &self.document())?,
            Format::Ndjson => self.note_summary(),
        }
        let Tally { refused, not_now, .. } = self.tally;
        if let Some(failure) = self.unwritten.filter(|failure| failure.exit != Exit::Done) {
            return Err(failure);
        }
        if not_now > 0 {
            let sentence = format!("{not_now} lines could not be stored now; lines after them were not sent");
            return Err(
                Failure::unavailable(sentence).fix("run the same command again: what was accepted stays accepted")
            );
        }
        Ok(if refused == 0 { Exit::Done } else { Exit::Refused })
    }

    fn document(&self) -> Value {
        json!({
            "accepted": self.tally.accepted,
            "already_accepted": self.tally.already_accepted,
            "refused": self.tally.refused,
            "not_now": self.tally.not_now,
            "refusals": self.refusals,
        })
    }
}

impl Tally {
    fn count(&mut self, verdict: &Value) {
        match verdict["status"].as_str() {
            Some("accepted") => self.accepted += 1,
            Some("already_accepted") => self.already_accepted += 1,
            _ if is_not_now(verdict) => self.not_now += 1,
            _ => self.refused += 1,
        }
    }

    fn summary(&self) -> String {
        let mut text = format!(
            "{} accepted, {} accepted before, {} refused",
            self.accepted, self.already_accepted, self.refused
        );
        if self.not_now > 0 {
            text = format!("{text}, {} not taken now", self.not_now);
        }
        text
    }
}

fn is_not_now(verdict: &Value) -> bool {
    matches!(verdict["code"].as_str(), Some("store_unavailable" | "store_full"))
}

fn refusal(verdict: &Value) -> String {
    let problem = &verdict["problem"];
    let mut text = format!("line {}", field(verdict, "line"));
    if let Some(id) = verdict["result_id"].as_str() {
        text = format!("{text} ({id})");
    }
    let errors = field_errors(problem);
    let why = if errors.is_empty() {
        problem["detail"].as_str().unwrap_or_default().to_owned()
    } else {
        errors.join("; ")
    };
    let text = format!("{text} refused, {}", field(verdict, "code"));
    // A server explains the first thousand refusals of a batch; the others have their code.
    if why.is_empty() { text } else { format!("{text}: {why}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_verdict_is_counted_once_and_each_refusal_is_named() {
        let mut verdicts = Verdicts::new(Format::Json);
        for verdict in [
            json!({"line": 1, "status": "accepted"}),
            json!({"line": 2, "status": "already_accepted"}),
            json!({"line": 3, "status": "refused", "code": "invalid_request"}),
            json!({"line": 4, "status": "refused", "code": "store_unavailable"}),
        ] {
            verdicts.take(verdict);
        }
        let document = verdicts.document();
        for count in ["accepted", "already_accepted", "refused", "not_now"] {
            assert_eq!(document[count], 1, "{count}");
        }
        let lines: Vec<&Value> = verdicts.refusals.iter().map(|refusal| &refusal["line"]).collect();
        assert_eq!(lines, [&json!(3), &json!(4)]);
        assert!(verdicts.is_stuck());
        assert_eq!(verdicts.finish().unwrap_err().exit, Exit::Unavailable);
    }

    #[test]
    fn a_file_with_a_refused_line_ends_as_refused() {
        let mut verdicts = Verdicts::new(Format::Table);
        verdicts.take(json!({"line": 1, "status": "accepted"}));
        verdicts.take(json!({"line": 2, "status": "refused", "code": "too_large"}));
        assert_eq!(verdicts.finish().unwrap(), Exit::Refused);
    }

    #[test]
    fn a_refused_line_is_named_with_its_field() {
        let errors = json!([{"pointer": "/email", "problem": "no @", "fix": "write an e-mail"}]);
        let verdict = json!({"line": 7, "result_id": "r-1", "status": "refused", "code": "invalid_request",
            "problem": {"detail": "x", "errors": errors}});
        let said = "line 7 (r-1) refused, invalid_request: /email: no @; write an e-mail";
        assert_eq!(refusal(&verdict), said);
    }
}
