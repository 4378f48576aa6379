//! What each master key has sealed, over all slices, and which keys may go.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::api::Api;
use crate::exit::Failure;
use crate::output::{self, Column, Format, column, field};

const COLUMNS: [Column; 6] = [
    column("KEY", |key| field(key, "key_id")),
    column("SEALS", |key| field(key, "current")),
    column("IN KEY FILE", |key| field(key, "held")),
    column("CONNECTOR SECRETS", |key| field(key, "connector_secrets")),
    column("PAYLOADS", |key| field(key, "payloads")),
    column("EVENTS UNTIL", |key| field(key, "docebo_events_until")),
];

/// The counts of all slices together.
#[derive(Debug, Default)]
pub(super) struct KeyUsage {
    current: String,
    keys: BTreeMap<String, OneKey>,
    unreadable: u64,
    unreadable_secrets: u64,
}

#[derive(Debug, Default, Clone)]
struct OneKey {
    held: bool,
    connector_secrets: u64,
    payloads: u64,
    /// Until when events of Docebo's are kept that it has sealed.
    events_until: Option<String>,
}

impl OneKey {
    /// Whether only events need it, which are never sealed again.
    fn is_for_events_only(&self) -> bool {
        self.connector_secrets == 0 && self.payloads == 0
    }
}

impl KeyUsage {
    /// Asks slice by slice.
    pub(super) async fn read(api: &Api) -> Result<Self, Failure> {
        let mut usage = Self::default();
        let mut cursor = "0".to_owned();
        loop {
            let slice = api.get(&["v1", "secrets"], &[("cursor", &cursor)]).await?;
            usage.take(&slice);
            match slice["next_cursor"].as_str() {
                Some(next) => next.clone_into(&mut cursor),
                None => return Ok(usage),
            }
        }
    }

    fn take(&mut self, slice: &Value) {
        self.current = field(slice, "current");
        self.unreadable += slice["unreadable"].as_u64().unwrap_or(0);
        self.unreadable_secrets += slice["unreadable_secrets"].as_u64().unwrap_or(0);
        for key in slice["keys"].as_array().map(Vec::as_slice).unwrap_or_default() {
            let known = self.keys.entry(field(key, "key_id")).or_default();
            known.held = key["held"] == Value::Bool(true);
            known.connector_secrets += key["connector_secrets"].as_u64().unwrap_or(0);
            known.payloads += key["payloads"].as_u64().unwrap_or(0);
            let until = key["docebo_events_until"].as_str().map(str::to_owned);
            known.events_until = until.or(known.events_until.take());
        }
    }

    /// The key that seals today.
    pub(super) fn current(&self) -> &str {
        &self.current
    }

    /// Connector secrets and payloads that another key has sealed.
    pub(super) fn to_rotate(&self) -> (u64, u64) {
        let others = self.others();
        others.fold((0, 0), |(secrets, payloads), (_, key)| {
            (secrets + key.connector_secrets, payloads + key.payloads)
        })
    }

    fn others(&self) -> impl Iterator<Item = (&String, &OneKey)> {
        self.keys.iter().filter(|(id, _)| **id != self.current)
    }

    pub(super) fn document(&self) -> Value {
        let keys = self.keys.iter().map(|(id, key)| {
            json!({
                "key_id": id, "current": *id == self.current, "held": key.held,
                "connector_secrets": key.connector_secrets, "payloads": key.payloads,
                "docebo_events_until": key.events_until,
            })
        });
        let needed: Vec<&String> = self.others().map(|(id, _)| id).collect();
        json!({
            "current": self.current, "keys": keys.collect::<Vec<_>>(), "unreadable": self.unreadable,
            "unreadable_secrets": self.unreadable_secrets, "still_needed": needed,
        })
    }

    pub(super) fn print(&self, format: Format) -> Result<(), Failure> {
        let document = self.document();
        let keys = document["keys"].as_array().map(Vec::as_slice).unwrap_or_default();
        match format {
            Format::Json => output::item(format, &document),
            Format::Ndjson => output::list(format, keys, &COLUMNS),
            Format::Table => {
                output::list(format, keys, &COLUMNS)?;
                self.spoilt().map_or(Ok(()), |line| output::line(&line))?;
                output::line(&self.advice())
            }
        }
    }

