//! `passback config show|check`

use clap::{Args, Subcommand};

use super::settings::ConfigFlags;
use crate::config::{Settings, show};
use crate::exit::{Exit, Failure};
use crate::output;
use crate::services::{Setup, connect};

/// What can be done with the configuration.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Print every key in force, with where its value came from; passwords are masked.
    Show(ConfigArgs),
    /// Check the configuration, the master key file and Redis, as `serve` and `worker` do when they start.
    Check(ConfigArgs),
}

/// Which configuration.
#[derive(Debug, Args)]
pub(crate) struct ConfigArgs {
    #[command(flatten)]
    config: ConfigFlags,
}

/// Runs a command on the configuration.
pub(crate) async fn run(command: ConfigCommand) -> Result<Exit, Failure> {
    match command {
        ConfigCommand::Show(args) => {
            let layers = args.config.layers(None)?;
            output::line(show(&layers).trim_end())?;
            Settings::from_layers(&layers)?;
        }
        ConfigCommand::Check(args) => {
            let settings = args.config.settings_of_worker()?;
            connect(&settings, Setup::Configuration).await?;
            output::note("the configuration, the master key file and Redis are fine");
        }
    }
    Ok(Exit::Done)
}
