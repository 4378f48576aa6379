//! `passback dead groups`, `passback dead plan`, `passback dead plans`: what there is to do, before anything is done.

use clap::{Args, ValueEnum};
use reqwest::Method;
use serde_json::{Map, Value, json};

use super::filter::{JobFilter, borrowed};
use crate::api::{Api, items};
use crate::exit::{Exit, Failure};
use crate::output::{self, Column, Format, column, field, text_of};

/// Which dead letters are meant.
#[derive(Debug, Args)]
pub(crate) struct DeadFilter {
    #[command(flatten)]
    jobs: JobFilter,
    /// Only those that have been dead for so long at least, like 90s, 15m, 24h or 7d.
    #[arg(long, value_name = "AGE")]
    older_than: Option<String>,
}

impl DeadFilter {
    /// The filter as query parameters, each once.
    pub(crate) fn query(&self) -> Result<Vec<(&'static str, String)>, Failure> {
        let mut query = self.jobs.query(false)?;
        query.extend(self.older_than.clone().map(|age| ("older_than", age)));
        for (at, (key, _)) in query.iter().enumerate() {
            if query[..at].iter().any(|(other, _)| other == key) {
                return Err(Failure::usage(format!("the filter {key} is given twice")).fix("give it once"));
            }
        }
        Ok(query)
    }

    /// Whether all dead letters are meant.
    fn is_empty(&self) -> bool {
        self.jobs.is_empty() && self.older_than.is_none()
    }
}

/// Which dead letters to group.
#[derive(Debug, Args)]
pub(crate) struct GroupsArgs {
    #[command(flatten)]
    filter: DeadFilter,
    /// How to print the groups.
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}

/// What to plan.
#[derive(Debug, Args)]
pub(crate) struct PlanArgs {
    #[command(flatten)]
    filter: DeadFilter,
    /// All dead letters.
    #[arg(long)]
    all: bool,
    /// What is to be done with them.
    #[arg(long, value_enum, default_value_t)]
    action: Action,
    /// The most dead letters of the plan, the oldest ones.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    limit: Option<u32>,
    /// How to print the plan.
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}

/// How to list plans.
#[derive(Debug, Args)]
pub(crate) struct PlansArgs {
    /// How to print them.
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}

/// What a plan does.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum Action {
    /// Let them run again.
    #[default]
    Redrive,
    /// Give them up, for good.
    Discard,
}

impl Action {
    fn word(self) -> &'static str {
        match self {
            Self::Redrive => "redrive",
            Self::Discard => "discard",
        }
    }
}

const GROUP_COLUMNS: [Column; 8] = [
    column("CODE", |group| field(group, "code")),
    column("CONNECTOR", |group| field(group, "connector")),
    column("COUNT", |group| field(group, "count")),
    column("OLDEST", |group| field(group, "oldest")),
    column("NEWEST", |group| field(group, "newest")),
    column("WHO ACTS", |group| field(group, "who_acts")),
    column("SAFE TO RETRY", |group| match group["safe_to_retry"].as_bool() {
        Some(true) => "yes".to_owned(),
        Some(false) => "no".to_owned(),
        None => "-".to_owned(),
    }),
    column("TITLE", |group| field(group, "title")),
];

const PLAN_COLUMNS: [Column; 9] = [
    column("PLAN", |plan| field(plan, "id")),
    column("STATE", |plan| field(plan, "state")),
    column("ACTION", |plan| field(plan, "action")),
    column("FILTER", filter_of),
    column("COUNT", |plan| field(plan, "count")),
    column("DONE", |plan| field(plan, "done")),
    column("SKIPPED", |plan| field(plan, "skipped")),
    column("LEFT", |plan| field(plan, "left")),
    column("MADE BY", |plan| field(plan, "created_by")),
];

/// Which dead letters a plan was made of, as the flags say it.
fn filter_of(plan: &Value) -> String {
    let pairs = plan["filter"].as_object().into_iter().flatten();
    let given = pairs.filter(|(_, value)| !value.is_null());
    let words: Vec<String> = given.map(|(key, value)| format!("{key}={}", text_of(value))).collect();
    if words.is_empty() {
        "all".to_owned()
    } else {
        words.join(" ")
    }
}

/// Prints the groups.
pub(crate) async fn groups(api: &Api, args: GroupsArgs) -> Result<Exit, Failure> {
    let query = args.filter.query()?;
    let answer = api.get(&["v1", "dead-letters", "groups"], &borrowed(&query)).await?;
    output::list(args.output, items(&answer), &GROUP_COLUMNS)?;
    if answer["complete"] == Value::Bool(false) {
        output::note("there are more dead letters than were looked at; filter to see the rest");
    }
    Ok(Exit::Done)
}

/// Makes a plan and says how it is started.
pub(crate) async fn make(api: &Api, args: PlanArgs) -> Result<Exit, Failure> {
    if args.filter.is_empty() && !args.all {
        return Err(Failure::usage("which dead letters is not said").fix("give a filter, or --all"));
    }
    let pairs = args.filter.query()?.into_iter();
    let filter: Map<String, Value> = pairs.map(|(key, value)| (key.to_owned(), json!(value))).collect();
    let mut body = json!({"filter": filter, "action": args.action.word()});
    if let Some(limit) = args.limit {
        body["limit"] = json!(limit);
    }
    let path = ["v1", "dead-letters", "plan"];
    let plan = api.call(Method::POST, &path, &[], Some(&body)).await?.body;
    print(args.output, &plan)?;
    if plan["count"] == json!(0) {
        output::note(NOTHING_FITS);
        return Ok(Exit::Done);
    }
    let (action, id) = (args.action.word(), field(&plan, "id"));
    output::note(&format!(
        "nothing is changed yet; to start: passback dead {action} --plan {id} --reason TEXT"
    ));
    if plan["more"] == Value::Bool(true) {
        output::note("more dead letters match than are in the plan; make another one when this one is finished");
    }
    Ok(Exit::Done)
}

const NOTHING_FITS: &str = "no dead letter matches, so there is nothing to start: is there such a connector or code? \
                            passback dead groups shows which there are";

/// Prints the plans that there are.
pub(crate) async fn list(api: &Api, args: PlansArgs) -> Result<Exit, Failure> {
    let answer = api.get(&["v1", "dead-letters", "plans"], &[]).await?;
    output::list(args.output, items(&answer), &PLAN_COLUMNS)?;
    Ok(Exit::Done)
}

/// Prints a plan; as a table with its groups.
pub(crate) fn print(format: Format, plan: &Value) -> Result<(), Failure> {
    output::item(format, plan)?;
    if format == Format::Table {
        output::line(&format!("filter: {}", filter_of(plan)))?;
    }
    let groups = plan["groups"].as_array().map(Vec::as_slice).unwrap_or_default();
    if format == Format::Table && !groups.is_empty() {
        output::line("")?;
        output::list(format, groups, &GROUP_COLUMNS)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_says_what_it_was_made_of() {
        let plan = json!({"filter": {"connector": "acme", "lane": null, "code": "rejected", "older_than": "24h"}});
        assert_eq!(filter_of(&plan), "code=rejected connector=acme older_than=24h");
        let shown: Vec<String> = PLAN_COLUMNS.iter().map(|column| (column.cell)(&plan)).collect();
        assert!(shown.contains(&filter_of(&plan)), "{shown:?}");
        assert_eq!(filter_of(&json!({"filter": {"connector": null}})), "all");
    }
}
