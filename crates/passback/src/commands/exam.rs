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

const COLUMNS: [Column; 6] = [
    column("ID", |exam| field(exam, "id")),
    column("CONNECTOR", |exam| field(exam, "connector")),
    column("COURSE", |exam| field(exam, "course_id")),
    column("ON FAILED", |exam| field(exam, "on_failed")),
    column("ON NON-GRADED", |exam| field(exam, "on_non_graded")),
    column("VERSIONS", |exam| field(exam, "version_policy")),
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
                writes(&exam).iter().try_for_each(|line| output::line(line))?;
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
