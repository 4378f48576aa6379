//! Three tenants share two workers: one whose credentials are refused, one that asks for fewer calls, and one that must
//! not notice either of them. The simulator counts what reached each Docebo.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::{
    collections::BTreeSet,
    fmt::Write,
    ops::Range,
    time::{Duration, Instant},
};

use passback_e2e::{Options, Stand, passed, town, until};
use passback_simulator::{Endpoint, Fault, FaultKind, FaultOn, RequestSeen, TenantHandle};
use serde_json::Value;

const REFUSED: &str = "refused";
const THROTTLED: &str = "throttled";
const HEALTHY: &str = "healthy";
/// What the throttled tenant's Docebo answers in an hour, and what its connector is told.
const CALLS_PER_HOUR: u32 = 60;
/// What a burst of refusals leaves of that.
const CALLS_AFTER_A_429: u64 = 48;
/// Calls of one push; fewer than these left start none.
const CALLS_OF_A_PUSH: u64 = 3;
const REFUSED_RESULTS: u64 = 200;
const THROTTLED_RESULTS: u64 = 100;
const CHECKS: u64 = 20;
/// Two before each check.
const HEALTHY_RESULTS: u64 = 2 * CHECKS;

#[tokio::test]
async fn a_refused_and_a_throttled_tenant_wait_while_a_healthy_one_works_as_if_alone() {
    let stand = three_tenants().await;
    let (refused, throttled) = (stand.docebo(REFUSED), stand.docebo(THROTTLED));
    // The workers hold a token of the time when the credentials were right.
    let before = stand.push_passed(REFUSED, REFUSED_RESULTS).await;
    stand.api().until_result(&before, &["delivered"]).await;
    let alone = healthy_work(&stand, 0).await;

    refused.set_credentials_refused(true);
    let tokens_asked = asked(&refused, Endpoint::Token);
    throttled.add_fault(
        Fault::new(FaultOn::EnrollmentWrite, FaultKind::Throttled)
            .times(1)
            .retry_after_seconds(1),
    );
    push_all(&stand, REFUSED, 0..REFUSED_RESULTS).await;
    push_all(&stand, THROTTLED, 0..THROTTLED_RESULTS).await;
    let beside_them = healthy_work(&stand, 1).await;
    assert!(
        beside_them < alone * 5 + Duration::from_millis(50),
        "the median of the checks grew from {alone:?} to {beside_them:?}"
    );
    assert_eq!(
        refused.counts().effects,
        1,
        "the refused tenant's results wait meanwhile"
    );
    assert_eq!(waiting(&stand, REFUSED, REFUSED_RESULTS).await, REFUSED_RESULTS);
    assert!(waiting(&stand, THROTTLED, THROTTLED_RESULTS).await > THROTTLED_RESULTS / 2);

    no_storm(&stand, &refused, tokens_asked).await;
    the_budget_is_kept(&stand, &throttled).await;
    released_in_small_steps(&stand, &refused).await;
    stand.finish().await;
}

/// A stand with two workers, on which the throttled tenant's connector is told its Docebo's limit.
async fn three_tenants() -> Stand {
    let mut world = town(&[HEALTHY, REFUSED, THROTTLED], REFUSED_RESULTS + 1);
    for tenant in &mut world.tenants {
        if tenant.name == THROTTLED {
            tenant.calls_per_hour = CALLS_PER_HOUR;
        } else if tenant.name == REFUSED {
            // Long enough for calls to meet, so that it shows how many run at once.
            tenant.latency_ms = 20;
        }
    }
    let mut stand = Stand::without_workers(world, Options::default()).await;
    let file = stand.folder().join("town.toml");
    let entry = format!("[[connector]]\nid = \"{THROTTLED}\"\n");
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains(&entry), "{text}");
    let limited = format!("{entry}calls_per_hour = {CALLS_PER_HOUR}\n");
    std::fs::write(&file, text.replace(&entry, &limited)).unwrap();
    stand
        .cli_ok(&["apply", "-f", "town.toml", "--yes", "--no-validate"])
        .await;
    stand.cli_ok(&["connector", "validate", REFUSED]).await;
    stand.add_worker();
    stand.add_worker();
    stand
}

/// A round of the healthy tenant: results with checks between them, all answered and delivered. The checks' median.
async fn healthy_work(stand: &Stand, round: u64) -> Duration {
    let first = round * (HEALTHY_RESULTS + CHECKS);
    let results = first..first + HEALTHY_RESULTS;
    let mut took = Vec::new();
    for check in 0..CHECKS {
        push_all(stand, HEALTHY, first + 2 * check..first + 2 * check + 2).await;
        let email = format!("learner{}@example.org", results.end + check);
        let start = Instant::now();
        let answer = stand.api().check("healthy-exam", &email).await;
        took.push(start.elapsed());
        assert_eq!(answer["answer"], "eligible", "{answer}");
    }
    until_delivered(stand, HEALTHY, results).await;
    took.sort_unstable();
    took[took.len() / 2]
}

async fn push_all(stand: &Stand, tenant: &str, numbers: Range<u64>) {
    let wanted = numbers.end - numbers.start;
    let lines = numbers.fold(String::new(), |mut lines, number| {
        writeln!(lines, "{}", passed(tenant, number)).unwrap();
        lines
    });
    let answer = stand.api().post_lines("/v1/results/batch", lines).await;
    let accepted = answer.text.matches("\"accepted\"").count();
    assert_eq!((answer.status, accepted as u64), (200, wanted), "{}", answer.text);
}

