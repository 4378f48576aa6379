//! Whatever comes in: no panic, no 5xx, and nothing stored of what was refused.
//!
//! 100,000 bodies in all, a quarter each, and lines besides. `PROPTEST_CASES` says how many each test takes, `PROPTEST_RNG_SEED` where it
//! begins.

use std::{
    cell::RefCell,
    collections::BTreeSet,
    sync::atomic::{AtomicU64, Ordering},
};

use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use passback_docebo::webhook::{EVENT_NAMES, sample};
use passback_server::Role;
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::{
    spoilt::spoilt,
    webhooks::{BASIC, HOOK},
    world::{Answer, EMAIL, JSON, NDJSON, World, result},
};

const CASES: u32 = 25_000;

fn runner(cases: u32) -> TestRunner {
    let config = Config::default();
    let cases = std::env::var("PROPTEST_CASES").map_or(cases, |_| config.cases);
    TestRunner::new(Config {
        cases,
        failure_persistence: None,
        ..config
    })
}

/// Sends each body and looks at each answer; `look` says what is wrong with it.
fn each_body(
    cases: u32,
    bodies: impl Strategy<Value = Vec<u8>>,
    world: &World,
    runtime: &Runtime,
    request: impl Fn(Vec<u8>) -> Request<Body>,
    look: impl Fn(&Answer) -> Result<(), TestCaseError>,
) {
    runner(cases)
        .run(&bodies, |body| {
            let answer = runtime.block_on(world.send(request(body)));
            prop_assert!(!answer.status.is_server_error(), "{}: {}", answer.status, answer.text);
            prop_assert_ne!(answer.status, StatusCode::TOO_MANY_REQUESTS, "it was not looked at");
            if !answer.status.is_success() {
                let problem: Value = serde_json::from_str(&answer.text).unwrap_or_default();
                prop_assert!(
                    problem["code"].is_string() && problem["detail"].is_string(),
                    "{}",
                    answer.text
                );
            }
            look(&answer)
        })
        .unwrap();
}

fn call(method: Method, path: &'static str) -> impl Fn(Vec<u8>) -> Request<Body> {
    move |body| {
        Request::builder()
            .method(&method)
            .uri(path)
            .header(
                header::AUTHORIZATION,
                format!("Bearer {}", crate::world::token(Role::Admin)),
            )
            .header(header::CONTENT_TYPE, JSON)
            .body(Body::from(body))
            .unwrap()
    }
}

#[test]
fn whatever_is_sent_as_a_webhook_is_stored_or_refused_and_breaks_nothing() {
    let runtime = Runtime::new().unwrap();
    // A Redis in a container is ended by the runtime.
    let _inside = runtime.enter();
    let world = runtime.block_on(World::with_webhook());
    let message = (0..EVENT_NAMES.len(), any::<u64>(), 0_usize..4).prop_map(|(event, id, items)| {
        let mut message = sample(EVENT_NAMES[event]).unwrap();
        message["message_id"] = json!(format!("wh-{id}"));
        if items > 1 {
            let payload = message["payload"].take();
            message.as_object_mut().unwrap().remove("payload");
            message["payloads"] = vec![payload; items].into();
        }
        message
    });
    let stored = AtomicU64::new(0);
    let request = |body| {
        Request::post(HOOK)
            .header(header::AUTHORIZATION, BASIC)
            .header(header::CONTENT_TYPE, JSON)
            .body(Body::from(body))
            .unwrap()
    };
    each_body(CASES, spoilt(message), &world, &runtime, request, |answer| {
        let known = [
            StatusCode::OK,
            StatusCode::BAD_REQUEST,
            StatusCode::UNPROCESSABLE_ENTITY,
        ];
        prop_assert!(known.contains(&answer.status), "{}", answer.status);
        if answer.status == StatusCode::OK {
            stored.fetch_add(answer.json()["stored"].as_u64().unwrap(), Ordering::Relaxed);
        }
        Ok(())
    });
    let kept = runtime.block_on(world.kept_docebo_events());
    assert!(kept > 0 && kept == stored.into_inner(), "{kept} events are kept");
}

