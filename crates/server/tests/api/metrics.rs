//! `/metrics`: without a token, without harm, and without anybody's id.

use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use passback_queue::{Lane, Limits, Name};
use passback_server::Role;
use serde_json::json;

use crate::world::{Answer, EMAIL, World, result};

async fn scrape(world: &World) -> Answer {
    let request = Request::builder().uri("/metrics").body(Body::empty()).unwrap();
    let answer = world.send(request).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    answer
}

fn has(text: &str, line: &str) {
    assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
}

#[tokio::test]
async fn the_figures_are_those_of_the_work_and_of_the_process() {
    let world = World::start().await;
    world.dead_letter("r-1").await;
    let mut waiting = result("r-2");
    waiting["email"] = json!("another@example.org");
    world.post(Role::Ingest, "/v1/results", &waiting).await;
    world.get("/v1/jobs/01JD0000000000000000000000").await;
    world.get("/v1/jobs/01JD0000000000000000000001").await;
    let (acme, limits) = (
        Name::new("acme").unwrap(),
        Limits {
            calls_per_hour: Some(1_000),
            ..Limits::default()
        },
    );
    world.queue.set_limits(&[(acme.clone(), limits)]).await.unwrap();
    world.queue.spend(&acme, Lane::Push).await.unwrap();
    let answer = scrape(&world).await;
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    assert_eq!(answer.header(header::CONTENT_TYPE), kind);
    let text = answer.text;
    for line in [
        "passback_up 1.0",
        "passback_jobs{lane=\"push\",state=\"ready\"} 1.0",
        "passback_jobs{lane=\"push\",state=\"running\"} 0.0",
        "passback_jobs{lane=\"all\",state=\"dead\"} 1.0",
        "passback_dead_letters{code=\"rejected\"} 1.0",
        "passback_gate_state{connector=\"acme\",state=\"open\"} 1.0",
        "passback_gate_state{connector=\"acme\",state=\"refused\"} 0.0",
        "passback_quota_remaining_calls{connector=\"acme\"} 999.0",
        "passback_workers 1.0",
        "passback_results_open 2.0",
        "passback_job_events_total{event=\"buried\"} 1",
        "passback_http_requests_total{route=\"/v1/jobs/{id}\",method=\"GET\",status=\"404\"} 2",
        "passback_http_request_duration_seconds_count{route=\"/v1/jobs/{id}\",method=\"GET\"} 2",
        "# TYPE passback_http_request_duration_seconds histogram",
        "# EOF",
    ] {
        has(&text, line);
    }
    assert!(
        text.contains("passback_oldest_due_age_seconds{lane=\"push\"} "),
        "{text}"
    );
    assert_eq!(text.matches("# EOF").count(), 1);
    let helped = |line: &&str| line.starts_with("# HELP ");
    let names: Vec<&str> = text
        .lines()
        .filter(helped)
        .filter_map(|line| line.split(' ').nth(2))
        .collect();
    assert!(names.iter().all(|name| name.starts_with("passback_")), "{names:?}");
    assert!(!text.contains(EMAIL) && !text.contains("01JD"), "{text}");
}

#[tokio::test]
async fn what_callers_make_up_is_no_label() {
    let world = World::start().await;
    for (method, path) in [
        ("GET", "/nothing/at/all"),
        ("BREW", "/v1/jobs"),
        ("GET", "/v1/jobs/ann@example.org"),
    ] {
        let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
        assert_eq!(world.send(request).await.status, StatusCode::UNAUTHORIZED, "{path}");
    }
    let text = scrape(&world).await.text;
    has(
        &text,
        "passback_http_requests_total{route=\"(none)\",method=\"GET\",status=\"401\"} 1",
    );
    has(
        &text,
        "passback_http_requests_total{route=\"/v1/jobs\",method=\"other\",status=\"401\"} 1",
    );
    assert!(
        !text.contains("BREW") && !text.contains("nothing/at") && !text.contains("ann@"),
        "{text}"
    );
}

#[tokio::test]
async fn without_redis_the_process_still_tells_its_own_figures() {
    let world = World::start().await;
    world.redis.stop().await;
    let text = scrape(&world).await.text;
    has(&text, "passback_up 0.0");
    assert!(!text.contains("passback_jobs{"), "{text}");
    let again = scrape(&world).await.text;
    has(
        &again,
        "passback_http_requests_total{route=\"/metrics\",method=\"GET\",status=\"200\"} 1",
    );
}

#[tokio::test]
async fn a_hundred_scrapes_are_one_reading() {
    let world = World::start().await;
    scrape(&world).await;
    world.redis.cli(&["CONFIG", "RESETSTAT"]).await;
    for _ in 0..100 {
        scrape(&world).await;
    }
    let stats = format!("{:?}", world.redis.cli(&["INFO", "commandstats"]).await);
    // The backlog of a connector is read by a script; a second reading may fall into a slow test.
    let scripts = stats.split_once("cmdstat_evalsha:calls=").map(|(_, rest)| rest);
    let calls: u64 = scripts
        .and_then(|rest| rest.split(',').next())
        .map_or(0, |calls| calls.parse().unwrap());
    assert!(calls < 30, "{stats}");
}
