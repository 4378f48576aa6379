//! Batches: a verdict per line, whatever the line, and never an acceptance that is none.

use std::{convert::Infallible, time::Duration};

use axum::{
    body::{Body, Bytes},
    http::{Method, Request, StatusCode, header},
};
use futures::{StreamExt, channel::mpsc};
use passback_server::Role;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::world::{EMAIL, NDJSON, World, result, token};

fn line(number: usize) -> Value {
    let mut line = result(&format!("r-{number}"));
    line["email"] = json!(format!("candidate{number}@example.org"));
    line
}

fn word<'a>(verdict: &'a Value, field: &str) -> &'a str {
    verdict[field].as_str().unwrap_or_default()
}

#[tokio::test]
async fn bad_lines_are_refused_one_by_one_and_good_lines_go_through() {
    let world = World::start().await;
    let long = format!("{{\"result_id\": \"{}\"}}", "x".repeat(17_000));
    let mut unknown_exam = line(4);
    unknown_exam["exam_id"] = json!("forklift-99");
    let mut bad_score = line(5);
    bad_score["score_percent"] = json!(101);
    let mut unknown_field = line(6);
    unknown_field["colour"] = json!("red");
    let mut other_content = line(1);
    other_content["score_percent"] = json!(12);
    let lines = [
        line(1).to_string(),
        String::new(),
        "{broken".to_owned(),
        long,
        unknown_exam.to_string(),
        bad_score.to_string(),
        unknown_field.to_string(),
        line(1).to_string(),
        other_content.to_string(),
        line(2).to_string(),
    ];
    let answer = world.batch(lines.join("\r\n")).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header(header::CONTENT_TYPE), NDJSON);
    let seen: Vec<(u64, String, String)> = answer
        .lines()
        .iter()
        .map(|verdict| {
            (
                verdict["line"].as_u64().unwrap(),
                word(verdict, "status").to_owned(),
                word(verdict, "code").to_owned(),
            )
        })
        .collect();
    let expected = [
        (1, "accepted", ""),
        (3, "refused", "malformed_json"),
        (4, "refused", "too_large"),
        (5, "refused", "unknown_exam"),
        (6, "refused", "invalid_request"),
        (7, "refused", "invalid_request"),
        (8, "already_accepted", ""),
        (9, "refused", "result_id_taken"),
        (10, "accepted", ""),
    ];
    let expected = expected.map(|(line, status, code)| (line, status.to_owned(), code.to_owned()));
    assert_eq!(seen, expected);
    let pointers = answer.lines();
    assert_eq!(pointers[4]["problem"]["errors"][0]["pointer"], "/score_percent");
    assert_eq!(pointers[5]["problem"]["errors"][0]["pointer"], "/colour");
    assert_eq!(pointers[5]["result_id"], "r-6");
    assert!(!answer.text.contains(EMAIL));
    assert_eq!(world.jobs().await, 2);
}

#[tokio::test]
async fn the_line_after_the_last_that_fits_ends_the_batch() {
    let world = World::start().await;
    // Lines that are refused cost no job each; the limit counts lines, good or bad.
    let body = format!("{}{}\n{}\n", "{}\n".repeat(10_000), line(1), line(2));
    let answer = world.batch(body).await;
    // What one batch can hold in memory: 1,000 refusals are explained, the others have their code.
    assert!(answer.text.len() < 4 * 1024 * 1024, "{} bytes", answer.text.len());
    let verdicts = answer.lines();
    assert_eq!(verdicts.len(), 10_001);
    assert!(verdicts[999]["problem"].is_object() && verdicts[1_000]["problem"].is_null());
    assert_eq!(word(&verdicts[9_999], "code"), "invalid_request");
    let last = verdicts.last().unwrap();
    assert_eq!(
        (last["line"].as_u64(), word(last, "code")),
        (Some(10_001), "too_many_lines")
    );
    assert_eq!(world.jobs().await, 0);
}

#[tokio::test]
async fn a_batch_of_several_chunks_has_a_verdict_for_every_line_in_order() {
    let world = World::start().await;
    let body: Vec<String> = (1..=450).map(|number| line(number).to_string()).collect();
    let verdicts = world.batch(body.join("\n")).await.lines();
    let numbers: Vec<u64> = verdicts
        .iter()
        .map(|verdict| verdict["line"].as_u64().unwrap())
        .collect();
    assert_eq!(numbers, (1..=450).collect::<Vec<u64>>());
    assert!(verdicts.iter().all(|verdict| word(verdict, "status") == "accepted"));
    assert_eq!(world.jobs().await, 450);
}

#[tokio::test]
async fn an_empty_batch_has_no_verdict() {
    let world = World::start().await;
    let answer = world.batch(Body::empty()).await;
    assert_eq!((answer.status, answer.text.as_str()), (StatusCode::OK, ""));
}

#[tokio::test]
async fn a_batch_of_another_media_type_is_refused_whole() {
    let world = World::start().await;
    let answer = world
        .call(
            Role::Ingest,
            Method::POST,
            "/v1/results/batch",
            "application/json",
            line(1).to_string(),
        )
        .await;
    assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(world.jobs().await, 0);
}

