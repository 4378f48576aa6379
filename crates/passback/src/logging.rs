//! Logs on stderr: JSON for machines, readable for people.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt;

use crate::exit::Failure;

/// Starts the log; `level` is a level or a filter such as `passback_worker=debug,info`.
pub(crate) fn start(level: &str) -> Result<(), Failure> {
    let filter = EnvFilter::try_new(level).map_err(|_| {
        Failure::usage(format!("\"{level}\" is no log level"))
            .fix("use error, warn, info, debug or trace, or a filter such as passback_worker=debug,info")
    })?;
    let log = fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = if std::io::stderr().is_terminal() {
        log.with_target(false).try_init()
    } else {
        log.json()
            .flatten_event(true)
            .with_span_list(false)
            .with_ansi(false)
            .try_init()
    };
    started.map_err(|error| Failure::failed(format!("the log cannot be started: {error}")))
}
