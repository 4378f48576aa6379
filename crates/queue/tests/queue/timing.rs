//! What time brings about, and how soon an idle worker hears of work.

use std::time::Duration;

use passback_queue::{Lane, NewJob, Settlement, State, Transition};

use crate::shard::{Shard, ending, job, keyed, name};

#[tokio::test]
async fn a_job_for_later_is_ready_when_it_is_due_and_not_before() {
    let shard = Shard::start().await;
    shard
        .queue
        .enqueue(&NewJob {
            delay_ms: 1000,
            ..job(1)
        })
        .await
        .unwrap();
    assert_eq!(shard.record(job(1).id).await.state, State::Scheduled);
    shard.clock.advance_ms(999);
    let promoted = shard.queue.promote().await.unwrap();
    assert_eq!((promoted.ready, promoted.next_in), (0, Some(Duration::from_millis(1))));
    assert!(shard.claim(&name("w1")).await.is_empty());
    shard.clock.advance_ms(1);
    assert_eq!(shard.queue.promote().await.unwrap().ready, 1);
    assert_eq!(shard.claim(&name("w1")).await.len(), 1);
    shard.assert_sound().await;
}

#[tokio::test]
async fn due_jobs_are_moved_in_bounded_batches_until_none_is_left() {
    let shard = Shard::start().await;
    let jobs: Vec<NewJob> = (0..1000)
        .map(|number| NewJob {
            delay_ms: 10,
            ..job(number)
        })
        .collect();
    shard.queue.enqueue_all(&jobs).await.unwrap();
    shard.clock.advance_ms(10);
    let mut moved = Vec::new();
    loop {
        let promoted = shard.queue.promote().await.unwrap();
        if promoted.ready == 0 {
            break;
        }
        moved.push(promoted.ready);
    }
    assert_eq!(moved.iter().sum::<u64>(), 1000);
    assert!(moved.iter().all(|batch| *batch <= 200), "{moved:?}");
    shard.assert_sound().await;
}

#[tokio::test]
async fn a_parked_job_is_looked_at_again_although_no_event_came() {
    let shard = Shard::start().await;
    let worker = name("w1");
    shard.queue.enqueue_all(&[job(1), job(2)]).await.unwrap();
    let claimed = shard.claim(&worker).await;
    let park = |look_again_ms| Transition::Park {
        wake: name("user/acme/ab"),
        also: None,
        look_again_ms,
    };
    shard.settle(&worker, ending(claimed[0].token, park(Some(6000)))).await;
    shard.settle(&worker, ending(claimed[1].token, park(None))).await;
    shard.clock.advance_ms(6000);
    let promoted = shard.queue.promote().await.unwrap();
    assert_eq!((promoted.ready, promoted.next_in), (1, None));
    assert_eq!(shard.claim_one(&worker).await.token.job, job(1).id);
    assert_eq!(
        shard.record(job(2).id).await.state,
        State::Parked,
        "one that waits for a decision waits for ever"
    );
    shard.assert_sound().await;
    assert_eq!(
        shard.queue.wake(&name("user/acme/ab")).await.unwrap(),
        1,
        "it left the wake key too"
    );
}

#[tokio::test]
async fn perishable_jobs_expire_wherever_they_wait() {
    let shard = Shard::start().await;
    let worker = name("w1");
    let perishable = |number| NewJob {
        ttl_ms: Some(1000),
        ..keyed(number, "k")
    };
    let ready = NewJob {
        key: None,
        ..perishable(9)
    };
    shard.queue.enqueue_all(&[perishable(1), perishable(2)]).await.unwrap();
    let holder = shard.claim_one(&worker).await;
    shard
        .queue
        .enqueue_all(&[
            ready,
            NewJob {
                delay_ms: 500,
                ..perishable(3)
            },
        ])
        .await
        .unwrap();
    shard
        .queue
        .enqueue(&NewJob {
            ttl_ms: Some(1000),
            ..job(4)
        })
        .await
        .unwrap();
    let parked = shard.claim(&worker).await;
    let park = Transition::Park {
        wake: name("w"),
        also: None,
        look_again_ms: Some(90_000),
    };
    for claimed in &parked {
        shard.settle(&worker, ending(claimed.token, park.clone())).await;
    }
    shard.clock.advance_ms(1000);
    while shard.queue.promote().await.unwrap().expired > 0 {}
    for number in [2, 3, 4, 9] {
        assert_eq!(shard.record(job(number).id).await.state, State::Expired, "job {number}");
    }
    assert_eq!(
        shard.record(job(1).id).await.state,
        State::Running,
        "a running one is in its worker's hands"
    );
    shard.assert_sound().await;
    shard.settle(&worker, ending(holder.token, Transition::Expired)).await;
    shard.assert_sound().await;
}

