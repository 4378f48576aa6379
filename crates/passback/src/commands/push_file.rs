//! `passback push -f`: a file of results, line by line, in batches.

use std::path::Path;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::{Value, json};
use tokio::fs::File;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt, BufReader};

use crate::api::{Api, field_errors};
use crate::exit::{Exit, Failure};
use crate::output::{self, Format, field};

/// Lines in one request.
const BATCH_LINES: usize = 1_000;
/// The longest line that is sent; the server refuses it by itself from 16 KiB on.
const MAX_LINE_BYTES: u64 = 64 * 1024;

/// What became of the lines so far.
#[derive(Debug, Default, PartialEq, Eq)]
struct Tally {
    accepted: u64,
    already_accepted: u64,
    refused: u64,
    /// Refused only because the store could not take them now.
    not_now: u64,
}

/// A batch on its way: its text, and the number of each line in the file.
#[derive(Default)]
struct Batch {
    text: String,
    numbers: Vec<u64>,
}

/// Sends a file, or the input for `-`, and says what became of it.
pub(crate) async fn push_file(api: &Api, path: &Path, format: Format) -> Result<Exit, Failure> {
    let (bytes, mut lines) = open(path).await?;
    let bar = progress_bar(bytes);
    let mut tally = Tally::default();
    let mut number = 0;
    loop {
        let (batch, read_bytes) = read_batch(&mut lines, &mut number, path).await?;
        if batch.numbers.is_empty() && read_bytes == 0 {
            break;
        }
        if !batch.numbers.is_empty() {
            send(api, batch, &mut tally, &bar).await.inspect_err(|_| {
                bar.finish_and_clear();
                output::note(&summary(&tally));
                output::note("what was accepted stays; run the same command again for the rest");
            })?;
        }
        bar.inc(read_bytes);
        // The store will refuse the next lines as well; the file is sent again later.
        if tally.not_now > 0 {
            break;
        }
    }
    bar.finish_and_clear();
    finish(&tally, format)
}

async fn open(path: &Path) -> Result<(Option<u64>, Box<dyn AsyncBufRead + Unpin + Send>), Failure> {
    if path == Path::new("-") {
        return Ok((None, Box::new(BufReader::new(tokio::io::stdin()))));
    }
    let unreadable = |error: std::io::Error| unreadable(path, &error);
    let file = File::open(path).await.map_err(unreadable)?;
    let found = file.metadata().await.map_err(unreadable)?;
    Ok((Some(found.len()), Box::new(BufReader::new(file))))
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::refused(format!("the file {} cannot be read: {error}", path.display()))
        .fix("give a readable file with one JSON result per line to -f, or - for the input")
}

/// Reads up to a batch of lines that are not blank, and how many bytes that took.
async fn read_batch(
    lines: &mut (dyn AsyncBufRead + Unpin + Send),
    number: &mut u64,
    path: &Path,
) -> Result<(Batch, u64), Failure> {
    let mut batch = Batch::default();
    let mut read_bytes = 0;
    while batch.numbers.len() < BATCH_LINES {
        let mut line = Vec::new();
        let mut limited = (&mut *lines).take(MAX_LINE_BYTES);
        let read = limited
            .read_until(b'\n', &mut line)
            .await
            .map_err(|error| unreadable(path, &error))? as u64;
        if read == 0 {
            break;
        }
        *number += 1;
        read_bytes += read;
        if read == MAX_LINE_BYTES && line.last() != Some(&b'\n') {
            return Err(
                Failure::refused(format!("line {number} is over {MAX_LINE_BYTES} bytes"))
                    .fix("write one JSON result per line; lines before it were sent"),
            );
        }
        let text = String::from_utf8_lossy(&line);
        let text = text.trim_end();
        if !text.is_empty() {
            batch.text.push_str(text);
            batch.text.push('\n');
            batch.numbers.push(*number);
        }
    }
    Ok((batch, read_bytes))
}

async fn send(api: &Api, batch: Batch, tally: &mut Tally, bar: &ProgressBar) -> Result<(), Failure> {
    let verdicts = api.send_lines(&["v1", "results", "batch"], batch.text).await?;
    for verdict in &verdicts {
        let at = verdict["line"]
            .as_u64()
            .and_then(|line| usize::try_from(line.checked_sub(1)?).ok());
        let number = at.and_then(|at| batch.numbers.get(at));
        let not_now = tally.not_now;
        tally.count(verdict);
        if verdict["status"] == "refused" && tally.not_now == not_now {
            let line = number.map_or_else(|| "?".to_owned(), u64::to_string);
            bar.suspend(|| output::note(&refusal(&line, verdict)));
        }
    }
    let answered = verdicts.len();
    if answered < batch.numbers.len() {
        let sentence = format!("the server answered {answered} of {} lines", batch.numbers.len());
        return Err(Failure::unavailable(sentence));
    }
    Ok(())
}

