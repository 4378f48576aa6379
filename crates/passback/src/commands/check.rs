//! `passback check`

use clap::Args;
use reqwest::Method;
use serde_json::{Value, json};

use crate::api::Api;
use crate::exit::{Exit, Failure};
use crate::output::{self, Format, field, text_of};

/// Whom to ask about, and how long to wait.
#[derive(Debug, Args)]
#[command(after_help = "Exit codes: 0 eligible, 6 not eligible, 7 unverified or no answer yet.")]
pub(crate) struct CheckArgs {
    /// The exam's id.
    #[arg(long)]
    exam: String,
    /// The candidate's e-mail.
    #[arg(long)]
    email: String,
    /// How long to wait for the answer, up to 30s.
    #[arg(long, default_value = "8s")]
    wait: String,
    /// How to print the answer.
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}

/// Asks, waits and prints the answer.
pub(crate) async fn run(args: CheckArgs) -> Result<Exit, Failure> {
    let api = Api::from_environment()?;
    let body = json!({"exam_id": args.exam, "email": args.email});
    let path = ["v1", "eligibility-checks"];
    let check = api
        .call(Method::POST, &path, &[("wait", &args.wait)], Some(&body))
        .await?
        .body;
    print(args.output, &check)?;
    Ok(exit_of(&check))
}

fn print(format: Format, check: &Value) -> Result<(), Failure> {
    if format != Format::Table {
        return output::item(format, check);
    }
    if check["state"] == "waiting" {
        return output::line(&format!("no answer yet; check {} goes on", field(check, "id")));
    }
    let answer = field(check, "answer").replace('_', " ");
    match check["code"].as_str().filter(|_| check["answer"] != "eligible") {
        Some(code) => output::line(&format!("{answer}: {} ({code})", field(check, "title")))?,
        None => return output::line(&answer),
    }
    output::line(&field(check, "explanation"))?;
    output::line(&format!("who acts: {}", field(check, "who_acts")))?;
    let steps = check["resolution"].as_array().map(Vec::as_slice).unwrap_or_default();
    steps
        .iter()
        .enumerate()
        .try_for_each(|(index, step)| output::line(&format!("  {}. {}", index + 1, text_of(step))))
}

fn exit_of(check: &Value) -> Exit {
    match check["answer"].as_str() {
        Some("eligible") => Exit::Done,
        Some("not_eligible") => Exit::NotEligible,
        Some(_) | None => Exit::Unverified,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_is_never_taken_for_an_answer() {
        assert_eq!(exit_of(&json!({"state": "final", "answer": "eligible"})), Exit::Done);
        assert_eq!(
            exit_of(&json!({"state": "final", "answer": "not_eligible"})),
            Exit::NotEligible
        );
        assert_eq!(
            exit_of(&json!({"state": "final", "answer": "unverified"})),
            Exit::Unverified
        );
        assert_eq!(exit_of(&json!({"state": "waiting"})), Exit::Unverified);
    }
}
