//! `passback push`

use std::path::PathBuf;

use clap::Args;
use reqwest::{Method, StatusCode};
use serde_json::{Map, Value};

use super::push_file::push_file;
use super::push_preview;
use crate::api::Api;
use crate::exit::{Exit, Failure};
use crate::output::{self, Format, field};

/// One result by flags, or many in a file.
#[derive(Debug, Args)]
pub(crate) struct PushArgs {
    /// A file with one JSON result per line; - reads from the input. Running it again is safe: what was accepted stays.
    #[arg(short, long, conflicts_with_all = ["result_id", "exam", "email", "outcome", "score", "completed_at", "sequence"])]
    file: Option<PathBuf>,
    /// The result's id: the same id is accepted once.
    #[arg(long, required_unless_present = "file")]
    result_id: Option<String>,
    /// The exam's id.
    #[arg(long, required_unless_present = "file")]
    exam: Option<String>,
    /// The candidate's e-mail.
    #[arg(long, required_unless_present = "file")]
    email: Option<String>,
    /// passed, failed or `non_graded`.
    #[arg(long, required_unless_present = "file")]
    outcome: Option<String>,
    /// The score in percent, 0 to 100.
    #[arg(long, allow_hyphen_values = true, value_parser = score)]
    score: Option<f64>,
    /// When the exam was completed, such as 2025-11-20T09:30:11Z.
    #[arg(long, required_unless_present = "file")]
    completed_at: Option<String>,
    /// A number that grows with each result of the same candidate.
    #[arg(long)]
    sequence: Option<u64>,
    /// Say what would become of one result now, with the exact request and the difference to what Docebo holds; change
    /// nothing. It needs a token of the role operator. Exit code 1: it would wait for somebody; 7: Docebo could not be asked.
    #[arg(long, conflicts_with = "file")]
    dry_run: bool,
    /// How to print the receipt; of a file, json is one document of counts and refusals, ndjson a verdict per line.
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}

/// Hands in one result, or all of a file.
pub(crate) async fn run(args: PushArgs) -> Result<Exit, Failure> {
    let api = Api::from_environment()?;
    if let Some(file) = &args.file {
        return push_file(&api, file, args.output).await;
    }
    let path = ["v1", "results"];
    if args.dry_run {
        let query = [("dry_run", "true")];
        let preview = api.call(Method::POST, &path, &query, Some(&result(&args))).await?;
        return push_preview::print(args.output, &preview.body);
    }
    let answer = api.call(Method::POST, &path, &[], Some(&result(&args))).await?;
    if args.output == Format::Table {
        let word = if answer.status == StatusCode::OK {
            "was accepted before"
        } else {
            "accepted"
        };
        let (result, job) = (field(&answer.body, "result_id"), field(&answer.body, "job_id"));
        output::line(&format!("{result} {word}, job {job}"))?;
    } else {
        output::item(args.output, &answer.body)?;
    }
    Ok(Exit::Done)
}

/// A number that JSON can carry; whether it is a score is for the server to say.
fn score(text: &str) -> Result<f64, String> {
    let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
    number.ok_or_else(|| "a score is a number from 0 to 100, such as 87 or 87.5".to_owned())
}

fn result(args: &PushArgs) -> Value {
    let fields = [
        ("result_id", args.result_id.clone().map(Value::from)),
        ("exam_id", args.exam.clone().map(Value::from)),
        ("email", args.email.clone().map(Value::from)),
        ("outcome", args.outcome.clone().map(Value::from)),
        ("score_percent", args.score.map(Value::from)),
        ("completed_at", args.completed_at.clone().map(Value::from)),
        ("sequence", args.sequence.map(Value::from)),
    ];
    let given = fields
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(given.collect::<Map<_, _>>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("87.5", Some(87.5))]
    #[case("-1", Some(-1.0))]
    #[case("NaN", None)]
    #[case("-inf", None)]
    #[case("1e999", None)]
    #[case("many", None)]
    fn a_score_is_a_finite_number(#[case] text: &str, #[case] read: Option<f64>) {
        assert_eq!(score(text).ok(), read);
    }
}
