//! Docebo's webhooks come in: every event is kept sealed, once, and can be read, waited for, replayed and erased.

use std::time::Duration;

use passback_docebo::webhook::{EVENT_NAMES, WebhookMessage, sample};
use passback_producer::{
    DoceboEventPage, DoceboEventQuery, DoceboEventView, ERASURE_LOOKS, ErasureWish, ReactionState, ReplayStatus,
    WebhookReceipt,
};
use passback_queue::{Intervention, Lane, Transition};
use passback_registry::ConnectorId;
use serde_json::{Value, json};

use crate::fixture::{EMAIL, End, Fixture, NOW_MS};

/// Every key with all it holds.
const EVERYTHING: &str = "
    local all = {}
    for _, key in ipairs(redis.call('KEYS', '*')) do
        local kind = redis.call('TYPE', key).ok
        local whole = { hash = 'HGETALL', set = 'SMEMBERS', string = 'GET' }
        local ranged = { list = 'LRANGE', zset = 'ZRANGE' }
        if whole[kind] then all[#all + 1] = { key, redis.call(whole[kind], key) }
        elseif ranged[kind] then all[#all + 1] = { key, redis.call(ranged[kind], key, 0, -1) }
        else all[#all + 1] = { key, redis.call('XRANGE', key, '-', '+') } end
    end
    return all";

pub(crate) fn acme() -> ConnectorId {
    "acme".parse().unwrap()
}

pub(crate) async fn receive(fixture: &Fixture, body: &Value) -> WebhookReceipt {
    let message = WebhookMessage::parse(body.to_string().as_bytes()).unwrap();
    fixture.producer.receive_webhook(&acme(), &message).await.unwrap()
}

fn created(message_id: &str, email: &str) -> Value {
    json!({
        "message_id": message_id, "webhook_id": 11, "original_domain": "acme.docebosaas.com", "event": "user.created",
        "fired_by_batch_action": false, "unknown_key": "of Remy",
        "payload": {
            "fired_at": "2026-11-22 09:29:58", "user_id": 13827, "username": "r.moreau", "email": email,
            "firstname": "Remy", "lastname": "Moreau", "level": "user",
        },
    })
}

pub(crate) fn all() -> DoceboEventQuery {
    DoceboEventQuery {
        limit: 1000,
        ..DoceboEventQuery::default()
    }
}

pub(crate) async fn events(fixture: &Fixture) -> Vec<DoceboEventView> {
    fixture.producer.docebo_events(&all()).await.unwrap().events
}

#[tokio::test]
async fn an_event_is_shown_with_its_envelope_and_without_people_unless_they_are_asked_for() {
    let fixture = Fixture::start().await;
    let receipt = receive(&fixture, &created("wh-1", EMAIL)).await;
    assert_eq!((receipt.stored, receipt.duplicates), (1, 0));
    let event = events(&fixture).await.pop().unwrap();
    let shown = serde_json::to_value(&event).unwrap();
    let expected = json!({
        "id": event.id, "connector": "acme", "event": "user.created", "known": true, "message_id": "wh-1",
        "item": 0, "items": 1, "fired_at": "2026-11-22T09:29:58Z", "received_at": "2026-11-22T09:30:00Z",
        "fired_by_batch_action": false, "fired_by_background_job_hash": null, "webhook_id": 11,
        "original_domain": "acme.docebosaas.com",
        "reaction": {
            "state": "queued", "outcome": null, "job_id": event.reaction.job_id, "result_id": null, "at": null,
            "detail": null,
        },
        "payload": {
            "fired_at": "2026-11-22 09:29:58", "user_id": 13827, "username": "•••", "email": "•••",
            "firstname": "•••", "lastname": "•••", "level": "user",
        },
    });
    assert_eq!(shown, expected);
    let revealed = DoceboEventQuery { reveal: true, ..all() };
    let revealed = fixture.producer.docebo_events(&revealed).await.unwrap().events;
    assert_eq!(revealed[0].payload, created("wh-1", EMAIL)["payload"]);
    let one = fixture.producer.docebo_event(&event.id).await.unwrap().unwrap();
    assert_eq!(one, event);
    let one = fixture
        .producer
        .docebo_event_revealed(&event.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(one.payload, revealed[0].payload);
    for id in ["1-0", "", "no place", "99999999999999999999-0"] {
        assert_eq!(fixture.producer.docebo_event(id).await.unwrap(), None, "{id}");
    }
}

#[tokio::test]
async fn nobody_can_be_read_out_of_redis() {
    let fixture = Fixture::start().await;
    for name in EVENT_NAMES {
        let mut body = sample(name).unwrap();
        // Two examples have one id.
        body["message_id"] = json!(format!("wh-{name}"));
        receive(&fixture, &body).await;
    }
    receive(&fixture, &created("wh-1", EMAIL)).await;
    assert_eq!(events(&fixture).await.len(), EVENT_NAMES.len() + 1);
    let everything = format!("{:?}", fixture.redis.cli(&["EVAL", EVERYTHING, "0"]).await);
    assert!(everything.contains("docebo-events"), "nothing was read");
    for word in ["moreau", "Moreau", "Remy", "@example"] {
        assert!(!everything.contains(word), "{word} stands in Redis");
    }
}

#[tokio::test]
async fn a_message_that_comes_again_is_known_and_the_rest_of_a_cut_one_is_stored() {
    let fixture = Fixture::start().await;
    let item = |number: u64| json!({"user_id": number, "course_id": 146, "fired_at": "2026-11-22 09:29:58"});
    let message = |items: u64| {
        let payloads: Vec<Value> = (1..=items).map(item).collect();
        json!({"message_id": "any text, even ünusual\n", "event": "course.enrollment.updated", "payloads": payloads})
    };
    assert_eq!(
        receive(&fixture, &message(30)).await,
        WebhookReceipt {
            stored: 30,
            duplicates: 0
        }
    );
    assert_eq!(
        receive(&fixture, &message(60)).await,
        WebhookReceipt {
            stored: 30,
            duplicates: 30
        }
    );
    let parsed = WebhookMessage::parse(message(60).to_string().as_bytes()).unwrap();
    let beta = "beta".parse().unwrap();
    let elsewhere = fixture.producer.receive_webhook(&beta, &parsed).await.unwrap();
    assert_eq!(elsewhere.stored, 60, "another connector's message is another one");
    let first = &events(&fixture).await[59];
    assert_eq!((first.item, first.items), (59, 60));
    assert_eq!(fixture.living_jobs().await, 120);
    let wrong = fixture.producer.queue().violations().await.unwrap();
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[tokio::test]
async fn a_hostile_message_is_kept_within_bounds() {
    let fixture = Fixture::start().await;
    let long = "x".repeat(100_000);
    let body = json!({"message_id": long, "event": long, "original_domain": long, "payloads": [1, "text", null, [long], {"deep": {"er": long}}]});
    assert_eq!(receive(&fixture, &body).await.stored, 5);
    let events = events(&fixture).await;
    assert!(
        events
            .iter()
            .all(|event| event.event.chars().count() == 200 && event.message_id.chars().count() == 200)
    );
    assert!(
        events
            .iter()
            .all(|event| !event.known && event.reaction.state == ReactionState::None)
    );
    assert_eq!(events[3].payload, json!(["•••"]));
}

#[tokio::test]
async fn who_waits_for_an_event_is_woken_by_it_and_by_no_other() {
    let fixture = Fixture::start().await;
    let query = DoceboEventQuery {
        after: Some(fixture.producer.docebo_events_end().await.unwrap()),
        events: vec!["user.*".to_owned()],
        ..all()
    };
    let (waiter, asked) = (fixture.producer.clone(), query.clone());
    let waiting = tokio::spawn(async move { waiter.wait_for_docebo_events(&asked, Duration::from_mins(1)).await });
    receive(&fixture, &sample("course.deleted").unwrap()).await;
    receive(&fixture, &created("wh-1", EMAIL)).await;
    let page: DoceboEventPage = waiting.await.unwrap().unwrap();
    assert_eq!(page.events.len(), 1);
    assert_eq!(page.next_cursor.as_ref(), Some(&page.events[0].id));
    let nothing = DoceboEventQuery {
        after: page.next_cursor.clone(),
        ..query
    };
    let nothing = fixture
        .producer
        .wait_for_docebo_events(&nothing, Duration::ZERO)
        .await
        .unwrap();
    assert_eq!((nothing.events.len(), nothing.next_cursor), (0, page.next_cursor));
}

#[tokio::test]
async fn a_replay_says_what_became_of_it_and_is_on_record() {
    let fixture = Fixture::start().await;
    receive(&fixture, &created("wh-1", EMAIL)).await;
    receive(&fixture, &sample("badge.earned").unwrap()).await;
    let ids: Vec<String> = events(&fixture).await.into_iter().map(|event| event.id).collect();
    let ids = [ids[0].clone(), ids[1].clone(), "7-7".to_owned(), "no place".to_owned()];
    let replay = async || {
        fixture
            .producer
            .replay_webhooks(&ids, "ops", "asked by phone")
            .await
            .unwrap()
    };
    let first = events(&fixture).await[0].reaction.job_id.unwrap();
    let replayed = replay().await;
    assert_eq!(replayed[0].status, ReplayStatus::AlreadyQueued { job_id: first });
    assert_eq!(
        [replayed[1].status, replayed[2].status, replayed[3].status],
        [
            ReplayStatus::NothingToDo,
            ReplayStatus::NotFound,
            ReplayStatus::NotFound
        ]
    );
    let claimed = fixture.claim(Lane::Background).await;
    fixture.settle(claimed.token, Transition::Done, End::default()).await;
    let replayed = replay().await;
    let ReplayStatus::Queued { job_id } = replayed[0].status else {
        panic!("{replayed:?}")
    };
    let again = &events(&fixture).await[0];
    assert_eq!(
        (again.reaction.job_id, again.reaction.state),
        (Some(job_id), ReactionState::Queued)
    );
    let shown = serde_json::to_value(&replayed[0]).unwrap();
    assert_eq!(shown, json!({"id": ids[0], "status": "queued", "job_id": job_id}));
    let audit = fixture.producer.registry().recent_audit(5).await.unwrap();
    assert_eq!(
        audit.iter().filter(|entry| entry.action == "webhook.replayed").count(),
        2
    );
}

#[tokio::test]
async fn an_erased_person_is_in_no_event_any_more_and_everybody_else_is() {
    let fixture = Fixture::start().await;
    let producer = &fixture.producer;
    receive(&fixture, &created("wh-1", "R.Moreau@Example.org")).await;
    let by_number = json!({"message_id": "wh-2", "event": "course.enrollment.completed", "payload": {"user_id": "13827", "course_id": 146}});
    receive(&fixture, &by_number).await;
    let in_a_text =
        json!({"message_id": "wh-3", "event": "some.future.event", "payload": {"note": ["see r.moreau@example.org!"]}});
    receive(&fixture, &in_a_text).await;
    let other = json!({"message_id": "wh-4", "event": "user.created", "payload": {"user_id": 9, "email": "a.kowalska@example.org"}});
    receive(&fixture, &other).await;
    let learned = json!({"message_id": "wh-5", "event": "user.deleted", "payload": {"user_id": 555}});
    receive(&fixture, &learned).await;
    let person = producer.registry().vault().email_hash(EMAIL);
    producer.registry().learn_user(&acme(), &person, 555).await.unwrap();
    let by = Intervention {
        actor: "the-admin".to_owned(),
        reason: "asked for by the candidate".to_owned(),
        at_ms: NOW_MS,
    };
    let erase = async |dry_run| {
        let wish = ErasureWish {
            email: EMAIL,
            cursor: 0,
            looks: ERASURE_LOOKS,
            dry_run,
        };
        producer.erase(wish, &by).await.unwrap()
    };
    let planned = erase(true).await;
    assert_eq!(
        (planned.events, planned.events_looked_at, planned.events_unreadable),
        (4, 5, 0)
    );
    assert_eq!(events(&fixture).await.len(), 5);
    let done = erase(false).await;
    assert_eq!((done.events, done.next_cursor), (4, None));
    let left = events(&fixture).await;
    assert_eq!((left.len(), left[0].message_id.as_str()), (1, "wh-4"));
    assert!(
        producer
            .registry()
            .numbers_of_person(&acme(), &person)
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(erase(false).await.events, 0);
}

#[tokio::test]
async fn a_key_that_sealed_events_is_needed_until_they_are_gone() {
    let fixture = Fixture::start().await;
    let until = async || {
        fixture
            .producer
            .key_usage(0)
            .await
            .unwrap()
            .keys
            .remove(0)
            .docebo_events_until
    };
    assert_eq!(until().await, None);
    receive(&fixture, &created("wh-1", EMAIL)).await;
    assert_eq!(until().await.unwrap().to_string(), "2026-12-22T09:30:00Z");
    fixture.clock.advance_ms(30 * 24 * 3_600_000);
    assert_eq!(until().await, None);
}
