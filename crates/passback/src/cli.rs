//! What can be said on the command line.

use clap::{Parser, Subcommand};

use crate::commands::{
    apply, audit, bench, check, completion, config, connector, dead, demo, dev, erase, exam, explain, job, lane, pause,
    push, reconcile, result, secrets, serve, simulator, token, webhook, worker, worker_list, worker_pause,
};
use crate::exit::EXIT_CODES_HELP;

/// Carries exam events to Docebo and never loses one.
///
/// Try `passback demo`: it needs nothing but redis-server. Commands that talk to a server take its address from
/// `PASSBACK_API_URL` and a token from `PASSBACK_API_TOKEN`; in the folder of a running `passback dev` they find both.
#[derive(Debug, Parser)]
#[command(name = "passback", version, after_help = EXIT_CODES_HELP, max_term_width = 110)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Every command.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Play an exam day through the whole stack on this machine.
    Demo(demo::DemoArgs),
    /// Run everything on this machine: a private Redis, a stand-in for Docebo, the API and a worker.
    Dev(dev::DevArgs),
    /// Run the HTTP API.
    Serve(serve::ServeArgs),
    /// Run a worker.
    Worker(worker::WorkerArgs),
    /// Stand in for Docebo.
    Simulator(simulator::SimulatorArgs),
    /// Bring connectors and exams to what a file says.
    Apply(apply::ApplyArgs),
    /// Ask whether a candidate may sit an exam.
    Check(check::CheckArgs),
    /// Hand in exam results: one by flags, or a file.
    Push(push::PushArgs),
    /// Ask which results of a list have arrived: missing, dead, pending, ended or delivered.
    Reconcile(reconcile::ReconcileArgs),
    /// Look at results, list those that are not at their end, and decide those that wait for a person.
    #[command(subcommand)]
    Result(result::ResultCommand),
    /// Look at jobs, and why they do not run.
    #[command(subcommand)]
    Job(job::JobCommand),
    /// Look at dead letters and put them right.
    #[command(subcommand)]
    Dead(dead::DeadCommand),
    /// Look at connectors, try their credentials, pause them, remove them.
    #[command(subcommand)]
    Connector(connector::ConnectorCommand),
    /// Look at exams, check their set-up, remove them.
    #[command(subcommand)]
    Exam(exam::ExamCommand),
    /// Explain a message by its code: what happened, who acts, how it is put right.
    Explain(explain::ExplainArgs),
    /// Look at lanes, pause them.
    #[command(subcommand)]
    Lane(lane::LaneCommand),
    /// List the workers.
    WorkerList(worker_list::WorkerListArgs),
    /// Let a worker take no new jobs.
    WorkerPause(pause::PauseArgs),
    /// Let a paused worker take jobs again.
    WorkerResume(pause::ResumeArgs),
    /// Let a worker finish what it has, and end.
    WorkerDrain(worker_pause::WorkerDrainArgs),
    /// Look at what the master keys have sealed, and seal it again with a new key.
    #[command(subcommand)]
    Secrets(secrets::SecretsCommand),
    /// End every job that holds a person's e-mail.
    ///
    /// Ends every job of the person that has not ended, on all connectors, and forgets the user id that was learned from
    /// Docebo within the last hour. What stays, under a keyed hash of the e-mail and without it: the rows of the ledger,
    /// and what passback remembers of the person's enrolments (Docebo's user id, status, score). Ends with exit code 1 if
    /// some jobs were running: repeat it then.
    Erase(erase::EraseArgs),
    /// Read the audit trail.
    #[command(subcommand)]
    Audit(audit::AuditCommand),
    /// Measure this machine, its Redis and passback's own work.
    #[command(subcommand)]
    Bench(bench::BenchCommand),
    /// Look at what Docebo's webhooks have told, let passback react to it once more, post a sample.
    #[command(subcommand)]
    Webhook(webhook::WebhookCommand),
    /// Make API tokens, list them, revoke them.
    #[command(subcommand)]
    Token(token::TokenCommand),
    /// Look at the configuration of `serve` and `worker`.
    #[command(subcommand)]
    Config(config::ConfigCommand),
    /// Print a script that completes commands and flags in a shell.
    Completion(completion::CompletionArgs),
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    /// The help of a command and of all below it.
    fn help(command: &mut clap::Command, path: &str, text: &mut String) {
        let rendered = command.clone().term_width(100).render_long_help();
        text.extend(["==== ", path, "\n", &rendered.to_string(), "\n"]);
        let names: Vec<String> = command
            .get_subcommands()
            .map(|below| below.get_name().to_owned())
            .collect();
        for name in names {
            let below = command.find_subcommand_mut(&name).unwrap();
            help(below, &format!("{path} {name}"), text);
        }
    }

    #[test]
    fn the_help_of_every_command_reads_as_it_was_reviewed() {
        let mut text = String::new();
        let mut command = Cli::command();
        // Names every command in full, and adds `help` below each.
        command.build();
        help(&mut command, "passback", &mut text);
        let trimmed: Vec<&str> = text.lines().map(str::trim_end).collect();
        insta::assert_snapshot!(trimmed.join("\n"));
    }
}