#[test]
fn whatever_is_handed_in_as_a_result_is_accepted_or_refused_and_breaks_nothing() {
    let runtime = Runtime::new().unwrap();
    // A Redis in a container is ended by the runtime.
    let _inside = runtime.enter();
    let world = runtime.block_on(World::start());
    let good = (any::<u16>(), 0.0..100.0_f64).prop_map(|(id, score)| {
        let mut body = result(&format!("r-{id}"));
        body["score_percent"] = json!(score);
        body["email"] = json!(format!("{id}@example.org"));
        body
    });
    let accepted = RefCell::new(BTreeSet::new());
    each_body(
        CASES,
        spoilt(good),
        &world,
        &runtime,
        call(Method::POST, "/v1/results"),
        |answer| {
            if answer.status.is_success() {
                let id = answer.json()["result_id"].as_str().unwrap().to_owned();
                accepted.borrow_mut().insert(id);
            }
            Ok(())
        },
    );
    let accepted = u64::try_from(accepted.into_inner().len()).unwrap();
    let jobs = runtime.block_on(world.jobs_ever());
    assert!(accepted > 0 && accepted == jobs, "{accepted} accepted, {jobs} jobs");
}

/// Lines of which some are spoilt, with whatever stands between them.
fn lines(good: impl Strategy<Value = Value>) -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(spoilt(good), 1..8).prop_map(|lines| lines.join(&b'\n'))
}

fn call_with_lines(path: &'static str) -> impl Fn(Vec<u8>) -> Request<Body> {
    move |body| {
        let mut request = call(Method::POST, path)(body);
        let lines = header::HeaderValue::from_static(NDJSON);
        request.headers_mut().insert(header::CONTENT_TYPE, lines);
        request
    }
}

#[test]
fn whatever_lines_are_handed_in_each_is_accepted_or_refused_and_breaks_nothing() {
    let runtime = Runtime::new().unwrap();
    // A Redis in a container is ended by the runtime.
    let _inside = runtime.enter();
    let world = runtime.block_on(World::start());
    let good = any::<u16>().prop_map(|id| result(&format!("r-{id}")));
    let accepted = RefCell::new(BTreeSet::new());
    let request = call_with_lines("/v1/results/batch");
    each_body(CASES / 5, lines(good), &world, &runtime, request, |answer| {
        prop_assert_eq!(answer.status, StatusCode::OK, "{}", &answer.text);
        for verdict in answer.lines() {
            let id = verdict["result_id"].as_str().unwrap_or_default();
            match verdict["status"].as_str() {
                Some("accepted" | "already_accepted") => _ = accepted.borrow_mut().insert(id.to_owned()),
                Some("refused") => prop_assert!(verdict["problem"]["code"].is_string(), "{verdict}"),
                _ => prop_assert!(false, "{verdict}"),
            }
        }
        Ok(())
    });
    let accepted = u64::try_from(accepted.into_inner().len()).unwrap();
    let jobs = runtime.block_on(world.jobs_ever());
    assert!(accepted > 0 && accepted == jobs, "{accepted} accepted, {jobs} jobs");
}

#[test]
fn whatever_lines_are_reconciled_each_is_answered_and_breaks_nothing() {
    let runtime = Runtime::new().unwrap();
    // A Redis in a container is ended by the runtime.
    let _inside = runtime.enter();
    let world = runtime.block_on(World::start());
    let good = any::<u16>().prop_map(|id| json!(format!("r-{id}")));
    let request = call_with_lines("/v1/reconcile");
    each_body(CASES / 5, lines(good), &world, &runtime, request, |answer| {
        prop_assert_eq!(answer.status, StatusCode::OK, "{}", &answer.text);
        prop_assert!(answer.lines().iter().all(Value::is_object), "{}", &answer.text);
        Ok(())
    });
}

