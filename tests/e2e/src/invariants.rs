//! What must hold at the end of every test, whatever happened in it: in Redis, in the ledger, in Docebo, in the logs.

use std::collections::BTreeMap;

use passback_queue::Queue;
use passback_simulator::TenantHandle;
use serde_json::Value;

use crate::{Api, api::is_written, secrecy};

pub(crate) async fn check(queue: &Queue, api: &Api, docebos: &[TenantHandle], said: &[String]) {
    let violations = queue.violations().await.unwrap();
    assert!(violations.is_empty(), "Redis is not sound: {violations:#?}");
    for docebo in docebos {
        let name = docebo.name().to_owned();
        let counts = docebo.counts();
        assert_eq!(
            counts.overlapping_writes, 0,
            "{name}: two writes for one enrolment at once"
        );
        check_effects(api, &name, docebo).await;
    }
    for line in said {
        secrecy::check("the log", line.as_bytes());
        assert!(!line.contains("panicked"), "something panicked: {line}");
    }
}

/// The last state of every enrolment that was written is one that a delivered result asked for.
async fn check_effects(api: &Api, tenant: &str, docebo: &TenantHandle) {
    let mut last = BTreeMap::new();
    for effect in docebo.effects() {
        last.insert((effect.course_id, effect.user_id), effect);
    }
    for ((course, user), effect) in last {
        let number = user - 1000;
        let answer = api.get(&format!("/v1/results/{tenant}-{number}")).await;
        // Suites that name their results otherwise compare for themselves.
        if answer.status != 200 {
            continue;
        }
        let result: Value = answer.body;
        let state = result["state"].as_str().unwrap_or_default();
        assert!(
            is_written(state) || ["no_op", "superseded", "running", "retrying", "accepted"].contains(&state),
            "course {course}, user {user} was written although its result is {state}"
        );
        if is_written(state) {
            let score = result["score_percent"].as_f64();
            assert_eq!(effect.after.score, score, "course {course}, user {user}");
        }
    }
}
