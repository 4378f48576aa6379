use std::time::Duration;

use passback_simulator::{Answer, Fault, FaultKind, FaultOn};
use reqwest::Response;
use serde_json::Value;

use crate::platform::{Platform, TOKEN_FORM, passed, updated};

async fn struck_write(platform: &Platform, fault: Fault) -> reqwest::Result<Response> {
    platform.tenant.clear_faults();
    platform.tenant.add_fault(fault);
    platform.put(146, 13_827, &passed()).send().await
}

fn on_write(kind: FaultKind) -> Fault {
    Fault::new(FaultOn::EnrollmentWrite, kind)
}

#[tokio::test]
async fn a_fault_of_a_status_answers_it_without_effect() {
    let platform = Platform::sample().await;
    for (kind, status) in [
        (FaultKind::Throttled, 429),
        (FaultKind::Unauthorized, 401),
        (FaultKind::Forbidden, 403),
        (FaultKind::ServerError, 500),
        (FaultKind::Unavailable, 503),
    ] {
        let response = struck_write(&platform, on_write(kind)).await.unwrap();
        assert_eq!(response.status(), status);
        assert!(!response.headers().contains_key("retry-after"));
        let body: Value = response.json().await.unwrap();
        assert!(body["name"].is_string() && body["status"] == status, "{body}");
    }
    assert!(platform.tenant.effects().is_empty());
}

#[tokio::test]
async fn retry_after_is_sent_when_it_is_asked_for() {
    let platform = Platform::sample().await;
    for kind in [FaultKind::Throttled, FaultKind::Unavailable, FaultKind::ServerError] {
        let response = struck_write(&platform, on_write(kind).retry_after_seconds(17))
            .await
            .unwrap();
        assert_eq!(response.headers()["retry-after"], "17");
    }
}

#[tokio::test]
async fn a_page_broken_json_and_another_shape_come_under_200() {
    let platform = Platform::sample().await;
    let page = struck_write(&platform, on_write(FaultKind::Html)).await.unwrap();
    assert_eq!(page.status(), 200);
    assert!(
        page.headers()["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/html")
    );

    let garbage = struck_write(&platform, on_write(FaultKind::Garbage)).await.unwrap();
    assert_eq!(garbage.status(), 200);
    assert!(
        garbage.headers()["content-type"]
            .to_str()
            .unwrap()
            .starts_with("application/json")
    );
    assert!(serde_json::from_str::<Value>(&garbage.text().await.unwrap()).is_err());

    let other = struck_write(&platform, on_write(FaultKind::OtherShape)).await.unwrap();
    assert_eq!(other.status(), 200);
    assert!(other.json::<Value>().await.unwrap()["data"]["updated"].is_null());
    assert!(platform.tenant.effects().is_empty());
}

#[tokio::test]
async fn a_write_can_be_answered_as_not_updated() {
    let platform = Platform::sample().await;
    let response = struck_write(&platform, on_write(FaultKind::NotUpdated)).await.unwrap();
    assert_eq!(response.status(), 200);
    let body: Value = response.json().await.unwrap();
    assert_eq!(body["data"]["updated"].as_array().map(Vec::len), Some(0));
    assert_eq!(
        body["data"]["not_updated"][0]["invalid_enrollments"][0]["user_id"],
        13_827
    );
    assert!(platform.tenant.effects().is_empty());
}

#[tokio::test]
async fn a_slow_answer_is_the_usual_answer_later() {
    let platform = Platform::sample().await;
    let slow = on_write(FaultKind::Slow).delay_ms(120);
    let response = struck_write(&platform, slow).await.unwrap();
    let body: Value = response.json().await.unwrap();
    assert_eq!(body["data"], updated(146, 13_827));
    let seen = platform.tenant.requests().pop().unwrap();
    assert!(seen.duration_ms.unwrap() >= 120, "{seen:?}");
    assert_eq!(seen.fault, Some(FaultKind::Slow));
}

