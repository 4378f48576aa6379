//! What events and people do to jobs.

use passback_queue::{Discarded, Lane, NewJob, Redriven, State, Transition};

use crate::shard::{LEASE, Shard, ann, ending, job, keyed, name};

async fn buried(shard: &Shard, number: u64) {
    let worker = name("w1");
    shard.queue.enqueue(&keyed(number, "k")).await.unwrap();
    let claimed = shard.claim_one(&worker).await;
    shard.settle(&worker, ending(claimed.token, Transition::Bury)).await;
}

#[tokio::test]
async fn an_event_releases_the_jobs_that_wait_for_it_and_no_others() {
    let shard = Shard::start().await;
    let worker = name("w1");
    let jobs: Vec<NewJob> = (0..450).map(job).collect();
    shard.queue.enqueue_all(&jobs).await.unwrap();
    loop {
        let claimed = shard.queue.claim(Lane::Push, &worker, 100, LEASE).await.unwrap();
        if claimed.is_empty() {
            break;
        }
        let park = |number: usize| {
            let wake = name(if number.is_multiple_of(2) {
                "connector/acme"
            } else {
                "user/acme/ab"
            });
            Transition::Park {
                wake,
                also: None,
                look_again_ms: Some(1_000_000),
            }
        };
        let settlements: Vec<_> = claimed
            .iter()
            .enumerate()
            .map(|(number, claimed)| ending(claimed.token, park(number)))
            .collect();
        shard.queue.settle(&worker, &settlements).await.unwrap();
    }
    assert_eq!(shard.queue.wake(&name("connector/acme")).await.unwrap(), 225);
    assert_eq!(shard.queue.wake(&name("connector/acme")).await.unwrap(), 0);
    let counts = shard.queue.counts().await.unwrap().living;
    assert_eq!((counts[&State::Ready], counts[&State::Parked]), (225, 225));
    shard.assert_sound().await;
}

#[tokio::test]
async fn a_redriven_job_starts_anew_and_keeps_its_history() {
    let shard = Shard::start().await;
    buried(&shard, 1).await;
    shard.clock.advance_ms(1000);
    let verdicts = shard.queue.redrive(&[job(1).id, job(2).id], &ann()).await.unwrap();
    assert_eq!(verdicts, [Redriven::Ready, Redriven::Unknown]);
    let record = shard.record(job(1).id).await;
    assert_eq!(
        (record.state, record.attempts, record.born_ms),
        (State::Ready, 0, shard.clock.now_ms())
    );
    let note = record.history.last().unwrap();
    assert_eq!(
        (note.outcome.as_str(), note.actor.as_deref()),
        ("redriven", Some("ann"))
    );
    shard.assert_sound().await;
    let before = shard.contents().await;
    assert_eq!(
        shard.queue.redrive(&[job(1).id], &ann()).await.unwrap(),
        [Redriven::NotDead]
    );
    assert_eq!(shard.contents().await, before);
}

#[tokio::test]
async fn a_dead_letter_leaves_by_discard_with_name_and_reason() {
    let shard = Shard::start().await;
    buried(&shard, 1).await;
    assert_eq!(
        shard.queue.discard(&[job(1).id], &ann()).await.unwrap(),
        [Discarded::Discarded]
    );
    let record = shard.record(job(1).id).await;
    assert_eq!(
        (record.state, record.code.as_deref()),
        (State::Discarded, Some("discarded"))
    );
    let note = record.history.last().unwrap();
    assert_eq!(
        (note.actor.as_deref(), note.reason.as_deref()),
        (Some("ann"), Some("checked by phone"))
    );
    assert_eq!(
        shard.queue.discard(&[job(1).id], &ann()).await.unwrap(),
        [Discarded::Ended]
    );
    shard.assert_sound().await;
}

#[tokio::test]
async fn a_discard_takes_only_dead_jobs_and_a_cancel_only_jobs_that_do_not_run() {
    let shard = Shard::start().await;
    let worker = name("w1");
    shard.queue.enqueue(&keyed(1, "k")).await.unwrap();
    shard.claim_one(&worker).await;
    shard
        .queue
        .enqueue_all(&[
            keyed(2, "k"),
            job(3),
            NewJob {
                delay_ms: 500,
                ..job(4)
            },
        ])
        .await
        .unwrap();
    assert!(
        shard
            .claim(&name("w2"))
            .await
            .iter()
            .all(|claimed| claimed.token.job == job(3).id)
    );
    let before = shard.contents().await;
    let ids = [job(1).id, job(2).id, job(4).id, job(99).id];
    let verdicts = shard.queue.discard(&ids, &ann()).await.unwrap();
    assert_eq!(
        verdicts,
        [
            Discarded::Running,
            Discarded::NotDead,
            Discarded::NotDead,
            Discarded::Unknown
        ]
    );
    assert_eq!(shard.contents().await, before);
    let verdicts = shard.queue.cancel(&ids, &ann()).await.unwrap();
    assert_eq!(
        verdicts,
        [
            Discarded::Running,
            Discarded::Discarded,
            Discarded::Discarded,
            Discarded::Unknown
        ]
    );
    shard.assert_sound().await;
}

