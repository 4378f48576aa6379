//! The configuration of a command from its flags.

use std::path::PathBuf;

use clap::Args;
use toml::Value;

use crate::config::{Layers, Settings, Sources};
use crate::exit::Failure;
use crate::output;

/// Where the configuration comes from.
#[derive(Debug, Clone, Args)]
pub(crate) struct ConfigFlags {
    /// The configuration file; without it, passback.toml of this folder if it is there.
    #[arg(long, env = "PASSBACK_CONFIG", hide_env_values = true)]
    config: Option<PathBuf>,
    /// The Redis to use, over what the configuration says.
    #[arg(long)]
    redis_url: Option<String>,
}

impl ConfigFlags {
    /// All layers.
    pub(crate) fn layers(&self, listen: Option<&str>) -> Result<Layers, Failure> {
        let flags = [
            ("redis.url", "--redis-url", self.redis_url.as_deref()),
            ("http.listen", "--listen", listen),
        ];
        let flags = flags
            .into_iter()
            .filter_map(|(path, flag, text)| Some((path, flag, Value::from(text?))));
        let sources = Sources {
            file: self.config.clone(),
            // A variable that is no text cannot be ours.
            variables: std::env::vars_os()
                .filter_map(|(name, text)| Some((name.into_string().ok()?, text.into_string().ok()?)))
                .collect(),
            flags: flags.collect(),
        };
        Ok(Layers::read(sources)?)
    }

    /// The settings in force.
    pub(crate) fn settings(&self, listen: Option<&str>) -> Result<Settings, Failure> {
        Ok(Settings::from_layers(&self.layers(listen)?)?)
    }

    /// The settings in force, for who works by them: what is hardly meant is said on stderr.
    pub(crate) fn settings_of_worker(&self) -> Result<Settings, Failure> {
        let settings = self.settings(None)?;
        for warning in &settings.warnings {
            output::note(&format!("warning: {warning}"));
        }
        Ok(settings)
    }
}

/// How much to log.
#[derive(Debug, Clone, Args)]
pub(crate) struct LogFlags {
    /// What to log: error, warn, info, debug, trace, or a filter such as `passback_worker=debug,info`.
    #[arg(long, env = "PASSBACK_LOG", hide_env_values = true)]
    log_level: Option<String>,
}

impl LogFlags {
    /// Starts the log.
    pub(crate) fn start(&self, usual: &str) -> Result<(), Failure> {
        crate::logging::start(self.log_level.as_deref().unwrap_or(usual))
    }
}
