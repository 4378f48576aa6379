use passback_simulator::Counts;

use crate::platform::{Platform, TOKEN_FORM};

fn over_quota(platform: &Platform) -> u64 {
    let Counts { over_quota, .. } = platform.tenant.counts();
    over_quota
}

#[tokio::test]
async fn calls_over_the_hourly_quota_are_throttled_with_the_time_to_wait() {
    let platform = Platform::with(|tenant| tenant.calls_per_hour = 3).await;
    assert_eq!(platform.search(&[]).await.0, 200);
    assert_eq!(platform.read(146, 13_827).await.0, 200);
    let response = platform
        .request(reqwest::Method::GET, "/manage/v1/user")
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 429);
    let wait: u64 = response.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((3_500..=3_600).contains(&wait), "{wait}");
    assert_eq!(platform.ask_token(&TOKEN_FORM).await.0, 429);
    assert_eq!(over_quota(&platform), 2);
}

#[tokio::test]
async fn a_quota_of_zero_allows_all_and_control_is_never_counted() {
    let platform = Platform::with(|tenant| tenant.calls_per_hour = 0).await;
    for _ in 0..20 {
        assert_eq!(platform.search(&[]).await.0, 200);
    }
    let platform = Platform::with(|tenant| tenant.calls_per_hour = 1).await;
    for _ in 0..5 {
        let (status, _) = platform.control(reqwest::Method::GET, "/counts", None).await;
        assert_eq!(status, 200);
    }
    assert_eq!(platform.tenant.counts().requests, 1);
    assert_eq!(over_quota(&platform), 0);
}
