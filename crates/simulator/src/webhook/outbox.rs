//! What waits to be sent: collected, copied, held, delayed, tried again.
//!
//! Nothing in here sends or reads a clock, so that all of it can be told by its arguments alone.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;
use tokio::sync::Notify;

use crate::clock::Moment;
use crate::webhook::collector::{Collector, Group};
use crate::webhook::delivery::{Delivery, Tried, backoff_ms};
use crate::webhook::event::WebhookEvent;
use crate::webhook::log::{Log, WebhookCounts, WebhookSent};
use crate::webhook::message::Message;
use crate::webhook::target::WebhookTarget;

/// The most events and deliveries that wait; events beyond are dropped, counted and told.
const MAX_WAITING: usize = 100_000;

/// Why a delivery whose target was removed is not tried again.
const NO_TARGET: &str = "the target was removed";

/// Wakes those who wait for the outbox.
#[derive(Default)]
pub(crate) struct Signals {
    /// There is something new to send.
    pub(crate) work: Notify,
    /// Nothing waits any more.
    pub(crate) quiet: Notify,
}

/// What the sender does next.
pub(super) enum Next {
    /// Post this.
    Send(Delivery, Arc<WebhookTarget>),
    /// Look again at this moment, or when there is work.
    At(Moment),
    /// Look again when there is work.
    Idle,
}

/// What waits to be sent to one tenant's target, and the log of all that was.
pub(crate) struct Outbox {
    tenant: String,
    target: Option<Arc<WebhookTarget>>,
    rng: fastrand::Rng,
    collector: Collector,
    /// Deliveries that wait to be shuffled, and since when.
    held: Vec<(Moment, Delivery)>,
    /// Deliveries by the moment they are due; the number keeps the order of equal moments.
    scheduled: BTreeMap<(Moment, u64), Delivery>,
    next_place: u64,
    under_way: usize,
    log: Log,
    signals: Arc<Signals>,
}

impl Outbox {
    pub(crate) fn new(tenant: &str, target: Option<WebhookTarget>, signals: Arc<Signals>) -> Self {
        let seed = target.as_ref().map_or(0, |target| target.seed);
        Self {
            tenant: tenant.to_owned(),
            target: target.map(Arc::new),
            rng: fastrand::Rng::with_seed(seed),
            collector: Collector::default(),
            held: Vec::new(),
            scheduled: BTreeMap::new(),
            next_place: 0,
            under_way: 0,
            log: Log::default(),
            signals,
        }
    }

    /// Sends from now on to this target, also what waits already. Without a target, what waits is given up.
    pub(crate) fn set_target(&mut self, target: Option<WebhookTarget>) {
        if let Some(target) = &target {
            self.rng = fastrand::Rng::with_seed(target.seed);
        }
        self.target = target.map(Arc::new);
        if self.target.is_none() {
            let collected = self.collector.take_begun_by(Moment(i64::MAX));
            let events: usize = collected.iter().map(|group| group.payloads.len()).sum();
            self.log.counts.dropped += events as u64;
            let held = std::mem::take(&mut self.held).into_iter().map(|(_, delivery)| delivery);
            let scheduled = std::mem::take(&mut self.scheduled).into_values();
            for delivery in held.chain(scheduled) {
                self.log.gave_up(&delivery, Some(NO_TARGET));
            }
        }
        self.tell();
    }

    /// Returns the target, if it wants to know of this event.
    pub(crate) fn wants(&self, event: WebhookEvent) -> Option<Arc<WebhookTarget>> {
        self.target.clone().filter(|target| target.ticks(event))
    }

    /// Says whether a write that changes nothing is to be told.
    pub(crate) fn echoes_unchanged(&self) -> bool {
        self.target.as_ref().is_some_and(|target| target.echo_unchanged)
    }

    /// Takes up an event, whether or not it is ticked; false if there is no target or too much waits.
    pub(crate) fn fire(&mut self, event: &str, payload: Value, now: Moment) -> bool {
        let Some(target) = self.target.clone() else {
            return false;
        };
        if self.is_full(1) {
            return false;
        }
        self.log.counts.events += 1;
        if let Some(group) = self.collector.add(event, payload, target.group, now) {
            self.make(group, &target, now);
        }
        self.tell();
        true
    }

    /// Sends one more copy of a message; false if it is not in the log, there is no target or too much waits.
    pub(crate) fn resend(&mut self, message_id: &str, now: Moment) -> bool {
        let Some((message, copy)) = self.log.message(message_id) else {
            return false;
        };
        if self.target.is_none() || self.is_full(0) {
            return false;
        }
        let delivery = self.log.add(message, copy, now);
        self.schedule(delivery, now);
        self.tell();
        true
    }

