//! One file per command.

pub(crate) mod apply;
mod apply_entries;
pub(crate) mod audit;
pub(crate) mod bench;
pub(crate) mod check;
pub(crate) mod completion;
pub(crate) mod config;
pub(crate) mod connector;
pub(crate) mod dead;
mod dead_export;
mod dead_plan;
mod dead_run;
pub(crate) mod demo;
pub(crate) mod dev;
mod drain;
pub(crate) mod erase;
pub(crate) mod exam;
mod exam_check;
pub(crate) mod explain;
mod filter;
pub(crate) mod job;
mod key_usage;
pub(crate) mod lane;
pub(crate) mod pause;
pub(crate) mod push;
mod push_file;
mod push_lines;
mod push_preview;
mod push_verdicts;
mod reason;
pub(crate) mod reconcile;
mod reconcile_answers;
mod reconcile_calls;
pub(crate) mod result;
mod result_view;
pub(crate) mod secrets;
pub(crate) mod serve;
mod settings;
pub(crate) mod simulator;
mod simulator_webhook;
pub(crate) mod token;
mod token_create;
mod token_list;
pub(crate) mod token_new;
mod token_revoke;
pub(crate) mod webhook;
mod webhook_sample;
pub(crate) mod worker;
pub(crate) mod worker_list;
pub(crate) mod worker_pause;

use crate::cli::Command;
use crate::exit::{Exit, Failure};

/// Runs one command to its end.
pub(crate) async fn run(command: Command) -> Result<Exit, Failure> {
    match command {
        Command::Demo(args) => demo::run(args).await,
        Command::Dev(args) => dev::run(args).await,
        Command::Serve(args) => serve::run(args).await,
        Command::Worker(args) => worker::run(args).await,
        Command::Simulator(args) => simulator::run(args).await,
        Command::Apply(args) => apply::run(args).await,
        Command::Check(args) => check::run(args).await,
        Command::Push(args) => push::run(args).await,
        Command::Reconcile(args) => reconcile::run(args).await,
        Command::Result(command) => result::run(command).await,
        Command::Job(command) => job::run(command).await,
        Command::Dead(command) => dead::run(command).await,
        Command::Connector(command) => connector::run(command).await,
        Command::Exam(command) => exam::run(command).await,
        Command::Explain(args) => explain::run(&args),
        Command::Lane(command) => lane::run(command).await,
        Command::WorkerList(args) => worker_list::run(args).await,
        Command::WorkerPause(args) => worker_pause::run_pause(args).await,
        Command::WorkerResume(args) => worker_pause::run_resume(args).await,
        Command::WorkerDrain(args) => worker_pause::run_drain(args).await,
        Command::Secrets(command) => secrets::run(command).await,
        Command::Erase(args) => erase::run(args).await,
        Command::Audit(command) => audit::run(command).await,
        Command::Bench(command) => bench::run(command).await,
        Command::Webhook(command) => webhook::run(command).await,
        Command::Token(command) => token::run(command).await,
        Command::Config(command) => config::run(command).await,
        Command::Completion(args) => completion::run(&args),
    }
}
