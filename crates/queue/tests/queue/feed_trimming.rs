//! What is too old leaves the feeds: so many events at once, and no reader loses one without being told.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    thread,
};

use passback_queue::{DoceboFilter, DoceboPlace, Queue, RedisOptions};

use crate::shard::Shard;

const EVENTS: &str = "{passback:0}:v1:events";
const GONE: &str = "{passback:0}:v1:events:gone";
const DOCEBO_EVENTS: &str = "{passback:0}:v1:docebo-events";
const DOCEBO_GONE: &str = "{passback:0}:v1:docebo-events:gone";
/// Adds events of a minute long ago, all of one millisecond.
const ADD: &str = "
    for number = 1, tonumber(ARGV[1]) do
        redis.call('XADD', KEYS[1], '60000-' .. number, 'at', '1', 'result', 'r-' .. number, ARGV[3], 'dead', 'code', '',
            'connector', 'acme', 'event', ARGV[2], 'id', '01JD0000000000000000000000', 'job', '0', 'known', '{}',
            'payload', 'x')
    end";

async fn add(shard: &Shard, stream: &str, count: usize) {
    let count = count.to_string();
    shard
        .redis
        .cli(&["EVAL", ADD, "1", stream, &count, "user.created", "state"])
        .await;
}

/// Adds events of the feed as another version writes them, which cannot be read.
async fn add_strange(shard: &Shard, count: usize) {
    let count = count.to_string();
    shard
        .redis
        .cli(&["EVAL", ADD, "1", EVENTS, &count, "user.created", "other"])
        .await;
}

/// How many there are, the first that is there, and the last that is not.
async fn left(shard: &Shard, stream: &str, gone: &str) -> (u64, Option<String>, Option<String>) {
    let mut redis = shard.redis.connection().await;
    let (length, first, gone): (u64, Vec<(String, redis::Value)>, Option<String>) = redis::pipe()
        .cmd("XLEN")
        .arg(stream)
        .cmd("XRANGE")
        .arg(stream)
        .arg("-")
        .arg("+")
        .arg("COUNT")
        .arg(1)
        .get(gone)
        .query_async(&mut redis)
        .await
        .unwrap();
    (length, first.into_iter().next().map(|(id, _)| id), gone)
}

#[tokio::test]
async fn only_so_many_events_go_at_once_and_the_last_that_went_is_known() {
    let shard = Shard::start().await;
    for (stream, gone) in [(EVENTS, GONE), (DOCEBO_EVENTS, DOCEBO_GONE)] {
        add(&shard, stream, 2_500).await;
        let place = |number: u64| Some(format!("60000-{number}"));
        for (length, first, last) in [
            (1_500, place(1_001), place(1_000)),
            (500, place(2_001), place(2_000)),
            (0, None, place(2_500)),
            (0, None, place(2_500)),
        ] {
            shard.queue.promote().await.unwrap();
            assert_eq!(left(&shard, stream, gone).await, (length, first, last), "{stream}");
        }
    }
}

/// A way to Redis on which somebody trims a stream up to a place just before the look of this number reaches Redis.
fn queue_beside_a_trimmer(shard: &Shard, stream: &str, gone: &str, last: &str, look: usize) -> Queue {
    let url = shard.redis.url();
    let url = url.trim_start_matches("redis://");
    let address = url.split('/').next().unwrap().to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let trim = format!("MULTI\r\nSET {gone} {last}\r\nXTRIM {stream} MINID {last}\r\nXDEL {stream} {last}\r\nEXEC\r\n");
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let server = TcpStream::connect(&address).unwrap();
            let (back, answered) = (client.try_clone().unwrap(), server.try_clone().unwrap());
            thread::spawn(move || carry(answered, back, |_| {}));
            let (address, trim) = (address.clone(), trim.clone());
            let mut looks = 0;
            let trimming = move |sent: &[u8]| {
                if !sent.windows(6).any(|window| window == b"XRANGE") {
                    return;
                }
                looks += 1;
                if looks == look {
                    let mut trimmer = TcpStream::connect(&address).unwrap();
                    trimmer.write_all(trim.as_bytes()).unwrap();
                    // OK, three times QUEUED, and the answers: all is done once the last of them has come.
                    let mut answer = String::new();
                    while answer.matches(':').count() < 2 {
                        let mut piece = [0; 512];
                        let read = trimmer.read(&mut piece).unwrap();
                        answer.push_str(std::str::from_utf8(&piece[..read]).unwrap());
                    }
                }
            };
            thread::spawn(move || carry(client, server, trimming));
        }
    });
    Queue::new(RedisOptions::new(format!("redis://127.0.0.1:{port}"))).unwrap()
}

fn carry(mut from: TcpStream, mut to: TcpStream, mut seen: impl FnMut(&[u8])) {
    let mut piece = vec![0; 65_536];
    while let Ok(read @ 1..) = from.read(&mut piece) {
        seen(&piece[..read]);
        if to.write_all(&piece[..read]).is_err() {
            return;
        }
    }
}

#[tokio::test]
async fn a_reader_whose_next_events_are_trimmed_as_it_reads_is_told() {
    let shard = Shard::start().await;
    add(&shard, EVENTS, 20).await;
    let queue = queue_beside_a_trimmer(&shard, EVENTS, GONE, "60000-10", 1);
    assert!(queue.events(Some("60000-5"), 9).await.unwrap().gap);
    add(&shard, DOCEBO_EVENTS, 20).await;
    let queue = queue_beside_a_trimmer(&shard, DOCEBO_EVENTS, DOCEBO_GONE, "60000-10", 1);
    let after = Some("60000-5".parse().unwrap());
    assert!(
        queue
            .docebo_events(&DoceboFilter::default(), after, 9)
            .await
            .unwrap()
            .gap
    );
}

#[tokio::test]
async fn a_page_ends_where_events_are_trimmed_between_two_of_its_looks_and_the_next_one_tells_it() {
    let shard = Shard::start().await;
    add(&shard, DOCEBO_EVENTS, 950).await;
    let queue = queue_beside_a_trimmer(&shard, DOCEBO_EVENTS, DOCEBO_GONE, "60000-300", 2);
    let filter = DoceboFilter {
        events: vec!["user.*".to_owned()],
        ..DoceboFilter::default()
    };
    let page = queue.docebo_events(&filter, None, 1_000).await.unwrap();
    let edge: DoceboPlace = "60000-200".parse().unwrap();
    assert_eq!((page.events.len(), page.next, page.more), (200, Some(edge), true));
    assert!(!page.gap);
    assert!(queue.docebo_events(&filter, page.next, 1_000).await.unwrap().gap);
}

#[tokio::test]
async fn a_page_of_events_that_cannot_be_read_ends_in_the_same_way() {
    let shard = Shard::start().await;
    add_strange(&shard, 40).await;
    let queue = queue_beside_a_trimmer(&shard, EVENTS, GONE, "60000-15", 2);
    let page = queue.events(None, 9).await.unwrap();
    assert_eq!(
        (page.events.len(), page.next.as_deref(), page.more, page.gap),
        (0, Some("60000-9"), true, false)
    );
    assert!(queue.events(page.next.as_deref(), 9).await.unwrap().gap);
}
