use passback_simulator::{Counts, Effect, Enrollment, Fault, FaultKind, FaultOn, RequestSeen};
use reqwest::Method;
use serde_json::json;

use crate::platform::{Platform, TOKEN_FORM, passed};

#[tokio::test]
async fn what_happened_is_read_as_the_same_types() {
    let platform = Platform::sample().await;
    platform.write(146, 13_827, &passed()).await;
    let (_, effects) = platform.control(Method::GET, "/effects", None).await;
    let effects: Vec<Effect> = serde_json::from_value(effects).unwrap();
    assert_eq!(effects, platform.tenant.effects());
    assert_eq!(effects.len(), 1);
    let (_, requests) = platform.control(Method::GET, "/requests", None).await;
    let requests: Vec<RequestSeen> = serde_json::from_value(requests).unwrap();
    assert_eq!(requests, platform.tenant.requests());
    let (_, counts) = platform.control(Method::GET, "/counts", None).await;
    let counts: Counts = serde_json::from_value(counts).unwrap();
    assert_eq!(counts, platform.tenant.counts());
    assert_eq!(counts.effects, 1);
}

#[tokio::test]
async fn faults_are_added_listed_and_cleared() {
    let platform = Platform::sample().await;
    let body = json!({"on": "enrollment_read", "kind": "unavailable", "times": 2});
    assert_eq!(platform.control(Method::POST, "/faults", Some(body)).await.0, 201);
    assert_eq!(platform.read(146, 13_827).await.0, 503);
    let (_, faults) = platform.control(Method::GET, "/faults", None).await;
    let left = Fault::new(FaultOn::EnrollmentRead, FaultKind::Unavailable).times(1);
    assert_eq!(serde_json::from_value::<Vec<Fault>>(faults).unwrap(), [left]);
    assert_eq!(platform.control(Method::DELETE, "/faults", None).await.0, 204);
    assert_eq!(platform.read(146, 13_827).await.0, 200);
}

#[tokio::test]
async fn credentials_and_tokens_are_controlled() {
    let platform = Platform::sample().await;
    let refuse = json!({"refused": true});
    assert_eq!(platform.control(Method::PUT, "/credentials", Some(refuse)).await.0, 204);
    assert_eq!(platform.ask_token(&TOKEN_FORM).await.0, 401);
    assert_eq!(platform.search(&[]).await.0, 401);

    let platform = Platform::sample().await;
    assert_eq!(platform.control(Method::POST, "/tokens/expire", None).await.0, 204);
    assert_eq!(platform.search(&[]).await.0, 401);
    assert_eq!(platform.ask_token(&TOKEN_FORM).await.0, 200);
}

#[tokio::test]
async fn users_and_enrolments_are_put_shown_and_removed() {
    let platform = Platform::sample().await;
    let user = json!({"id": 5, "email": "late@example.org"});
    assert_eq!(platform.control(Method::PUT, "/users", Some(user)).await.0, 204);
    let (_, found) = platform.search(&[("search_text", "late@")]).await;
    assert_eq!(found["data"]["items"][0]["user_id"], "5");

    let path = "/enrollments/146/5";
    assert_eq!(platform.control(Method::GET, path, None).await.0, 404);
    let place = json!({"course_id": 146, "user_id": 5, "status": 1});
    assert_eq!(platform.control(Method::PUT, "/enrollments", Some(place)).await.0, 204);
    let (_, shown) = platform.control(Method::GET, path, None).await;
    let shown: Enrollment = serde_json::from_value(shown).unwrap();
    assert_eq!(shown, Enrollment::new(146, 5).with_status(1));
    assert_eq!(platform.read(146, 5).await.1["data"]["records"]["status"], 1);
    assert_eq!(platform.control(Method::DELETE, path, None).await.0, 200);
    assert_eq!(platform.control(Method::DELETE, path, None).await.0, 404);
    assert_eq!(platform.read(146, 5).await.0, 404);
}

#[tokio::test]
async fn a_wrong_control_request_is_refused_with_the_field_named() {
    let platform = Platform::sample().await;
    for (method, path, body, wanted) in [
        (
            Method::POST,
            "/faults",
            json!({"on": "token", "kind": "html", "tmes": 1}),
            "tmes",
        ),
        (
            Method::POST,
            "/faults",
            json!({"on": "token", "kind": "htm"}),
            "unknown variant `htm`",
        ),
        (
            Method::POST,
            "/faults",
            json!({"on": "token", "kind": "slow"}),
            "delay_ms",
        ),
        (
            Method::PUT,
            "/credentials",
            json!({"refuse": true}),
            "unknown field `refuse`",
        ),
        (
            Method::PUT,
            "/users",
            json!({"id": 1, "mail": "x"}),
            "unknown field `mail`",
        ),
        (Method::PUT, "/users", json!({"email": "x"}), "missing field `id`"),
        (
            Method::PUT,
            "/enrollments",
            json!({"course_id": 1, "user_id": 1, "status": 9}),
            "status",
        ),
    ] {
        let (status, answer) = platform.control(method, path, Some(body)).await;
        let error = answer["error"].as_str().unwrap();
        assert!(status == 400 && error.contains(wanted), "{path}: {status} {error}");
    }
    assert_eq!(platform.control(Method::GET, "/nothing", None).await.0, 404);
    assert_eq!(platform.control(Method::PATCH, "/faults", None).await.0, 405);
}
