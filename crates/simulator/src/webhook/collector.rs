//! Collects events of one name into one message.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::clock::Moment;

/// Events of one name that wait for more.
#[derive(Debug, PartialEq)]
pub(super) struct Group {
    pub(super) event: String,
    pub(super) payloads: Vec<Value>,
}

/// The incomplete groups, by the name of their events.
#[derive(Default)]
pub(super) struct Collector {
    groups: BTreeMap<String, (Moment, Vec<Value>)>,
}

impl Collector {
    /// Adds an event; returns its group if that is complete now.
    pub(super) fn add(&mut self, event: &str, payload: Value, size: usize, now: Moment) -> Option<Group> {
        let (_, payloads) = self.groups.entry(event.to_owned()).or_insert_with(|| (now, Vec::new()));
        payloads.push(payload);
        if payloads.len() < size {
            return None;
        }
        self.groups.remove(event).map(|(_, payloads)| Group {
            event: event.to_owned(),
            payloads,
        })
    }

    /// Takes the groups that were begun before or at this moment.
    pub(super) fn take_begun_by(&mut self, moment: Moment) -> Vec<Group> {
        let begun = self.groups.extract_if(.., |_, (since, _)| *since <= moment);
        begun.map(|(event, (_, payloads))| Group { event, payloads }).collect()
    }

    /// Returns when the oldest group was begun.
    pub(super) fn oldest(&self) -> Option<Moment> {
        self.groups.values().map(|(since, _)| *since).min()
    }

    /// Counts the events that wait.
    pub(super) fn waiting(&self) -> usize {
        self.groups.values().map(|(_, payloads)| payloads.len()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_events_of_one_name_share_a_group() {
        let mut collector = Collector::default();
        assert_eq!(collector.add("user.created", 1.into(), 2, Moment(10)), None);
        assert_eq!(collector.add("user.updated", 2.into(), 2, Moment(20)), None);
        let group = collector.add("user.created", 3.into(), 2, Moment(30)).unwrap();
        assert_eq!(group.payloads, [Value::from(1), Value::from(3)]);
        assert_eq!((collector.waiting(), collector.oldest()), (1, Some(Moment(20))));
        assert!(collector.take_begun_by(Moment(19)).is_empty());
        assert_eq!(collector.take_begun_by(Moment(20)).len(), 1);
        assert_eq!(collector.waiting(), 0);
    }

    #[test]
    fn without_grouping_each_event_is_a_group() {
        let mut collector = Collector::default();
        for size in [0, 1] {
            assert!(collector.add("user.created", 1.into(), size, Moment(10)).is_some());
        }
    }
}
