//! The configuration as the program uses it: parsed, bounded, consistent.

use std::net::ToSocketAddrs;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use passback_queue::{Egress, Name};
use passback_server::{Role, TlsFiles, TokenEntry};
use secrecy::SecretString;
use toml::Value;

use super::duration::parse_duration;
use super::error::{ConfigError, Problem};
use super::keys::{Key, Kind};
use super::layers::{Layers, Source, Sourced};
use super::network::{parse_network, parse_origin};
use super::tokens::parse_tokens;

/// The most entries of a list of texts.
const MAX_TEXTS: usize = 64;

/// Everything that `serve` and `worker` are told.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) redis_url: SecretString,
    pub(crate) allow_unsafe_redis: bool,
    pub(crate) listen: String,
    pub(crate) max_body_bytes: usize,
    pub(crate) max_webhook_body_bytes: usize,
    pub(crate) http_shutdown_grace: Duration,
    pub(crate) trusted_proxies: Vec<IpNet>,
    pub(crate) cors_origins: Vec<String>,
    pub(crate) tls: Option<TlsFiles>,
    /// 0 means that there is no limit.
    pub(crate) max_requests_per_second_per_token: u32,
    /// 0 means that there is no limit.
    pub(crate) max_webhooks_per_second_per_connector: u32,
    pub(crate) master_key_file: PathBuf,
    pub(crate) tokens: Vec<TokenEntry>,
    pub(crate) allow_http_loopback: bool,
    pub(crate) check_slots: usize,
    pub(crate) push_slots: usize,
    pub(crate) background_slots: usize,
    pub(crate) egress: Egress,
    pub(crate) shutdown_grace: Duration,
    pub(crate) push_deadline: Duration,
    pub(crate) max_attempts: u32,
    pub(crate) max_age: Duration,
    pub(crate) look_again: Duration,
    pub(crate) ledger_retention: Duration,
    pub(crate) overdue_after: Duration,
    pub(crate) feed_retention: Duration,
    pub(crate) webhooks_retention: Duration,
    /// What is allowed but hardly meant.
    pub(crate) warnings: Vec<String>,
}

impl Settings {
    /// Parses every value and checks that they go together; all that is wrong is said at once.
    pub(crate) fn from_layers(layers: &Layers) -> Result<Self, ConfigError> {
        let mut reader = Reader {
            layers,
            problems: Vec::new(),
        };
        let mut settings = Self {
            redis_url: SecretString::from(reader.text("redis.url")),
            allow_unsafe_redis: reader.bool("redis.allow_unsafe"),
            listen: reader.text("http.listen"),
            max_body_bytes: reader.size("http.max_body_bytes"),
            max_webhook_body_bytes: reader.size("http.max_webhook_body_bytes"),
            http_shutdown_grace: reader.duration("http.shutdown_grace"),
            trusted_proxies: reader.texts("http.trusted_proxies", parse_network),
            cors_origins: reader.texts("http.cors_origins", parse_origin),
            tls: reader.tls(),
            max_requests_per_second_per_token: reader.limit("http.max_requests_per_second_per_token").unwrap_or(0),
            max_webhooks_per_second_per_connector: reader
                .limit("http.max_webhooks_per_second_per_connector")
                .unwrap_or(0),
            master_key_file: PathBuf::from(reader.text("secrets.master_key_file")),
            tokens: reader.tokens("auth.tokens"),
            allow_http_loopback: reader.bool("connectors.allow_http_loopback"),
            check_slots: reader.size("worker.concurrency.check"),
            push_slots: reader.size("worker.concurrency.push"),
            background_slots: reader.size("worker.concurrency.background"),
            egress: Egress {
                name: reader.name("worker.egress.name"),
                calls_per_hour: reader.limit("worker.egress.calls_per_hour"),
            },
            shutdown_grace: reader.duration("worker.shutdown_grace"),
            push_deadline: reader.duration("worker.push_deadline"),
            max_attempts: u32::try_from(reader.integer("worker.max_attempts")).unwrap_or(u32::MAX),
            max_age: reader.duration("worker.max_age"),
            look_again: reader.duration("worker.look_again"),
            ledger_retention: reader.duration("ledger.retention"),
            overdue_after: reader.duration("ledger.overdue_after"),
            feed_retention: reader.duration("feed.retention"),
            webhooks_retention: reader.duration("webhooks.retention"),
            warnings: Vec::new(),
        };
        // Only what was read can be compared.
        if reader.problems.is_empty() {
            settings.check(&mut reader);
        }
        if reader.problems.is_empty() {
            Ok(settings)
        } else {
            Err(ConfigError {
                problems: reader.problems,
            })
        }
    }

