//! `passback dead redrive --plan`, `passback dead watch`, `passback dead stop`: a plan on its way.

use std::io::{self, IsTerminal};

use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use reqwest::Method;
use serde_json::{Value, json};

use super::dead_plan::print;
use super::reason::reason;
use crate::api::Api;
use crate::exit::{Exit, Failure};
use crate::output::{self, Format, confirm, field};
use crate::signals::StopSignals;

/// How a plan is to be run.
#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// The dead letters of this plan, which `passback dead plan` has made.
    #[arg(long, value_name = "PLAN", conflicts_with_all = ["ids", "all"])]
    pub(crate) plan: Option<String>,
    /// The pace of the plan, in dead letters per second [default: 20].
    #[arg(long, requires = "plan", value_parser = clap::value_parser!(u32).range(1..=1_000))]
    per_second: Option<u32>,
    /// Start the plan and do not watch it.
    #[arg(long, requires = "plan")]
    no_wait: bool,
}

/// Which plan to watch.
#[derive(Debug, Args)]
pub(crate) struct WatchArgs {
    /// The plan's id.
    plan: String,
    /// How to print it in the end.
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}

/// Which plan to stop, and why.
#[derive(Debug, Args)]
pub(crate) struct StopArgs {
    /// The plan's id.
    plan: String,
    /// Why; stands in the audit trail.
    #[arg(long, value_parser = reason)]
    reason: String,
    /// How to print the plan.
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}

/// What is said beside the plan when it is started.
pub(crate) struct Start<'a> {
    pub(crate) verb: &'static str,
    pub(crate) plan: &'a str,
    pub(crate) reason: Option<&'a str>,
    pub(crate) yes: bool,
    pub(crate) dry_run: bool,
    pub(crate) output: Format,
}

/// Starts a plan and watches it to its end.
pub(crate) async fn start(api: &Api, start: Start<'_>, run: &RunArgs) -> Result<Exit, Failure> {
    let Start {
        verb, plan: id, output, ..
    } = start;
    let plan = api.get(&["v1", "dead-letters", "plans", id], &[]).await?;
    let left = field(&plan, "left");
    if start.dry_run {
        print(output, &plan)?;
        output::note(&format!("would {verb} {left}; nothing was changed"));
        return Ok(Exit::Done);
    }
    let reason = start.reason.ok_or_else(|| {
        Failure::usage("a reason is needed").fix("say --reason \"…\"; it stands in the history and in the audit trail")
    })?;
    if !confirm(&format!("{verb} {left} dead letter(s) of plan {id}?"), start.yes)? {
        return Err(Failure::refused("nothing was changed"));
    }
    let mut body = json!({"plan": id, "reason": reason});
    if let Some(pace) = run.per_second {
        body["per_second"] = json!(pace);
    }
    let path = ["v1", "dead-letters", verb];
    let plan = api.call(Method::POST, &path, &[], Some(&body)).await?.body;
    if run.no_wait {
        print(output, &plan)?;
        output::note(&how_to_go_on(id));
        return Ok(Exit::Done);
    }
    follow(api, id, plan, output).await
}

/// Watches a plan to its end.
pub(crate) async fn watch(api: &Api, args: WatchArgs) -> Result<Exit, Failure> {
    let plan = api.get(&["v1", "dead-letters", "plans", &args.plan], &[]).await?;
    if plan["state"] == "planned" {
        print(args.output, &plan)?;
        output::note("it was not started yet");
        return Ok(Exit::Done);
    }
    follow(api, &args.plan, plan, args.output).await
}

/// Stops a plan.
pub(crate) async fn stop(api: &Api, args: StopArgs) -> Result<Exit, Failure> {
    let path = ["v1", "dead-letters", "plans", &args.plan, "stop"];
    let body = json!({"reason": args.reason});
    let plan = api.call(Method::POST, &path, &[], Some(&body)).await?.body;
    print(args.output, &plan)?;
    let action = field(&plan, "action");
    output::note(&format!(
        "it goes on where it was with: passback dead {action} --plan {} --reason TEXT",
        args.plan
    ));
    Ok(Exit::Done)
}

/// Looks until the plan runs no more. Who interrupts this ends the watching, not the plan.
async fn follow(api: &Api, id: &str, first: Value, format: Format) -> Result<Exit, Failure> {
    let mut signals = StopSignals::listen()?;
    let bar = Bar::new(&first);
    if !io::stderr().is_terminal() && first["state"] == "running" {
        output::note(&how_to_go_on(id));
    }
    let mut plan = first;
    while plan["state"] == "running" {
        bar.show(&plan);
        let path = ["v1", "dead-letters", "plans", id];
        tokio::select! {
            looked = api.get(&path, &[("wait", "1s")]) => plan = looked?,
            () = signals.next() => {
                drop(bar);
                output::note(&format!("plan {id} goes on without this command"));
                output::note(&how_to_go_on(id));
                return Ok(Exit::Interrupted);
            }
        }
    }
    drop(bar);
    print(format, &plan)?;
    if plan["state"] == "stopped" {
        let (by, why) = (field(&plan, "stopped_by"), field(&plan, "stop_reason"));
        return Err(Failure::failed(format!("the plan was stopped by {by}: {why}")));
    }
    if plan["skipped"] != json!(0) {
        let skipped = field(&plan, "skipped");
        output::note(&format!("{skipped} were no dead letters any more, or had died again"));
    }
    Ok(Exit::Done)
}

fn how_to_go_on(id: &str) -> String {
    format!("to watch it: passback dead watch {id}\nto stop it: passback dead stop {id} --reason TEXT")
}

/// How far a plan has come; nothing where stderr is no terminal.
struct Bar(ProgressBar);

impl Bar {
    fn new(plan: &Value) -> Self {
        let bar = ProgressBar::new(plan["count"].as_u64().unwrap_or(0));
        bar.set_draw_target(ProgressDrawTarget::stderr());
        if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} {elapsed}  {msg}") {
            bar.set_style(style);
        }
        Self(bar)
    }

    fn show(&self, plan: &Value) {
        let number = |name: &str| plan[name].as_u64().unwrap_or(0);
        self.0.set_position(number("done") + number("skipped"));
        let (done, skipped, pace) = (number("done"), number("skipped"), number("per_second"));
        self.0.set_message(format!("{done} done, {skipped} skipped, {pace}/s"));
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
