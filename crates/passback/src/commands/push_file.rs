//! `passback push -f`: a file of results, line by line, in batches.

use std::path::Path;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::Value;
use tokio::fs::File;
use tokio::io::{AsyncBufRead, BufReader};

use super::push_lines::{Batch, read_batch, unreadable};
use super::push_verdicts::Verdicts;
use crate::api::Api;
use crate::exit::{Exit, Failure};
use crate::output::{self, Format};

/// Sends a file, or the input for `-`, and says what became of it.
pub(crate) async fn push_file(api: &Api, path: &Path, format: Format) -> Result<Exit, Failure> {
    let advise =
        |failure: Failure| failure.fix("give a readable file with one JSON result per line to -f, or - for the input");
    let (bytes, mut lines) = open(path).await.map_err(advise)?;
    let bar = progress_bar(bytes);
    let mut verdicts = Verdicts::new(format);
    let mut number = 0;
    let sent = loop {
        let batch = match read_batch(&mut lines, &mut number, path).await {
            Ok(Some(batch)) => batch,
            Ok(None) => break Ok(()),
            Err(failure) => break Err(advise(failure)),
        };
        let read_bytes = batch.read_bytes;
        if let Err(failure) = send(api, batch, &mut verdicts, &bar).await {
            break Err(failure);
        }
        bar.inc(read_bytes);
        // The store will refuse the next lines as well; the file is sent again later.
        if verdicts.is_stuck() {
            break Ok(());
        }
    };
    bar.finish_and_clear();
    match sent {
        Ok(()) => verdicts.finish(),
        Err(failure) => {
            verdicts.note_summary();
            if verdicts.have_begun() {
                output::note("what was accepted stays; run the same command again for the rest");
            }
            Err(failure)
        }
    }
}

pub(super) async fn open(path: &Path) -> Result<(Option<u64>, Box<dyn AsyncBufRead + Unpin + Send>), Failure> {
    if path == Path::new("-") {
        return Ok((None, Box::new(BufReader::new(tokio::io::stdin()))));
    }
    let unreadable = |error: std::io::Error| unreadable(path, &error);
    let file = File::open(path).await.map_err(unreadable)?;
    let found = file.metadata().await.map_err(unreadable)?;
    Ok((Some(found.len()), Box::new(BufReader::new(file))))
}

/// Sends what can be sent, and takes all verdicts in the order of the file.
async fn send(api: &Api, batch: Batch, verdicts: &mut Verdicts, bar: &ProgressBar) -> Result<(), Failure> {
    let Batch {
        text,
        numbers,
        refused: mut all,
        ..
    } = batch;
    let mut answered = 0;
    let mut sent = Ok(());
    if !numbers.is_empty() {
        match api.send_lines(&["v1", "results", "batch"], text).await {
            Ok(answers) => {
                answered = answers.len();
                all.extend(answers.into_iter().map(|verdict| in_file(verdict, &numbers)));
            }
            Err(failure) => sent = Err(failure),
        }
    }
    all.sort_by_key(|verdict| verdict["line"].as_u64().unwrap_or(u64::MAX));
    bar.suspend(|| all.into_iter().for_each(|verdict| verdicts.take(verdict)));
    sent?;
    if answered < numbers.len() {
        let sentence = format!("the server answered {answered} of {} lines", numbers.len());
        return Err(Failure::unavailable(sentence));
    }
    Ok(())
}

/// A verdict on a line of the batch, as one on the line of the file.
fn in_file(mut verdict: Value, numbers: &[u64]) -> Value {
    let at = verdict["line"].as_u64().and_then(|line| line.checked_sub(1));
    let number = at.and_then(|at| numbers.get(usize::try_from(at).ok()?));
    if let Some(line) = verdict.get_mut("line") {
        *line = number.copied().into();
    }
    verdict
}

/// A bar on stderr, if that is a terminal; of bytes if it is known how many there are.
pub(super) fn progress_bar(bytes: Option<u64>) -> ProgressBar {
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
    use serde_json::json;

    #[test]
    fn a_verdict_names_the_line_of_the_file() {
        let verdict = |line: u64| json!({"line": line, "status": "accepted"});
        assert_eq!(in_file(verdict(2), &[1, 4])["line"], 4);
        assert_eq!(in_file(verdict(3), &[1, 4])["line"], Value::Null);
    }
}
