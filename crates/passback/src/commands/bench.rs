//! `passback bench …`

use clap::{Args, Subcommand};
use secrecy::SecretString;
use serde_json::{Value, json};

use super::settings::LogFlags;
use crate::bench::{Figures, Ground, Plan, PushPlan, WebhookPlan, measure, measure_push, measure_webhooks, serve_crew};
use crate::exit::{Exit, Failure};
use crate::output;
use crate::signals::StopSignals;

/// What to measure.
#[derive(Debug, Subcommand)]
pub(crate) enum BenchCommand {
    /// Measure the queue with jobs that do nothing: stored, started and ended by a real worker.
    ///
    /// The Redis must hold no jobs and never have held any. Without --redis-url a private redis-server is started
    /// (append-only, fsync every second) and removed at the end.
    Queue(Box<QueueArgs>),
    /// Measure the whole path of a result: accepted, carried by a worker, written to a simulated Docebo.
    ///
    /// The Redis must be empty. Without --redis-url a private redis-server is started (append-only, fsync every
    /// second) and removed at the end.
    Push(PushArgs),
    /// Measure how long Docebo waits for the answer to a webhook, at a steady rate.
    ///
    /// The Redis must be empty. Without --redis-url a private redis-server is started (append-only, fsync every
    /// second) and removed at the end.
    Webhook(WebhookArgs),
    /// A worker process of `bench queue`.
    #[command(hide = true)]
    CrewMember,
}

/// How to measure the queue.
#[derive(Debug, Args)]
pub(crate) struct QueueArgs {
    #[command(flatten)]
    plan: Plan,
    #[command(flatten)]
    surroundings: Surroundings,
}

/// How to measure the whole path.
#[derive(Debug, Args)]
pub(crate) struct PushArgs {
    #[command(flatten)]
    plan: PushPlan,
    #[command(flatten)]
    surroundings: Surroundings,
}

/// How to measure the door of the webhooks.
#[derive(Debug, Args)]
pub(crate) struct WebhookArgs {
    #[command(flatten)]
    plan: WebhookPlan,
    #[command(flatten)]
    surroundings: Surroundings,
}

/// Where to measure, and how to say it.
#[derive(Debug, Args)]
struct Surroundings {
    /// Measure on this Redis instead of starting one; only what this run stored is removed from it.
    #[arg(long)]
    redis_url: Option<String>,
    /// Print one JSON object instead of a table: medians under the figures' names, with `_min` and `_max`.
    #[arg(long)]
    json: bool,
    /// Leave the last round's jobs in the Redis that --redis-url names.
    #[arg(long, requires = "redis_url")]
    keep_jobs: bool,
    #[command(flatten)]
    log: LogFlags,
}

/// Measures, prints, and leaves no trace.
pub(crate) async fn run(command: BenchCommand) -> Result<Exit, Failure> {
    match command {
        BenchCommand::Queue(args) => {
            let conditions = conditions_of_queue(&args.plan);
            let plan = args.plan;
            run_on_ground(args.surroundings, conditions, async |ground| {
                measure(ground, &plan).await
            })
            .await
        }
        BenchCommand::Push(args) => {
            let conditions = conditions_of_push(&args.plan);
            let plan = args.plan;
            run_on_ground(args.surroundings, conditions, async |ground| {
                measure_push(ground, &plan).await
            })
            .await
        }
        BenchCommand::Webhook(args) => {
            let conditions = conditions_of_webhooks(&args.plan);
            let plan = args.plan;
            run_on_ground(args.surroundings, conditions, async |ground| {
                measure_webhooks(ground, &plan).await
            })
            .await
        }
        BenchCommand::CrewMember => serve_crew().await,
    }
}

async fn run_on_ground(
    surroundings: Surroundings,
    mut conditions: Value,
    measure: impl AsyncFnOnce(&Ground) -> Result<Figures, Failure>,
) -> Result<Exit, Failure> {
    surroundings.log.start("warn")?;
    let mut signals = StopSignals::listen()?;
    let ground = Ground::open(surroundings.redis_url.map(SecretString::from)).await?;
    let machine = ground.machine().await;
    let measured = tokio::select! {
        measured = measure(&ground) => measured.map(Some),
        () = signals.next() => Ok(None),
    };
    // A second signal must not wait for a Redis that is gone.
    let closed = tokio::select! {
        closed = ground.close(surroundings.keep_jobs) => closed,
        () = signals.next() => Ok(()),
    };
    let Some(figures) = measured? else {
        return Ok(Exit::Interrupted);
    };
    closed?;
    conditions["machine"] = machine?;
    print(&figures, &conditions, surroundings.json)?;
    Ok(Exit::Done)
}

/// What the figures depend on.
fn conditions_of_queue(plan: &Plan) -> Value {
    json!({
        "bench": "queue",
        "jobs": plan.jobs,
        "payload_bytes": plan.payload_bytes,
        "concurrency": plan.concurrency,
        "processes": plan.processes,
        "connectors": plan.connectors,
        "lane": plan.lane,
        "enqueue": plan.enqueue.as_str(),
        "callers": plan.callers,
        "batch": plan.batch,
        "latency_jobs": plan.latency_jobs,
        "rounds": plan.rounds,
    })
}

fn conditions_of_push(plan: &PushPlan) -> Value {
    json!({
        "bench": "push",
        "results": plan.results,
        "latency_results": plan.latency_results,
        "concurrency": plan.concurrency,
        "callers": plan.callers,
        "docebo_latency_ms": plan.docebo_latency_ms,
        "rounds": plan.rounds,
    })
}

fn conditions_of_webhooks(plan: &WebhookPlan) -> Value {
    json!({
        "bench": "webhook",
        "messages_per_s": plan.rate,
        "seconds": plan.seconds,
        "events_per_message": plan.items,
        "rounds": plan.rounds,
    })
}

fn print(figures: &Figures, conditions: &Value, as_json: bool) -> Result<(), Failure> {
    if as_json {
        let mut fields = conditions.as_object().cloned().unwrap_or_default();
        fields.extend(figures.fields());
        return output::line(&Value::Object(fields).to_string());
    }
    let machine = conditions["machine"].as_object();
    let own = conditions.as_object().into_iter().flatten();
    let own = own.filter(|(name, _)| *name != "machine");
    let texts = own.chain(machine.into_iter().flatten()).map(condition);
    output::line(&texts.collect::<Vec<_>>().join(", "))?;
    output::line("")?;
    output::line(&figures.table())
}

fn condition((name, value): (&String, &Value)) -> String {
    format!("{} {}", name.replace('_', " "), output::text_of(value))
}
