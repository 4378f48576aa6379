//! Pages of what Docebo has told: joined, they are exactly what was asked for, wherever a page ends.

use passback_queue::{DoceboFilter, DoceboPage, DoceboPlace, NewItem};
use rstest::rstest;

use crate::{
    shard::Shard,
    webhooks::{event_id, message},
};

/// Events without jobs, of which those at a multiple of a number are deletions of courses.
async fn told(shard: &Shard, count: usize, one_in: usize) -> Vec<DoceboPlace> {
    let mut deletions = Vec::new();
    for from in (0..count).step_by(500) {
        let to = (from + 500).min(count);
        let items = (from..to).map(|index| NewItem {
            id: event_id(index as u64),
            index,
            event: if index % one_in == 0 {
                "course.deleted"
            } else {
                "user.created"
            }
            .to_owned(),
            known: "{}".to_owned(),
            payload: b"sealed".to_vec(),
            job: None,
        });
        let mut whole = message(&format!("m-{from}"), 0..0);
        whole.items = items.collect();
        let places = shard.queue.receive(&whole).await.unwrap();
        let places = places.into_iter().map(Option::unwrap);
        deletions.extend(
            places
                .enumerate()
                .filter(|(at, _)| (from + at) % one_in == 0)
                .map(|(_, place)| place),
        );
    }
    deletions
}

fn deletions(newest_first: bool) -> DoceboFilter {
    DoceboFilter {
        events: vec!["course.deleted".to_owned()],
        newest_first,
        ..DoceboFilter::default()
    }
}

async fn read(shard: &Shard, filter: &DoceboFilter, after: Option<DoceboPlace>, limit: usize) -> DoceboPage {
    shard.queue.docebo_events(filter, after, limit).await.unwrap()
}

#[rstest]
#[case::forwards(false, 3)]
#[case::backwards(true, 3)]
#[case::forwards_where_all_match(false, 1)]
#[case::backwards_where_all_match(true, 1)]
#[tokio::test]
async fn pages_that_end_inside_of_a_look_leave_nothing_out_and_show_nothing_twice(
    #[case] newest_first: bool,
    #[case] one_in: usize,
) {
    let shard = Shard::start().await;
    let mut expected = told(&shard, 450, one_in).await;
    assert_eq!(expected.len(), 450 / one_in);
    if newest_first {
        expected.reverse();
    }
    let filter = deletions(newest_first);
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = read(&shard, &filter, after, 7).await;
        assert!(page.events.len() <= 7 && !page.gap);
        assert!(
            page.events.len() == 7 || !page.more,
            "a page is full where there is more"
        );
        seen.extend(page.events.iter().map(|event| event.place));
        assert!(page.next > after || newest_first, "no page goes back");
        after = page.next;
        if !page.more {
            break;
        }
        assert!(seen.len() < 500, "the pages go in a circle");
    }
    assert_eq!(seen, expected);
    let behind = read(&shard, &filter, after, 7).await;
    assert_eq!((behind.events.len(), behind.more, behind.next), (0, false, None));
}

#[tokio::test]
async fn a_page_that_finds_nothing_in_all_its_looks_says_where_to_go_on() {
    let shard = Shard::start().await;
    // The first is one, and then none comes for longer than a page looks.
    told(&shard, 5_300, 6_000).await;
    let filter = deletions(false);
    let first = read(&shard, &filter, None, 1).await;
    assert_eq!((first.events.len(), first.more), (1, true));
    let barren = read(&shard, &filter, first.next, 7).await;
    assert_eq!((barren.events.len(), barren.more), (0, true));
    assert!(barren.next > first.next, "the looks were not for nothing");
    let end = read(&shard, &filter, barren.next, 7).await;
    let newest = shard.queue.newest_docebo_event().await.unwrap();
    assert_eq!((end.events.len(), end.more, end.next), (0, false, newest));
}
