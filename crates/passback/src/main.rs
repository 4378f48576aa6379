//! The command line of passback: `passback --help`.

mod api;
mod bench;
mod cli;
mod commands;
mod config;
mod demo;
mod exit;
mod logging;
mod output;
mod services;
mod signals;
mod stack;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::Cli;
use crate::exit::{Exit, Failure};

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help is an "error" of clap as well; who pipes it into `head` has read enough.
            let _ = error.print();
            return if error.use_stderr() {
                Exit::Usage.into()
            } else {
                Exit::Done.into()
            };
        }
    };
    match run(cli) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            if !failure.sentence.is_empty() {
                output::note(&failure.to_string());
            }
            failure.exit.into()
        }
    }
}

fn run(cli: Cli) -> Result<Exit, Failure> {
    // Another crate may have set it already; either is the same ring.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::failed(format!("the runtime cannot be started: {error}")))?;
    let ended = runtime.block_on(commands::run(cli.command));
    // A line that waits on stdin must not hold up the end.
    runtime.shutdown_background();
    ended
}
