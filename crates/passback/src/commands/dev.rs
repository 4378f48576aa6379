//! `passback dev`

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use clap::Args;
use passback_simulator::{Tenant, World};
use secrecy::SecretString;

use super::settings::LogFlags;
use super::simulator::load_world;
use super::token_new::new_token;
use crate::api::{ADMIN_TOKEN_FILE, DEFAULT_DATA_DIR};
use crate::exit::{Exit, Failure};
use crate::output;
use crate::signals::StopSignals;
use crate::stack::{ExamOf, Stack, StackPlan};

/// The exam that is registered for the sample world.
const EXAM: &str = "forklift-01";
const TENANT: &str = "acme";
const COURSE_ID: u64 = 146;
/// Somebody of the sample world who may sit the exam.
const CANDIDATE: &str = "r.moreau@example.org";
/// The most workers in one process.
const MAX_WORKERS: u16 = 64;

/// What to run.
#[derive(Debug, Args)]
pub(crate) struct DevArgs {
    /// Where the API listens; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: String,
    /// Use this Redis instead of starting one.
    #[arg(long)]
    redis_url: Option<String>,
    /// Where data, keys and the token are kept.
    #[arg(long, default_value = DEFAULT_DATA_DIR)]
    data_dir: PathBuf,
    /// Do not stand in for Docebo; connectors then come from `passback apply`.
    #[arg(long)]
    no_simulator: bool,
    /// What to simulate instead of the sample: a world file, as for `passback simulator`.
    #[arg(long, conflicts_with = "no_simulator")]
    world: Option<PathBuf>,
    /// How many workers to run in this process; may be 0.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(0..=i64::from(MAX_WORKERS)))]
    workers: u16,
    /// The administrator's token; without this, the one that the data folder has, or a new one.
    #[arg(long)]
    admin_token: Option<String>,
    #[command(flatten)]
    log: LogFlags,
}

/// Runs everything until a signal comes; a second one stops at once.
pub(crate) async fn run(args: DevArgs) -> Result<Exit, Failure> {
    args.log.start("info")?;
    let mut signals = StopSignals::listen()?;
    let world = if args.no_simulator {
        None
    } else {
        Some(load_world(args.world.as_deref())?)
    };
    let admin_token = match args.admin_token {
        Some(token) if token.trim().is_empty() => {
            return Err(Failure::usage("the admin token is empty").fix("leave --admin-token away to have one made"));
        }
        Some(token) => SecretString::from(token),
        None => match kept_token(&args.data_dir)? {
            Some(token) => token,
            None => new_token()?,
        },
    };
    let accounts: Vec<String> = world.iter().flat_map(|world| &world.tenants).map(account).collect();
    let plan = StackPlan {
        data_dir: args.data_dir,
        listen: args.listen,
        redis_url: args.redis_url.map(SecretString::from),
        without_redis_server: Some("or give a Redis that runs already with --redis-url"),
        exams: world.iter().filter_map(sample_exam).collect(),
        world,
        workers: args.workers.into(),
        admin_token,
    };
    let mut stack = tokio::select! {
        stack = Stack::start(plan) => stack?,
        () = signals.next() => return Ok(Exit::Interrupted),
    };
    let printed = print(&stack, args.workers, &accounts);
    let broken = if let Err(failure) = printed {
        Some(failure)
    } else {
        tokio::select! {
            failure = stack.broken() => Some(failure),
            () = signals.next() => None,
        }
    };
    output::note("stopping; again to stop at once");
    stop(stack, &mut signals, broken).await
}

/// The token of the last start in this folder, so that scripts and other shells that have it go on.
fn kept_token(data_dir: &Path) -> Result<Option<SecretString>, Failure> {
    let path = data_dir.join(ADMIN_TOKEN_FILE);
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok(Some(text.trim().to_owned())
            .filter(|text| !text.is_empty())
            .map(SecretString::from)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::failed(format!("{} cannot be read: {error}", path.display()))
            .fix("make it readable, remove it to have a new token made, or give --admin-token")),
    }
}

