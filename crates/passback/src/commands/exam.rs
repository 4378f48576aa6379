//! `passback exam list|show|check|remove`

use clap::Subcommand;
use serde_json::Value;

use super::connector::{OneArgs, PrintArgs, RemoveArgs, remove};
use super::exam_check::{CheckArgs, check};
use crate::api::Api;
use crate::exit::{Exit, Failure};
use crate::output::{self, Column, Format, column, field, text_of};

/// What can be done with exams.
#[derive(Debug, Subcommand)]
pub(crate) enum ExamCommand {
    /// List exams.
    List(PrintArgs),
    /// Show one exam, and what each outcome would write.
    Show(OneArgs),
    /// Read with the connector's account what can be read of an exam's set-up, and name what is wrong.
    Check(CheckArgs),
    /// Remove an exam.
    Remove(RemoveArgs),
}

/// As many as the registry takes.
pub(crate) const MAX_EXAMS: usize = 100_000;

const COLUMNS: [Column; 7] = [
    column("ID", |exam| field(exam, "id")),
    column("CONNECTOR", |exam| field(exam, "connector")),
    column("COURSE", |exam| field(exam, "course_id")),
    column("ON FAILED", |exam| field(exam, "on_failed")),
    column("ON NON-GRADED", |exam| field(exam, "on_non_graded")),
    column("VERSIONS", |exam| field(exam, "version_policy")),
    column("WARNINGS", warning_codes),
];

/// Runs a command on exams.
pub(crate) async fn run(command: ExamCommand) -> Result<Exit, Failure> {
    let api = Api::from_environment()?;
    match command {
        ExamCommand::List(args) => {
            let (exams, _) = api.list(&["v1", "exams"], &[], MAX_EXAMS).await?;
            output::list(args.output, &exams, &COLUMNS)?;
        }
        ExamCommand::Show(args) => {
            let exam = api.get(&["v1", "exams", &args.id], &[]).await.map_err(name_the_list)?;
            output::item(args.output, &exam)?;
            if args.output == Format::Table {
                let lines = writes(&exam).into_iter().chain(warnings(&exam));
                lines.into_iter().try_for_each(|line| output::line(&line))?;
            }
        }
        ExamCommand::Check(args) => return check(&api, &args).await,
        ExamCommand::Remove(args) => remove(&api, "exams", "exam", &args).await?,
    }
    Ok(Exit::Done)
}

/// Where the ids of exams are found, for whoever gave another one.
fn name_the_list(failure: Failure) -> Failure {
    if failure.exit != Exit::NotFound {
        return failure;
    }
    Failure {
        fixes: vec!["see which exams there are: passback exam list".to_owned()],
        ..failure
    }
}

/// What an exam takes for eligible and what it writes, below its record.
fn writes(exam: &Value) -> Vec<String> {
    let states = exam["eligible_states"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    let states: Vec<String> = states.iter().map(text_of).collect();
    let outcomes = ["passed", "failed", "non_graded"];
    let sentences = outcomes.map(|outcome| format!("  {}", field(&exam["writes"][outcome], "sentence")));
    let heading = [
        format!("\neligible: {}", states.join(", ")),
        "\nwhat is written; a change of it affects later writes only:".to_owned(),
    ];
    heading.into_iter().chain(sentences).collect()
}

fn listed(exam: &Value) -> &[Value] {
    exam["warnings"].as_array().map(Vec::as_slice).unwrap_or_default()
}

/// The codes of what stands in an exam's way.
fn warning_codes(exam: &Value) -> String {
    let codes: Vec<String> = listed(exam).iter().map(|warning| field(warning, "code")).collect();
    if codes.is_empty() {
        "-".to_owned()
    } else {
        codes.join(", ")
    }
}

/// What stands in an exam's way, and how it is put right, below its record.
fn warnings(exam: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    for warning in listed(exam) {
        let (code, title, since) = (field(warning, "code"), field(warning, "title"), field(warning, "since"));
        lines.push(format!("\nwarning: {title} ({code}), since {since}"));
        lines.push(format!("  {}", field(warning, "explanation")));
        let steps = warning["resolution"].as_array().map(Vec::as_slice).unwrap_or_default();
        let numbered = steps.iter().zip(1..);
        lines.extend(numbered.map(|(step, number)| format!("  {number}. {}", text_of(step))));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_exam_that_is_not_there_leads_to_the_list() {
        let lost = name_the_list(Failure::new(Exit::NotFound, "there is no exam of this id").fix("Correct the id."));
        assert_eq!(lost.fixes, ["see which exams there are: passback exam list"]);
        let cut = name_the_list(Failure::unavailable("nobody answers").fix("Start it."));
        assert_eq!(cut.fixes, ["Start it."]);
    }

    #[test]
    fn what_stands_in_an_exams_way_is_listed_and_shown() {
        let exam = json!({"warnings": [{
            "code": "course_deleted", "title": "The course is deleted", "since": "2026-11-22T09:30:00Z",
            "explanation": "Docebo has told so.", "resolution": ["Ask."],
        }]});
        assert_eq!(warning_codes(&exam), "course_deleted");
        assert_eq!(
            warnings(&exam),
            [
                "\nwarning: The course is deleted (course_deleted), since 2026-11-22T09:30:00Z",
                "  Docebo has told so.",
                "  1. Ask.",
            ]
        );
        assert_eq!(
            COLUMNS.last().map(|column| (column.cell)(&exam)).as_deref(),
            Some("course_deleted")
        );
        assert_eq!(
            (warning_codes(&json!({})), warnings(&json!({})).len()),
            ("-".to_owned(), 0)
        );
    }

    #[test]
    fn an_exam_says_what_it_takes_and_writes() {
        let says = |sentence: &str| json!({"sentence": sentence});
        let exam = json!({
            "eligible_states": ["subscribed", "in_progress"],
            "writes": {"passed": says("A pass."), "failed": says("A fail."), "non_graded": says("Neither.")},
        });
        let lines = writes(&exam);
        assert_eq!(lines[0], "\neligible: subscribed, in_progress");
        assert_eq!(lines[2..], ["  A pass.", "  A fail.", "  Neither."]);
    }
}
