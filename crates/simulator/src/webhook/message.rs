//! One message: its id, its events and its body.

use axum::body::Bytes;
use serde_json::{Value, json};

use crate::clock::Moment;
use crate::webhook::target::WebhookTarget;

/// One message, ready to be posted.
#[derive(Clone, Debug)]
pub(super) struct Message {
    pub(super) id: String,
    pub(super) event: String,
    pub(super) body: Bytes,
}

impl Message {
    /// Wraps the payloads of one event; several of them share one message id.
    pub(super) fn new(
        event: String,
        mut payloads: Vec<Value>,
        target: &WebhookTarget,
        tenant: &str,
        now: Moment,
    ) -> Self {
        let id = new_id(now);
        let mut envelope = json!({"event": event, "fired_by_batch_action": false, "message_id": id});
        if !target.omit_origin {
            envelope["webhook_id"] = target.webhook_id.into();
            envelope["original_domain"] = if target.original_domain.is_empty() {
                format!("{tenant}.docebosaas.com").into()
            } else {
                target.original_domain.clone().into()
            };
        }
        match (payloads.pop(), payloads.is_empty()) {
            (Some(only), true) => envelope["payload"] = only,
            (Some(last), false) => {
                payloads.push(last);
                envelope["payloads"] = payloads.into();
            }
            (None, _) => envelope["payload"] = json!({}),
        }
        Self {
            id,
            event,
            body: Bytes::from(envelope.to_string()),
        }
    }

    /// Reads the payloads back from the body.
    pub(super) fn items(body: &[u8]) -> Vec<Value> {
        let mut envelope: Value = serde_json::from_slice(body).unwrap_or_default();
        match envelope["payloads"].take() {
            Value::Array(payloads) => payloads,
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
                vec![envelope["payload"].take()]
            }
        }
    }
}

/// Makes an id in Docebo's longer form, which holds the moment and a random UUID.
fn new_id(now: Moment) -> String {
    let moment: String = now.docebo_text().chars().filter(char::is_ascii_digit).collect();
    let (date, time) = moment.split_at_checked(8).unwrap_or((&moment, ""));
    // Random, not drawn from the target's seed: a simulator that starts anew must not repeat ids.
    let digits = format!("{:032x}", fastrand::u128(..));
    let mut uuid = String::with_capacity(36);
    for (index, digit) in digits.chars().enumerate() {
        if [8, 12, 16, 20].contains(&index) {
            uuid.push('-');
        }
        uuid.push(if index == 12 { '4' } else { digit });
    }
    format!("wh-{date}-{time}-{uuid}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Moment = Moment(1_763_802_611_412);

    fn body(payloads: &[Value], target: &WebhookTarget) -> Value {
        let message = Message::new("user.updated".to_owned(), payloads.to_vec(), target, "acme", NOW);
        assert_eq!(Message::items(&message.body), payloads);
        serde_json::from_slice(&message.body).unwrap()
    }

    #[test]
    fn one_payload_stands_alone_and_several_stand_in_a_list() {
        let target = WebhookTarget::default();
        let one = body(&[json!({"user_id": 1})], &target);
        assert_eq!(one["payload"], json!({"user_id": 1}));
        assert!(one.get("payloads").is_none());
        assert_eq!(one["original_domain"], "acme.docebosaas.com");
        assert_eq!(one["webhook_id"], 11);
        let two = body(&[json!({"user_id": 1}), json!({"user_id": 2})], &target);
        assert_eq!(two["payloads"], json!([{"user_id": 1}, {"user_id": 2}]));
        assert!(two.get("payload").is_none());
    }

    #[test]
    fn the_origin_is_left_out_on_request() {
        let target = WebhookTarget {
            omit_origin: true,
            ..WebhookTarget::default()
        };
        let message = body(&[json!({})], &target);
        assert!(message.get("webhook_id").is_none() && message.get("original_domain").is_none());
    }

    #[test]
    fn an_id_holds_the_moment_and_does_not_repeat() {
        let id = new_id(NOW);
        assert!(id.starts_with("wh-20251122-091011-"), "{id}");
        assert_eq!(id.len(), "wh-20251122-091011-".len() + 36);
        assert_ne!(id, new_id(NOW));
    }
}
