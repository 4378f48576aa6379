//! Lost workers: a crash costs seconds, not attempts.

use passback_queue::{Lane, State, Transition, Verdict};

use crate::shard::{LEASE, Shard, ending, info, job, keyed, name};

/// Two workers that beat at the start; the second goes on, the first falls silent.
async fn two_workers(shard: &Shard) -> (passback_queue::Name, passback_queue::Name) {
    let (lost, alive) = (name("w1"), name("w2"));
    shard.queue.beat(&lost, &info()).await.unwrap();
    shard.queue.beat(&alive, &info()).await.unwrap();
    (lost, alive)
}

async fn pass_ms(shard: &Shard, alive: &passback_queue::Name, ms: u64) {
    for _ in 0..ms / 5000 {
        shard.clock.advance_ms(5000);
        shard.queue.beat(alive, &info()).await.unwrap();
    }
    shard.clock.advance_ms(ms % 5000);
    shard.queue.beat(alive, &info()).await.unwrap();
}

#[tokio::test]
async fn jobs_of_a_lost_worker_are_ready_15_seconds_after_its_last_beat() {
    let shard = Shard::start().await;
    let (lost, alive) = two_workers(&shard).await;
    shard.queue.enqueue_all(&[keyed(1, "k"), keyed(2, "k")]).await.unwrap();
    let held = shard.claim_one(&lost).await;
    pass_ms(&shard, &alive, 14_999).await;
    assert_eq!(shard.queue.reclaim(&alive).await.unwrap().ready, 0);
    pass_ms(&shard, &alive, 1).await;
    assert_eq!(shard.queue.reclaim(&alive).await.unwrap().ready, 1);
    let record = shard.record(job(1).id).await;
    assert_eq!((record.state, record.attempts, record.crashes), (State::Ready, 0, 1));
    assert_eq!(record.code.as_deref(), Some("worker_lost"));
    assert_eq!(record.history.len(), 1, "the attempt that was cut is on record");
    shard.assert_sound().await;
    assert_eq!(
        shard.settle(&lost, ending(held.token, Transition::Done)).await,
        Verdict::Fenced
    );
    assert_eq!(
        shard.claim_one(&alive).await.token.job,
        job(1).id,
        "it stands before the one behind it"
    );
    assert_eq!(
        shard.queue.workers().await.unwrap().len(),
        1,
        "the lost worker is off the list"
    );
}

#[tokio::test]
async fn a_job_that_loses_three_workers_is_buried() {
    let shard = Shard::start().await;
    let alive = name("alive");
    shard.queue.enqueue(&job(1)).await.unwrap();
    for round in 1..=3 {
        let lost = name(&format!("w{round}"));
        shard.queue.beat(&lost, &info()).await.unwrap();
        shard.queue.beat(&alive, &info()).await.unwrap();
        assert_eq!(shard.claim(&lost).await.len(), 1, "round {round}");
        pass_ms(&shard, &alive, 15_000).await;
        shard.queue.reclaim(&alive).await.unwrap();
        shard.assert_sound().await;
    }
    let record = shard.record(job(1).id).await;
    assert_eq!((record.state, record.crashes, record.attempts), (State::Dead, 3, 0));
    assert_eq!(record.code.as_deref(), Some("crashed_workers"));
}

#[tokio::test]
async fn a_lease_that_ran_out_is_taken_back_although_its_worker_beats() {
    let shard = Shard::start().await;
    let (stuck, alive) = two_workers(&shard).await;
    shard.queue.enqueue(&job(1)).await.unwrap();
    shard.claim_one(&stuck).await;
    let lease_ms = u64::try_from(LEASE.as_millis()).unwrap();
    for _ in 0..12 {
        shard.clock.advance_ms(lease_ms / 12);
        shard.queue.beat(&stuck, &info()).await.unwrap();
        shard.queue.beat(&alive, &info()).await.unwrap();
    }
    assert_eq!(shard.queue.reclaim(&alive).await.unwrap().ready, 1);
    assert_eq!(shard.record(job(1).id).await.code.as_deref(), Some("lease_ran_out"));
    assert_eq!(
        shard.queue.workers().await.unwrap().len(),
        2,
        "both workers stay on the list"
    );
    shard.assert_sound().await;
}

