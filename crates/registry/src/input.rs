//! Connectors and exams as people and programs write them, before they are believed.
//!
//! The file (`apply -f`) and the API fill the same fields, and both pass through the same `validate`.

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::connector::{Connector, ConnectorKind, WebhookAccess};
use crate::domain::Domain;
use crate::exam::{Exam, OnOutcome, VersionPolicy};
use crate::field_check::FieldCheck;
use crate::field_error::FieldErrors;
use crate::id::{ConnectorId, ExamId};

const CALLS_PER_HOUR: (u32, u32, u32) = (1, 1_000, 1_000_000);
/// Records written before there was a weight get its default too.
pub(crate) const DEFAULT_WEIGHT: u32 = 1;
const WEIGHT: (u32, u32, u32) = (1, DEFAULT_WEIGHT, 100);
const MAX_CONCURRENCY: (u32, u32) = (1, 1_000);
const CONNECT_TIMEOUT_MS: (u32, u32, u32) = (100, 5_000, 60_000);
const REQUEST_TIMEOUT_MS: (u32, u32, u32) = (500, 30_000, 300_000);
const CHECK_DEADLINE_SECONDS: (u32, u32, u32) = (1, 20, 120);

/// A connector as written; every field may be missing until it is validated.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are those of `Connector`")]
pub struct ConnectorInput {
    pub id: Option<String>,
    pub name: Option<String>,
    #[serde(rename = "type")]
    pub kind: Option<String>,
    pub domain: Option<String>,
    pub client_id: Option<String>,
    #[serde(deserialize_with = "crate::secret_text::deserialize")]
    pub client_secret: Option<SecretString>,
    pub username: Option<String>,
    #[serde(deserialize_with = "crate::secret_text::deserialize")]
    pub password: Option<SecretString>,
    pub calls_per_hour: Option<i64>,
    pub weight: Option<i64>,
    pub max_concurrency: Option<i64>,
    pub webhook: Option<WebhookInput>,
    pub connect_timeout_ms: Option<i64>,
    pub request_timeout_ms: Option<i64>,
}

/// What Docebo shows when it calls our webhook, as written.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are those of `WebhookAccess`")]
pub struct WebhookInput {
    pub username: Option<String>,
    #[serde(deserialize_with = "crate::secret_text::deserialize")]
    pub password: Option<SecretString>,
}

/// An exam as written; every field may be missing until it is validated.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are those of `Exam`")]
pub struct ExamInput {
    pub id: Option<String>,
    pub name: Option<String>,
    pub connector: Option<String>,
    pub course_id: Option<i64>,
    pub on_failed: Option<String>,
    pub on_non_graded: Option<String>,
    pub write_score_on_failed: Option<bool>,
    pub write_score_on_non_graded: Option<bool>,
    pub version_policy: Option<String>,
    pub check_deadline_seconds: Option<i64>,
}