    /// Lets go what is held, complete or not.
    pub(crate) fn flush(&mut self, now: Moment) {
        self.release_begun_by(Moment(i64::MAX), now);
        self.tell();
    }

    /// Says what to do at this moment.
    pub(super) fn next(&mut self, now: Moment) -> Next {
        let Some(target) = self.target.clone() else {
            return Next::Idle;
        };
        let hold_ms = i64::try_from(target.hold_ms).unwrap_or(i64::MAX);
        self.release_begun_by(Moment(now.0.saturating_sub(hold_ms)), now);
        let has_slot = self.under_way < target.parallel;
        let due = self.scheduled.first_key_value().map(|((due, _), _)| *due);
        if has_slot
            && due.is_some_and(|due| due <= now)
            && let Some((_, delivery)) = self.scheduled.pop_first()
        {
            self.under_way += 1;
            return Next::Send(delivery, target);
        }
        let oldest = [self.collector.oldest(), self.oldest_held()]
            .into_iter()
            .flatten()
            .min();
        let release = oldest.map(|oldest| Moment(oldest.0.saturating_add(hold_ms)));
        let next = [due.filter(|_| has_slot), release].into_iter().flatten().min();
        next.map_or(Next::Idle, Next::At)
    }

    /// Notes how a try went, and plans the next one where it failed.
    pub(super) fn tried(&mut self, mut delivery: Delivery, tried: &Tried, now: Moment) {
        self.under_way = self.under_way.saturating_sub(1);
        delivery.tries += 1;
        self.log.tried(&delivery, tried, now);
        match self.target.clone() {
            _ if tried.is_delivered() => self.log.delivered(&delivery),
            None => self.log.gave_up(&delivery, Some(NO_TARGET)),
            Some(target) if delivery.tries > target.retries => {
                tracing::warn!(tenant = self.tenant, tries = delivery.tries, "gave up on a webhook");
                self.log.gave_up(&delivery, None);
            }
            Some(target) => {
                let due = later(now, backoff_ms(delivery.tries, &target));
                self.place(delivery, due);
            }
        }
        self.tell();
    }

    /// Says whether nothing waits.
    pub(crate) fn is_quiet(&self) -> bool {
        self.waiting() == 0
    }

    /// Lists the deliveries, oldest first.
    pub(crate) fn list(&self) -> Vec<WebhookSent> {
        self.log.list()
    }

    /// Returns the totals since the start.
    pub(crate) fn counts(&self) -> WebhookCounts {
        WebhookCounts {
            waiting: self.waiting() as u64,
            ..self.log.counts.clone()
        }
    }

    fn waiting(&self) -> usize {
        self.collector.waiting() + self.held.len() + self.scheduled.len() + self.under_way
    }

    /// Says whether no more is taken up; then so many events are lost, and that is told.
    fn is_full(&mut self, events: u64) -> bool {
        let is_full = self.waiting() >= MAX_WAITING;
        if is_full {
            self.log.counts.dropped += events;
            tracing::warn!(
                tenant = self.tenant,
                max = MAX_WAITING,
                "too many webhooks wait, dropped one"
            );
        }
        is_full
    }

    fn make(&mut self, group: Group, target: &WebhookTarget, now: Moment) {
        self.log.counts.messages += 1;
        let message = Message::new(group.event, group.payloads, target, &self.tenant, now);
        for copy in 0..=target.duplicates {
            let delivery = self.log.add(message.clone(), copy, now);
            if target.shuffle > 1 {
                self.held.push((now, delivery));
                if self.held.len() >= target.shuffle {
                    self.release_held(now);
                }
            } else {
                self.schedule(delivery, now);
            }
        }
    }

    fn release_begun_by(&mut self, begun_by: Moment, now: Moment) {
        if let Some(target) = self.target.clone() {
            for group in self.collector.take_begun_by(begun_by) {
                self.make(group, &target, now);
            }
        }
        if self.oldest_held().is_some_and(|oldest| oldest <= begun_by) {
            self.release_held(now);
        }
    }

    fn oldest_held(&self) -> Option<Moment> {
        self.held.first().map(|(since, _)| *since)
    }

    fn release_held(&mut self, now: Moment) {
        let mut held = std::mem::take(&mut self.held);
        self.rng.shuffle(&mut held);
        for (_, delivery) in held {
            self.schedule(delivery, now);
        }
    }