#[tokio::test]
async fn a_cancelled_job_takes_its_tenants_turn_with_it() {
    let shard = Shard::start().await;
    shard.queue.enqueue(&job(1)).await.unwrap();
    shard.queue.cancel(&[job(1).id], &ann()).await.unwrap();
    assert!(!shard.contents().await.contains_key("turns:push"));
    shard.assert_sound().await;
}

#[tokio::test]
async fn an_event_that_comes_while_an_attempt_runs_is_not_missed() {
    let shard = Shard::start().await;
    let worker = name("w1");
    let park = || Transition::Park {
        wake: name("connector/acme"),
        also: None,
        look_again_ms: None,
    };
    shard.queue.enqueue(&job(1)).await.unwrap();
    let claimed = shard.claim_one(&worker).await;
    shard.clock.advance_ms(5);
    assert_eq!(shard.queue.wake(&name("connector/acme")).await.unwrap(), 0);
    shard.settle(&worker, ending(claimed.token, park())).await;
    assert_eq!(shard.record(job(1).id).await.state, State::Ready);
    shard.assert_sound().await;
    shard.clock.advance_ms(5);
    let claimed = shard.claim_one(&worker).await;
    shard.settle(&worker, ending(claimed.token, park())).await;
    assert_eq!(
        shard.record(job(1).id).await.state,
        State::Parked,
        "an event from before the attempt is past"
    );
    shard.assert_sound().await;
}

fn either() -> Transition {
    Transition::Park {
        wake: name("enrollment/acme/146/ab"),
        also: Some(name("user/acme/ab")),
        look_again_ms: Some(9000),
    }
}

#[tokio::test]
async fn a_job_that_waits_for_either_of_two_events_is_released_by_the_first_and_then_waits_for_none() {
    let shard = Shard::start().await;
    let worker = name("w1");
    shard.queue.enqueue(&job(1)).await.unwrap();
    let (first, second) = (name("enrollment/acme/146/ab"), name("user/acme/ab"));
    for (comes, never) in [(&first, &second), (&second, &first)] {
        let claimed = shard.claim_one(&worker).await;
        shard.settle(&worker, ending(claimed.token, either())).await;
        let record = shard.record(job(1).id).await;
        assert_eq!(
            (record.state, record.wake.as_deref()),
            (State::Parked, Some(first.as_str()))
        );
        shard.assert_sound().await;
        shard.clock.advance_ms(5);
        assert_eq!(shard.queue.wake(comes).await.unwrap(), 1);
        assert_eq!(shard.record(job(1).id).await.state, State::Ready);
        assert_eq!(shard.queue.wake(never).await.unwrap(), 0);
        shard.assert_sound().await;
        shard.clock.advance_ms(5);
    }
    let claimed = shard.claim_one(&worker).await;
    shard.settle(&worker, ending(claimed.token, either())).await;
    shard.clock.advance_ms(9000);
    assert_eq!(shard.queue.promote().await.unwrap().ready, 1, "no event came");
    shard.assert_sound().await;
}

#[tokio::test]
async fn either_of_two_events_that_comes_while_an_attempt_runs_is_heard() {
    for comes in ["enrollment/acme/146/ab", "user/acme/ab"] {
        let shard = Shard::start().await;
        let worker = name("w1");
        shard.queue.enqueue(&job(1)).await.unwrap();
        let claimed = shard.claim_one(&worker).await;
        shard.clock.advance_ms(5);
        assert_eq!(shard.queue.wake(&name(comes)).await.unwrap(), 0);
        shard.settle(&worker, ending(claimed.token, either())).await;
        assert_eq!(shard.record(job(1).id).await.state, State::Ready, "{comes}");
        shard.assert_sound().await;
    }
}

#[tokio::test]
async fn cancelling_many_at_once_leaves_everyone_else_their_turn() {
    let shard = Shard::start().await;
    let worker = name("w1");
    let check = |number, key: &str| NewJob {
        lane: Lane::Check,
        ..keyed(number, key)
    };
    // Two checks are next under their keys, each with a push behind it.
    for (holder, key) in [(1, "k1"), (2, "k2")] {
        shard.queue.enqueue(&keyed(holder, key)).await.unwrap();
    }
    let holders = shard.claim(&worker).await;
    for (number, key) in [(11, "k1"), (12, "k2")] {
        shard.queue.enqueue(&check(number, key)).await.unwrap();
        shard.queue.enqueue(&keyed(number + 10, key)).await.unwrap();
    }
    assert!(
        shard
            .queue
            .claim(Lane::Check, &worker, 10, LEASE)
            .await
            .unwrap()
            .is_empty()
    );
    assert!(shard.claim(&worker).await.is_empty());
    for claimed in holders {
        shard.settle(&worker, ending(claimed.token, Transition::Done)).await;
    }
    let ids = [job(11).id, job(21).id, job(12).id];
    assert_eq!(
        shard.queue.cancel(&ids, &ann()).await.unwrap(),
        [Discarded::Discarded; 3]
    );
    shard.assert_sound().await;
    assert_eq!(shard.claim_one(&worker).await.token.job, job(22).id);
}
