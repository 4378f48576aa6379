//! Batches of clients that are slow, silent, cut off or gone: none of them takes anything from the next one.

use std::time::Duration;

use axum::http::StatusCode;
use passback_server::{Role, ServerConfig};
use rstest::rstest;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    serving::{LIMIT, Server},
    world::{World, config, result, token},
};

/// More than there are batches at once.
const CLIENTS: usize = 40;
/// Lines that are cut somewhere.
const LINES: usize = 300;

fn body(lines: usize) -> String {
    let line = |number| {
        let mut line = result(&format!("r-{number}"));
        line["email"] = json!(format!("candidate{number}@example.org"));
        format!("{line}\n")
    };
    (0..lines).map(line).collect()
}

fn head(length: usize) -> String {
    format!(
        "POST /v1/results/batch HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/x-ndjson\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n",
        token(Role::Ingest)
    )
}

async fn impatient() -> World {
    World::start_with(ServerConfig {
        body_timeout_ms: 200,
        ..config()
    })
    .await
}

/// A batch that is as it should be, sent until it is taken: who holds a place holds it for a while only.
async fn works(world: &World) {
    let taken = async {
        loop {
            let answer = world.batch(body(1)).await;
            if answer.status == StatusCode::OK {
                return answer;
            }
            assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS, "{}", answer.text);
            tokio::task::yield_now().await;
        }
    };
    let answer = tokio::time::timeout(LIMIT, taken).await.unwrap();
    assert!(answer.text.contains("accepted"), "{}", answer.text);
}

/// What a client sends before it stops, and whether it then goes.
#[rstest]
#[case::headers_only(0, false)]
#[case::the_middle_of_a_line(1_000, false)]
#[case::headers_only_and_gone(0, true)]
#[case::the_middle_of_a_line_and_gone(1_000, true)]
#[case::all_of_it_and_gone(usize::MAX, true)]
#[case::all_of_it_and_no_look_at_the_verdicts(usize::MAX, false)]
#[tokio::test]
async fn clients_that_stop_in_the_middle_leave_their_places(#[case] bytes: usize, #[case] gone: bool) {
    let world = impatient().await;
    let server = Server::start(world.app.clone(), |options| options.limits.write_timeout_ms = 200).await;
    let body = body(20);
    let mut clients = Vec::new();
    for _ in 0..CLIENTS {
        let mut client = server.connect().await;
        client.write_all(head(body.len()).as_bytes()).await.unwrap();
        let sent = &body.as_bytes()[..bytes.min(body.len())];
        // A place may be refused before all is sent.
        let _ = client.write_all(sent).await;
        if !gone {
            clients.push(client);
        }
    }
    works(&world).await;
    drop(clients);
}

/// Places where a connection is cut: the beginning, the end, and steps that fall on no line's end by intent.
fn cuts(length: usize) -> impl Iterator<Item = usize> {
    (0..length).step_by(length / 23 + 1).chain([length - 1, length])
}

#[tokio::test]
async fn a_batch_that_was_cut_anywhere_is_taken_up_by_sending_it_again_and_nothing_is_there_twice() {
    let world = impatient().await;
    let server = Server::start(world.app.clone(), |_| {}).await;
    let body = body(LINES);
    for cut in cuts(body.len()) {
        let mut client = server.connect().await;
        let head = head(body.len());
        client.write_all(head.as_bytes()).await.unwrap();
        client.write_all(&body.as_bytes()[..cut]).await.unwrap();
        client.shutdown().await.unwrap();
        // Until the server has dealt with it, so that the cuts do not all fall on one moment.
        let mut answer = Vec::new();
        let _ = tokio::time::timeout(LIMIT, client.read_to_end(&mut answer))
            .await
            .unwrap();
    }
    let whole = world.batch(body).await;
    let verdicts = whole.lines();
    assert_eq!(verdicts.len(), LINES);
    let known = ["accepted", "already_accepted"];
    assert!(
        verdicts
            .iter()
            .all(|verdict| known.contains(&verdict["status"].as_str().unwrap()))
    );
    assert_eq!(world.jobs().await, u64::try_from(LINES).unwrap());
}

#[tokio::test]
async fn a_batch_goes_on_from_line_to_line_after_its_first_half_was_taken() {
    let world = World::start().await;
    let body = body(LINES);
    let half: String = body.split_inclusive('\n').take(LINES / 2).collect();
    // The half, and then a line that never ends.
    let cut = world.batch(format!("{half}{{\"result_id\"")).await.lines();
    assert_eq!(cut.last().unwrap()["code"], "malformed_json");
    let again = world.batch(body).await.lines();
    let count = |word: &str| again.iter().filter(|verdict| verdict["status"] == word).count();
    assert_eq!((count("already_accepted"), count("accepted")), (LINES / 2, LINES / 2));
    assert_eq!(world.jobs().await, u64::try_from(LINES).unwrap());
}

#[tokio::test]
async fn a_client_that_reads_nothing_until_it_has_sent_all_gets_every_verdict() {
    const MANY: usize = 10_000;
    let world = World::start().await;
    let server = Server::start(world.app.clone(), |_| {}).await;
    // Refused lines are quick, and their verdicts are far longer than they are.
    let body = "{}\n".repeat(MANY);
    let mut client: TcpStream = server.connect().await;
    client.write_all(head(body.len()).as_bytes()).await.unwrap();
    tokio::time::timeout(LIMIT, client.write_all(body.as_bytes()))
        .await
        .unwrap()
        .unwrap();
    let mut answer = String::new();
    tokio::time::timeout(Duration::from_mins(1), client.read_to_string(&mut answer))
        .await
        .unwrap()
        .unwrap();
    let verdicts = answer
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    assert_eq!(verdicts.filter(|verdict| verdict["status"] == "refused").count(), MANY);
}
