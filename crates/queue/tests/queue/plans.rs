//! Plans: each job of a frozen set once, at a pace, whoever takes the steps.

use std::time::Duration;

use passback_queue::{
    Filter, Intervention, JobId, Lane, MadePlan, NewPlan, PlanAction, PlanStart, PlanState, PlanStep, PlanStop, State,
    Transition,
};

use crate::shard::{LEASE, Shard, ann, ending, job, name};

/// Dead letters of these numbers, all of the same moment.
pub(crate) async fn bury(shard: &Shard, numbers: std::ops::Range<u64>) -> Vec<JobId> {
    let worker = name("w1");
    let jobs: Vec<_> = numbers.map(job).collect();
    shard.queue.enqueue_all(&jobs).await.unwrap();
    loop {
        let claimed = shard.queue.claim(Lane::Push, &worker, 100, LEASE).await.unwrap();
        if claimed.is_empty() {
            return jobs.iter().map(|job| job.id).collect();
        }
        let burials: Vec<_> = claimed.iter().map(|job| ending(job.token, Transition::Bury)).collect();
        shard.queue.settle(&worker, &burials).await.unwrap();
    }
}

async fn planned(shard: &Shard, action: PlanAction, jobs: &[JobId]) -> JobId {
    let plan = NewPlan {
        id: JobId::from_parts(shard.clock.now_ms(), 999),
        action,
        made_by: "ann".to_owned(),
        about: "{}".to_owned(),
    };
    assert_eq!(shard.queue.make_plan(&plan, jobs).await.unwrap(), MadePlan::Made);
    plan.id
}

async fn done(shard: &Shard, plan: JobId) -> u64 {
    shard.queue.plan(plan).await.unwrap().unwrap().done
}

#[tokio::test]
async fn a_plan_keeps_its_pace_however_often_a_step_is_asked_for() {
    let shard = Shard::start().await;
    let jobs = bury(&shard, 0..25).await;
    let plan = planned(&shard, PlanAction::Redrive, &jobs).await;
    assert_eq!(
        shard.queue.step_plan(plan).await.unwrap(),
        PlanStep::Over,
        "not started yet"
    );
    let started = shard
        .queue
        .start_plan(plan, PlanAction::Redrive, 10, &ann())
        .await
        .unwrap();
    assert_eq!(started, PlanStart::Started);
    for moved in [1, 6, 11] {
        for _ in 0..20 {
            let going = shard.queue.step_plan(plan).await.unwrap();
            assert_eq!(going, PlanStep::Going(Duration::from_millis(100)));
        }
        assert_eq!(done(&shard, plan).await, moved);
        shard.clock.advance_ms(500);
    }
    // Nobody stepped for an hour: one second of it is caught up with, not all of it.
    shard.clock.advance_ms(3_600_000);
    shard.queue.step_plan(plan).await.unwrap();
    assert_eq!(done(&shard, plan).await, 22);
    shard.clock.advance_ms(1_000);
    assert_eq!(shard.queue.step_plan(plan).await.unwrap(), PlanStep::Tell);
    let ended = shard.queue.plan(plan).await.unwrap().unwrap();
    assert_eq!((ended.state, ended.done, ended.skipped), (PlanState::Finished, 25, 0));
    for id in jobs {
        let record = shard.record(id).await;
        assert_eq!(record.state, State::Ready);
        let note = record.history.last().unwrap();
        assert_eq!(
            (note.outcome.as_str(), note.actor.as_deref()),
            ("redriven", Some("ann"))
        );
        assert_eq!(note.reason.as_deref(), Some("checked by phone"));
    }
    shard.assert_sound().await;
}

#[tokio::test]
async fn many_who_step_at_once_move_each_job_once() {
    let shard = Shard::start().await;
    let jobs = bury(&shard, 0..450).await;
    let plan = planned(&shard, PlanAction::Discard, &jobs).await;
    shard
        .queue
        .start_plan(plan, PlanAction::Discard, 1_000, &ann())
        .await
        .unwrap();
    loop {
        let queue = &shard.queue;
        let steps = tokio::join!(queue.step_plan(plan), queue.step_plan(plan), queue.step_plan(plan));
        if [steps.0.unwrap(), steps.1.unwrap(), steps.2.unwrap()].contains(&PlanStep::Tell) {
            break;
        }
        shard.clock.advance_ms(100);
    }
    let ended = shard.queue.plan(plan).await.unwrap().unwrap();
    assert_eq!((ended.done, ended.skipped, ended.left()), (450, 0, 0));
    let counts = shard.queue.counts().await.unwrap();
    assert_eq!((counts.living[&State::Dead], counts.counters["discarded"]), (0, 450));
    shard.assert_sound().await;
}

