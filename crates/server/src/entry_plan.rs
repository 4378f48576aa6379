//! The plan of a single connector or exam, through the same door as a file of many.

use std::path::Path;

use passback_registry::{ApplyFile, Change, Connector, Exam, FieldErrors, Plan, RegistryError};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use toml::{Table, Value};

use crate::{problem::Problem, state::App};

/// How often a plan is made again because somebody else wrote in between.
const MAX_TRIES: usize = 5;

/// What a write did, or would do.
#[derive(Debug, Serialize)]
pub(crate) struct Planned {
    pub(crate) change: Change,
    pub(crate) diff: Vec<String>,
}

impl Planned {
    fn of(plan: &Plan) -> Self {
        let entry = plan.changes.first();
        Self {
            change: entry.map_or(Change::Unchanged, |entry| entry.change),
            diff: entry.map(|entry| entry.diff.clone()).unwrap_or_default(),
        }
    }
}

/// Compares an entry with the registry; changes nothing.
pub(crate) async fn plan(app: &App, file: &ApplyFile) -> Result<Planned, Problem> {
    Ok(Planned::of(&app.registry().plan(file).await?))
}

/// Writes an entry, with its line in the audit trail.
pub(crate) async fn apply(app: &App, file: &ApplyFile, actor: &str) -> Result<Planned, Problem> {
    for _ in 1..MAX_TRIES {
        let plan = app.registry().plan(file).await?;
        match app.registry().apply(&plan, actor).await {
            Ok(_) => return Ok(Planned::of(&plan)),
            Err(RegistryError::PlanOutdated) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(RegistryError::Contended.into())
}

/// A file with one connector; its secrets do not become text on the way.
pub(crate) fn connector_file(connector: &Connector) -> Result<ApplyFile, FieldErrors> {
    let mut secrets: Vec<(&str, &SecretString)> = vec![
        ("client_secret", &connector.client_secret),
        ("password", &connector.password),
    ];
    let mut table = Table::new();
    let mut text = |name: &str, value: String| table.insert(name.to_owned(), Value::String(value));
    text("id", connector.id.to_string());
    text("name", connector.name.clone());
    text("type", connector.kind.as_str().to_owned());
    text("domain", connector.domain.to_string());
    text("client_id", connector.client_id.clone());
    text("username", connector.username.clone());
    for (name, _) in &secrets {
        table.insert((*name).to_owned(), reference(name));
    }
    if let Some(webhook) = &connector.webhook {
        secrets.push(("webhook_password", &webhook.password));
        let mut inner = Table::new();
        inner.insert("username".to_owned(), Value::String(webhook.username.clone()));
        inner.insert("password".to_owned(), reference("webhook_password"));
        table.insert("webhook".to_owned(), Value::Table(inner));
    }
    let numbers = [
        ("calls_per_hour", Some(connector.calls_per_hour)),
        ("weight", Some(connector.weight)),
        ("max_concurrency", connector.max_concurrency),
        ("connect_timeout_ms", Some(connector.connect_timeout_ms)),
        ("request_timeout_ms", Some(connector.request_timeout_ms)),
    ];
    for (name, number) in numbers.into_iter().filter_map(|(name, number)| Some((name, number?))) {
        table.insert(name.to_owned(), Value::Integer(number.into()));
    }
    let secret = |wanted: &str| {
        let found = secrets.iter().find(|(name, _)| *name == wanted);
        found.map(|(_, secret)| secret.expose_secret().to_owned())
    };
    parse("connector", table, &secret)
}

/// A file with one exam.
pub(crate) fn exam_file(exam: &Exam) -> Result<ApplyFile, FieldErrors> {
    let mut table = Table::new();
    let mut put = |name: &str, value: Value| table.insert(name.to_owned(), value);
    put("id", Value::String(exam.id.to_string()));
    if let Some(name) = &exam.name {
        put("name", Value::String(name.clone()));
    }
    put("connector", Value::String(exam.connector.to_string()));
    put(
        "course_id",
        Value::Integer(i64::try_from(exam.course_id).unwrap_or(i64::MAX)),
    );
    put("on_failed", Value::String(exam.on_failed.as_str().to_owned()));
    put("on_non_graded", Value::String(exam.on_non_graded.as_str().to_owned()));
    put("write_score_on_failed", Value::Boolean(exam.write_score_on_failed));
    put(
        "write_score_on_non_graded",
        Value::Boolean(exam.write_score_on_non_graded),
    );
    put("version_policy", Value::String(exam.version_policy.as_str().to_owned()));
    put(
        "check_deadline_seconds",
        Value::Integer(exam.check_deadline_seconds.into()),
    );
    parse("exam", table, &|_| None)
}

/// The place of a secret that the file does not hold.
fn reference(name: &str) -> Value {
    let mut table = Table::new();
    table.insert("env".to_owned(), Value::String(name.to_owned()));
    Value::Table(table)
}

fn parse(kind: &str, entry: Table, secret: &dyn Fn(&str) -> Option<String>) -> Result<ApplyFile, FieldErrors> {
    let mut file = Table::new();
    file.insert(kind.to_owned(), Value::Array(vec![Value::Table(entry)]));
    ApplyFile::parse(&file.to_string(), secret, Path::new(""))
}
