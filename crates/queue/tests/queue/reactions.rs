//! What the job of an event came to, and having it done once more.

use passback_queue::{DoceboPlace, JobId, Lane, NewReaction, QueueError, Reaction, Replay, State, Transition};

use crate::shard::{LEASE, START_MS, Shard, ann, ending, name};
use crate::webhooks::{event_id, message, reaction_job};

/// An event with a job, both stored.
async fn received(shard: &Shard) -> DoceboPlace {
    let places = shard.queue.receive(&message("m-1", 0..1)).await.unwrap();
    places[0].unwrap()
}

fn came_to(place: DoceboPlace, job: JobId, outcome: &str) -> NewReaction<'_> {
    NewReaction {
        place,
        job,
        outcome,
        result_id: Some("r-1"),
        detail: None,
    }
}

async fn reaction(shard: &Shard, place: DoceboPlace) -> Option<Reaction> {
    shard.queue.reactions(&[place]).await.unwrap().remove(0)
}

/// Ends the one job that is ready.
async fn end(shard: &Shard, transition: Transition) -> JobId {
    let worker = name("w1");
    let mut claimed = shard.queue.claim(Lane::Background, &worker, 9, LEASE).await.unwrap();
    let claimed = claimed.pop().expect("a job is ready");
    shard.settle(&worker, ending(claimed.token, transition)).await;
    claimed.token.job
}

#[tokio::test]
async fn what_a_job_came_to_is_kept_with_its_event() {
    let shard = Shard::start().await;
    let place = received(&shard).await;
    assert_eq!(reaction(&shard, place).await, None);
    shard.clock.advance_ms(7);
    assert!(
        shard
            .queue
            .note_reaction(&came_to(place, event_id(0), "confirmed"))
            .await
            .unwrap()
    );
    let expected = Reaction {
        job: event_id(0),
        outcome: Some("confirmed".to_owned()),
        result_id: Some("r-1".to_owned()),
        detail: None,
        at_ms: Some(START_MS + 7),
    };
    assert_eq!(reaction(&shard, place).await, Some(expected));
}

#[tokio::test]
async fn an_event_is_replayed_once_its_job_has_ended_and_never_twice_at_once() {
    let shard = Shard::start().await;
    let place = received(&shard).await;
    let (first, second, third) = (event_id(0), event_id(501), event_id(502));
    let replay = async |id: JobId| shard.queue.replay(place, first, &reaction_job(id)).await.unwrap();
    let before = shard.contents().await;
    assert_eq!(replay(second).await, Replay::Waiting(first));
    assert_eq!(shard.contents().await, before);
    assert_eq!(end(&shard, Transition::Done).await, first);
    shard
        .queue
        .note_reaction(&came_to(place, first, "confirmed"))
        .await
        .unwrap();
    assert_eq!(replay(second).await, Replay::Queued(second));
    assert_eq!(shard.record(second).await.about, Some(place.to_string()));
    let waits = reaction(&shard, place).await.unwrap();
    assert_eq!((waits.job, waits.outcome), (second, None));
    assert_eq!(replay(second).await, Replay::Waiting(second), "the same call again");
    assert_eq!(replay(third).await, Replay::Waiting(second));
    // Whoever is late does not speak for the new job.
    assert!(
        !shard
            .queue
            .note_reaction(&came_to(place, first, "stale"))
            .await
            .unwrap()
    );
    assert_eq!(reaction(&shard, place).await.unwrap().outcome, None);
    shard.queue.cancel(&[second], &ann()).await.unwrap();
    assert_eq!(replay(third).await, Replay::Queued(third));
    shard.assert_sound().await;
}

#[tokio::test]
async fn an_event_whose_job_is_dead_may_be_replayed_and_the_dead_one_stays() {
    let shard = Shard::start().await;
    let place = received(&shard).await;
    end(&shard, Transition::Bury).await;
    let replayed = shard
        .queue
        .replay(place, event_id(0), &reaction_job(event_id(501)))
        .await
        .unwrap();
    assert_eq!(replayed, Replay::Queued(event_id(501)));
    assert_eq!(shard.record(event_id(0)).await.state, State::Dead);
    shard.assert_sound().await;
}

#[tokio::test]
async fn a_full_redis_replays_nothing_but_keeps_what_a_job_came_to() {
    let shard = Shard::start().await;
    let place = received(&shard).await;
    end(&shard, Transition::Done).await;
    shard.redis.cli(&["CONFIG", "SET", "maxmemory", "1"]).await;
    let before = shard.contents().await;
    let refused = shard
        .queue
        .replay(place, event_id(0), &reaction_job(event_id(501)))
        .await;
    assert!(matches!(refused, Err(QueueError::Full)), "{refused:?}");
    assert_eq!(shard.contents().await, before);
    assert!(
        shard
            .queue
            .note_reaction(&came_to(place, event_id(0), "marked"))
            .await
            .unwrap()
    );
}
