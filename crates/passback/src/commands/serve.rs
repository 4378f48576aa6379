//! `passback serve`

use clap::Args;

use super::settings::{ConfigFlags, LogFlags};
use crate::exit::{Exit, Failure};
use crate::services::{HttpServer, Setup, connect, server_config};
use crate::signals::StopSignals;

/// How to serve.
#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    #[command(flatten)]
    config: ConfigFlags,
    /// Where to listen, over what the configuration says.
    #[arg(long)]
    listen: Option<String>,
    #[command(flatten)]
    log: LogFlags,
}

/// Serves until a signal comes; a second one stops at once.
pub(crate) async fn run(args: ServeArgs) -> Result<Exit, Failure> {
    let settings = args.config.settings(args.listen.as_deref())?;
    args.log.start("info")?;
    let mut signals = StopSignals::listen()?;
    let producer = connect(&settings, Setup::Configuration).await?;
    if settings.tokens.is_empty() {
        tracing::warn!("no token is configured: only those that `passback token create` made let anybody in");
    }
    let mut server = HttpServer::start(
        &settings.listen,
        producer,
        server_config(&settings),
        settings.http_shutdown_grace,
    )
    .await?;
    tracing::info!(listen = %server.address(), "serving");
    tokio::select! {
        ended = server.ended() => return Err(ended),
        () = signals.next() => {}
    }
    tracing::info!("stopping: a second signal stops at once");
    tokio::select! {
        stopped = server.stop() => stopped.map(|()| Exit::Done),
        () = signals.next() => Ok(Exit::Interrupted),
    }
}
