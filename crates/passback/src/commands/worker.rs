//! `passback worker`

use clap::Args;
use passback_worker::Shutdown;

use super::settings::{ConfigFlags, LogFlags};
use crate::exit::{Exit, Failure};
use crate::services::{Setup, connect, worker_config};
use crate::signals::StopSignals;

/// How to work.
#[derive(Debug, Args)]
pub(crate) struct WorkerArgs {
    #[command(flatten)]
    config: ConfigFlags,
    #[command(flatten)]
    log: LogFlags,
}

/// Works until a signal comes; a second one stops at once.
pub(crate) async fn run(args: WorkerArgs) -> Result<Exit, Failure> {
    let settings = args.config.settings_of_worker()?;
    args.log.start("info")?;
    let mut signals = StopSignals::listen()?;
    let producer = connect(&settings, Setup::Configuration).await?;
    let shutdown = Shutdown::new();
    let work = passback_worker::run(producer, worker_config(&settings), shutdown.clone());
    tokio::pin!(work);
    loop {
        tokio::select! {
            ended = &mut work => {
                return match ended {
                    Ok(()) => Ok(Exit::Done),
                    Err(error) => Err(Failure::failed(format!("the worker ended: {error}"))),
                };
            }
            () = signals.next() => {
                if shutdown.is_requested() {
                    shutdown.request_at_once();
                } else {
                    tracing::info!("stopping: a second signal stops at once");
                    shutdown.request();
                }
            }
        }
    }
}
