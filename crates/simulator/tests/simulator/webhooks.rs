//! How webhooks get to their target.

use std::time::Duration;

use passback_simulator::{DelayMs, User, WebhookHeader, WebhookSent, WebhookState, WebhookTarget};
use serde_json::json;

use crate::platform::{Platform, passed};
use crate::receiver::{Answer, Receiver};

/// Long enough to never end by itself during a test.
const FOREVER_MS: u64 = 600_000;

async fn started(change: impl FnOnce(&mut WebhookTarget)) -> (Platform, Receiver) {
    let receiver = Receiver::start().await;
    let mut target = receiver.target();
    change(&mut target);
    let platform = Platform::sample().await;
    platform.tenant.set_webhook(target).unwrap();
    (platform, receiver)
}

/// Creates users, which fires one event each.
fn create_users(platform: &Platform, ids: impl IntoIterator<Item = u64>) {
    for id in ids {
        platform.tenant.put_user(User {
            id,
            email: format!("u{id}@example.org"),
            username: format!("u{id}"),
            first_name: String::new(),
            last_name: String::new(),
            active: true,
        });
    }
}

fn outcome(sent: &WebhookSent) -> (WebhookState, u32, Option<u16>) {
    (sent.state, sent.tries, sent.last_status)
}

#[tokio::test]
async fn a_request_carries_its_credentials_and_the_extra_header() {
    let (platform, receiver) = started(|target| {
        target.header = Some(WebhookHeader {
            name: "X-Passback-Secret".to_owned(),
            value: "s2".to_owned(),
        });
    })
    .await;
    create_users(&platform, [1]);
    platform.tenant.webhooks_settled().await;
    let headers = &receiver.arrived()[0].headers;
    // "docebo:secret"
    assert_eq!(headers["authorization"], "Basic ZG9jZWJvOnNlY3JldA==");
    assert_eq!(headers["x-passback-secret"], "s2");
    assert_eq!(headers["content-type"], "application/json");
    assert!(headers.get("cookie").is_none());
}

#[tokio::test]
async fn without_user_name_and_password_there_is_no_authorization() {
    let (platform, receiver) = started(|target| {
        target.username.clear();
        target.password.clear();
    })
    .await;
    create_users(&platform, [1]);
    platform.tenant.webhooks_settled().await;
    assert!(receiver.arrived()[0].headers.get("authorization").is_none());
}

#[tokio::test]
async fn a_well_behaved_platform_sends_each_event_once_and_in_order() {
    let (platform, receiver) = started(|_| {}).await;
    create_users(&platform, 1..=50);
    platform.tenant.webhooks_settled().await;
    assert_eq!(receiver.users(), (1..=50).collect::<Vec<_>>());
    let mut ids = receiver.message_ids();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 50);
}

#[tokio::test]
async fn duplicates_are_the_same_message_again() {
    let (platform, receiver) = started(|target| target.duplicates = 2).await;
    create_users(&platform, [1, 2]);
    let counts = platform.tenant.webhooks_settled().await;
    assert_eq!((counts.messages, counts.deliveries, counts.delivered), (2, 6, 6));
    let arrived = receiver.arrived();
    assert_eq!(receiver.users(), [1, 1, 1, 2, 2, 2]);
    assert!(arrived[..3].iter().all(|copy| copy.body == arrived[0].body));
    assert_ne!(arrived[0].body["message_id"], arrived[3].body["message_id"]);
    let copies: Vec<u32> = platform.tenant.webhooks().iter().map(|sent| sent.copy).collect();
    assert_eq!(copies, [0, 1, 2, 0, 1, 2]);
}

#[tokio::test]
async fn events_of_one_name_are_grouped_under_one_message_id() {
    let (platform, receiver) = started(|target| {
        target.group = 25;
        target.hold_ms = FOREVER_MS;
    })
    .await;
    create_users(&platform, 1..=30);
    platform.write(146, 13_827, &passed()).await;
    let complete = receiver.wait_for(1).await;
    let users = |body: &serde_json::Value| -> Vec<u64> {
        let payloads = body["payloads"].as_array().unwrap();
        payloads.iter().map(|item| item["user_id"].as_u64().unwrap()).collect()
    };
    assert_eq!(users(&complete[0].body), (1..=25).collect::<Vec<_>>());
    assert!(complete[0].body.get("payload").is_none());
    assert_eq!(complete.len(), 1, "what is incomplete is held");

    platform.tenant.webhooks_settled().await;
    let arrived = receiver.arrived();
    assert_eq!(arrived.len(), 3);
    let [alone, rest]: [&serde_json::Value; 2] = ["course.enrollment.completed", "user.created"].map(|event| {
        let found = arrived[1..].iter().find(|arrived| arrived.body["event"] == event);
        &found.unwrap().body
    });
    assert_eq!(alone["payload"]["user_id"], 13_827, "one event needs no list");
    assert_eq!(users(rest), (26..=30).collect::<Vec<_>>());
    let items: Vec<usize> = platform.tenant.webhooks().iter().map(|sent| sent.items.len()).collect();
    assert_eq!(items.iter().sum::<usize>(), 31);
}

