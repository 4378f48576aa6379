//! A hundred plans are kept; for one more, the one goes of which nothing is under way.

use std::time::Duration;

use passback_queue::{JobId, MadePlan, NewPlan, PlanAction, PlanStart, PlanStep, PlanStop};

use crate::shard::{Shard, ann, job};

async fn make(shard: &Shard, number: u64, jobs: &[JobId]) -> (JobId, MadePlan) {
    let plan = NewPlan {
        id: JobId::from_parts(shard.clock.now_ms(), 1_000 + u128::from(number)),
        action: PlanAction::Redrive,
        made_by: "ann".to_owned(),
        about: "{}".to_owned(),
    };
    (plan.id, shard.queue.make_plan(&plan, jobs).await.unwrap())
}

/// Plans of so many jobs each, one a second.
async fn planned(shard: &Shard, count: u64, jobs: &[JobId]) -> Vec<JobId> {
    let mut ids = Vec::new();
    for number in 0..count {
        let (id, made) = make(shard, number, jobs).await;
        assert_eq!(made, MadePlan::Made, "{number}");
        ids.push(id);
        shard.clock.advance_ms(1_000);
    }
    ids
}

async fn start(shard: &Shard, plan: JobId, per_second: u32) {
    let started = shard
        .queue
        .start_plan(plan, PlanAction::Redrive, per_second, &ann())
        .await
        .unwrap();
    assert_eq!(started, PlanStart::Started);
}

async fn is_there(shard: &Shard, plan: JobId) -> bool {
    shard.queue.plan(plan).await.unwrap().is_some()
}

#[tokio::test]
async fn plans_that_nobody_started_or_that_are_finished_give_way_and_the_oldest_of_them_first() {
    let shard = Shard::start().await;
    let plans = planned(&shard, 100, &[job(1).id]).await;
    // The first runs, the second is finished, the fourth is stopped.
    start(&shard, plans[1], 1).await;
    assert_eq!(shard.queue.step_plan(plans[1]).await.unwrap(), PlanStep::Tell);
    start(&shard, plans[0], 1).await;
    start(&shard, plans[3], 1).await;
    assert_eq!(
        shard.queue.stop_plan(plans[3], &ann()).await.unwrap(),
        PlanStop::Stopped
    );
    assert_eq!(shard.queue.no_plan_for().await.unwrap(), None);
    for (number, gone) in [(1, plans[2]), (2, plans[4]), (3, plans[5])] {
        assert!(is_there(&shard, gone).await);
        assert_eq!(make(&shard, 200 + number, &[]).await.1, MadePlan::Made);
        assert!(!is_there(&shard, gone).await);
        assert_eq!(shard.queue.plans().await.unwrap().len(), 100);
    }
    assert!(is_there(&shard, plans[1]).await, "its end is not on record yet");
    shard.queue.end_of_plan_told(plans[1]).await.unwrap();
    // What was done last with the others lies before its end by now.
    for number in 0..94 {
        shard.clock.advance_ms(1_000);
        assert_eq!(make(&shard, 300 + number, &[]).await.1, MadePlan::Made);
    }
    assert!(is_there(&shard, plans[1]).await);
    assert_eq!(make(&shard, 400, &[]).await.1, MadePlan::Made);
    assert!(!is_there(&shard, plans[1]).await);
    assert!(is_there(&shard, plans[0]).await && is_there(&shard, plans[3]).await);
}

#[tokio::test]
async fn a_plan_of_which_something_is_left_gives_way_to_none_and_it_is_said_for_how_long() {
    let shard = Shard::start().await;
    let jobs: Vec<JobId> = (0..30).map(|number| job(number).id).collect();
    let plans = planned(&shard, 100, &jobs).await;
    for plan in &plans {
        start(&shard, *plan, 1).await;
        assert_eq!(shard.queue.stop_plan(*plan, &ann()).await.unwrap(), PlanStop::Stopped);
    }
    assert_eq!(shard.queue.no_plan_for().await.unwrap(), Some(Duration::from_hours(24)));
    let before = shard.contents().await;
    assert_eq!(make(&shard, 200, &jobs).await.1, MadePlan::TooMany);
    assert_eq!(shard.contents().await, before);
    start(&shard, plans[7], 3).await;
    assert_eq!(shard.queue.no_plan_for().await.unwrap(), Some(Duration::from_secs(10)));
    shard.clock.advance_ms(24 * 3_600_000);
    assert_eq!(shard.queue.no_plan_for().await.unwrap(), None);
    assert_eq!(make(&shard, 201, &jobs).await.1, MadePlan::Made);
}