#[test]
fn whatever_is_asked_as_a_check_is_answered_or_refused_and_breaks_nothing() {
    let runtime = Runtime::new().unwrap();
    // A Redis in a container is ended by the runtime.
    let _inside = runtime.enter();
    let world = runtime.block_on(World::start());
    let good = any::<u16>().prop_map(|who| json!({"exam_id": "forklift-01", "email": format!("{who}@example.org")}));
    let asked = RefCell::new(BTreeSet::new());
    let request = call(Method::POST, "/v1/eligibility-checks");
    each_body(CASES, spoilt(good), &world, &runtime, request, |answer| {
        if answer.status.is_success() {
            asked
                .borrow_mut()
                .insert(answer.json()["id"].as_str().unwrap().to_owned());
        }
        Ok(())
    });
    let asked = u64::try_from(asked.into_inner().len()).unwrap();
    let jobs = runtime.block_on(world.jobs_ever());
    assert!(asked > 0 && asked == jobs, "{asked} asked, {jobs} jobs");
}

/// Calls that change something, or look it up, each with a body that is as it should be.
fn other_routes() -> Vec<(Method, &'static str, Value)> {
    vec![
        (Method::POST, "/v1/reconcile", json!({"result_ids": ["r-1", "r-2"]})),
        (Method::POST, "/v1/results?dry_run=true", result("r-1")),
        (
            Method::POST,
            "/v1/results/r-1/decision",
            json!({"decision": "keep_theirs", "reason": "why"}),
        ),
        (
            Method::PUT,
            "/v1/exams/fuzz",
            json!({"connector": "acme", "course_id": 146, "version_policy": "best"}),
        ),
        (
            Method::PUT,
            "/v1/connectors/fuzz?validate=false",
            json!({"domain": "fuzz.example.org", "client_id": "c", "client_secret": "s", "username": "u", "password": "p",
                   "webhook": {"username": "docebo", "password": "p"}}),
        ),
        (
            Method::POST,
            "/v1/connectors/acme/pause",
            json!({"reason": "why", "for": "2h"}),
        ),
        (Method::POST, "/v1/lanes/push/resume", json!({"reason": "why"})),
        (
            Method::POST,
            "/v1/dead-letters/redrive",
            json!({"ids": ["01JD0000000000000000000000"], "reason": "why"}),
        ),
        (
            Method::POST,
            "/v1/dead-letters/plan",
            json!({"filter": {"connector": "acme"}, "action": "redrive"}),
        ),
        (
            Method::POST,
            "/v1/docebo-events/replay",
            json!({"ids": ["1-0"], "reason": "why"}),
        ),
        (
            Method::POST,
            "/v1/tokens",
            json!({"name": "engine", "role": "ingest", "expires_in": "90d"}),
        ),
        (
            Method::POST,
            "/v1/erase",
            json!({"email": EMAIL, "reason": "why", "dry_run": true}),
        ),
    ]
}

#[test]
fn whatever_is_sent_to_the_other_routes_is_taken_or_refused_and_enqueues_nothing() {
    let runtime = Runtime::new().unwrap();
    // A Redis in a container is ended by the runtime.
    let _inside = runtime.enter();
    let world = runtime.block_on(World::start());
    for (method, path, good) in other_routes() {
        // What is spoilt afterwards was right: the handler got it, whatever it then made of it.
        let request = call(method.clone(), path);
        let answer = runtime.block_on(world.send(request(good.to_string().into_bytes())));
        let unread = [400, 413, 415, 422];
        assert!(!unread.contains(&answer.status.as_u16()), "{path}: {}", answer.text);
        let cases = runner(CASES).config().cases / 12;
        let mut runner = TestRunner::new(Config {
            cases,
            failure_persistence: None,
            ..Config::default()
        });
        let run = runner.run(&spoilt(Just(good)), |body| {
            let answer = runtime.block_on(world.send(request(body)));
            // The connector leads nowhere, and a call that would have to ask it says so.
            let unreachable = answer.text.contains("docebo_unreachable");
            let broken = answer.status.is_server_error() && !unreachable;
            prop_assert!(!broken, "{path}: {}: {}", answer.status, answer.text);
            prop_assert!(!answer.text.contains("rate_limited"), "{path}: it was not looked at");
            Ok(())
        });
        run.unwrap();
    }
    assert_eq!(runtime.block_on(world.jobs_ever()), 0);
}