impl Tally {
    fn count(&mut self, verdict: &Value) {
        match (verdict["status"].as_str(), verdict["code"].as_str()) {
            (Some("accepted"), _) => self.accepted += 1,
            (Some("already_accepted"), _) => self.already_accepted += 1,
            (_, Some("store_unavailable" | "store_full")) => self.not_now += 1,
            (_, _) => self.refused += 1,
        }
    }
}

fn refusal(line: &str, verdict: &Value) -> String {
    let problem = &verdict["problem"];
    let mut text = format!("line {line}");
    if let Some(id) = verdict["result_id"].as_str() {
        text = format!("{text} ({id})");
    }
    let errors = field_errors(problem);
    let why = if errors.is_empty() {
        field(problem, "detail")
    } else {
        errors.join("; ")
    };
    format!("{text} refused, {}: {why}", field(verdict, "code"))
}

fn summary(tally: &Tally) -> String {
    let mut text = format!(
        "{} accepted, {} accepted before, {} refused",
        tally.accepted, tally.already_accepted, tally.refused
    );
    if tally.not_now > 0 {
        text = format!("{text}, {} not taken now", tally.not_now);
    }
    text
}

fn finish(tally: &Tally, format: Format) -> Result<Exit, Failure> {
    if format == Format::Table {
        output::line(&summary(tally))?;
    } else {
        let counts = json!({
            "accepted": tally.accepted, "already_accepted": tally.already_accepted,
            "refused": tally.refused, "not_now": tally.not_now,
        });
        output::item(format, &counts)?;
    }
    if tally.not_now > 0 {
        let sentence = format!(
            "{} lines could not be stored now; lines after them were not sent",
            tally.not_now
        );
        return Err(Failure::unavailable(sentence).fix("run the same command again: what was accepted stays accepted"));
    }
    Ok(if tally.refused == 0 { Exit::Done } else { Exit::Refused })
}

/// A bar on stderr, if that is a terminal; of bytes if it is known how many there are.
fn progress_bar(bytes: Option<u64>) -> ProgressBar {
    let (bar, template) = match bytes {
        Some(bytes) => (
            ProgressBar::new(bytes),
            "{bar:40} {percent}% {bytes}/{total_bytes}, {eta} left",
        ),
        None => (ProgressBar::new_spinner(), "{spinner} {bytes}"),
    };
    bar.set_draw_target(ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_verdict_is_counted_once() {
        let mut tally = Tally::default();
        for verdict in [
            json!({"status": "accepted"}),
            json!({"status": "already_accepted"}),
            json!({"status": "refused", "code": "invalid_request"}),
            json!({"status": "refused", "code": "store_unavailable"}),
        ] {
            tally.count(&verdict);
        }
        assert_eq!(
            tally,
            Tally {
                accepted: 1,
                already_accepted: 1,
                refused: 1,
                not_now: 1
            }
        );
    }

    #[test]
    fn a_refused_line_is_named_with_its_field() {
        let errors = json!([{"pointer": "/email", "problem": "no @", "fix": "write an e-mail"}]);
        let verdict = json!({"line": 1, "result_id": "r-1", "status": "refused", "code": "invalid_request",
            "problem": {"detail": "x", "errors": errors}});
        let said = "line 7 (r-1) refused, invalid_request: /email: no @; write an e-mail";
        assert_eq!(refusal("7", &verdict), said);
    }

    #[tokio::test]
    async fn blank_lines_are_left_out_and_keep_their_numbers() {
        let mut text: &[u8] = b"{\"a\":1}\n\n  \n{\"b\":2}";
        let mut number = 0;
        let (batch, read) = read_batch(&mut text, &mut number, Path::new("x")).await.unwrap();
        assert_eq!(batch.text, "{\"a\":1}\n{\"b\":2}\n");
        assert_eq!(batch.numbers, [1, 4]);
        assert_eq!(read, 19);
    }

    #[tokio::test]
    async fn an_endless_line_is_refused_before_memory_is_full() {
        let endless = vec![b'x'; usize::try_from(MAX_LINE_BYTES).unwrap() + 10];
        let mut text: &[u8] = &endless;
        let failure = read_batch(&mut text, &mut 0, Path::new("x")).await.err().unwrap();
        assert!(failure.sentence.contains("line 1 is over"), "{}", failure.sentence);
    }
}