impl ConnectorInput {
    /// Checks every field and says all that is wrong; whether plain `http` to this machine is allowed is the registry's to decide.
    pub fn validate(&self) -> Result<Connector, FieldErrors> {
        let mut check = FieldCheck::new("connector", self.id.as_deref());
        let id = check.id::<ConnectorId>("id", self.id.as_deref());
        let name = check.optional_text("name", self.name.as_deref());
        let kind = check.choice(
            "type",
            self.kind.as_deref(),
            ConnectorKind::Eligibility,
            &[(ConnectorKind::Eligibility.as_str(), ConnectorKind::Eligibility)],
        );
        let domain = check
            .text("domain", self.domain.as_deref())
            .and_then(|text| check.parsed("domain", Domain::parse(text, true)));
        let client_id = check.text("client_id", self.client_id.as_deref());
        let client_secret = check.secret("client_secret", self.client_secret.as_ref());
        let username = check.text("username", self.username.as_deref());
        let password = check.secret("password", self.password.as_ref());
        let calls_per_hour = check.number("calls_per_hour", self.calls_per_hour, CALLS_PER_HOUR);
        let weight = check.number("weight", self.weight, WEIGHT);
        let max_concurrency = check.optional_number("max_concurrency", self.max_concurrency, MAX_CONCURRENCY);
        let webhook = self.webhook.as_ref().map(|input| input.check(&mut check));
        let connect = check.number("connect_timeout_ms", self.connect_timeout_ms, CONNECT_TIMEOUT_MS);
        let request = check.number("request_timeout_ms", self.request_timeout_ms, REQUEST_TIMEOUT_MS);
        if connect > request {
            check.refuse(
                "connect_timeout_ms",
                "longer than the whole request may take",
                format!("use at most request_timeout_ms ({request})"),
            );
        }
        let errors = check.finish();
        let (true, Some(id), Some(domain), Some(client_id), Some(client_secret)) =
            (errors.0.is_empty(), id, domain, client_id, client_secret)
        else {
            return Err(errors);
        };
        let (Some(username), Some(password)) = (username, password) else {
            return Err(errors);
        };
        Ok(Connector {
            name: name.map_or_else(|| id.to_string(), str::to_owned),
            id,
            kind,
            domain,
            client_id: client_id.to_owned(),
            client_secret: client_secret.clone(),
            username: username.to_owned(),
            password: password.clone(),
            calls_per_hour,
            weight,
            max_concurrency,
            webhook: webhook.flatten(),
            connect_timeout_ms: connect,
            request_timeout_ms: request,
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
            validated_at: None,
            validation: None,
        })
    }
}

impl WebhookInput {
    fn check(&self, check: &mut FieldCheck) -> Option<WebhookAccess> {
        let username = check.text("webhook.username", self.username.as_deref());
        let password = check.secret("webhook.password", self.password.as_ref());
        // Basic authentication ends the user name at the first colon.
        if username.is_some_and(|name| name.contains(':')) {
            check.refuse("webhook.username", "contains ':'", "leave it out");
        }
        Some(WebhookAccess {
            username: username?.to_owned(),
            password: SecretString::from(password?.expose_secret()),
        })
    }
}

impl ExamInput {
    /// Checks every field and says all that is wrong; whether the connector exists is the registry's to say.
    pub fn validate(&self) -> Result<Exam, FieldErrors> {
        let outcomes = OnOutcome::ALL.map(|outcome| (outcome.as_str(), outcome));
        let policies = VersionPolicy::ALL.map(|policy| (policy.as_str(), policy));
        let mut check = FieldCheck::new("exam", self.id.as_deref());
        let id = check.id::<ExamId>("id", self.id.as_deref());
        let name = check.optional_text("name", self.name.as_deref());
        let connector = check.id::<ConnectorId>("connector", self.connector.as_deref());
        let course_id = check.course_id("course_id", self.course_id);
        let on_failed = check.choice("on_failed", self.on_failed.as_deref(), OnOutcome::InProgress, &outcomes);
        let on_non_graded = check.choice(
            "on_non_graded",
            self.on_non_graded.as_deref(),
            OnOutcome::Unchanged,
            &outcomes,
        );
        let version_policy = check.choice(
            "version_policy",
            self.version_policy.as_deref(),
            VersionPolicy::default(),
            &policies,
        );
        let check_deadline_seconds = check.number(
            "check_deadline_seconds",
            self.check_deadline_seconds,
            CHECK_DEADLINE_SECONDS,
        );
        let errors = check.finish();
        let (true, Some(id), Some(connector), Some(course_id)) = (errors.0.is_empty(), id, connector, course_id) else {
            return Err(errors);
        };
        Ok(Exam {
            id,
            name: name.map(str::to_owned),
            connector,
            course_id,
            on_failed,
            on_non_graded,
            write_score_on_failed: self.write_score_on_failed.unwrap_or(true),
            write_score_on_non_graded: self.write_score_on_non_graded.unwrap_or(false),
            version_policy,
            check_deadline_seconds,
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
        })
    }
}
