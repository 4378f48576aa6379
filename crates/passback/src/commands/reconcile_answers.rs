//! What was answered about many results: counted, and what has not arrived is named.

use passback_producer::Arrival;
use serde_json::{Map, Value};

use crate::exit::{Exit, Failure};
use crate::output::{self, Column, Format, column, field};

/// The most results that one table or document names; the counts are always whole.
const MAX_NAMED: usize = 10_000;
const INVALID: &str = "invalid";

const COLUMNS: [Column; 5] = [
    column("LINE", |answer| field(answer, "line")),
    column("RESULT", |answer| field(answer, "result_id")),
    column("STATUS", |answer| field(answer, "status")),
    column("STATE", |answer| field(answer, "state")),
    column("CODE", |answer| field(answer, "code")),
];

/// Counts answers and says them.
pub(super) struct Answers {
    format: Format,
    asked: u64,
    /// How many of each status, in the order of [`Arrival::ALL`], then those that are no ids.
    counts: [u64; Arrival::ALL.len() + 1],
    /// What has not arrived; for the table and the document.
    named: Vec<Value>,
    /// There were more.
    unnamed: bool,
    /// The output failed: asking goes on, for the counts and the exit code.
    unwritten: Option<Failure>,
}

impl Answers {
    pub(super) fn new(format: Format) -> Self {
        Self {
            format,
            asked: 0,
            counts: [0; Arrival::ALL.len() + 1],
            named: Vec::new(),
            unnamed: false,
            unwritten: None,
        }
    }

    /// Takes the answer on one line of the file.
    pub(super) fn take(&mut self, answer: Value) {
        let arrival = Arrival::ALL
            .iter()
            .position(|arrival| answer["status"] == arrival.as_str());
        self.asked += 1;
        self.counts[arrival.unwrap_or(Arrival::ALL.len())] += 1;
        match self.format {
            Format::Ndjson => {
                if self.unwritten.is_none() {
                    self.unwritten = output::line(&answer.to_string()).err();
                }
            }
            Format::Table | Format::Json if answer["status"] == Arrival::Delivered.as_str() => {}
            Format::Table | Format::Json if self.named.len() == MAX_NAMED => self.unnamed = true,
            Format::Table | Format::Json => self.named.push(answer),
        }
    }

    /// Whether any line was answered.
    pub(super) fn have_begun(&self) -> bool {
        self.asked > 0
    }

    /// The counts in a line.
    pub(super) fn summary(&self) -> String {
        let counted = self.counted().map(|(word, count)| format!("{count} {word}"));
        format!("{} asked: {}", self.asked, counted.collect::<Vec<_>>().join(", "))
    }

    /// Prints what is printed once, and gives the exit code.
    pub(super) fn finish(self) -> Result<Exit, Failure> {
        match self.format {
            Format::Table => {
                if !self.named.is_empty() {
                    output::list(self.format, &self.named, &COLUMNS)?;
                    let mut invalid = self.named.iter().filter_map(why);
                    invalid.try_for_each(|line| output::line(&line))?;
                    output::line("")?;
                }
                output::line(&self.summary())?;
            }
            Format::Json => output::item(self.format, &self.document())?,
            Format::Ndjson => output::note(&self.summary()),
        }
        if self.unnamed {
            output::note(&format!("only the first {MAX_NAMED} are named; -o ndjson names all"));
        }
        let exit = self.exit();
        match self.unwritten.filter(|failure| failure.exit != Exit::Done) {
            Some(failure) => Err(failure),
            None => Ok(exit),
        }
    }

    fn exit(&self) -> Exit {
        let any = |word: &str| self.counted().any(|(counted, count)| counted == word && count > 0);
        if any(Arrival::Missing.as_str()) || any(Arrival::Dead.as_str()) {
            Exit::Failed
        } else if any(INVALID) {
            Exit::Refused
        } else {
            Exit::Done
        }
    }

    fn counted(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let words = Arrival::ALL.iter().map(|arrival| arrival.as_str()).chain([INVALID]);
        words.zip(self.counts)
    }

    /// The same document as the API's, with the lines of the file.
    fn document(&self) -> Value {
        let mut summary = Map::new();
        summary.insert("asked".to_owned(), self.asked.into());
        summary.extend(self.counted().map(|(word, count)| (word.to_owned(), count.into())));
        let mut document = Map::new();
        document.insert("summary".to_owned(), summary.into());
        for (word, _) in self.counted().filter(|(word, _)| *word != Arrival::Delivered.as_str()) {
            let named = self.named.iter().filter(|answer| answer["status"] == word);
            document.insert(word.to_owned(), named.cloned().collect());
        }
        document.into()
    }
}

/// Why a line is no id, with its beginning.
fn why(answer: &Value) -> Option<String> {
    let detail = answer["detail"].as_str().filter(|_| answer["status"] == INVALID)?;
    let excerpt = answer["excerpt"]
        .as_str()
        .map(|text| format!(" It reads: {text}"))
        .unwrap_or_default();
    Some(format!("line {} is invalid: {detail}{excerpt}", field(answer, "line")))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    fn answers(words: &[&str]) -> Answers {
        let mut answers = Answers::new(Format::Json);
        for (word, line) in words.iter().zip(1_u64..) {
            answers.take(json!({"line": line, "result_id": format!("r-{line}"), "status": word}));
        }
        answers
    }

    #[test]
    fn each_answer_is_counted_and_what_has_not_arrived_is_named() {
        let answers = answers(&[
            "delivered",
            "missing",
            "pending",
            "dead",
            "ended",
            "invalid",
            "delivered",
        ]);
        let said = "7 asked: 1 missing, 1 dead, 1 pending, 1 ended, 2 delivered, 1 invalid";
        assert_eq!(answers.summary(), said);
        let document = answers.document();
        assert_eq!(document["summary"]["delivered"], 2);
        assert_eq!(document["missing"][0]["result_id"], "r-2");
        assert_eq!(document["invalid"][0]["line"], 6);
        assert!(document.get("delivered").is_none());
    }

    #[test]
    fn a_line_that_is_no_id_says_why() {
        let mut answer =
            json!({"line": 3, "status": "invalid", "detail": "The line holds no result id.", "excerpt": "{}"});
        let said = "line 3 is invalid: The line holds no result id. It reads: {}";
        assert_eq!(why(&answer).as_deref(), Some(said));
        answer["status"] = json!("missing");
        assert_eq!(why(&answer), None);
    }

    #[rstest]
    #[case(&["delivered", "ended", "pending"], Exit::Done)]
    #[case(&[], Exit::Done)]
    #[case(&["delivered", "missing", "invalid"], Exit::Failed)]
    #[case(&["dead"], Exit::Failed)]
    #[case(&["delivered", "invalid"], Exit::Refused)]
    fn the_exit_code_says_whether_somebody_must_look(#[case] words: &[&str], #[case] exit: Exit) {
        assert_eq!(answers(words).exit(), exit);
    }
}
