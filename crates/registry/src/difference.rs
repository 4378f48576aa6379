//! What differs between an entry as stored and as wanted, in words that hold no secret.

use ipnet::IpNet;
use zeroize::Zeroizing;

use crate::change::Change;
use crate::exam::Exam;
use crate::record::ConnectorRecord;
use crate::vault::Vault;
use crate::webhook_input::MAX_ALSO_LOGINS;
use crate::webhook_record::WebhookRecord;

/// The fields that decide whether Docebo lets us in; a change of one makes the last validation worthless.
const CREDENTIALS: [&str; 5] = ["domain", "client_id", "client_secret", "username", "password"];

/// The changed fields of one entry.
pub(crate) struct Difference {
    pub(crate) change: Change,
    /// One line for each changed field: `calls_per_hour: 1000 -> 500`, `password: changed`.
    pub(crate) lines: Vec<String>,
    /// The names of these fields alone, for the audit trail.
    pub(crate) fields: Vec<&'static str>,
}

impl Difference {
    pub(crate) fn touches_credentials(&self) -> bool {
        self.fields.iter().any(|field| CREDENTIALS.contains(field))
    }
}

enum Value {
    Shown(String),
    /// None where the key that sealed it is gone.
    Secret(Option<Zeroizing<Vec<u8>>>),
}

