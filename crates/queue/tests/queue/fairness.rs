//! Connectors take turns by their weight, whatever their backlog; and how many of their jobs run at once.

use passback_queue::{Lane, Limits, Name, NewJob, Transition};
use rstest::rstest;

use crate::shard::{Shard, ending, name};
use crate::tenants::{WORKERS, of, worked, worker};

fn weighing(weight: u32) -> Limits {
    Limits {
        weight,
        ..Limits::default()
    }
}

fn at_once(jobs: u32) -> Limits {
    Limits {
        max_concurrency: Some(jobs),
        ..Limits::default()
    }
}

/// How many jobs of a connector one claim of push jobs brings.
async fn served(shard: &Shard, most: usize, of: &str) -> (u64, u64) {
    let claimed = shard.claim_in(Lane::Push, &worker(1), most).await;
    let own = claimed.iter().filter(|claimed| claimed.record.connector == of).count();
    (u64::try_from(own).unwrap(), u64::try_from(claimed.len() - own).unwrap())
}

#[rstest]
#[case::one_by_one(1, 200)]
#[case::by_sevens(7, 60)]
#[case::by_hundreds(100, 8)]
#[tokio::test]
async fn backlogs_are_served_by_their_weights_within_a_turn(#[case] most: usize, #[case] claims: usize) {
    let shard = Shard::start().await;
    shard
        .queue
        .set_limits(&[(name("light"), weighing(1)), (name("heavy"), weighing(3))])
        .await
        .unwrap();
    shard.fill(Lane::Push, "light", 0..1000).await;
    shard.fill(Lane::Push, "heavy", 1000..2000).await;
    // A turn is 25 jobs or as many as are asked for; each of the two may be ahead by one of its own.
    let turn = u64::try_from(most.min(25)).unwrap();
    let (mut light, mut heavy) = (0, 0);
    for claim in 0..claims {
        let (more_light, more_heavy) = served(&shard, most, "light").await;
        (light, heavy) = (light + more_light, heavy + more_heavy);
        let apart = (3 * light).abs_diff(heavy);
        assert!(apart <= 3 * turn + turn, "{light} and {heavy} after {claim} claims");
    }
    assert_eq!(
        usize::try_from(light + heavy).unwrap(),
        claims * most,
        "no claim came back short"
    );
}

#[rstest]
#[case::one_by_one(1, 1)]
#[case::by_tens(10, 25)]
#[case::by_hundreds(100, 25)]
#[tokio::test]
async fn a_newcomer_is_served_within_the_next_turn_whatever_the_backlog(#[case] most: usize, #[case] within: u64) {
    let shard = Shard::start().await;
    shard.fill(Lane::Push, "acme", 0..5000).await;
    for newcomer in 0..10 {
        let connector = format!("newcomer-{newcomer}");
        served(&shard, most, "acme").await;
        shard
            .fill(Lane::Push, &connector, 10_000 + newcomer..10_001 + newcomer)
            .await;
        let mut before = 0;
        while served(&shard, most, &connector).await.0 == 0 {
            before += u64::try_from(most).unwrap();
            assert!(before <= within, "{before} jobs of the long queue went first");
        }
    }
}

#[rstest]
#[case::one_by_one(1, 1)]
#[case::a_few_at_a_time(5, 5)]
#[case::a_whole_turn(25, 25)]
#[case::less_than_a_claim(20, 3)]
#[tokio::test]
async fn a_connector_that_comes_and_goes_gains_no_more_than_a_turn(#[case] most: usize, #[case] at_a_time: u64) {
    let shard = Shard::start().await;
    shard.fill(Lane::Push, "stays", 0..5000).await;
    let (mut comes_and_goes, mut stays) = (0, 0);
    for round in 0..60 {
        let waiting = shard.standing("visits").await.lanes[&Lane::Push].ready;
        let from = 10_000 + round * 100;
        shard
            .fill(Lane::Push, "visits", from..from + at_a_time - waiting.min(at_a_time))
            .await;
        let (visitor, other) = served(&shard, most, "visits").await;
        (comes_and_goes, stays) = (comes_and_goes + visitor, stays + other);
        assert!(
            comes_and_goes <= stays + 25,
            "{comes_and_goes} of the visitor beside {stays} in round {round}"
        );
    }
}

#[tokio::test]
async fn what_was_on_hold_comes_back_into_the_turns_and_not_before_them() {
    let shard = Shard::start().await;
    shard.fill(Lane::Push, "acme", 0..2000).await;
    shard.fill(Lane::Push, "borealis", 2000..4000).await;
    shard.fill(Lane::Push, "held", 4000..6000).await;
    shard.refuse("held").await;
    for _ in 0..10 {
        served(&shard, 100, "held").await;
    }
    shard.queue.open_gate(&name("held")).await.unwrap();
    shard.queue.forget(&name("held")).await.unwrap();
    let (mut held, mut others) = (0, 0);
    for _ in 0..10 {
        let (more, rest) = served(&shard, 30, "held").await;
        (held, others) = (held + more, others + rest);
        assert!(held * 2 <= others + 75, "{held} beside {others}");
    }
    assert!(held >= 75, "{held} beside {others}");
}

