//! As many plans as are kept, and one more.

use axum::http::{StatusCode, header};
use passback_queue::{Intervention, JobId, MadePlan, NewPlan, PlanAction, PlanStart, PlanStop};
use passback_server::Role;
use serde_json::json;

use crate::world::World;

/// A hundred plans, stopped with most of them left.
async fn stopped(world: &World) {
    let by = Intervention {
        actor: "ann".to_owned(),
        reason: "a test".to_owned(),
        at_ms: 1_763_803_811_412,
    };
    let jobs: Vec<JobId> = (0..60).map(|number| JobId::from_parts(1, number)).collect();
    for _ in 0..100 {
        let plan = NewPlan {
            id: JobId::generate(),
            action: PlanAction::Redrive,
            made_by: "ann".to_owned(),
            about: "{}".to_owned(),
        };
        let queue = &world.queue;
        assert_eq!(queue.make_plan(&plan, &jobs).await.unwrap(), MadePlan::Made);
        let started = queue.start_plan(plan.id, plan.action, 1, &by).await.unwrap();
        assert_eq!(started, PlanStart::Started);
        assert_eq!(queue.stop_plan(plan.id, &by).await.unwrap(), PlanStop::Stopped);
    }
}

#[tokio::test]
async fn a_plan_for_which_there_is_no_room_is_refused_with_the_time_after_which_there_is() {
    let world = World::start().await;
    stopped(&world).await;
    let body = json!({"filter": {}, "action": "redrive"});
    let refused = world.post(Role::Operator, "/v1/dead-letters/plan", &body).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS, "{}", refused.text);
    assert_eq!(refused.json()["code"], "too_busy");
    let seconds: u64 = refused.header(header::RETRY_AFTER).parse().unwrap();
    assert!((86_000..=86_401).contains(&seconds), "{seconds}");
}

#[tokio::test]
async fn a_script_that_plans_and_never_starts_is_never_refused() {
    let world = World::start().await;
    let body = json!({"filter": {}, "action": "redrive"});
    for number in 0..105 {
        let made = world.post(Role::Operator, "/v1/dead-letters/plan", &body).await;
        assert_eq!(made.status, StatusCode::CREATED, "{number}: {}", made.text);
    }
    let plans = world.get("/v1/dead-letters/plans").await.json();
    assert_eq!(plans["items"].as_array().unwrap().len(), 100);
}