type Fields = Vec<(&'static str, Option<Value>)>;

pub(crate) fn of_connector(old: Option<&ConnectorRecord>, new: &ConnectorRecord, vault: &Vault) -> Difference {
    compare(
        old.map(|old| connector_fields(old, vault)),
        connector_fields(new, vault),
    )
}

pub(crate) fn of_exam(old: Option<&Exam>, new: &Exam) -> Difference {
    compare(old.map(exam_fields), exam_fields(new))
}

fn connector_fields(record: &ConnectorRecord, vault: &Vault) -> Fields {
    let shown = |text: &str| Some(Value::Shown(text.to_owned()));
    let number = |number: u32| Some(Value::Shown(number.to_string()));
    let secret = |field: &str, sealed: &str| Some(Value::Secret(record.reveal(vault, field, sealed).ok()));
    let mut fields = vec![
        ("name", shown(&record.name)),
        ("type", shown(record.kind.as_str())),
        ("domain", shown(&record.domain)),
        ("client_id", shown(&record.client_id)),
        (
            "client_secret",
            secret(crate::record::CLIENT_SECRET, &record.client_secret),
        ),
        ("username", shown(&record.username)),
        ("password", secret(crate::record::PASSWORD, &record.password)),
        ("calls_per_hour", number(record.calls_per_hour)),
        ("weight", number(record.weight)),
        ("max_concurrency", record.max_concurrency.and_then(number)),
        ("connect_timeout_ms", number(record.connect_timeout_ms)),
        ("request_timeout_ms", number(record.request_timeout_ms)),
        ("read_before_write", shown(record.read_before_write.as_str())),
        ("verify", shown(record.verify.as_str())),
    ];
    fields.extend(webhook_fields(record.webhook.as_ref(), secret));
    fields
}

/// The same fields in the same order for every record, whatever it holds of them.
fn webhook_fields(webhook: Option<&WebhookRecord>, secret: impl Fn(&str, &str) -> Option<Value>) -> Fields {
    const ALSO: [(&str, &str); MAX_ALSO_LOGINS] = [
        ("webhook.also.0.username", "webhook.also.0.password"),
        ("webhook.also.1.username", "webhook.also.1.password"),
        ("webhook.also.2.username", "webhook.also.2.password"),
        ("webhook.also.3.username", "webhook.also.3.password"),
    ];
    let shown = |text: &str| Some(Value::Shown(text.to_owned()));
    let header = webhook.and_then(|webhook| webhook.header.as_ref());
    let password = |webhook: &WebhookRecord| secret(WebhookRecord::first_place(), &webhook.password);
    let mut fields: Fields = vec![
        ("webhook.username", webhook.and_then(|webhook| shown(&webhook.username))),
        ("webhook.password", webhook.and_then(password)),
    ];
    for (index, (username, password)) in ALSO.into_iter().enumerate() {
        let login = webhook.and_then(|webhook| webhook.also(index));
        let sealed = login.and_then(|(login, place)| secret(place, &login.password));
        fields.push((username, login.and_then(|(login, _)| shown(&login.username))));
        fields.push((password, sealed));
    }
    let sources = webhook
        .map(|webhook| &webhook.sources)
        .filter(|sources| !sources.is_empty());
    let listed = |sources: &Vec<IpNet>| sources.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    fields.extend([
        ("webhook.header.name", header.and_then(|header| shown(&header.name))),
        (
            "webhook.header.value",
            header.and_then(|header| secret(WebhookRecord::header_place(), &header.value)),
        ),
        ("webhook.sources", sources.and_then(|sources| shown(&listed(sources)))),
    ]);
    fields
}

fn exam_fields(exam: &Exam) -> Fields {
    let shown = |text: String| Some(Value::Shown(text));
    let states: Vec<&str> = exam.eligible_states.iter().map(|state| state.as_str()).collect();
    let field = exam.result_field.as_ref();
    vec![
        ("name", exam.name.clone().map(Value::Shown)),
        ("connector", shown(exam.connector.to_string())),
        ("course_id", shown(exam.course_id.to_string())),
        ("on_failed", shown(exam.on_failed.as_str().to_owned())),
        ("on_non_graded", shown(exam.on_non_graded.as_str().to_owned())),
        ("write_score_on_failed", shown(exam.write_score_on_failed.to_string())),
        (
            "write_score_on_non_graded",
            shown(exam.write_score_on_non_graded.to_string()),
        ),
        ("version_policy", shown(exam.version_policy.as_str().to_owned())),
        ("check_deadline_seconds", shown(exam.check_deadline_seconds.to_string())),
        ("eligible_states", shown(states.join(", "))),
        ("result_field.id", field.and_then(|field| shown(field.id.to_string()))),
        (
            "result_field.passed",
            field.and_then(|field| shown(field.passed.clone())),
        ),
        (
            "result_field.failed",
            field.and_then(|field| shown(field.failed.clone())),
        ),
        (
            "result_field.non_graded",
            field.and_then(|field| shown(field.non_graded.clone())),
        ),
    ]
}

fn compare(old: Option<Fields>, new: Fields) -> Difference {
    let Some(old) = old else {
        let set: Vec<_> = new
            .into_iter()
            .filter_map(|(field, value)| Some((field, value?)))
            .collect();
        return Difference {
            change: Change::Created,
            lines: set
                .iter()
                .map(|(field, value)| format!("{field}: {}", word(value)))
                .collect(),
            fields: set.iter().map(|(field, _)| *field).collect(),
        };
    };
    let mut difference = Difference {
        change: Change::Unchanged,
        lines: Vec::new(),
        fields: Vec::new(),
    };
    // Both lists come from the same function, so the fields stand in the same order.
    for ((field, old), (_, new)) in old.into_iter().zip(new) {
        if let Some(line) = changed(old.as_ref(), new.as_ref()) {
            difference.change = Change::Updated;
            difference.lines.push(format!("{field}: {line}"));
            difference.fields.push(field);
        }
    }
    difference
}

fn changed(old: Option<&Value>, new: Option<&Value>) -> Option<String> {
    match (old, new) {
        (None, None) => None,
        (Some(Value::Shown(old)), Some(Value::Shown(new))) if old == new => None,
        (Some(Value::Secret(Some(old))), Some(Value::Secret(Some(new)))) if old == new => None,
        (Some(Value::Secret(_)), Some(Value::Secret(_))) => Some("changed".to_owned()),
        (old, new) => {
            let shown = |value: Option<&Value>| value.map_or_else(|| "none".to_owned(), word);
            Some(format!("{} -> {}", shown(old), shown(new)))
        }
    }
}

fn word(value: &Value) -> String {
    match value {
        Value::Shown(text) => text.clone(),
        Value::Secret(_) => "set".to_owned(),
    }
}