/// Redis commands that one claim of a hundred jobs runs inside its script.
async fn commands_of_a_claim(connectors: u64) -> u64 {
    let shard = Shard::start().await;
    // Loads the script, so that only its run is counted.
    shard.claim(&worker(1)).await;
    let jobs: Vec<NewJob> = (0..connectors)
        .map(|number| of(number, Lane::Push, &format!("tenant-{number}")))
        .collect();
    shard.queue.enqueue_all(&jobs).await.unwrap();
    shard.was_signalled(Lane::Push).await;
    let before = commands(&shard).await;
    assert_eq!(shard.claim_in(Lane::Push, &worker(1), 100).await.len(), 100);
    commands(&shard).await - before
}

async fn commands(shard: &Shard) -> u64 {
    let info: String = redis::cmd("INFO")
        .arg("commandstats")
        .query_async(&mut shard.redis.connection().await)
        .await
        .unwrap();
    let calls = info
        .lines()
        .filter(|line| !line.contains("_info:") && !line.contains("_client"));
    let calls = calls.filter_map(|line| line.split_once("calls=")?.1.split(',').next()?.parse::<u64>().ok());
    calls.sum()
}

#[tokio::test]
async fn what_a_claim_costs_does_not_grow_with_the_number_of_connectors() {
    let few = commands_of_a_claim(200).await;
    let many = commands_of_a_claim(2000).await;
    assert_eq!(many, few);
    assert!(few < 100 * 10, "{few} commands for a hundred turns");
}

#[tokio::test]
async fn no_more_of_a_connectors_jobs_run_at_once_than_it_allows_over_workers_and_lanes() {
    let shard = Shard::start().await;
    shard.limit("acme", at_once(3)).await;
    for (from, lane) in [(0, Lane::Check), (100, Lane::Push), (200, Lane::Background)] {
        shard.fill(lane, "acme", from..from + 10).await;
    }
    let mut done = 0;
    let mut running: Vec<(Name, passback_queue::Claimed)> = Vec::new();
    while done < 30 {
        running.extend(shard.claim_by_all().await);
        assert_eq!(running.len(), 3.min(30 - done), "after {done}");
        assert!(shard.claim_by_all().await.is_empty());
        let (holder, first) = running.remove(0);
        let lane = first.record.lane;
        for lane in Lane::ALL {
            shard.was_signalled(lane).await;
        }
        shard.settle(&holder, ending(first.token, Transition::Done)).await;
        done += 1;
        let waits = shard.standing("acme").await.lanes[&lane].ready > 0;
        assert_eq!(
            shard.was_signalled(lane).await,
            waits,
            "the settlement itself wakes a worker"
        );
    }
    shard.assert_sound().await;
}

#[tokio::test]
async fn a_connector_at_its_limit_does_not_hold_up_others() {
    let shard = Shard::start().await;
    shard.limit("acme", at_once(1)).await;
    shard.fill(Lane::Push, "acme", 0..100).await;
    shard.fill(Lane::Push, "borealis", 1000..1100).await;
    for round in 0..WORKERS {
        let (acme, borealis) = served(&shard, 10, "acme").await;
        assert_eq!(acme, u64::from(round == 0));
        assert_eq!(borealis, 10 - acme);
    }
}

#[tokio::test]
async fn a_job_that_is_given_back_frees_its_place() {
    let shard = Shard::start().await;
    shard.limit("acme", at_once(1)).await;
    shard.fill(Lane::Push, "acme", 0..10).await;
    for transition in [
        Transition::Release,
        Transition::Bury,
        Transition::Retry { delay_ms: 60_000 },
        Transition::Expired,
    ] {
        let claimed = shard.claim_one(&worker(1)).await;
        assert!(shard.claim(&worker(2)).await.is_empty());
        shard.settle(&worker(1), ending(claimed.token, transition)).await;
        shard.assert_sound().await;
    }
    let claimed = shard.claim_one(&worker(1)).await;
    shard.queue.unclaim(Lane::Push, &worker(1), &[]).await.unwrap();
    let again = shard.claim_one(&worker(2)).await;
    assert_eq!(again.token.job, claimed.token.job);
    shard.settle(&worker(2), worked(again.token)).await;
    shard.assert_sound().await;
}

#[tokio::test]
async fn a_higher_limit_is_in_force_at_once() {
    let shard = Shard::start().await;
    shard.limit("acme", at_once(1)).await;
    shard.fill(Lane::Push, "acme", 0..10).await;
    assert_eq!(shard.claim(&worker(1)).await.len(), 1);
    assert!(shard.claim(&worker(1)).await.is_empty());
    shard.limit("acme", at_once(4)).await;
    assert_eq!(shard.claim(&worker(1)).await.len(), 3);
    shard.limit("acme", Limits::default()).await;
    assert_eq!(shard.claim(&worker(1)).await.len(), 6);
    shard.assert_sound().await;
}
