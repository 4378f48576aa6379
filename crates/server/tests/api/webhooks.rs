//! Docebo's webhooks: who may call, what is kept, and what the answer says.

use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use passback_docebo::webhook::sample;
use passback_registry::{ConnectorInput, WebhookHeaderInput, WebhookInput, WebhookLoginInput};
use passback_server::Role;
use rstest::rstest;
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::world::{Answer, JSON, World, connector};

pub(crate) const HOOK: &str = "/webhooks/docebo/acme";
/// `docebo` and `hook-secret`.
pub(crate) const BASIC: &str = "Basic ZG9jZWJvOmhvb2stc2VjcmV0";
/// `docebo-old` and `old-secret`.
const BASIC_OLD: &str = "Basic ZG9jZWJvLW9sZDpvbGQtc2VjcmV0";
const COMPLETED: &str = "course.enrollment.completed";

fn webhook() -> WebhookInput {
    WebhookInput {
        username: Some("docebo".to_owned()),
        password: Some(SecretString::from("hook-secret")),
        also: Some(vec![WebhookLoginInput {
            username: Some("docebo-old".to_owned()),
            password: Some(SecretString::from("old-secret")),
        }]),
        ..WebhookInput::default()
    }
}

impl World {
    /// A world whose connector takes webhooks.
    pub(crate) async fn with_webhook() -> Self {
        Self::with_webhook_access(webhook()).await
    }

    async fn with_webhook_access(webhook: WebhookInput) -> Self {
        let world = Self::start().await;
        let connector = ConnectorInput {
            webhook: Some(webhook),
            ..connector("acme")
        };
        let connector = connector.validate().unwrap();
        world.registry.put_connector(&connector, "test").await.unwrap();
        world
    }

    pub(crate) async fn hook(&self, body: &Value) -> Answer {
        self.hook_with(HOOK, &[(header::AUTHORIZATION.as_str(), BASIC)], body.to_string())
            .await
    }

    pub(crate) async fn hook_with(&self, path: &str, headers: &[(&str, &str)], body: impl Into<Body>) -> Answer {
        let request = Request::post(path).header(header::CONTENT_TYPE, JSON);
        let request = headers
            .iter()
            .fold(request, |request, (name, value)| request.header(*name, *value));
        self.send(request.body(body.into()).unwrap()).await
    }

    async fn docebo_events(&self, query: &str) -> Value {
        let answer = self
            .call_get(Role::Operator, &format!("/v1/docebo-events{query}"))
            .await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        answer.json()
    }

    /// How many events of Docebo are kept.
    pub(crate) async fn kept_docebo_events(&self) -> u64 {
        let (mut kept, mut after) = (0, String::from("0-0"));
        loop {
            let page = self.docebo_events(&format!("?limit=500&after={after}")).await;
            kept += u64::try_from(page["events"].as_array().unwrap().len()).unwrap();
            if page["more"] != true {
                return kept;
            }
            page["next_cursor"].as_str().unwrap().clone_into(&mut after);
        }
    }

    /// Every job that was ever stored; none has ended here.
    pub(crate) async fn jobs_ever(&self) -> u64 {
        self.jobs().await
    }
}

