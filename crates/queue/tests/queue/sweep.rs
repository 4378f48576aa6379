//! Parked jobs are looked at again in what work leaves free.

use passback_queue::{Claimed, Lane, NewJob, State, Transition};

use crate::shard::{LEASE, Shard, ending, job, name};

const LOOK_AGAIN_MS: u64 = 6 * 3_600_000;
/// As many ready jobs as a connector may have for one more to be looked at again.
const MAX_SWEPT: u64 = 10;

async fn claim_all(shard: &Shard) -> Vec<Claimed> {
    shard.queue.claim(Lane::Push, &name("w1"), 100, LEASE).await.unwrap()
}

/// So many jobs that wait for their people.
async fn park(shard: &Shard, jobs: u64) {
    let new: Vec<NewJob> = (0..jobs).map(job).collect();
    shard.queue.enqueue_all(&new).await.unwrap();
    for claimed in claim_all(shard).await {
        let transition = Transition::Park {
            wake: name(&format!("user/acme/{}", claimed.token.job)),
            also: None,
            look_again_ms: Some(LOOK_AGAIN_MS),
        };
        shard.settle(&name("w1"), ending(claimed.token, transition)).await;
    }
}

#[tokio::test]
async fn a_crowd_that_is_looked_at_again_leaves_the_calls_to_fresh_work_and_gets_its_turn() {
    let shard = Shard::start().await;
    park(&shard, 25).await;
    let fresh: Vec<NewJob> = (100..112).map(job).collect();
    shard.queue.enqueue_all(&fresh).await.unwrap();
    shard.clock.advance_ms(LOOK_AGAIN_MS);
    let promoted = shard.queue.promote().await.unwrap();
    assert_eq!(
        promoted.ready, 1,
        "there is work that is due; one goes through, or none would ever grow too old"
    );
    let waiting = shard.record(job(3).id).await;
    assert_eq!(
        (waiting.state, waiting.due_ms),
        (State::Parked, Some(shard.clock.now_ms() + 60_000))
    );
    shard.assert_sound().await;

    let claimed = claim_all(&shard).await;
    assert_eq!(claimed.len(), fresh.len() + 1);
    let mut rounds = 0;
    let mut looked_at = 1;
    while looked_at < 25 {
        shard.clock.advance_ms(60_000);
        let promoted = shard.queue.promote().await.unwrap();
        assert!(promoted.ready <= MAX_SWEPT, "{promoted:?}");
        looked_at += claim_all(&shard).await.len();
        rounds += 1;
        assert!(rounds <= 3, "{looked_at} after {rounds} rounds");
    }
    shard.assert_sound().await;
}

#[tokio::test]
async fn an_event_releases_whatever_work_there_is() {
    let shard = Shard::start().await;
    park(&shard, 1).await;
    let fresh: Vec<NewJob> = (100..112).map(job).collect();
    shard.queue.enqueue_all(&fresh).await.unwrap();
    let wake = name(&format!("user/acme/{}", job(0).id));
    assert_eq!(shard.queue.wake(&wake).await.unwrap(), 1);
    assert_eq!(shard.record(job(0).id).await.state, State::Ready);
}
