//! Whether a webhook target makes sense.

use axum::http::{HeaderName, HeaderValue};
use reqwest::Url;

use crate::fault::MAX_DELAY_MS;
use crate::webhook::target::WebhookTarget;

/// The most copies of a message.
const MAX_DUPLICATES: u32 = 100;

/// The most deliveries that are held to be shuffled.
const MAX_SHUFFLE: usize = 10_000;

/// The most events in one message.
const MAX_GROUP: usize = 1_000;

/// The most deliveries under way at a time.
const MAX_PARALLEL: usize = 256;

/// The most retries of a delivery.
const MAX_RETRIES: u32 = 100;

/// A webhook target that makes no sense; the text names the field.
#[derive(Debug, thiserror::Error)]
#[error("webhook: {0}")]
pub struct WebhookTargetError(String);

impl WebhookTarget {
    /// Checks that the address, the header and the limits make sense.
    pub fn check(&self) -> Result<(), WebhookTargetError> {
        self.complaint()
            .map_or(Ok(()), |detail| Err(WebhookTargetError(detail)))
    }

    /// Says what makes no sense, naming the field; `None` if all is well.
    pub(crate) fn complaint(&self) -> Option<String> {
        self.address_complaint().or_else(|| self.limit_complaint())
    }

    fn address_complaint(&self) -> Option<String> {
        let url = Url::parse(&self.url).ok();
        if !url.is_some_and(|url| ["http", "https"].contains(&url.scheme()) && url.has_host()) {
            return Some("url must be an http or https address".to_owned());
        }
        if self.username.contains(':') {
            return Some("username must not contain a colon, HTTP Basic forbids it".to_owned());
        }
        let header = self.header.as_ref()?;
        if HeaderName::from_bytes(header.name.as_bytes()).is_err() {
            return Some("header.name is no name of a header".to_owned());
        }
        let fits = HeaderValue::from_str(&header.value).is_ok();
        (!fits).then(|| "header.value has characters that no header may have".to_owned())
    }

    fn limit_complaint(&self) -> Option<String> {
        let (from_ms, to_ms) = self.delay_ms.bounds();
        if from_ms > to_ms {
            return Some("delay_ms goes from the longer to the shorter".to_owned());
        }
        let delays = [
            ("delay_ms", to_ms),
            ("hold_ms", self.hold_ms),
            ("timeout_ms", self.timeout_ms),
            ("retry_first_ms", self.retry_first_ms),
            ("retry_max_ms", self.retry_max_ms),
        ];
        if let Some((field, _)) = delays.into_iter().find(|(_, delay_ms)| *delay_ms > MAX_DELAY_MS) {
            return Some(format!("{field} is over {MAX_DELAY_MS}"));
        }
        if self.timeout_ms == 0 {
            return Some("timeout_ms is 0, it must be at least 1".to_owned());
        }
        if self.parallel == 0 || self.parallel > MAX_PARALLEL {
            return Some(format!("parallel must be from 1 to {MAX_PARALLEL}"));
        }
        if self.duplicates > MAX_DUPLICATES {
            return Some(format!("duplicates is over {MAX_DUPLICATES}"));
        }
        if self.shuffle > MAX_SHUFFLE {
            return Some(format!("shuffle is over {MAX_SHUFFLE}"));
        }
        if self.group > MAX_GROUP {
            return Some(format!("group is over {MAX_GROUP}"));
        }
        (self.retries > MAX_RETRIES).then(|| format!("retries is over {MAX_RETRIES}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::webhook::target::{DelayMs, WebhookHeader};

    /// One thing done wrong to a good target.
    type Change = fn(&mut WebhookTarget);

    fn set_header(target: &mut WebhookTarget, name: &str, value: &str) {
        target.header = Some(WebhookHeader {
            name: name.to_owned(),
            value: value.to_owned(),
        });
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        let good = WebhookTarget::new("http://127.0.0.1:9/hook", "docebo", "secret");
        assert_eq!(good.complaint(), None);
        let wrong: [(&str, Change); 13] = [
            ("url", |target| target.url = "127.0.0.1:9".to_owned()),
            ("url", |target| target.url = "ftp://example.org".to_owned()),
            ("username", |target| target.username = "a:b".to_owned()),
            ("header.name", |target| set_header(target, "a b", "c")),
            ("header.value", |target| set_header(target, "a", "b\nc")),
            ("delay_ms", |target| target.delay_ms = DelayMs::Between([9, 8])),
            ("hold_ms", |target| target.hold_ms = MAX_DELAY_MS + 1),
            ("timeout_ms", |target| target.timeout_ms = 0),
            ("parallel", |target| target.parallel = 0),
            ("duplicates", |target| target.duplicates = 101),
            ("shuffle", |target| target.shuffle = 10_001),
            ("group", |target| target.group = 1_001),
            ("retries", |target| target.retries = 101),
        ];
        for (field, change) in wrong {
            let mut target = good.clone();
            change(&mut target);
            let complaint = target.complaint().unwrap();
            assert!(complaint.starts_with(field), "{field}: {complaint}");
        }
    }
}