#[tokio::test]
async fn a_connection_cut_before_the_effect_has_neither_answer_nor_effect() {
    let platform = Platform::sample().await;
    let error = struck_write(&platform, on_write(FaultKind::CutBefore))
        .await
        .unwrap_err();
    assert!(
        error.status().is_none() && !error.is_timeout() && !error.is_connect(),
        "{error:?}"
    );
    assert!(platform.tenant.effects().is_empty());
    let seen = platform.tenant.requests().pop().unwrap();
    assert_eq!((seen.answer, seen.fault), (Answer::Cut, Some(FaultKind::CutBefore)));
}

#[tokio::test]
async fn a_connection_cut_after_the_effect_leaves_an_effect_nobody_was_told_of() {
    let platform = Platform::sample().await;
    let error = struck_write(&platform, on_write(FaultKind::CutAfter))
        .await
        .unwrap_err();
    assert!(error.status().is_none() && !error.is_timeout(), "{error:?}");
    let effects = platform.tenant.effects();
    assert_eq!(effects.len(), 1);
    assert!(!effects[0].answered);
    assert_eq!(platform.tenant.enrollment(146, 13_827).unwrap().status, 2);
    assert_eq!(platform.tenant.counts().cut, 1);
}

#[tokio::test]
async fn a_cut_closes_the_connection_before_any_byte_of_an_answer() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let platform = Platform::sample().await;
    platform
        .tenant
        .add_fault(Fault::new(FaultOn::Any, FaultKind::CutBefore));
    let address = platform.url.strip_prefix("http://").unwrap();
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    stream
        .write_all(b"GET /manage/v1/user HTTP/1.1\r\nHost: acme\r\n\r\n")
        .await
        .unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    assert!(answer.is_empty(), "{answer:?}");
}

#[tokio::test]
async fn a_write_takes_effect_although_its_client_gave_up_waiting() {
    let platform = Platform::sample().await;
    platform.tenant.add_fault(on_write(FaultKind::Slow).delay_ms(200));
    let impatient = platform.put(146, 13_827, &passed()).timeout(Duration::from_millis(50));
    assert!(impatient.send().await.unwrap_err().is_timeout());
    let effect = async {
        loop {
            if let Some(effect) = platform.tenant.effects().pop() {
                return effect;
            }
            tokio::task::yield_now().await;
        }
    };
    let effect = tokio::time::timeout(Duration::from_secs(10), effect).await.unwrap();
    assert!(!effect.answered);
    assert_eq!(platform.tenant.requests().pop().unwrap().answer, Answer::Pending);
}

#[tokio::test]
async fn a_fault_strikes_the_token_endpoint_in_its_own_manner() {
    let platform = Platform::sample().await;
    platform
        .tenant
        .add_fault(Fault::new(FaultOn::Token, FaultKind::Unauthorized).times(1));
    platform
        .tenant
        .add_fault(Fault::new(FaultOn::Token, FaultKind::Unavailable).times(1));
    assert_eq!(platform.ask_token(&TOKEN_FORM).await.1["error"], "invalid_client");
    assert_eq!(platform.ask_token(&TOKEN_FORM).await.0, 503);
    assert_eq!(platform.ask_token(&TOKEN_FORM).await.0, 200);
}

#[tokio::test]
async fn a_fault_of_one_user_leaves_the_others_alone() {
    let platform = Platform::sample().await;
    platform
        .tenant
        .add_fault(on_write(FaultKind::Forbidden).user(13_827).course(146));
    assert_eq!(platform.write(146, 13_827, &passed()).await.0, 403);
    assert_eq!(platform.write(146, 13_837, &passed()).await.0, 200);
    assert_eq!(platform.read(146, 13_827).await.0, 200);
}

#[tokio::test]
async fn a_fault_of_the_world_strikes_each_nth_request_from_the_start() {
    let fault = Fault::new(FaultOn::EnrollmentRead, FaultKind::ServerError).every(2);
    let platform = Platform::with(|tenant| tenant.faults.push(fault)).await;
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(platform.read(146, 13_827).await.0);
    }
    assert_eq!(statuses, [200, 500, 200, 500]);
}
