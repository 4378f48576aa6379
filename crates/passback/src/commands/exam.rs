//! `passback exam list|show|remove`

use clap::Subcommand;

use super::connector::{OneArgs, PrintArgs, RemoveArgs, remove};
use crate::api::{Api, items};
use crate::exit::{Exit, Failure};
use crate::output::{self, Column, column, field};

/// What can be done with exams.
#[derive(Debug, Subcommand)]
pub(crate) enum ExamCommand {
    /// List exams.
    List(PrintArgs),
    /// Show one exam.
    Show(OneArgs),
    /// Remove an exam.
    Remove(RemoveArgs),
}

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
            let page = api.get(&["v1", "exams"], &[]).await?;
            output::list(args.output, items(&page), &COLUMNS)?;
        }
        ExamCommand::Show(args) => {
            let exam = api.get(&["v1", "exams", &args.id], &[]).await?;
            output::item(args.output, &exam)?;
        }
        ExamCommand::Remove(args) => remove(&api, "exams", "exam", &args).await?,
    }
    Ok(Exit::Done)
}
