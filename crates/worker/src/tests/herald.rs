//! Docebo's webhooks, as a test wants them told.

use passback_docebo::webhook::WebhookMessage;
use passback_producer::{DoceboEventQuery, DoceboEventView, ReactionState, WebhookReceipt};
use serde_json::{Value, json};

use super::learner::{COURSE, LEARNER, Learner};

/// A moment so many seconds from now, as Docebo writes it.
pub(crate) fn in_seconds(learner: &Learner, seconds: i64) -> String {
    let now = i64::try_from(learner.scene.clock.now_ms() / 1000).unwrap();
    let at = jiff::Timestamp::from_second(now + seconds).unwrap();
    at.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// An event of the learner's enrolment with this status, so many seconds from now.
pub(crate) fn of_enrollment(learner: &Learner, status: &str, seconds: i64) -> Value {
    json!({
        "fired_at": in_seconds(learner, seconds),
        "user_id": LEARNER,
        "course_id": COURSE,
        "status": status,
        "level": "learner",
    })
}

impl Learner {
    /// Docebo posts a message; nobody looks yet what comes of it.
    pub(crate) async fn posts(&self, message_id: &str, event: &str, payloads: &[Value]) -> WebhookReceipt {
        let body = json!({"message_id": message_id, "event": event, "payloads": payloads}).to_string();
        let message = WebhookMessage::parse(body.as_bytes()).unwrap();
        let acme = "acme".parse().unwrap();
        let producer = &self.scene.stage.producer;
        producer.receive_webhook(&acme, &message).await.unwrap()
    }

    /// Docebo tells of one event, and the workers do what follows; returns the event as it stands then.
    pub(crate) async fn hears(&self, event: &str, payload: Value) -> DoceboEventView {
        let message_id = format!("wh-{}", fastrand::u128(..));
        let receipt = self.posts(&message_id, event, &[payload]).await;
        assert_eq!((receipt.stored, receipt.duplicates), (1, 0));
        self.scene.still().await;
        self.newest_event().await
    }

    /// The event that was told last.
    pub(crate) async fn newest_event(&self) -> DoceboEventView {
        let query = DoceboEventQuery {
            limit: 1,
            newest_first: true,
            ..DoceboEventQuery::default()
        };
        let page = self.scene.stage.producer.docebo_events(&query).await.unwrap();
        page.events.into_iter().next().expect("nothing was told")
    }

    /// An event as it stands now.
    pub(crate) async fn event(&self, id: &str) -> DoceboEventView {
        self.scene.stage.producer.docebo_event(id).await.unwrap().unwrap()
    }

    /// The steps of a result, by their names.
    pub(crate) async fn steps(&self, result_id: &str) -> Vec<String> {
        let steps = self.result(result_id).await.steps;
        steps.into_iter().map(|step| step.step).collect()
    }
}

/// What the reaction to an event came to.
pub(crate) fn outcome(event: &DoceboEventView) -> &str {
    assert_eq!(event.reaction.state, ReactionState::Done, "{event:?}");
    event.reaction.outcome.as_deref().expect("it came to something")
}