#[tokio::test]
async fn a_check_that_ends_is_announced() {
    use futures::StreamExt;
    let shard = Shard::start().await;
    let worker = name("w1");
    let mut ended = Box::pin(shard.queue.ended().await.unwrap());
    shard
        .queue
        .enqueue(&NewJob {
            lane: Lane::Check,
            ..job(1)
        })
        .await
        .unwrap();
    let claimed = shard
        .queue
        .claim(Lane::Check, &worker, 1, Duration::from_secs(1))
        .await
        .unwrap();
    let answered = Settlement {
        answer: Some(b"{}".to_vec()),
        ..ending(claimed[0].token, Transition::Done)
    };
    shard.settle(&worker, answered).await;
    assert_eq!(ended.next().await, Some(job(1).id));
    shard
        .queue
        .enqueue(&NewJob {
            lane: Lane::Check,
            ..job(2)
        })
        .await
        .unwrap();
    let claimed = shard
        .queue
        .claim(Lane::Check, &worker, 1, Duration::from_secs(1))
        .await
        .unwrap();
    shard.settle(&worker, ending(claimed[0].token, Transition::Bury)).await;
    assert_eq!(
        ended.next().await,
        Some(job(2).id),
        "whoever waits for it is told that it died"
    );
}

#[tokio::test]
async fn an_idle_worker_hears_of_a_new_job_without_polling() {
    let shard = Shard::start().await;
    let mut signal = shard.queue.listen(Lane::Push).unwrap();
    let queue = shard.queue.clone();
    let listener = tokio::spawn(async move {
        // A token may be left from before; only a claim says whether there is work.
        loop {
            signal.wait().await.unwrap();
            let claimed = queue
                .claim(Lane::Push, &name("w1"), 10, Duration::from_mins(1))
                .await
                .unwrap();
            if !claimed.is_empty() {
                return claimed.len();
            }
        }
    });
    shard.queue.enqueue(&job(1)).await.unwrap();
    assert_eq!(listener.await.unwrap(), 1);
}

#[tokio::test]
async fn one_signal_wakes_enough_workers_for_all_that_is_ready() {
    let shard = Shard::start().await;
    let jobs: Vec<NewJob> = (0..30).map(job).collect();
    let mut workers = tokio::task::JoinSet::new();
    for number in 0..3 {
        let (queue, mut signal) = (shard.queue.clone(), shard.queue.listen(Lane::Push).unwrap());
        workers.spawn(async move {
            loop {
                signal.wait().await.unwrap();
                let worker = name(&format!("w{number}"));
                let claimed = queue
                    .claim(Lane::Push, &worker, 10, Duration::from_mins(1))
                    .await
                    .unwrap();
                if !claimed.is_empty() {
                    return claimed.len();
                }
            }
        });
    }
    shard.queue.enqueue_all(&jobs).await.unwrap();
    assert_eq!(workers.join_all().await.iter().sum::<usize>(), 30);
}

#[tokio::test]
async fn whatever_makes_a_job_ready_leaves_a_signal_and_a_claim_that_leaves_work_passes_it_on() {
    let shard = Shard::start().await;
    let worker = name("w1");
    let taken = || async { shard.redis.cli(&["LPOP", "{passback:0}:v1:signal:push"]).await != redis::Value::Nil };
    assert!(!taken().await);
    let jobs: Vec<NewJob> = (0..20).map(job).collect();
    shard.queue.enqueue_all(&jobs).await.unwrap();
    assert!(taken().await && !taken().await, "one script leaves one signal");
    let claimed = shard.claim(&worker).await;
    assert!(taken().await, "ten are left for another worker");
    assert_eq!(shard.claim(&worker).await.len(), 10);
    assert!(!taken().await, "nothing is left");
    shard
        .settle(&worker, ending(claimed[0].token, Transition::Release))
        .await;
    assert!(taken().await, "a job given back");
    let park = Transition::Park {
        wake: name("w"),
        also: None,
        look_again_ms: None,
    };
    shard.settle(&worker, ending(claimed[1].token, park)).await;
    shard.queue.wake(&name("w")).await.unwrap();
    assert!(taken().await, "a job released");
    shard
        .settle(&worker, ending(claimed[2].token, Transition::Retry { delay_ms: 10 }))
        .await;
    assert!(!taken().await);
    shard.clock.advance_ms(10);
    shard.queue.promote().await.unwrap();
    assert!(taken().await, "a job whose time has come");
}