#[tokio::test]
async fn the_end_is_told_by_one_at_a_time_until_somebody_has_told_it() {
    let shard = Shard::start().await;
    let jobs = bury(&shard, 0..1).await;
    let plan = planned(&shard, PlanAction::Redrive, &jobs).await;
    shard
        .queue
        .start_plan(plan, PlanAction::Redrive, 1, &ann())
        .await
        .unwrap();
    assert_eq!(shard.queue.step_plan(plan).await.unwrap(), PlanStep::Tell);
    let other = shard.queue.step_plan(plan).await.unwrap();
    assert_eq!(other, PlanStep::BeingTold(Duration::from_secs(10)));
    // The one that had the word is gone.
    shard.clock.advance_ms(10_000);
    assert_eq!(shard.queue.step_plan(plan).await.unwrap(), PlanStep::Tell);
    assert_eq!(shard.queue.running_plans().await.unwrap(), [plan]);
    shard.queue.end_of_plan_told(plan).await.unwrap();
    assert_eq!(shard.queue.step_plan(plan).await.unwrap(), PlanStep::Over);
    assert!(shard.queue.running_plans().await.unwrap().is_empty());
    let again = shard
        .queue
        .start_plan(plan, PlanAction::Redrive, 1, &ann())
        .await
        .unwrap();
    assert_eq!(again, PlanStart::Finished);
}

#[tokio::test]
async fn a_refused_word_to_a_plan_changes_nothing() {
    let shard = Shard::start().await;
    let jobs = bury(&shard, 0..3).await;
    let plan = planned(&shard, PlanAction::Redrive, &jobs).await;
    let unknown = JobId::from_parts(1, 1);
    let before = shard.contents().await;
    let queue = &shard.queue;
    let other = queue.start_plan(plan, PlanAction::Discard, 1, &ann()).await.unwrap();
    assert_eq!(other, PlanStart::OtherAction);
    let none = queue.start_plan(unknown, PlanAction::Redrive, 1, &ann()).await.unwrap();
    assert_eq!(none, PlanStart::Unknown);
    assert_eq!(queue.stop_plan(plan, &ann()).await.unwrap(), PlanStop::NotRunning);
    assert_eq!(queue.stop_plan(unknown, &ann()).await.unwrap(), PlanStop::Unknown);
    assert_eq!(queue.step_plan(unknown).await.unwrap(), PlanStep::Over);
    assert_eq!(shard.contents().await, before);

    queue.start_plan(plan, PlanAction::Redrive, 1, &ann()).await.unwrap();
    let before = shard.contents().await;
    let same = queue.start_plan(plan, PlanAction::Redrive, 1, &ann()).await.unwrap();
    assert_eq!(same, PlanStart::Same);
    let bob = Intervention {
        actor: "bob".to_owned(),
        ..ann()
    };
    for (pace, by) in [(2, ann()), (1, bob)] {
        let running = queue.start_plan(plan, PlanAction::Redrive, pace, &by).await.unwrap();
        assert_eq!(running, PlanStart::Running);
    }
    assert_eq!(shard.contents().await, before);
    assert_eq!(queue.stop_plan(plan, &ann()).await.unwrap(), PlanStop::Stopped);
    assert_eq!(queue.step_plan(plan).await.unwrap(), PlanStep::Over);
    assert_eq!(done(&shard, plan).await, 0);
}

#[tokio::test]
async fn a_walk_sees_each_dead_letter_once_whatever_leaves_meanwhile() {
    let shard = Shard::start().await;
    let early = bury(&shard, 0..450).await;
    shard.clock.advance_ms(1_000);
    let until_ms = shard.clock.now_ms();
    let late = bury(&shard, 450..470).await;
    shard.clock.advance_ms(1_000);
    bury(&shard, 470..480).await;
    let (mut seen, mut after) = (Vec::new(), None::<String>);
    loop {
        let page = shard
            .queue
            .dead_letters(&Filter::default(), until_ms, after.as_deref())
            .await
            .unwrap();
        seen.extend(page.jobs.iter().map(|job| job.id));
        assert!(
            page.jobs
                .iter()
                .all(|job| job.payload.is_none() && job.state == State::Dead)
        );
        let Some(next) = page.next else { break };
        assert!(seen.len() <= 480, "the walk goes in a circle");
        // Every other one that was seen leaves, and the last, at which the walk stands.
        let leaving: Vec<JobId> = seen.iter().copied().step_by(2).chain(seen.last().copied()).collect();
        shard.queue.redrive(&leaving, &ann()).await.unwrap();
        after = Some(next);
    }
    assert_eq!(seen, [early, late].concat());
}

#[tokio::test]
async fn the_depths_count_what_is_due_and_since_when() {
    let shard = Shard::start().await;
    let depths = shard.queue.depths().await.unwrap();
    assert_eq!((depths.behind, depths.first_due_ms), (0, None));
    assert_eq!(
        (depths.lanes[&Lane::Push].ready, depths.lanes[&Lane::Push].oldest_ms),
        (0, None)
    );
    let since_ms = shard.clock.now_ms();
    shard.queue.enqueue(&job(1)).await.unwrap();
    shard.clock.advance_ms(5_000);
    shard.queue.enqueue(&job(2)).await.unwrap();
    let mut later = job(3);
    later.delay_ms = 700;
    shard.queue.enqueue(&later).await.unwrap();
    let depths = shard.queue.depths().await.unwrap();
    let push = depths.lanes[&Lane::Push];
    assert_eq!((push.ready, push.oldest_ms), (2, Some(since_ms)));
    assert_eq!(depths.first_due_ms, Some(since_ms + 5_700));
    assert_eq!(depths.lanes[&Lane::Check].ready, 0);
}