/// Stops everything; what went wrong before goes over what goes wrong now.
pub(crate) async fn stop(stack: Stack, signals: &mut StopSignals, broken: Option<Failure>) -> Result<Exit, Failure> {
    let stopped = tokio::select! {
        stopped = stack.stop() => stopped,
        // What is dropped stops at once; what was under way runs again at the next start.
        () = signals.next() => return Ok(Exit::Interrupted),
    };
    match broken {
        Some(failure) => Err(failure),
        None => stopped.map(|()| Exit::Done),
    }
}

fn sample_exam(world: &World) -> Option<ExamOf> {
    let tenant = world.tenants.iter().find(|tenant| tenant.name == TENANT)?;
    let course = tenant.courses.iter().find(|course| course.id == COURSE_ID)?;
    Some(ExamOf {
        exam: EXAM.to_owned(),
        tenant: tenant.name.clone(),
        course_id: course.id,
    })
}

/// What a simulated tenant accepts: as the connector is registered, and as it may be registered again.
fn account(tenant: &Tenant) -> String {
    let Tenant {
        name,
        client_id,
        client_secret,
        username,
        password,
        ..
    } = tenant;
    format!("           {name} accepts client {client_id} / {client_secret}, user {username} / {password}")
}

fn print(stack: &Stack, workers: u16, accounts: &[String]) -> Result<(), Failure> {
    let (url, token) = (stack.api_url(), stack.admin_token());
    let curl = |path: &str, body: &str| {
        format!(
            "  curl -sS '{url}{path}' -H 'authorization: Bearer {token}' -H 'content-type: application/json' \\\n    -d '{body}'"
        )
    };
    let mut lines = vec![
        format!(
            "passback runs on this machine; Ctrl-C stops it, its data stays in {}",
            stack.data_dir().display()
        ),
        String::new(),
        format!("API        {url}"),
        format!("token      {token}"),
        format!("Redis      {}", stack.redis_url()),
        format!("workers    {workers}"),
    ];
    if let Some(simulator) = stack.simulator() {
        for tenant in simulator.tenant_names() {
            let url = simulator.url(&tenant).unwrap_or_default();
            lines.push(format!("Docebo     {url} (simulated, tenant and connector {tenant})"));
        }
        lines.extend_from_slice(accounts);
        let check = format!("{{\"exam_id\":\"{EXAM}\",\"email\":\"{CANDIDATE}\"}}");
        let result = format!(
            "{{\"result_id\":\"r-1\",\"exam_id\":\"{EXAM}\",\"email\":\"{CANDIDATE}\",\"outcome\":\"passed\",\"score_percent\":87,\"completed_at\":\"2025-11-20T09:30:11Z\"}}"
        );
        lines.extend([
            String::new(),
            "May a candidate sit an exam?".to_owned(),
            curl("/v1/eligibility-checks?wait=8s", &check),
            "A candidate has passed:".to_owned(),
            curl("/v1/results", &result),
        ]);
    }
    lines.extend([
        String::new(),
        "In this folder the command line finds API and token by itself: passback job list".to_owned(),
    ]);
    output::line(&lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    #[test]
    fn what_the_simulated_docebo_accepts_is_said() {
        let world = World::sample();
        let tenant = &world.tenants[0];
        let said = account(tenant);
        assert!(
            said.contains(&tenant.client_id) && said.contains(&tenant.password),
            "{said}"
        );
    }

    #[test]
    fn the_token_of_the_last_start_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        assert!(kept_token(folder.path()).unwrap().is_none());
        std::fs::write(folder.path().join(ADMIN_TOKEN_FILE), "token\n").unwrap();
        assert_eq!(kept_token(folder.path()).unwrap().unwrap().expose_secret(), "token");
        std::fs::write(folder.path().join(ADMIN_TOKEN_FILE), "\n").unwrap();
        assert!(kept_token(folder.path()).unwrap().is_none());
    }
}
