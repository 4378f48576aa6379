//! `passback reconcile`

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::Value;

use super::push_file::{open, progress_bar};
use super::reconcile_answers::Answers;
use super::reconcile_calls::{Call, read_call};
use crate::api::{Api, refusal_of};
use crate::exit::{Exit, Failure};
use crate::output::{self, Format};

/// Which results to ask about.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 nothing is missing or dead (pending results go on), 1 something is missing or dead, \
                        4 some lines are no ids. If both are so it is 1; if not every line could be asked about, it is the \
                        code of what went wrong, such as 4 for the file or 5 for the server."
)]
pub(crate) struct ReconcileArgs {
    /// A file with one result id per line, or with results as `push -f` takes them; - reads from the input.
    #[arg(short, long)]
    file: PathBuf,
    /// How to print the answer: table names what has not arrived, json is one document of counts and of what has not
    /// arrived, ndjson a line per id.
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}

/// Asks for all of a file, and says what is missing, dead or pending.
pub(crate) async fn run(args: ReconcileArgs) -> Result<Exit, Failure> {
    let api = Api::from_environment()?;
    let mut answers = Answers::new(args.output);
    match ask_all(&api, &args.file, &mut answers).await {
        Ok(()) => answers.finish(),
        Err(failure) => {
            if answers.have_begun() {
                output::note(&format!("so far: {}", answers.summary()));
            }
            Err(failure)
        }
    }
}

async fn ask_all(api: &Api, path: &Path, answers: &mut Answers) -> Result<(), Failure> {
    let advise =
        |failure: Failure| failure.fix("give a readable file with one result id per line to -f, or - for the input");
    let (bytes, mut lines) = open(path).await.map_err(advise)?;
    let bar = progress_bar(bytes);
    let mut number = 0;
    let asked = loop {
        let call = match read_call(&mut lines, &mut number, path).await {
            Ok(Some(call)) => call,
            Ok(None) => break Ok(()),
            Err(failure) => break Err(advise(failure)),
        };
        let read_bytes = call.read_bytes;
        match ask(api, call).await {
            Ok(told) => bar.suspend(|| told.into_iter().for_each(|answer| answers.take(answer))),
            Err(failure) => break Err(failure),
        }
        bar.inc(read_bytes);
    };
    bar.finish_and_clear();
    asked
}

/// Asks for the ids of one call; every line of the file gets its answer, in the order of the file.
async fn ask(api: &Api, call: Call) -> Result<Vec<Value>, Failure> {
    let Call {
        text,
        numbers,
        excerpts,
        invalid: mut all,
        ..
    } = call;
    if numbers.is_empty() {
        return Ok(all);
    }
    let mut told = api.send_lines(&["v1", "reconcile"], text).await?;
    let last = told.pop().unwrap_or_default();
    if last["summary"].is_null() || told.len() != numbers.len() {
        return Err(refusal_of(&last["problem"]));
    }
    for ((answer, number), excerpt) in told.iter_mut().zip(numbers).zip(excerpts) {
        answer["line"] = number.into();
        if answer["status"] == "invalid" {
            answer["excerpt"] = excerpt.into();
        }
    }
    all.extend(told);
    all.sort_by_key(|answer| answer["line"].as_u64().unwrap_or(u64::MAX));
    Ok(all)
}