/// Waits until all are delivered, each by one attempt.
async fn until_delivered(stand: &Stand, tenant: &str, numbers: Range<u64>) {
    for number in numbers {
        let id = format!("{tenant}-{number}");
        let result = stand.api().until_result(&id, &["delivered"]).await;
        assert_eq!(result["attempts"], 1, "{result}");
    }
}

/// How many of a tenant's first results wait. None of them has burned an attempt; all others are delivered.
async fn waiting(stand: &Stand, tenant: &str, results: u64) -> u64 {
    let mut waiting = 0;
    for number in 0..results {
        let result = stand.api().result(&format!("{tenant}-{number}")).await;
        match result["state"].as_str().unwrap() {
            "accepted" | "parked" | "retrying" | "running" => {
                assert_eq!(result["attempts"], 0, "waiting burns none: {result}");
                waiting += 1;
            }
            "delivered" | "verified" => {}
            _ => panic!("it neither waits nor was delivered: {result}"),
        }
    }
    waiting
}

fn asked(docebo: &TenantHandle, endpoint: Endpoint) -> u64 {
    docebo.counts().by_endpoint.get(&endpoint).copied().unwrap_or_default()
}

async fn until_standing(stand: &Stand, tenant: &str, what: &str, look: impl Fn(&Value) -> bool) -> Value {
    let path = format!("/v1/connectors/{tenant}");
    until(&format!("{tenant} {what}"), || async {
        let standing = stand.api().get(&path).await.body;
        look(&standing).then_some(standing)
    })
    .await
}

/// Refused credentials are asked about by hardly anyone, and by nobody once that is known.
async fn no_storm(stand: &Stand, refused: &TenantHandle, tokens_asked: u64) {
    until_standing(stand, REFUSED, "is refused and runs nothing", |standing| {
        standing["gate"]["state"] == "refused" && standing["running"] == 0
    })
    .await;
    let requests = refused.counts().requests;
    let tokens = asked(refused, Endpoint::Token) - tokens_asked;
    assert!((1..=3).contains(&tokens), "{tokens} token requests after the refusal");
    // Workers that have time for this result would have had time for those of the refused tenant.
    let last = 2 * (HEALTHY_RESULTS + CHECKS);
    push_all(stand, HEALTHY, last..last + 1).await;
    until_delivered(stand, HEALTHY, last..last + 1).await;
    assert_eq!(refused.counts().requests, requests, "nobody asks again");
    assert_eq!(waiting(stand, REFUSED, REFUSED_RESULTS).await, REFUSED_RESULTS);
}

/// A Docebo that answers 60 calls an hour never has to refuse one, and after the one 429 fewer are made.
async fn the_budget_is_kept(stand: &Stand, throttled: &TenantHandle) {
    let standing = until_standing(stand, THROTTLED, "has used its calls", |standing| {
        let left = standing["calls"]["left"]["push"].as_u64();
        left.is_some_and(|left| left < CALLS_OF_A_PUSH) && standing["running"] == 0
    })
    .await;
    assert_eq!(standing["calls"]["allowed"], CALLS_AFTER_A_429, "{standing}");
    let counts = throttled.counts();
    assert_eq!((counts.over_quota, counts.faults), (0, 1), "{counts:?}");
    assert!(counts.requests <= CALLS_AFTER_A_429, "{counts:?}");
    assert_eq!(standing["calls"]["used"], counts.requests, "both count the same");
    assert!(counts.effects > 0, "what the budget allows is delivered: {counts:?}");
    let waiting = waiting(stand, THROTTLED, THROTTLED_RESULTS).await;
    assert_eq!(waiting + counts.effects, THROTTLED_RESULTS, "and the rest waits");
}

/// Credentials that were put right release everything, one call first, then two at once, then four.
async fn released_in_small_steps(stand: &Stand, refused: &TenantHandle) {
    let seen_before = refused.counts().requests;
    refused.set_credentials_refused(false);
    stand.cli_ok(&["connector", "validate", REFUSED]).await;
    until_delivered(stand, REFUSED, 0..REFUSED_RESULTS).await;
    let effects = refused.effects();
    let written: BTreeSet<u64> = effects.iter().map(|effect| effect.user_id).collect();
    assert_eq!(
        (effects.len() as u64, written.len()),
        (REFUSED_RESULTS + 1, effects.len())
    );

    let mut requests = refused.requests();
    requests.retain(|request| request.seq > seen_before);
    let mut most = 0;
    for request in &requests {
        let at_once = 1 + requests.iter().filter(|other| still_runs(other, request)).count();
        // A job is good some time after its write took effect, so the gate never knows of more good ones than these.
        let good = effects[1..]
            .iter()
            .filter(|effect| effect.at_ms <= request.at_ms)
            .count();
        let window = 1 << (good + 1).ilog2();
        assert!(
            at_once <= window,
            "{at_once} calls at once after {good} good jobs: {request:?}"
        );
        most = most.max(at_once);
    }
    assert!(most >= 4, "it became more again, but only {most} at once");
}

/// Whether an earlier call was not yet answered when this one came.
fn still_runs(earlier: &RequestSeen, call: &RequestSeen) -> bool {
    let ended_ms = earlier
        .duration_ms
        .map(|duration_ms| earlier.at_ms + i64::try_from(duration_ms).unwrap());
    earlier.seq < call.seq && ended_ms.is_none_or(|ended_ms| ended_ms > call.at_ms)
}