    fn check(&mut self, reader: &mut Reader<'_>) {
        if self.listen.to_socket_addrs().is_err() {
            reader.problem(
                "http.listen",
                "is no address to listen on",
                "write host:port, such as 127.0.0.1:8080",
            );
        }
        if self.push_deadline < Duration::from_secs(1) {
            reader.problem(
                "worker.push_deadline",
                "is under one second",
                "write 90s, or what a slow Docebo needs",
            );
        }
        if self.max_age <= self.push_deadline {
            let fix = "let max_age be days and push_deadline seconds";
            reader.problem("worker.max_age", "is not longer than worker.push_deadline", fix);
        }
        if self.look_again < Duration::from_secs(1) {
            reader.problem("worker.look_again", "is under one second", "write 6h");
        }
        if self.look_again >= self.max_age {
            let fix = "let it be shorter, or parked jobs die unseen";
            reader.problem("worker.look_again", "is not shorter than worker.max_age", fix);
        }
        self.check_retention(reader);
        // The defaults are a choice of ours; only somebody else's is worth a word.
        let chosen = reader.is_chosen("worker.shutdown_grace") || reader.is_chosen("worker.push_deadline");
        if chosen && self.shutdown_grace < self.push_deadline {
            self.warnings.push(format!(
                "worker.shutdown_grace ({}s) is shorter than worker.push_deadline ({}s): a push that is slow when a worker stops is given back and done again",
                self.shutdown_grace.as_secs(),
                self.push_deadline.as_secs()
            ));
        }
    }

    /// What is kept must outlast those who need it.
    fn check_retention(&self, reader: &mut Reader<'_>) {
        if self.ledger_retention <= self.max_age {
            let fix = "let it be longer, or rows go before their results are at their end";
            reader.problem("ledger.retention", "is not longer than worker.max_age", fix);
        }
        if self.overdue_after < Duration::from_secs(1) || self.overdue_after >= self.ledger_retention {
            let fix = "write 24h, or after what time somebody should look";
            reader.problem("ledger.overdue_after", "is not between 1s and ledger.retention", fix);
        }
        if self.webhooks_retention < Duration::from_hours(1) {
            let fix = "write 30d, or how long other systems may be away";
            reader.problem("webhooks.retention", "is under one hour", fix);
        }
        if self.feed_retention < Duration::from_hours(1) {
            let fix = "write 7d, or how long the exam engine may be away";
            reader.problem("feed.retention", "is under one hour", fix);
        }
    }
}

