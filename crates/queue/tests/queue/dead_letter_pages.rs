//! Pages of dead letters: who repairs a page and reads on sees every one of them.

use passback_queue::{Filter, JobId, Lane, State, is_dead_cursor};

use crate::plans::bury;
use crate::shard::{Shard, ann, job};

fn dead() -> Filter {
    Filter {
        state: Some(State::Dead),
        ..Filter::default()
    }
}

#[tokio::test]
async fn who_repairs_a_page_and_reads_on_has_seen_every_dead_letter() {
    let shard = Shard::start().await;
    let early = bury(&shard, 0..250).await;
    shard.clock.advance_ms(1_000);
    let late = bury(&shard, 250..330).await;
    let (mut seen, mut after) = (Vec::new(), None::<String>);
    loop {
        let page = shard.queue.jobs(&dead(), after.as_deref(), 70).await.unwrap();
        let ids: Vec<JobId> = page.jobs.iter().map(|job| job.id).collect();
        assert!(
            page.jobs
                .iter()
                .all(|job| job.state == State::Dead && job.payload.is_some())
        );
        assert!(ids.len() <= 70);
        shard.queue.redrive(&ids, &ann()).await.unwrap();
        seen.extend(ids);
        let Some(next) = page.next else { break };
        assert!(is_dead_cursor(&next), "{next}");
        after = Some(next);
    }
    assert_eq!(seen, [early, late].concat());
}

#[tokio::test]
async fn a_page_that_is_filtered_is_cut_behind_the_last_that_it_shows() {
    let shard = Shard::start().await;
    let buried = bury(&shard, 0..10).await;
    let none = Filter {
        lane: Some(Lane::Check),
        ..dead()
    };
    let page = shard.queue.jobs(&none, None, 3).await.unwrap();
    assert!(page.jobs.is_empty() && page.next.is_none());
    let page = shard.queue.jobs(&dead(), None, 3).await.unwrap();
    let found: Vec<JobId> = page.jobs.iter().map(|job| job.id).collect();
    assert_eq!(found, buried[..3]);
    assert!(page.next.is_some_and(|next| next.ends_with(&buried[2].to_string())));
    let page = shard.queue.jobs(&dead(), None, 10).await.unwrap();
    assert_eq!((page.jobs.len(), page.next), (10, None));
}

#[test]
fn what_no_walk_has_given_out_is_no_cursor() {
    let id = job(1).id;
    assert!(is_dead_cursor(&format!("1763803811412-{id}")));
    for text in [
        "",
        "0-100",
        "1763803811412",
        "x-",
        "-1",
        &format!("+1-{id}"),
        &format!("-{id}"),
        "1-nope",
    ] {
        assert!(!is_dead_cursor(text), "{text}");
    }
}