fn ids(page: &Value) -> Vec<String> {
    let events = page["events"].as_array().unwrap();
    events
        .iter()
        .map(|event| event["id"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn a_webhook_is_kept_and_answered_with_200_once_and_again() {
    let world = World::with_webhook().await;
    let message = sample(COMPLETED).unwrap();
    let first = world.hook(&message).await;
    assert_eq!(
        (first.status, first.json()),
        (StatusCode::OK, json!({"stored": 1, "duplicates": 0}))
    );
    let again = world.hook(&message).await;
    assert_eq!(
        (again.status, again.json()),
        (StatusCode::OK, json!({"stored": 0, "duplicates": 1}))
    );
    let told = message["payload"]["fired_at"].as_str().unwrap();
    let fired_at = format!("{}Z", told.replace(' ', "T"));
    let page = world.docebo_events("").await;
    let [event] = page["events"].as_array().unwrap().as_slice() else {
        panic!("{page}");
    };
    assert_eq!(
        (
            &event["connector"],
            &event["event"],
            &event["known"],
            &event["fired_at"]
        ),
        (&json!("acme"), &json!(COMPLETED), &json!(true), &json!(fired_at))
    );
    assert_eq!(event["payload"]["user_id"], message["payload"]["user_id"]);
}

#[tokio::test]
async fn a_message_of_sixty_items_is_sixty_events_and_each_may_come_again() {
    let world = World::with_webhook().await;
    let mut message = sample(COMPLETED).unwrap();
    let payload = message["payload"].take();
    message.as_object_mut().unwrap().remove("payload");
    message.as_object_mut().unwrap().remove("webhook_id");
    message.as_object_mut().unwrap().remove("original_domain");
    message["fired_by_background_job_hash"] = json!("0a1b");
    message["payloads"] = (0..60)
        .map(|user| {
            let mut payload = payload.clone();
            payload["user_id"] = json!(user + 1);
            payload
        })
        .collect();
    assert_eq!(
        world.hook(&message).await.json(),
        json!({"stored": 60, "duplicates": 0})
    );
    assert_eq!(
        world.hook(&message).await.json(),
        json!({"stored": 0, "duplicates": 60})
    );
    let page = world.docebo_events("?limit=500").await;
    let events = page["events"].as_array().unwrap();
    let items: Vec<u64> = events.iter().map(|event| event["item"].as_u64().unwrap()).collect();
    assert_eq!(items, (0..60).collect::<Vec<u64>>());
    let whole = |event: &Value| event["items"] == 60 && event["fired_by_background_job_hash"] == "0a1b";
    assert!(events.iter().all(whole), "{page}");
}

#[rstest]
#[case::none(None)]
#[case::empty(Some(""))]
#[case::bearer(Some("Bearer ZG9jZWJvOmhvb2stc2VjcmV0"))]
#[case::other_password(Some("Basic ZG9jZWJvOmhvb2stc2VjcmV1"))]
#[case::password_of_another_login(Some("Basic ZG9jZWJvOm9sZC1zZWNyZXQ="))]
#[case::no_password(Some("Basic ZG9jZWJv"))]
#[tokio::test]
async fn without_the_right_login_nothing_is_kept(#[case] authorization: Option<&str>) {
    let world = World::with_webhook().await;
    let body = sample(COMPLETED).unwrap().to_string();
    let headers: Vec<(&str, &str)> = authorization.iter().map(|value| ("authorization", *value)).collect();
    let answer = world.hook_with(HOOK, &headers, body).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{}", answer.text);
    assert_eq!(answer.json()["code"], "webhook_unauthorized");
    assert!(
        answer.header(header::WWW_AUTHENTICATE).starts_with("Basic "),
        "{}",
        answer.text
    );
    assert_eq!(world.kept_docebo_events().await, 0);
}

#[tokio::test]
async fn while_a_password_is_changed_both_are_taken() {
    let world = World::with_webhook().await;
    let body = sample(COMPLETED).unwrap().to_string();
    for basic in [BASIC, BASIC_OLD] {
        let answer = world.hook_with(HOOK, &[("authorization", basic)], body.clone()).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    }
}

#[tokio::test]
async fn an_extra_header_must_be_there_and_right_where_one_is_asked_for() {
    let access = WebhookInput {
        header: Some(WebhookHeaderInput {
            name: Some("X-Passback-Secret".to_owned()),
            value: Some(SecretString::from("gate")),
        }),
        ..webhook()
    };
    let world = World::with_webhook_access(access).await;
    let body = sample(COMPLETED).unwrap().to_string();
    let tried = [
        (vec![], 401),
        (vec![("x-passback-secret", "wrong")], 401),
        (vec![("x-passback-secret", "gate"), ("x-passback-secret", "gate")], 401),
        (vec![("x-passback-secret", "gate")], 200),
    ];
    for (mut headers, status) in tried {
        headers.push(("authorization", BASIC));
        let answer = world.hook_with(HOOK, &headers, body.clone()).await;
        assert_eq!(answer.status.as_u16(), status, "{headers:?}: {}", answer.text);
    }
}

#[rstest]
#[case::unknown("/webhooks/docebo/nobody")]
#[case::no_id("/webhooks/docebo/No%20Id!")]
#[tokio::test]
async fn a_connector_that_nobody_knows_is_404(#[case] path: &str) {
    let world = World::with_webhook().await;
    let answer = world.hook_with(path, &[("authorization", BASIC)], "{}").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND, "{}", answer.text);
}

#[tokio::test]
async fn a_connector_that_takes_no_webhooks_is_404() {
    let world = World::start().await;
    assert_eq!(
        world.hook(&sample(COMPLETED).unwrap()).await.status,
        StatusCode::NOT_FOUND
    );
}

#[rstest]
#[case::not_json("{", 400, "malformed_json")]
#[case::no_object("[]", 422, "invalid_request")]
#[case::no_event("{\"message_id\":\"wh-1\",\"payload\":{}}", 422, "invalid_request")]
#[tokio::test]
async fn what_is_no_webhook_is_refused_and_not_kept(
    #[case] body: &'static str,
    #[case] status: u16,
    #[case] code: &str,
) {
    let world = World::with_webhook().await;
    let answer = world.hook_with(HOOK, &[("authorization", BASIC)], body).await;
    assert_eq!(
        (answer.status.as_u16(), answer.json()["code"].as_str()),
        (status, Some(code)),
        "{}",
        answer.text
    );
    assert_eq!(world.kept_docebo_events().await, 0);
}

#[tokio::test]
async fn an_event_of_a_name_that_nobody_knows_yet_is_kept() {
    let world = World::with_webhook().await;
    let message = json!({"event": "course.teleported", "message_id": "wh-1", "payload": {"to": "Ann", "course_id": 7}});
    assert_eq!(world.hook(&message).await.status, StatusCode::OK);
    let page = world.docebo_events("?event=course.*").await;
    let event = &page["events"][0];
    assert_eq!(
        (&event["known"], &event["reaction"]["state"]),
        (&json!(false), &json!("none"))
    );
    assert!(!page.to_string().contains("Ann"), "{page}");
}

#[tokio::test]
async fn people_are_masked_unless_an_operator_asks_and_that_is_on_record() {
    let world = World::with_webhook().await;
    world.hook(&sample("user.created").unwrap()).await;
    let masked = world.docebo_events("").await;
    let named = sample("user.created").unwrap()["payload"]["username"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(!masked.to_string().contains(&named), "{masked}");
    let refused = world.call_get(Role::Viewer, "/v1/docebo-events?reveal=true").await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let revealed = world.docebo_events("?reveal=true").await;
    assert!(revealed.to_string().contains(&named), "{revealed}");
    let audit = world.call_get(Role::Viewer, "/v1/audit").await;
    assert!(audit.text.contains("docebo_event.revealed"), "{}", audit.text);
}

#[tokio::test]
async fn the_log_is_filtered_read_on_and_read_backwards() {
    let world = World::with_webhook().await;
    for event in ["user.created", COMPLETED, "course.updated", "bj.created"] {
        assert_eq!(world.hook(&sample(event).unwrap()).await.status, StatusCode::OK);
    }
    let all = ids(&world.docebo_events("").await);
    assert_eq!(all.len(), 4);
    assert_eq!(ids(&world.docebo_events("?event=course.*").await), all[1..3]);
    assert_eq!(
        ids(&world.docebo_events("?event=bj.created,user.created").await),
        [all[0].clone(), all[3].clone()]
    );
    assert_eq!(
        ids(&world.docebo_events("?connector=nobody").await),
        Vec::<String>::new()
    );
    let first = world.docebo_events("?limit=3").await;
    assert_eq!((&first["more"], &first["next_cursor"]), (&json!(true), &json!(all[2])));
    assert_eq!(ids(&world.docebo_events(&format!("?after={}", all[2])).await), all[3..]);
    let mut backwards = ids(&world.docebo_events("?newest_first=true").await);
    backwards.reverse();
    assert_eq!(backwards, all);
    let one = world.get(&format!("/v1/docebo-events/{}", all[1])).await.json();
    assert_eq!(one["event"], COMPLETED);
    assert_eq!(world.get("/v1/docebo-events/1-0").await.status, StatusCode::NOT_FOUND);
    assert_eq!(
        world.get("/v1/docebo-events?event=b%20d").await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    assert_eq!(
        world.get("/v1/docebo-events?after=yesterday").await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
}

#[tokio::test]
async fn a_replay_says_of_each_event_what_became_of_it() {
    let world = World::with_webhook().await;
    world.hook(&sample(COMPLETED).unwrap()).await;
    world.hook(&sample("bj.created").unwrap()).await;
    let all = ids(&world.docebo_events("").await);
    let body = json!({"ids": [all[0], all[1], "1-0"], "reason": "once more"});
    let refused = world.post(Role::Viewer, "/v1/docebo-events/replay", &body).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let answer = world.post(Role::Operator, "/v1/docebo-events/replay", &body).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let items = answer.json()["items"].clone();
    let statuses: Vec<&str> = items
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["status"].as_str().unwrap())
        .collect();
    // No worker runs: the reaction of the first has not happened yet.
    assert_eq!(statuses, ["already_queued", "nothing_to_do", "not_found"]);
    let audit = world.call_get(Role::Viewer, "/v1/audit").await;
    assert!(audit.text.contains("once more"), "{}", audit.text);
}

#[tokio::test]
async fn without_redis_a_webhook_is_to_be_sent_again() {
    let world = World::with_webhook().await;
    assert_eq!(world.hook(&sample(COMPLETED).unwrap()).await.status, StatusCode::OK);
    world.redis.kill();
    let answer = world.hook(&sample("user.created").unwrap()).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{}", answer.text);
    assert!(!answer.header(header::RETRY_AFTER).is_empty());
}

#[tokio::test]
async fn who_tries_passwords_out_is_slowed_down_and_right_ones_still_come_through() {
    let (clock, _hand) = passback_server::Clock::manual("2026-11-22T12:00:00Z".parse().unwrap());
    let world = World::with_webhook().await.told(passback_server::ServerConfig {
        clock,
        ..crate::world::config()
    });
    let wrong = async || {
        let headers = [("authorization", "Basic ZG9jZWJvOmhvb2stc2VjcmV1")];
        world.hook_with(HOOK, &headers, "{}").await
    };
    // Two seconds' worth comes at once.
    for _ in 0..40 {
        assert_eq!(wrong().await.status, StatusCode::UNAUTHORIZED);
    }
    let refused = wrong().await;
    assert_eq!(
        (refused.status, refused.json()["code"].as_str()),
        (StatusCode::TOO_MANY_REQUESTS, Some("rate_limited"))
    );
    let right = world.hook(&sample(COMPLETED).unwrap()).await;
    assert_eq!(right.status, StatusCode::OK, "{}", right.text);
}