#[tokio::test]
async fn lines_that_redis_did_not_take_are_never_called_accepted() {
    let world = World::start().await;
    let (sender, receiver) = mpsc::unbounded::<Result<Bytes, Infallible>>();
    let request = Request::builder()
        .method(Method::POST)
        .uri("/v1/results/batch")
        .header(header::AUTHORIZATION, format!("Bearer {}", token(Role::Ingest)))
        .header(header::CONTENT_TYPE, NDJSON)
        .body(Body::from_stream(receiver))
        .unwrap();
    let response = world.app.clone().oneshot(request).await.unwrap();
    let mut answers = response.into_body().into_data_stream();
    let mut next = async || {
        let piece = tokio::time::timeout(Duration::from_secs(30), answers.next())
            .await
            .unwrap();
        serde_json::from_slice::<Value>(&piece.unwrap().unwrap()).unwrap()
    };
    let send = |number| {
        sender
            .unbounded_send(Ok(Bytes::from(format!("{}\n", line(number)))))
            .unwrap();
    };
    // The verdict on the first line comes although the body has not ended.
    send(1);
    assert_eq!(word(&next().await, "status"), "accepted");
    world.redis.stop().await;
    send(2);
    let refused = next().await;
    assert_eq!(
        (word(&refused, "status"), word(&refused, "code")),
        ("refused", "store_unavailable")
    );
    assert_eq!(refused["line"], 2);
    world.redis.start_again().await;
    // Lines after an outage are refused, too: the caller repeats the batch, which is safe.
    send(3);
    assert_eq!(word(&next().await, "code"), "store_unavailable");
    drop(sender);
    assert!(answers.next().await.is_none());
}

#[tokio::test]
async fn a_body_that_breaks_off_ends_in_a_verdict_that_says_so() {
    let world = World::start().await;
    let pieces = [
        Ok(Bytes::from(format!("{}\n{{\"result_id\"", line(1)))),
        Err(std::io::Error::other("cut")),
    ];
    let verdicts = world
        .batch(Body::from_stream(futures::stream::iter(pieces)))
        .await
        .lines();
    assert_eq!(word(&verdicts[0], "status"), "accepted");
    assert_eq!(
        (verdicts[1]["line"].as_u64(), word(&verdicts[1], "code")),
        (Some(2), "body_incomplete")
    );
    assert_eq!(world.jobs().await, 1);
}

#[tokio::test]
async fn an_exam_that_cannot_be_read_fails_its_own_lines_only() {
    let world = World::start().await;
    let key = "{passback:0}:v1:registry:exams";
    world.redis.cli(&["HSET", key, "broken-01", "{broken"]).await;
    let mut broken = line(2);
    broken["exam_id"] = json!("broken-01");
    let body: Vec<String> = [line(1), broken, line(3)].iter().map(Value::to_string).collect();
    let verdicts = world.batch(body.join("\n")).await.lines();
    let words: Vec<&str> = verdicts.iter().map(|verdict| word(verdict, "status")).collect();
    assert_eq!(words, ["accepted", "refused", "accepted"]);
    assert_eq!(word(&verdicts[1], "code"), "internal_error");
    // Nor is the rest of a batch that goes on in another chunk.
    let mut lines = vec![body[1].clone()];
    lines.extend((4..=300).map(|number| line(number).to_string()));
    let verdicts = world.batch(lines.join("\n")).await.lines();
    assert!(
        verdicts[1..]
            .iter()
            .all(|verdict| word(verdict, "status") == "accepted")
    );
}

#[tokio::test]
async fn a_batch_too_many_is_sent_away_until_another_one_ends() {
    let world = World::start().await;
    let open = async || {
        let (sender, receiver) = mpsc::unbounded::<Result<Bytes, Infallible>>();
        let request = Request::builder()
            .method(Method::POST)
            .uri("/v1/results/batch")
            .header(header::AUTHORIZATION, format!("Bearer {}", token(Role::Ingest)))
            .header(header::CONTENT_TYPE, NDJSON)
            .body(Body::from_stream(receiver))
            .unwrap();
        (sender, world.app.clone().oneshot(request).await.unwrap())
    };
    let mut under_way = Vec::new();
    // A quarter of all places; the rest is for others.
    for _ in 0..8 {
        let (sender, response) = open().await;
        assert_eq!(response.status(), StatusCode::OK);
        under_way.push((sender, response));
    }
    let refused = world.batch(line(1).to_string()).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS, "{}", refused.text);
    assert_eq!(refused.json()["code"], "too_busy");
    assert_eq!(refused.header(header::RETRY_AFTER), "1");
    let another = world
        .call(Role::Admin, Method::POST, "/v1/results/batch", NDJSON, "")
        .await;
    assert_eq!(another.status, StatusCode::OK, "{}", another.text);

    under_way.pop();
    let taken = async {
        while world.batch(line(1).to_string()).await.status != StatusCode::OK {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), taken).await.unwrap();
    assert_eq!(world.jobs().await, 1);
}
