//! `passback erase`

use clap::Args;
use indicatif::ProgressBar;
use reqwest::Method;
use serde_json::{Map, Value, json};

use super::reason::reason;
use crate::api::Api;
use crate::exit::{Exit, Failure};
use crate::output::{self, Column, Format, column, confirm, field};

/// Whom to erase, and why.
#[derive(Debug, Args)]
pub(crate) struct EraseArgs {
    /// The person's e-mail.
    #[arg(long)]
    email: String,
    /// Why; stands in the jobs' history and in the audit trail, without any address.
    #[arg(long, required_unless_present = "dry_run", value_parser = reason)]
    reason: Option<String>,
    /// Show what would be erased, and change nothing.
    #[arg(long)]
    dry_run: bool,
    /// Do not ask.
    #[arg(short, long)]
    yes: bool,
    /// How to print what became of each job.
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}

const COLUMNS: [Column; 4] = [
    column("ID", |job| field(job, "id")),
    column("KIND", |job| field(job, "kind")),
    column("LANE", |job| field(job, "lane")),
    column("STATUS", |job| field(job, "status")),
];

const STAYS: &str = "what stays: the rows of the ledger, and what passback remembers of the enrolments (Docebo's user id, \
                     status, score), all under this hash and without the address";

/// What all calls together did.
#[derive(Debug, Default)]
struct Whole {
    person: String,
    erased: u64,
    running: u64,
    looked_at: u64,
    jobs: Vec<Value>,
}

/// Erases a person.
pub(crate) async fn run(args: EraseArgs) -> Result<Exit, Failure> {
    let api = Api::from_environment()?;
    if args.dry_run {
        let whole = walk(&api, &args, true).await?;
        whole.print(args.output, true)?;
        output::note("this was a dry run; nothing was changed");
        return Ok(Exit::Done);
    }
    if !args.yes {
        let found = walk(&api, &args, true).await?;
        let question = match found.erased {
            0 => "nothing of this person waits; forget the learned user id, and look again?".to_owned(),
            jobs => format!("end {jobs} job(s) of this person for good?"),
        };
        if !confirm(&question, false)? {
            return Err(Failure::refused("nothing was changed"));
        }
    }
    let whole = walk(&api, &args, false).await?;
    whole.print(args.output, false)?;
    if whole.running == 0 {
        return Ok(Exit::Done);
    }
    let sentence = format!("{} job(s) were running and are still there", whole.running);
    Err(Failure::failed(sentence).fix("run the same command again in a minute"))
}

/// Calls until every job was looked at.
async fn walk(api: &Api, args: &EraseArgs, dry_run: bool) -> Result<Whole, Failure> {
    let bar = ProgressBar::new_spinner();
    let mut whole = Whole::default();
    let mut cursor = Value::Null;
    loop {
        let body = json!({"email": args.email, "reason": args.reason, "dry_run": dry_run, "cursor": cursor});
        let mut answer = api.call(Method::POST, &["v1", "erase"], &[], Some(&body)).await?.body;
        cursor = answer["next_cursor"].take();
        whole.take(&answer);
        bar.set_message(format!("{} jobs looked at", whole.looked_at));
        bar.tick();
        if cursor.is_null() {
            bar.finish_and_clear();
            return Ok(whole);
        }
    }
}

impl Whole {
    fn take(&mut self, answer: &Value) {
        let number = |name: &str| answer[name].as_u64().unwrap_or(0);
        self.person = field(answer, "person");
        self.erased += number("erased");
        self.running += number("running");
        self.looked_at += number("looked_at");
        self.jobs.extend(answer["jobs"].as_array().cloned().unwrap_or_default());
    }

    fn print(&self, format: Format, dry_run: bool) -> Result<(), Failure> {
        match format {
            Format::Json => output::item(format, &Value::Object(self.document(dry_run))),
            Format::Ndjson => output::list(format, &self.jobs, &COLUMNS),
            Format::Table => {
                if !self.jobs.is_empty() {
                    output::list(format, &self.jobs, &COLUMNS)?;
                }
                output::line(&self.sentence(dry_run))?;
                output::line(STAYS)
            }
        }
    }

    /// What was found of the person, in a line.
    fn sentence(&self, dry_run: bool) -> String {
        let found = match (self.erased, self.running, dry_run) {
            (0, 0, true) => "nothing of this person waits".to_owned(),
            (0, 0, false) => "nothing more of this person waits".to_owned(),
            (erased, running, true) => format!("{erased} job(s) would end, {running} running"),
            (erased, running, false) => format!("{erased} job(s) ended, {running} running"),
        };
        format!("person {}: {found}", self.person)
    }

    fn document(&self, dry_run: bool) -> Map<String, Value> {
        let fields = [
            ("person", json!(self.person)),
            ("dry_run", json!(dry_run)),
            ("looked_at", json!(self.looked_at)),
            ("erased", json!(self.erased)),
            ("running", json!(self.running)),
            ("jobs", json!(self.jobs)),
        ];
        fields
            .map(|(name, value)| (name.to_owned(), value))
            .into_iter()
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_of_whom_nothing_waits_is_said_so() {
        let mut whole = Whole::default();
        whole.take(&json!({"person": "0f", "erased": 0, "running": 0, "looked_at": 10, "jobs": []}));
        assert_eq!(whole.sentence(true), "person 0f: nothing of this person waits");
        whole.erased = 2;
        assert_eq!(whole.sentence(false), "person 0f: 2 job(s) ended, 0 running");
    }

    #[test]
    fn several_calls_add_up_to_one_answer() {
        let mut whole = Whole::default();
        for (erased, running) in [(2, 1), (3, 0)] {
            let job = json!({"id": "01", "status": "erased"});
            whole.take(&json!({"person": "0f", "erased": erased, "running": running, "looked_at": 10, "jobs": [job]}));
        }
        let document = Value::Object(whole.document(false));
        assert_eq!((&document["erased"], &document["running"]), (&json!(5), &json!(1)));
        assert_eq!((&document["looked_at"], whole.jobs.len()), (&json!(20), 2));
    }
}