    fn schedule(&mut self, delivery: Delivery, now: Moment) {
        let delay_ms = match self.target.clone() {
            Some(target) => target.delay_ms.draw(&mut self.rng),
            None => 0,
        };
        self.place(delivery, later(now, delay_ms));
    }

    fn place(&mut self, delivery: Delivery, due: Moment) {
        self.next_place += 1;
        self.scheduled.insert((due, self.next_place), delivery);
    }

    fn tell(&self) {
        self.signals.work.notify_one();
        if self.is_quiet() {
            self.signals.quiet.notify_waiters();
        }
    }
}

fn later(now: Moment, delay_ms: u64) -> Moment {
    Moment(now.0.saturating_add_unsigned(delay_ms))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::webhook::target::DelayMs;

    fn outbox(change: impl FnOnce(&mut WebhookTarget)) -> Outbox {
        let mut target = WebhookTarget::new("http://127.0.0.1:9/", "docebo", "secret");
        change(&mut target);
        Outbox::new("acme", Some(target), Arc::default())
    }

    /// The position of what is to be sent at this moment.
    fn sent(outbox: &mut Outbox, now: i64) -> Option<Delivery> {
        match outbox.next(Moment(now)) {
            Next::Send(delivery, _) => Some(delivery),
            Next::At(_) | Next::Idle => None,
        }
    }

    fn wakes_at(outbox: &mut Outbox, now: i64) -> Option<i64> {
        match outbox.next(Moment(now)) {
            Next::At(moment) => Some(moment.0),
            Next::Send(..) | Next::Idle => None,
        }
    }

    #[test]
    fn a_retry_is_due_after_its_backoff_and_not_before() {
        let mut outbox = outbox(|target| target.retry_first_ms = 100);
        assert!(outbox.fire("user.created", json!({}), Moment(1_000)));
        let delivery = sent(&mut outbox, 1_000).unwrap();
        assert!(sent(&mut outbox, 1_000).is_none() && !outbox.is_quiet());
        outbox.tried(delivery, &Tried::Answered(500), Moment(1_010));
        assert_eq!(wakes_at(&mut outbox, 1_010), Some(1_110));
        assert!(sent(&mut outbox, 1_109).is_none());
        let delivery = sent(&mut outbox, 1_110).unwrap();
        outbox.tried(delivery, &Tried::Answered(500), Moment(1_110));
        assert_eq!(wakes_at(&mut outbox, 1_110), Some(1_310));
        let delivery = sent(&mut outbox, 1_310).unwrap();
        outbox.tried(delivery, &Tried::Answered(200), Moment(1_311));
        assert!(outbox.is_quiet());
        assert_eq!(outbox.counts().tries, 3);
    }

    #[test]
    fn a_group_and_a_hold_each_wake_the_sender_when_their_time_is_up() {
        let mut outbox = outbox(|target| {
            target.group = 3;
            target.shuffle = 3;
            target.hold_ms = 50;
        });
        outbox.fire("user.created", json!({}), Moment(1_000));
        assert_eq!(wakes_at(&mut outbox, 1_010), Some(1_050));
        // The group becomes a message, which is held in turn.
        assert_eq!(wakes_at(&mut outbox, 1_050), Some(1_100));
        assert_eq!(outbox.counts().messages, 1);
        assert!(sent(&mut outbox, 1_100).is_some());
    }

    #[test]
    fn what_a_full_outbox_cannot_take_is_refused_and_counted() {
        let mut outbox = outbox(|target| target.delay_ms = DelayMs::Fixed(1));
        for _ in 0..MAX_WAITING {
            assert!(outbox.fire("user.created", json!({}), Moment(0)));
        }
        assert!(!outbox.fire("user.created", json!({}), Moment(0)));
        let counts = outbox.counts();
        assert_eq!((counts.events, counts.dropped), (100_000, 1));
        assert_eq!(counts.waiting, 100_000);
    }

    #[test]
    fn removing_the_target_ends_all_that_waits_and_says_so() {
        let mut outbox = outbox(|target| target.group = 2);
        for _ in 0..3 {
            outbox.fire("user.created", json!({}), Moment(0));
        }
        let under_way = sent(&mut outbox, 0).unwrap();
        outbox.set_target(None);
        assert!(!outbox.is_quiet(), "one is under way");
        outbox.tried(under_way, &Tried::Answered(500), Moment(1));
        let counts = outbox.counts();
        assert_eq!(
            (counts.events, counts.dropped, counts.given_up, counts.waiting),
            (3, 1, 1, 0)
        );
        assert!(!outbox.fire("user.created", json!({}), Moment(2)));
    }
}