#[tokio::test]
async fn an_incomplete_group_or_hold_goes_when_its_time_is_up() {
    let (platform, receiver) = started(|target| {
        target.group = 25;
        target.shuffle = 25;
        target.hold_ms = 20;
    })
    .await;
    create_users(&platform, [1]);
    receiver.wait_for(1).await;
    assert_eq!(receiver.users(), [1]);
}

#[tokio::test]
async fn shuffled_deliveries_lose_their_order_and_nothing_else_the_same_way_for_one_seed() {
    let mut orders = Vec::new();
    for seed in [7, 7, 8] {
        let (platform, receiver) = started(|target| {
            target.shuffle = 20;
            target.seed = seed;
            target.hold_ms = FOREVER_MS;
        })
        .await;
        create_users(&platform, 1..=30);
        platform.tenant.webhooks_settled().await;
        let users = receiver.users();
        let mut sorted = users.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, (1..=30).collect::<Vec<_>>());
        assert!(users[..20].iter().all(|user| *user <= 20), "no more than 20 are held");
        orders.push(users);
    }
    assert_eq!(orders[0], orders[1]);
    assert_ne!(orders[0], orders[2]);
    assert_ne!(orders[0], (1..=30).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_late_delivery_comes_no_sooner_than_its_delay() {
    let (platform, _receiver) = started(|target| target.delay_ms = DelayMs::Fixed(150)).await;
    create_users(&platform, [1, 2]);
    platform.tenant.webhooks_settled().await;
    for sent in platform.tenant.webhooks() {
        assert_eq!(outcome(&sent), (WebhookState::Delivered, 1, Some(200)));
        assert!(sent.last_try_at_ms.unwrap() - sent.made_at_ms >= 150, "{sent:?}");
    }
}

#[tokio::test]
async fn delays_from_a_range_let_later_events_overtake() {
    let (platform, receiver) = started(|target| target.delay_ms = DelayMs::Between([0, 500])).await;
    create_users(&platform, 1..=20);
    platform.tenant.webhooks_settled().await;
    let users = receiver.users();
    assert_eq!(users.len(), 20);
    assert_ne!(users, (1..=20).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_failure_is_tried_again_until_it_is_taken() {
    let (platform, receiver) = started(|target| target.retry_first_ms = 1).await;
    receiver.answer_next(&[500, 401, 404, 204].map(Answer::Status));
    create_users(&platform, [1]);
    let counts = platform.tenant.webhooks_settled().await;
    assert_eq!((counts.tries, counts.delivered, counts.given_up), (4, 1, 0));
    let sent = platform.tenant.webhooks();
    assert_eq!(outcome(&sent[0]), (WebhookState::Delivered, 4, Some(204)));
    let arrived = receiver.arrived();
    assert!(arrived.iter().all(|again| again.body == arrived[0].body));
}

#[tokio::test]
async fn a_failing_delivery_lets_others_pass() {
    let (platform, receiver) = started(|target| {
        target.retry_first_ms = FOREVER_MS;
        target.retry_max_ms = FOREVER_MS;
    })
    .await;
    receiver.answer_next(&[Answer::Status(500)]);
    create_users(&platform, [1, 2]);
    receiver.wait_for(2).await;
    assert_eq!(receiver.users(), [1, 2]);
    let sent = platform.tenant.webhooks();
    assert_eq!(outcome(&sent[0]), (WebhookState::Waiting, 1, Some(500)));
}

#[tokio::test]
async fn a_delivery_is_given_up_when_its_tries_are_used_up() {
    let (platform, receiver) = started(|target| {
        target.retries = 2;
        target.retry_first_ms = 1;
    })
    .await;
    receiver.answer_next(&[Answer::Status(503); 3]);
    create_users(&platform, [1]);
    let counts = platform.tenant.webhooks_settled().await;
    assert_eq!((counts.tries, counts.delivered, counts.given_up), (3, 0, 1));
    let sent = platform.tenant.webhooks();
    assert_eq!(outcome(&sent[0]), (WebhookState::GivenUp, 3, Some(503)));
}

#[tokio::test]
async fn a_redirect_counts_as_delivered_and_is_not_followed() {
    let (platform, receiver) = started(|_| {}).await;
    receiver.answer_next(&[Answer::Status(302)]);
    create_users(&platform, [1]);
    platform.tenant.webhooks_settled().await;
    let sent = platform.tenant.webhooks();
    assert_eq!(outcome(&sent[0]), (WebhookState::Delivered, 1, Some(302)));
    let paths: Vec<String> = receiver.arrived().into_iter().map(|arrived| arrived.path).collect();
    assert_eq!(paths, ["/hook"]);
}

#[tokio::test]
async fn no_answer_in_time_is_a_failure() {
    let (platform, receiver) = started(|target| {
        target.timeout_ms = 300;
        target.retries = 0;
    })
    .await;
    receiver.answer_next(&[Answer::Hang]);
    create_users(&platform, [1]);
    platform.tenant.webhooks_settled().await;
    let sent = platform.tenant.webhooks();
    assert_eq!(outcome(&sent[0]), (WebhookState::GivenUp, 1, None));
    assert_eq!(sent[0].last_error.as_deref(), Some("no answer in time"));
}

#[tokio::test]
async fn nobody_at_the_address_is_a_failure() {
    let (platform, _receiver) = started(|target| {
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        target.url = format!("http://{}/", taken.local_addr().unwrap());
        target.retries = 0;
    })
    .await;
    create_users(&platform, [1]);
    platform.tenant.webhooks_settled().await;
    let sent = platform.tenant.webhooks();
    assert_eq!(sent[0].last_error.as_deref(), Some("cannot connect"));
}

#[tokio::test]
async fn a_receiver_that_hangs_does_not_keep_the_api_from_answering() {
    let (platform, receiver) = started(|_| {}).await;
    receiver.answer_next(&[Answer::Hang]);
    assert_eq!(platform.write(146, 13_827, &passed()).await.0, 200);
    receiver.wait_for(1).await;
    assert_eq!(platform.write(146, 13_837, &passed()).await.0, 200);
    assert_eq!(platform.read(146, 13_837).await.0, 200);
    let counts = platform.tenant.webhook_counts();
    assert_eq!((counts.delivered, counts.waiting), (0, 2));
    receiver.let_go();
    assert_eq!(platform.tenant.webhooks_settled().await.delivered, 2);
}

#[tokio::test]
async fn several_deliveries_are_under_way_at_once_on_request() {
    let (platform, receiver) = started(|target| target.parallel = 3).await;
    receiver.answer_next(&[Answer::Hang; 3]);
    create_users(&platform, 1..=4);
    let arrived = receiver.wait_for(3).await;
    assert_eq!(arrived.len(), 3);
    receiver.let_go();
    assert_eq!(platform.tenant.webhooks_settled().await.delivered, 4);
}

#[tokio::test]
async fn what_waits_goes_to_the_new_target_when_that_is_changed() {
    let (platform, receiver) = started(|target| {
        target.shuffle = 2;
        target.hold_ms = FOREVER_MS;
    })
    .await;
    create_users(&platform, [1]);
    let rotated = WebhookTarget {
        password: "secret-2".to_owned(),
        ..receiver.target()
    };
    platform.tenant.set_webhook(rotated).unwrap();
    platform.tenant.webhooks_settled().await;
    // "docebo:secret-2"
    assert_eq!(
        receiver.arrived()[0].headers["authorization"],
        "Basic ZG9jZWJvOnNlY3JldC0y"
    );
}

#[tokio::test]
async fn what_waits_for_a_removed_target_is_given_up_and_told() {
    let (platform, receiver) = started(|target| target.delay_ms = DelayMs::Fixed(FOREVER_MS)).await;
    create_users(&platform, [1, 2]);
    platform.tenant.clear_webhook();
    let counts = platform.tenant.webhooks_settled().await;
    assert_eq!((counts.given_up, counts.delivered, counts.waiting), (2, 0, 0));
    let sent = platform.tenant.webhooks();
    assert_eq!(outcome(&sent[0]), (WebhookState::GivenUp, 0, None));
    assert_eq!(sent[0].last_error.as_deref(), Some("the target was removed"));
    assert!(receiver.arrived().is_empty());
}

#[tokio::test]
async fn any_event_can_be_sent_and_any_message_sent_again() {
    let (platform, receiver) = started(|_| {}).await;
    let payload = json!({"user_id": 7, "fired_at": "2026-02-11 09:30:12"});
    assert!(platform.tenant.emit("badge.earned", payload.clone()));
    platform.tenant.webhooks_settled().await;
    let id = receiver.message_ids()[0].clone();
    assert!(platform.tenant.resend_webhook(&id));
    assert!(!platform.tenant.resend_webhook("wh-unknown"));
    platform.tenant.webhooks_settled().await;
    assert_eq!(receiver.message_ids(), [id.clone(), id]);
    assert_eq!(receiver.arrived()[1].body["payload"], payload);
    platform.tenant.clear_webhook();
    assert!(!platform.tenant.emit("badge.earned", payload));
}

#[tokio::test]
async fn a_target_that_makes_no_sense_is_refused() {
    let platform = Platform::sample().await;
    let error = platform.tenant.set_webhook(WebhookTarget::default()).unwrap_err();
    assert_eq!(error.to_string(), "webhook: url must be an http or https address");
}

#[tokio::test]
async fn a_shutdown_ends_what_waits_and_those_who_wait_for_it() {
    let (platform, _receiver) = started(|target| target.delay_ms = DelayMs::Fixed(FOREVER_MS)).await;
    create_users(&platform, [1]);
    let Platform { simulator, tenant, .. } = platform;
    let waiting = tokio::spawn(async move { tenant.webhooks_settled().await });
    let stopped = tokio::time::timeout(Duration::from_secs(30), simulator.shutdown());
    stopped.await.unwrap();
    assert_eq!(waiting.await.unwrap().waiting, 1);
}