#[tokio::test]
async fn after_an_outage_nobody_is_called_dead_for_beats_that_could_not_arrive() {
    let shard = Shard::start().await;
    let (first, second) = two_workers(&shard).await;
    shard.queue.enqueue(&job(1)).await.unwrap();
    let held = shard.claim_one(&first).await;
    shard.clock.advance_ms(20_000);
    assert_eq!(
        shard.queue.reclaim(&second).await.unwrap().ready,
        0,
        "a worker not heard itself may not judge"
    );
    shard.queue.beat(&second, &info()).await.unwrap();
    assert_eq!(
        shard.queue.reclaim(&second).await.unwrap().ready,
        0,
        "the others get time to be heard again"
    );
    shard.queue.beat(&first, &info()).await.unwrap();
    pass_ms(&shard, &second, 10_000).await;
    assert_eq!(
        shard.settle(&first, ending(held.token, Transition::Done)).await,
        Verdict::Settled
    );
    shard.assert_sound().await;
}

#[tokio::test]
async fn a_worker_that_signs_off_leaves_nothing_behind() {
    let shard = Shard::start().await;
    let (leaver, alive) = two_workers(&shard).await;
    shard.queue.enqueue(&job(1)).await.unwrap();
    let held = shard.claim_one(&leaver).await;
    assert_eq!(shard.queue.leave(&leaver).await.unwrap(), 1);
    assert_eq!(
        shard.queue.reclaim(&alive).await.unwrap().ready,
        1,
        "what it held is taken back at once"
    );
    assert_eq!(
        shard.settle(&leaver, ending(held.token, Transition::Done)).await,
        Verdict::Fenced
    );
    assert_eq!(shard.queue.leave(&alive).await.unwrap(), 0);
    assert!(shard.queue.workers().await.unwrap().is_empty());
    assert_eq!(shard.queue.claim(Lane::Push, &alive, 10, LEASE).await.unwrap().len(), 1);
    shard.assert_sound().await;
}

#[tokio::test]
async fn a_worker_that_was_given_up_while_it_slept_is_watched_again_once_it_claims() {
    let shard = Shard::start().await;
    let (sleeper, alive) = two_workers(&shard).await;
    pass_ms(&shard, &alive, 15_000).await;
    shard.queue.reclaim(&alive).await.unwrap();
    assert_eq!(shard.queue.workers().await.unwrap().len(), 1);
    shard.queue.enqueue(&job(1)).await.unwrap();
    shard.claim_one(&sleeper).await;
    pass_ms(&shard, &alive, 15_000).await;
    assert_eq!(shard.queue.reclaim(&alive).await.unwrap().ready, 1);
    shard.assert_sound().await;
}

#[tokio::test]
async fn a_lease_that_ran_out_during_an_outage_waits_for_its_workers_settlement() {
    let shard = Shard::start().await;
    let (first, second) = two_workers(&shard).await;
    shard.queue.enqueue(&job(1)).await.unwrap();
    let held = shard.claim_one(&first).await;
    shard.clock.advance_ms(180_000);
    assert_eq!(shard.queue.reclaim(&second).await.unwrap().ready, 0, "not heard itself");
    shard.queue.beat(&second, &info()).await.unwrap();
    shard.queue.beat(&first, &info()).await.unwrap();
    assert_eq!(
        shard.queue.reclaim(&second).await.unwrap().ready,
        0,
        "the settlement is on its way"
    );
    assert_eq!(
        shard.settle(&first, ending(held.token, Transition::Done)).await,
        Verdict::Settled
    );
    shard.assert_sound().await;
}
