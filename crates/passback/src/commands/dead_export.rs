//! `passback dead export`: every dead letter that matches, one line of JSON each.

use std::io::{self, Write};

use clap::Args;

use super::dead_plan::DeadFilter;
use super::filter::borrowed;
use crate::api::Api;
use crate::exit::{Exit, Failure};
use crate::output;

/// Which dead letters to export.
#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    #[command(flatten)]
    filter: DeadFilter,
}

/// Prints them as they come; an export that broke off is a failure.
pub(crate) async fn run(api: &Api, args: ExportArgs) -> Result<Exit, Failure> {
    let query = args.filter.query()?;
    let mut answer = api.open(&["v1", "dead-letters", "export"], &borrowed(&query)).await?;
    let mut lines = 0_usize;
    loop {
        let piece = answer.chunk().await.map_err(|_| {
            Failure::unavailable(format!(
                "the export broke off after {lines} lines: what was printed is not all"
            ))
            .fix("run the same command again")
        })?;
        let Some(piece) = piece else { break };
        lines += piece.split(|byte| *byte == b'\n').count() - 1;
        let mut stdout = io::stdout().lock();
        let written = stdout.write_all(&piece).and_then(|()| stdout.flush());
        written.map_err(|error| Failure::output(&error))?;
    }
    output::note(&format!("{lines} dead letter(s)"));
    Ok(Exit::Done)
}