/// Reads typed values and gathers what is wrong with them.
struct Reader<'a> {
    layers: &'a Layers,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    fn find(&self, path: &str) -> Option<(&'static Key, &Sourced)> {
        self.layers.iter().find(|(key, _)| key.path == path)
    }

    fn is_chosen(&self, path: &str) -> bool {
        self.find(path)
            .is_some_and(|(_, sourced)| sourced.source != Source::Default)
    }

    fn problem(&mut self, path: &str, what: &str, fix: &str) {
        let source = self
            .find(path)
            .map_or_else(String::new, |(_, sourced)| format!(" (from {})", sourced.source));
        self.problems.push(Problem::new(format!("{path} {what}{source}"), fix));
    }

    fn text(&mut self, path: &str) -> String {
        let text = self
            .find(path)
            .and_then(|(_, sourced)| sourced.value.as_str())
            .map(str::to_owned);
        let text = text.filter(|text| !text.trim().is_empty());
        if text.is_none() {
            self.problem(path, "must be a text that is not empty", "write it in quotes");
        }
        text.unwrap_or_default()
    }

    /// A text that may be left empty.
    fn optional_text(&mut self, path: &str) -> Option<String> {
        let found = self.find(path).map(|(_, sourced)| sourced.value.as_str());
        let text = found.flatten().map(str::to_owned);
        if text.is_none() {
            self.problem(path, "must be a text", "write it in quotes, or \"\" for none");
        }
        text.filter(|text| !text.trim().is_empty())
    }

    /// A list of texts, each of which means something.
    fn texts<T>(&mut self, path: &str, parse: impl Fn(&str) -> Result<T, String>) -> Vec<T> {
        let value = self.find(path).map(|(_, sourced)| sourced.value.clone());
        let Some(entries) = value.as_ref().and_then(Value::as_array) else {
            self.problem(path, "is no list", "write [\"one\", \"another\"], or [] for none");
            return Vec::new();
        };
        if entries.len() > MAX_TEXTS {
            let fix = format!("write up to {MAX_TEXTS}");
            self.problem(path, "has too many entries", &fix);
            return Vec::new();
        }
        let mut parsed = Vec::new();
        for (number, entry) in (1..).zip(entries) {
            match entry.as_str().map_or(Err("write it in quotes".to_owned()), &parse) {
                Ok(value) => parsed.push(value),
                Err(fix) => self.problem(path, &format!("cannot be understood at entry {number}"), &fix),
            }
        }
        parsed
    }

    /// The two files of a certificate, or none.
    fn tls(&mut self) -> Option<TlsFiles> {
        let (certificate, key) = ("http.tls.certificate_file", "http.tls.key_file");
        match (self.optional_text(certificate), self.optional_text(key)) {
            (None, None) => None,
            (Some(certificate_file), Some(key_file)) => Some(TlsFiles {
                certificate_file: certificate_file.into(),
                key_file: key_file.into(),
            }),
            (Some(_), None) => {
                self.problem(
                    key,
                    "is missing beside http.tls.certificate_file",
                    "give both, or neither",
                );
                None
            }
            (None, Some(_)) => {
                self.problem(
                    certificate,
                    "is missing beside http.tls.key_file",
                    "give both, or neither",
                );
                None
            }
        }
    }

    /// A text that can be part of a key in Redis.
    fn name(&mut self, path: &str) -> Name {
        let text = self.text(path);
        let named = Name::new(text.as_str());
        if named.is_err() && !text.is_empty() {
            let fix = "use letters, digits and . _ : / @ + - only";
            self.problem(path, "is no name", fix);
        }
        named.unwrap_or_else(|_| Egress::default().name)
    }

    /// A number of which 0 means that there is no limit.
    fn limit(&mut self, path: &str) -> Option<u32> {
        let number = u32::try_from(self.integer(path)).unwrap_or(u32::MAX);
        (number > 0).then_some(number)
    }

    fn bool(&mut self, path: &str) -> bool {
        let found = self.find(path).and_then(|(_, sourced)| sourced.value.as_bool());
        if found.is_none() {
            self.problem(path, "is neither true nor false", "write true or false, without quotes");
        }
        found.unwrap_or_default()
    }

    fn integer(&mut self, path: &str) -> u64 {
        let Some((key, sourced)) = self.find(path) else {
            return 0;
        };
        let (low, high) = match key.kind {
            Kind::Integer(low, high) => (low, high),
            Kind::Text
            | Kind::OptionalText
            | Kind::Texts
            | Kind::SecretUrl
            | Kind::Bool
            | Kind::Duration
            | Kind::Tokens => (0, u64::MAX),
        };
        let number = sourced.value.as_integer().and_then(|number| u64::try_from(number).ok());
        let number = number.filter(|number| (low..=high).contains(number));
        if number.is_none() {
            let fix = format!("write a number from {low} to {high}");
            self.problem(path, "is no whole number within its bounds", &fix);
        }
        number.unwrap_or(low)
    }

    fn size(&mut self, path: &str) -> usize {
        usize::try_from(self.integer(path)).unwrap_or(usize::MAX)
    }

    fn duration(&mut self, path: &str) -> Duration {
        let found = self
            .find(path)
            .and_then(|(_, sourced)| sourced.value.as_str())
            .and_then(parse_duration);
        if found.is_none() {
            self.problem(
                path,
                "is no duration",
                "write a number with ms, s, m, h or d, such as \"25s\"",
            );
        }
        found.unwrap_or_default()
    }

    fn tokens(&mut self, path: &str) -> Vec<TokenEntry> {
        let value = self.find(path).map(|(_, sourced)| sourced.value.clone());
        match parse_tokens(&value.unwrap_or(Value::Array(Vec::new()))) {
            Ok(tokens) => tokens,
            Err(wrong) => {
                let roles = Role::ALL.map(Role::as_str).join(", ");
                let fix = format!("`passback token new` prints such a line; roles are {roles}");
                self.problem(path, &wrong, &fix);
                Vec::new()
            }
        }
    }
}
