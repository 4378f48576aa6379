//! Webhooks and people's acts through the control endpoint.

use passback_simulator::{WebhookCounts, WebhookSent, World};
use reqwest::Method;
use serde_json::{Value, json};

use crate::platform::Platform;
use crate::receiver::Receiver;

async fn ask(platform: &Platform, method: Method, path: &str, body: Value) -> (u16, Value) {
    platform.control(method, path, Some(body)).await
}

#[tokio::test]
async fn everything_a_handle_does_is_done_by_other_processes_too() {
    let platform = Platform::sample().await;
    let receiver = Receiver::start().await;
    let target = serde_json::to_value(receiver.target()).unwrap();
    let acts = [
        (Method::PUT, "/webhook", target),
        (Method::PUT, "/users", json!({"id": 5, "email": "late@example.org"})),
        (Method::PUT, "/users/5/email", json!({"email": "later@example.org"})),
        (Method::POST, "/users/5/deactivate", json!({})),
        (Method::POST, "/users/5/reactivate", json!({})),
        (Method::PUT, "/enrollments", json!({"course_id": 146, "user_id": 5})),
        (Method::POST, "/enrollments/146/5/complete", json!({"score": 80})),
        (
            Method::PUT,
            "/courses",
            json!({"id": 146, "name": "Forklift exam, new"}),
        ),
        (
            Method::POST,
            "/webhooks/emit",
            json!({"event": "badge.earned", "payload": {}}),
        ),
    ];
    for (method, path, body) in acts {
        assert_eq!(ask(&platform, method, path, body).await.0, 204, "{path}");
    }
    let (status, reported) = ask(&platform, Method::POST, "/courses/146/outdated", json!({"user_id": 7})).await;
    assert_eq!((status, reported), (200, json!({"number_of_reports": 1})));
    for path in ["/enrollments/146/5", "/users/5", "/courses/146"] {
        assert_eq!(platform.control(Method::GET, path, None).await.0, 200, "{path}");
        assert_eq!(platform.control(Method::DELETE, path, None).await.0, 200, "{path}");
        assert_eq!(platform.control(Method::DELETE, path, None).await.0, 404, "{path}");
    }

    let (status, counts) = platform
        .control(Method::POST, "/webhooks/settle?wait_ms=30000", None)
        .await;
    let counts: WebhookCounts = serde_json::from_value(counts).unwrap();
    assert_eq!((status, counts.delivered), (200, 12));
    assert_eq!(counts, platform.tenant.webhook_counts());
    let (_, shown) = platform.control(Method::GET, "/webhooks/counts", None).await;
    assert_eq!(serde_json::from_value::<WebhookCounts>(shown).unwrap(), counts);
    let (_, sent) = platform.control(Method::GET, "/webhooks", None).await;
    let sent: Vec<WebhookSent> = serde_json::from_value(sent).unwrap();
    assert_eq!(sent, platform.tenant.webhooks());
    let events: Vec<&str> = sent.iter().map(|sent| sent.event.as_str()).collect();
    assert_eq!(receiver.events(), events);

    let again = json!({"message_id": sent[0].message_id});
    assert_eq!(ask(&platform, Method::POST, "/webhooks/resend", again).await.0, 204);
    assert_eq!(receiver.wait_for(13).await[12].body["event"], "user.created");
    assert_eq!(platform.control(Method::DELETE, "/webhook", None).await.0, 204);
    let emission = json!({"event": "badge.earned", "payload": {}});
    assert_eq!(ask(&platform, Method::POST, "/webhooks/emit", emission).await.0, 404);
}

#[tokio::test]
async fn a_settle_that_runs_out_of_patience_says_what_still_waits() {
    let platform = Platform::sample().await;
    let receiver = Receiver::start().await;
    let mut target = serde_json::to_value(receiver.target()).unwrap();
    target["delay_ms"] = json!([600_000, 600_000]);
    assert_eq!(ask(&platform, Method::PUT, "/webhook", target).await.0, 204);
    assert!(platform.tenant.set_active(13_827, false));
    let (status, counts) = platform.control(Method::POST, "/webhooks/settle", None).await;
    assert_eq!((status, &counts["waiting"]), (202, &json!(1)));
}

#[tokio::test]
async fn a_wrong_request_is_refused_with_the_field_named() {
    let platform = Platform::sample().await;
    for (method, path, body, wanted) in [
        (Method::PUT, "/webhook", json!({"url": "127.0.0.1"}), "url must be"),
        (
            Method::PUT,
            "/webhook",
            json!({"ulr": "http://127.0.0.1"}),
            "unknown field `ulr`",
        ),
        (
            Method::PUT,
            "/webhook",
            json!({"url": "http://127.0.0.1", "delay_ms": "soon"}),
            "number of milliseconds",
        ),
        (
            Method::PUT,
            "/webhook",
            json!({"url": "http://127.0.0.1", "events": ["user.gone"]}),
            "user.gone",
        ),
        (
            Method::POST,
            "/webhooks/emit",
            json!({"event": "badge.earned"}),
            "missing field `payload`",
        ),
        (
            Method::PUT,
            "/users/13827/email",
            json!({"mail": "x"}),
            "unknown field `mail`",
        ),
        (
            Method::POST,
            "/courses/146/outdated",
            json!({}),
            "missing field `user_id`",
        ),
        (
            Method::POST,
            "/enrollments/146/13827/complete",
            json!({"score": -1}),
            "score",
        ),
        (
            Method::POST,
            "/webhooks/settle?wait=1",
            json!({}),
            "unknown field `wait`",
        ),
    ] {
        let (status, answer) = ask(&platform, method, path, body).await;
        let error = answer["error"].as_str().unwrap();
        assert!(status == 400 && error.contains(wanted), "{path}: {status} {error}");
    }
}

const WORLD: &str = r#"
[[tenant]]
name = "acme"

[tenant.webhook]
url = "http://127.0.0.1:8080/webhooks/docebo/acme"
username = "docebo"
password = "s1"
header = { name = "X-Passback-Secret", value = "s2" }
events = ["course.enrollment.completed", "user.updated"]
duplicates = 1
delay_ms = [10, 500]
shuffle = 20
group = 25
retries = 8

[[tenant.user]]
id = 7
"#;

#[test]
fn a_world_file_says_where_webhooks_go_and_survives_being_written() {
    let world = World::from_toml(WORLD).unwrap();
    let target = world.tenants[0].webhook.clone().unwrap();
    assert_eq!(
        (target.duplicates, target.shuffle, target.group, target.retries),
        (1, 20, 25, 8)
    );
    assert_eq!((target.events.len(), target.timeout_ms), (2, 5_000));
    let again = World::from_toml(&toml::to_string(&world).unwrap()).unwrap();
    assert_eq!(again.tenants[0].webhook, Some(target.clone()));
    let shown = format!("{world:?} {target:?} {:?}", target.header);
    assert!(!shown.contains("s1") && !shown.contains("s2"), "{shown}");
}

#[test]
fn a_wrong_target_in_a_world_file_is_named() {
    for (old, new, wanted) in [
        ("http://", "", "tenant \"acme\": webhook: url must be"),
        ("[10, 500]", "[500, 10]", "webhook: delay_ms goes from"),
        ("duplicates", "duplicate", "unknown field `duplicate`"),
        ("user.updated", "user.update", "unknown variant `user.update`"),
    ] {
        let error = World::from_toml(&WORLD.replacen(old, new, 1)).unwrap_err().to_string();
        assert!(error.contains(wanted), "{new}: {error}");
    }
}
