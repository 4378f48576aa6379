//! `passback config show|check`

use clap::{Args, Subcommand};

use super::settings::ConfigFlags;
use crate::config::{Settings, show};
use crate::exit::{Exit, Failure};
use crate::output;
use crate::services::{Setup, connect, load_tls};

/// What can be done with the configuration.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Print every key in force, with where its value came from; passwords are masked.
    Show(ConfigArgs),
    /// Check the configuration, the TLS files, the master key file and Redis, as `serve` and `worker` do when they start.
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
            load_tls(settings.tls.clone())?;
            connect(&settings, Setup::Configuration).await?;
            output::note(fine(settings.tls.is_some()));
        }
    }
    Ok(Exit::Done)
}

/// What was looked at.
fn fine(with_tls: bool) -> &'static str {
    if with_tls {
        "the configuration, the TLS files, the master key file and Redis are fine"
    } else {
        "the configuration, the master key file and Redis are fine"
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(subcommand)]
        command: ConfigCommand,
    }

    #[tokio::test]
    async fn tls_files_with_which_serve_would_not_start_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("passback.toml");
        let absent = folder.path().join("absent.pem");
        let text = format!("[http]\ntls = {{ certificate_file = {absent:?}, key_file = {absent:?} }}\n");
        std::fs::write(&file, text).unwrap();
        let file = file.to_str().unwrap();
        let line = Line::try_parse_from(["x", "check", "--config", file]).unwrap();
        let failure = run(line.command).await.unwrap_err();
        assert!(failure.sentence.contains("https cannot be served"), "{failure}");
        assert!(failure.sentence.contains("absent.pem"), "{failure}");
    }
}
