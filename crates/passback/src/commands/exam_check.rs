//! `passback exam check`

use clap::Args;
use reqwest::Method;
use serde_json::{Value, json};

use crate::api::Api;
use crate::exit::{Exit, Failure};
use crate::output::{self, Column, Format, column, field, text_of};

/// Which exam, and with whom.
#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// The exam's id.
    id: String,
    /// The e-mail of a candidate who should be able to sit the exam: looks at the user and the enrolment as well.
    #[arg(long)]
    email: Option<String>,
    /// How to print what was found.
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}

const COLUMNS: [Column; 4] = [
    column("STEP", |step| field(step, "step")),
    column("", verdict),
    column("CODE", |step| field(step, "code")),
    column("FOUND", |step| field(step, "detail")),
];

/// Checks an exam's set-up; ends with exit code 1 if something is wrong.
pub(crate) async fn check(api: &Api, args: &CheckArgs) -> Result<Exit, Failure> {
    let body = json!({"email": args.email});
    let path = ["v1", "exams", &args.id, "check"];
    let found = api.call(Method::POST, &path, &[], Some(&body)).await?.body;
    let steps = found["steps"].as_array().map(Vec::as_slice).unwrap_or_default();
    match args.output {
        Format::Json => output::item(args.output, &found)?,
        Format::Ndjson => output::list(args.output, steps, &COLUMNS)?,
        Format::Table => {
            output::list(args.output, steps, &COLUMNS)?;
            advice(&found).iter().try_for_each(|line| output::line(line))?;
        }
    }
    Ok(if found["ok"] == Value::Bool(true) {
        Exit::Done
    } else {
        Exit::Failed
    })
}

fn verdict(step: &Value) -> String {
    match step["ok"].as_bool() {
        Some(true) => "ok",
        Some(false) => "WRONG",
        None => "?",
    }
    .to_owned()
}

/// How what is wrong is put right, and what a person must look at.
fn advice(found: &Value) -> Vec<String> {
    let list = |name: &str| found[name].as_array().cloned().unwrap_or_default();
    let mut lines = Vec::new();
    for step in list("steps").iter().filter(|step| step["ok"] == Value::Bool(false)) {
        lines.push(format!("\nto put {} right:", field(step, "step")));
        let steps = step["resolution"].as_array().cloned().unwrap_or_default();
        let numbered = steps.iter().zip(1..);
        lines.extend(numbered.map(|(step, number)| format!("  {number}. {}", text_of(step))));
    }
    lines.push("\nto check by hand, since no call shows it:".to_owned());
    for hand in list("by_hand") {
        lines.push(format!("  - {}", field(&hand, "what")));
        lines.push(format!("    {}", field(&hand, "how")));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_comes_with_its_way_out_and_what_no_call_shows_with_how_to_look() {
        let found = json!({
            "steps": [
                {"step": "credentials", "ok": true, "resolution": []},
                {"step": "user", "ok": false, "code": "user_not_found", "resolution": ["Create the user."]},
                {"step": "enrollment", "ok": null, "resolution": []},
            ],
            "by_hand": [{"what": "The course is listed.", "how": "Open the catalogue."}],
        });
        assert_eq!(
            advice(&found),
            [
                "\nto put user right:",
                "  1. Create the user.",
                "\nto check by hand, since no call shows it:",
                "  - The course is listed.",
                "    Open the catalogue.",
            ]
        );
        let words: Vec<String> = found["steps"].as_array().unwrap().iter().map(verdict).collect();
        assert_eq!(words, ["ok", "WRONG", "?"]);
    }
}
