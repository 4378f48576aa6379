//! Every key that can be configured, spelled once.

/// What a key's value must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Any text.
    Text,
    /// A text that may be empty, where it then means nothing.
    OptionalText,
    /// A list of texts.
    Texts,
    /// A URL that may hold a password.
    SecretUrl,
    /// `true` or `false`.
    Bool,
    /// A whole number within bounds, both included.
    Integer(u64, u64),
    /// A text such as `25s`.
    Duration,
    /// A list of API tokens.
    Tokens,
}

/// One key.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Key {
    /// Its path, with dots.
    pub(crate) path: &'static str,
    /// What its value must be.
    pub(crate) kind: Kind,
}

const fn key(path: &'static str, kind: Kind) -> Key {
    Key { path, kind }
}

/// The most jobs that run at once in one lane of one process.
const MAX_CONCURRENCY: u64 = 1_024;
/// The most calls an hour that an egress can be given; past that, it is none.
const MAX_CALLS_PER_HOUR: u64 = 1_000_000;
/// The largest body limit that can be asked for.
const MAX_MAX_BODY_BYTES: u64 = 16 * 1024 * 1024;

/// The highest rate that a token or a connector can be given; past that, it is none.
const MAX_REQUESTS_PER_SECOND: u64 = 100_000;

/// All keys, in the order in which they are shown.
pub(crate) const KEYS: [Key; 29] = [
    key("redis.url", Kind::SecretUrl),
    key("redis.allow_unsafe", Kind::Bool),
    key("http.listen", Kind::Text),
    key("http.max_body_bytes", Kind::Integer(1_024, MAX_MAX_BODY_BYTES)),
    key("http.shutdown_grace", Kind::Duration),
    key("http.max_webhook_body_bytes", Kind::Integer(1_024, MAX_MAX_BODY_BYTES)),
    key("http.trusted_proxies", Kind::Texts),
    key("http.cors_origins", Kind::Texts),
    key(
        "http.max_requests_per_second_per_token",
        Kind::Integer(0, MAX_REQUESTS_PER_SECOND),
    ),
    key(
        "http.max_webhooks_per_second_per_connector",
        Kind::Integer(0, MAX_REQUESTS_PER_SECOND),
    ),
    key("http.tls.certificate_file", Kind::OptionalText),
    key("http.tls.key_file", Kind::OptionalText),
    key("secrets.master_key_file", Kind::Text),
    key("auth.tokens", Kind::Tokens),
    key("connectors.allow_http_loopback", Kind::Bool),
    key("webhooks.retention", Kind::Duration),
    key("worker.concurrency.check", Kind::Integer(1, MAX_CONCURRENCY)),
    key("worker.concurrency.push", Kind::Integer(1, MAX_CONCURRENCY)),
    key("worker.concurrency.background", Kind::Integer(1, MAX_CONCURRENCY)),
    key("worker.egress.name", Kind::Text),
    key("worker.egress.calls_per_hour", Kind::Integer(0, MAX_CALLS_PER_HOUR)),
    key("worker.shutdown_grace", Kind::Duration),
    key("worker.push_deadline", Kind::Duration),
    key("worker.max_attempts", Kind::Integer(1, 1_000)),
    key("worker.max_age", Kind::Duration),
    key("worker.look_again", Kind::Duration),
    key("ledger.retention", Kind::Duration),
    key("ledger.overdue_after", Kind::Duration),
    key("feed.retention", Kind::Duration),
];

/// Letters that may differ before a name is no longer offered as the one meant.
const MAX_TYPO_DISTANCE: usize = 4;

impl Key {
    /// The key with this path.
    pub(crate) fn find(path: &str) -> Option<&'static Key> {
        KEYS.iter().find(|key| key.path == path)
    }

    /// The variable that sets the key.
    pub(crate) fn variable(&self) -> String {
        format!("PASSBACK_{}", self.path.to_uppercase().replace('.', "__"))
    }
}

/// Whether keys lie below this path.
pub(crate) fn is_section(path: &str) -> bool {
    KEYS.iter()
        .any(|key| key.path.strip_prefix(path).is_some_and(|rest| rest.starts_with('.')))
}

/// How alike the last parts of two names in one section are before the one is offered for the other, from 0 to 1.
const MIN_LIKENESS: f64 = 0.85;

/// The section that a key is in.
fn parent(path: &str) -> Option<&str> {
    path.rsplit_once('.').map(|(parent, _)| parent)
}

/// The known name that a misspelt one most likely means.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .filter(|(distance, candidate)| {
            let sibling = parent(name).is_some() && parent(name) == parent(candidate);
            let alike = sibling && alike(name, candidate) >= MIN_LIKENESS;
            alike || (*distance <= MAX_TYPO_DISTANCE && *distance < candidate.len())
        })
        .max_by(|(distance, candidate), (other_distance, other)| {
            let by_likeness = alike(candidate, name).total_cmp(&alike(other, name));
            by_likeness.then(other_distance.cmp(distance))
        })
        .map(|(_, candidate)| candidate)
}

/// How alike the last parts of two names are: `cert_file` is more of a `certificate_file` than of a `key_file`.
fn alike(one: &str, other: &str) -> f64 {
    let last = |name: &str| name.rsplit('.').next().unwrap_or_default().to_owned();
    strsim::jaro_winkler(&last(one), &last(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_key_finds_the_one_meant() {
        let paths = || KEYS.iter().map(|key| key.path);
        assert_eq!(nearest("redis.ulr", paths()), Some("redis.url"));
        assert_eq!(
            nearest("worker.concurency.push", paths()),
            Some("worker.concurrency.push")
        );
        assert_eq!(nearest("leger.retention", paths()), Some("ledger.retention"));
        assert_eq!(
            nearest("http.tls.cert_file", paths()),
            Some("http.tls.certificate_file")
        );
        assert_eq!(nearest("entirely.different", paths()), None);
    }

    #[test]
    fn a_variable_nests_by_a_double_underscore() {
        let key = Key::find("worker.concurrency.push").unwrap();
        assert_eq!(key.variable(), "PASSBACK_WORKER__CONCURRENCY__PUSH");
    }
}
