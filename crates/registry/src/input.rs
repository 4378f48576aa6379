//! Connectors as people and programs write them, before they are believed.
//!
//! The file (`apply -f`) and the API fill the same fields, and both pass through the same `validate`.

use jiff::Timestamp;
use secrecy::SecretString;
use serde::Deserialize;

use crate::connector::{Connector, ConnectorKind};
use crate::delivery_policy::{ReadBeforeWrite, VerifyPolicy};
use crate::domain::Domain;
use crate::field_check::FieldCheck;
use crate::field_error::FieldErrors;
use crate::id::ConnectorId;
use crate::webhook_input::WebhookInput;

const CALLS_PER_HOUR: (u32, u32, u32) = (1, 1_000, 1_000_000);
/// Records written before there was a weight get its default too.
pub(crate) const DEFAULT_WEIGHT: u32 = 1;
const WEIGHT: (u32, u32, u32) = (1, DEFAULT_WEIGHT, 100);
const MAX_CONCURRENCY: (u32, u32) = (1, 1_000);
const CONNECT_TIMEOUT_MS: (u32, u32, u32) = (100, 5_000, 60_000);
const REQUEST_TIMEOUT_MS: (u32, u32, u32) = (500, 30_000, 300_000);

/// A connector as written; every field may be missing until it is validated.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are those of `Connector`")]
pub struct ConnectorInput {
    pub id: Option<String>,
    pub name: Option<String>,
    #[serde(rename = "type")]
    pub kind: Option<String>,
    pub domain: Option<String>,
    pub client_id: Option<String>,
    #[serde(default, deserialize_with = "crate::secret_text::deserialize")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub client_secret: Option<SecretString>,
    pub username: Option<String>,
    #[serde(default, deserialize_with = "crate::secret_text::deserialize")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub password: Option<SecretString>,
    #[serde(default, deserialize_with = "crate::whole_number::deserialize")]
    pub calls_per_hour: Option<i64>,
    #[serde(default, deserialize_with = "crate::whole_number::deserialize")]
    pub weight: Option<i64>,
    #[serde(default, deserialize_with = "crate::whole_number::deserialize")]
    pub max_concurrency: Option<i64>,
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub webhook: Option<WebhookInput>,
    #[serde(default, deserialize_with = "crate::whole_number::deserialize")]
    pub connect_timeout_ms: Option<i64>,
    #[serde(default, deserialize_with = "crate::whole_number::deserialize")]
    pub request_timeout_ms: Option<i64>,
    pub read_before_write: Option<String>,
    pub verify: Option<String>,
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
        let (connect, request) = self.timeouts(&mut check);
        let (read_before_write, verify) = self.delivery_policy(&mut check);
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
            read_before_write,
            verify,
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
            validated_at: None,
            validation: None,
        })
    }

    fn timeouts(&self, check: &mut FieldCheck) -> (u32, u32) {
        let connect = check.number("connect_timeout_ms", self.connect_timeout_ms, CONNECT_TIMEOUT_MS);
        let request = check.number("request_timeout_ms", self.request_timeout_ms, REQUEST_TIMEOUT_MS);
        if connect > request {
            check.refuse(
                "connect_timeout_ms",
                "longer than the whole request may take",
                format!("use at most request_timeout_ms ({request})"),
            );
        }
        (connect, request)
    }

    fn delivery_policy(&self, check: &mut FieldCheck) -> (ReadBeforeWrite, VerifyPolicy) {
        let read = check.choice(
            "read_before_write",
            self.read_before_write.as_deref(),
            ReadBeforeWrite::default(),
            &ReadBeforeWrite::ALL.map(|policy| (policy.as_str(), policy)),
        );
        let verify = check.choice(
            "verify",
            self.verify.as_deref(),
            VerifyPolicy::default(),
            &VerifyPolicy::ALL.map(|policy| (policy.as_str(), policy)),
        );
        (read, verify)
    }
}
