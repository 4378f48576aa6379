use passback_simulator::{Answer, Endpoint, Fault, FaultKind, FaultOn};
use serde_json::json;

use crate::platform::{Platform, passed};

#[tokio::test]
async fn every_write_that_took_effect_is_one_entry_with_before_and_after() {
    let platform = Platform::sample().await;
    platform.write(146, 13_827, &json!({"status": 1})).await;
    platform.write(146, 13_827, &passed()).await;
    let effects = platform.tenant.effects();
    assert_eq!(effects.len(), 2);
    assert_eq!((effects[0].seq, effects[1].seq), (1, 2));
    assert_eq!((effects[0].before.status, effects[0].after.status), (0, 1));
    assert_eq!((effects[1].before.status, effects[1].after.status), (1, 2));
    assert_eq!(effects[1].after.score, Some(87.0));
    assert_eq!(effects[1].body, passed());
    assert_eq!((effects[1].course_id, effects[1].user_id), (146, 13_827));
    assert!(effects.iter().all(|effect| effect.answered));
    assert!(effects[0].at_ms > 0 && effects[0].at_ms <= effects[1].at_ms);
}

#[tokio::test]
async fn every_request_is_seen_with_its_endpoint_and_answer() {
    let platform = Platform::sample().await;
    platform.search(&[("search_text", "moreau")]).await;
    platform.read(146, 13_833).await;
    platform.write(146, 13_827, &passed()).await;
    let seen: Vec<_> = platform
        .tenant
        .requests()
        .into_iter()
        .map(|request| (request.endpoint, request.answer, request.course_id, request.user_id))
        .collect();
    let wanted = [
        (Endpoint::Token, Answer::Status(200), None, None),
        (Endpoint::UserSearch, Answer::Status(200), None, None),
        (Endpoint::EnrollmentRead, Answer::Status(404), Some(146), Some(13_833)),
        (Endpoint::EnrollmentWrite, Answer::Status(200), Some(146), Some(13_827)),
    ];
    assert_eq!(seen, wanted);
    let counts = platform.tenant.counts();
    assert_eq!((counts.requests, counts.effects, counts.tokens_issued), (4, 1, 1));
    assert_eq!(counts.by_status[&200], 3);
    assert_eq!(counts.by_endpoint[&Endpoint::EnrollmentRead], 1);
}

#[tokio::test]
async fn two_writes_for_one_pair_at_once_are_detected() {
    let platform = Platform::sample().await;
    let slow = Fault::new(FaultOn::EnrollmentWrite, FaultKind::Slow).delay_ms(200);
    platform.tenant.add_fault(slow);
    let body = passed();
    let (first, second, other) = tokio::join!(
        platform.write(146, 13_827, &body),
        platform.write(146, 13_827, &body),
        platform.write(146, 13_837, &body),
    );
    assert_eq!((first.0, second.0, other.0), (200, 200, 200));
    assert_eq!(platform.tenant.counts().overlapping_writes, 1);
    platform.write(146, 13_827, &body).await;
    assert_eq!(platform.tenant.counts().overlapping_writes, 1);
    let overlapping: Vec<_> = platform
        .tenant
        .requests()
        .into_iter()
        .filter(|request| request.overlapping)
        .collect();
    assert_eq!(overlapping.len(), 1);
    assert_eq!(overlapping[0].user_id, Some(13_827));
}