    /// What no key has sealed, if there is any.
    fn spoilt(&self) -> Option<String> {
        let (secrets, payloads) = (self.unreadable_secrets, self.unreadable);
        (secrets + payloads > 0).then(|| {
            format!(
                "{secrets} connector secret(s) and {payloads} payload(s) are no sealed values: apply the connector again, \
                 discard the job"
            )
        })
    }

    /// Which keys may be taken out of the key file.
    pub(super) fn advice(&self) -> String {
        let missing: Vec<&str> = self
            .others()
            .filter(|(_, key)| !key.held)
            .map(|(id, _)| id.as_str())
            .collect();
        if !missing.is_empty() {
            let keys = missing.join(", ");
            return format!("the key file lacks keys that are still needed: {keys}; put them back below the first key");
        }
        let needed: Vec<&str> = self.others().map(|(id, _)| id.as_str()).collect();
        if needed.is_empty() {
            let current = &self.current;
            return format!(
                "no key but {current} is needed: any other may be taken out of the key file, once {current} stands first in \
                 that of every process; the line index: stays for ever"
            );
        }
        let keys = needed.join(", ");
        if self.others().all(|(_, key)| key.is_for_events_only()) {
            let until = self.others().filter_map(|(_, key)| key.events_until.as_deref()).max();
            let until = until.unwrap_or("they have expired");
            return format!(
                "these keys must stay in the key file until {until}: {keys}; Docebo's events that they have sealed are kept \
                 that long, and never sealed again"
            );
        }
        format!("these keys must stay in the key file: {keys}; passback secrets rotate makes them superfluous")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(id: &str, held: bool, connector_secrets: u64, payloads: u64) -> Value {
        json!({"key_id": id, "held": held, "connector_secrets": connector_secrets, "payloads": payloads})
    }

    fn usage(slices: &[Value]) -> KeyUsage {
        let mut usage = KeyUsage::default();
        for keys in slices {
            usage.take(&json!({"current": "new", "keys": keys, "unreadable": 0}));
        }
        usage
    }

    #[test]
    fn a_key_may_go_once_nothing_is_sealed_with_it() {
        let before = usage(&[
            json!([key("new", true, 1, 2), key("old", true, 4, 7)]),
            json!([key("old", true, 0, 3)]),
        ]);
        assert_eq!(before.to_rotate(), (4, 10));
        assert!(
            before.advice().contains("must stay in the key file: old"),
            "{}",
            before.advice()
        );
        assert_eq!(before.document()["still_needed"], json!(["old"]));
        let after = usage(&[json!([key("new", true, 5, 12)])]);
        assert_eq!(after.to_rotate(), (0, 0));
        assert!(
            after.advice().starts_with("no key but new is needed"),
            "{}",
            after.advice()
        );
    }

    #[test]
    fn a_key_that_only_events_need_stays_until_they_are_gone() {
        let mut old = key("old", true, 0, 0);
        old["docebo_events_until"] = json!("2026-12-22T09:30:00Z");
        let usage = usage(&[json!([key("new", true, 5, 2), old]), json!([key("new", true, 0, 1)])]);
        assert_eq!(usage.to_rotate(), (0, 0));
        let advice = usage.advice();
        assert!(
            advice.starts_with("these keys must stay in the key file until 2026-12-22T09:30:00Z: old;"),
            "{advice}"
        );
    }

    #[test]
    fn what_is_no_sealed_value_is_counted_apart() {
        assert_eq!(usage(&[json!([])]).spoilt(), None);
        let mut spoilt = KeyUsage::default();
        spoilt.take(&json!({"current": "new", "keys": [], "unreadable": 2, "unreadable_secrets": 1}));
        let line = spoilt.spoilt().unwrap();
        assert!(line.starts_with("1 connector secret(s) and 2 payload(s)"), "{line}");
    }

    #[test]
    fn a_key_that_is_gone_too_early_is_asked_back() {
        let usage = usage(&[json!([key("new", true, 5, 2), key("old", false, 0, 1)])]);
        assert!(
            usage.advice().contains("lacks keys that are still needed: old"),
            "{}",
            usage.advice()
        );
    }
}
