//! `passback simulator`

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use passback_simulator::{Simulator, World};

use super::settings::LogFlags;
use super::simulator_webhook::WebhookFlags;
use crate::exit::{Exit, Failure};
use crate::output;
use crate::signals::StopSignals;

/// What to simulate.
#[derive(Debug, Args)]
#[command(after_help = "\
Each tenant is steered under /__simulator/ on its own port: GET effects, requests, counts; GET, POST,
DELETE faults; PUT credentials {\"refused\": true}; POST tokens/expire; PUT users, courses, enrollments;
GET, DELETE users/ID, courses/ID, enrollments/COURSE/USER; PUT users/ID/email;
POST users/ID/deactivate, users/ID/reactivate, courses/ID/outdated;
POST enrollments/COURSE/USER/complete; PUT, DELETE webhook; GET webhooks, webhooks/counts;
POST webhooks/emit, webhooks/resend, webhooks/settle?wait_ms=5000.")]
pub(crate) struct SimulatorArgs {
    /// A TOML file with the tenants; without it, the sample with one tenant, acme.
    #[arg(long)]
    world: Option<PathBuf>,
    /// Where the first tenant listens, over what the world says; port 0 takes a free one.
    #[arg(long)]
    listen: Option<SocketAddr>,
    /// A fault for all tenants or one: `[TENANT/]ON:KIND[:every=N][:times=N][:retry_after=S][:delay_ms=MS]`; may be repeated.
    #[arg(long = "fault", value_name = "FAULT")]
    faults: Vec<String>,
    #[command(flatten)]
    webhook: WebhookFlags,
    #[command(flatten)]
    log: LogFlags,
}

/// Simulates until a signal comes.
pub(crate) async fn run(args: SimulatorArgs) -> Result<Exit, Failure> {
    args.log.start("info")?;
    let mut signals = StopSignals::listen()?;
    let mut world = load_world(args.world.as_deref())?;
    for fault in &args.faults {
        world
            .apply_fault_flag(fault)
            .map_err(|error| Failure::usage(error.to_string()))?;
    }
    if let (Some(listen), Some(tenant)) = (args.listen, world.tenants.first_mut()) {
        tenant.listen = listen;
    }
    args.webhook.apply(&mut world)?;
    let simulator = start(world).await?;
    for tenant in simulator.tenant_names() {
        output::line(&format!("{tenant} {}", simulator.url(&tenant).unwrap_or_default()))?;
    }
    signals.next().await;
    simulator.shutdown().await;
    Ok(Exit::Done)
}

/// A world from a file, or the sample.
pub(crate) fn load_world(file: Option<&std::path::Path>) -> Result<World, Failure> {
    match file {
        None => Ok(World::sample()),
        Some(path) => World::from_file(path).map_err(|error| {
            Failure::refused(error.to_string())
                .fix("give a readable world file; see the ones in deploy/demo and examples")
        }),
    }
}

/// Starts a world.
pub(crate) async fn start(world: World) -> Result<Simulator, Failure> {
    Simulator::start(world).await.map_err(|error| {
        Failure::failed(error.to_string()).fix("let the tenant listen on another port; port 0 takes a free one")
    })
}
