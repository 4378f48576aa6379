//! Reconciling: where each of many results stands, in bounded memory.

use axum::{
    body::{Body, Bytes},
    http::{Method, StatusCode, header},
};
use passback_server::Role;
use serde_json::{Value, json};

use crate::{
    endings::words,
    world::{Answer, EMAIL, JSON, NDJSON, World},
};

const PATH: &str = "/v1/reconcile";

impl World {
    async fn reconcile(&self, media_type: &str, body: impl Into<Body>) -> Answer {
        self.call(Role::Ingest, Method::POST, PATH, media_type, body).await
    }

    /// One result of each kind.
    async fn one_of_each(&self) {
        self.delivered("r-delivered").await;
        self.refused("r-dead").await;
        self.overridden("r-parked").await;
        let ours = json!({"decision": "keep_theirs", "reason": "right as it is"});
        self.overridden("r-kept").await;
        self.post(Role::Operator, "/v1/results/r-kept/decision", &ours).await;
    }
}

#[tokio::test]
async fn a_list_is_answered_by_what_has_not_arrived() {
    let world = World::start().await;
    world.one_of_each().await;
    let ids = json!(["r-delivered", "r-dead", "r-parked", "r-kept", "r-lost", "no id", 7]);
    let answer = world.post(Role::Ingest, PATH, &json!({"result_ids": ids})).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let document = answer.json();
    let summary = json!({
        "asked": 7, "missing": 1, "pending": 1, "dead": 1, "delivered": 1, "ended": 1, "invalid": 2,
    });
    assert_eq!(document["summary"], summary);
    assert_eq!(document["missing"], json!(["r-lost"]));
    let pending = json!([{"result_id": "r-parked", "state": "parked", "code": "manual_override"}]);
    assert_eq!(document["pending"], pending);
    assert_eq!(document["dead"][0]["code"], "rejected");
    assert_eq!(document["ended"][0]["code"], "kept_theirs");
    let invalid = document["invalid"].as_array().unwrap();
    assert_eq!((&invalid[0]["index"], &invalid[1]["index"]), (&json!(5), &json!(6)));
    assert!(!answer.text.contains("no id"));
}

#[tokio::test]
async fn lines_are_answered_in_their_order_and_a_summary_comes_last() {
    let world = World::start().await;
    world.one_of_each().await;
    let result = json!({"result_id": "r-dead", "email": EMAIL}).to_string();
    let body = format!("r-lost\n\n\"r-delivered\"\r\n{result}\nno id\nr-kept");
    for media_type in ["text/plain; charset=utf-8", NDJSON] {
        let answer = world.reconcile(media_type, body.clone()).await;
        assert_eq!(answer.header(header::CONTENT_TYPE), NDJSON);
        let lines = answer.lines();
        let (last, lines) = lines.split_last().unwrap();
        assert_eq!(
            words(lines, "status"),
            ["missing", "delivered", "dead", "invalid", "ended"]
        );
        assert_eq!(
            words(lines, "result_id"),
            ["r-lost", "r-delivered", "r-dead", "", "r-kept"]
        );
        let numbers: Vec<u64> = lines.iter().map(|line| line["line"].as_u64().unwrap()).collect();
        assert_eq!(numbers, [1, 3, 4, 5, 6]);
        assert_eq!(
            (&last["summary"]["asked"], &last["summary"]["invalid"]),
            (&json!(5), &json!(1))
        );
        assert!(!answer.text.contains(EMAIL));
    }
}

#[tokio::test]
async fn a_hundred_thousand_ids_are_answered_and_one_more_is_not() {
    let world = World::start().await;
    world.delivered("r-77777").await;
    let mut body: Vec<String> = (1..=100_000).map(|number| format!("r-{number}")).collect();
    let answer = world.reconcile("text/plain", body.join("\n")).await;
    let lines = answer.lines();
    assert_eq!(lines.len(), 100_001);
    assert_eq!(lines[77_776]["status"], "delivered");
    assert_eq!(lines[100_000]["summary"]["missing"], 99_999);
    let document = world
        .post(Role::Ingest, PATH, &json!({"result_ids": body}))
        .await
        .json();
    assert_eq!(document["summary"]["missing"], 99_999);

    body.push("r-one-more".to_owned());
    let too_many = world.reconcile("text/plain", body.join("\n")).await.lines();
    let last = too_many.last().unwrap();
    assert_eq!(
        (&last["line"], &last["code"]),
        (&json!(100_001), &json!("too_many_lines"))
    );
    let refused = world.post(Role::Ingest, PATH, &json!({"result_ids": body})).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(refused.json()["errors"][0]["pointer"], "/result_ids");
}

#[tokio::test]
async fn an_answer_without_a_summary_is_none() {
    let world = World::start().await;
    let pieces = [Ok(Bytes::from_static(b"r-1\nr-2")), Err(std::io::Error::other("cut"))];
    let body = Body::from_stream(futures::stream::iter(pieces));
    let broken = world.reconcile(NDJSON, body).await.lines();
    assert_eq!(
        (words(&broken, "status"), &broken[1]["line"]),
        (vec!["missing", "refused"], &json!(2))
    );
    world.redis.stop().await;
    let down = world.reconcile(NDJSON, "r-1\nr-2").await.lines();
    assert_eq!((down.len(), &down[0]["code"]), (1, &json!("store_unavailable")));
    let down = world.post(Role::Ingest, PATH, &json!({"result_ids": ["r-1"]})).await;
    assert_eq!(down.status, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn what_is_no_list_of_ids_is_refused() {
    let world = World::start().await;
    for (body, pointer) in [
        (json!({}), "/result_ids"),
        (json!({"result_ids": "r-1"}), "/result_ids"),
        (json!({"result_ids": [], "colour": 1}), "/colour"),
    ] {
        let answer = world.reconcile(JSON, body.to_string()).await;
        assert_eq!(answer.json()["errors"][0]["pointer"], pointer, "{}", answer.text);
    }
    let other = world.reconcile("application/xml", "<x/>").await;
    assert_eq!(other.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let empty = world.reconcile(NDJSON, "").await.lines();
    assert_eq!(
        empty,
        [json!({"summary": {
            "asked": 0, "missing": 0, "pending": 0, "dead": 0, "delivered": 0, "ended": 0, "invalid": 0,
        }})]
    );
    let nothing: Value = world.post(Role::Ingest, PATH, &json!({"result_ids": []})).await.json();
    assert_eq!(nothing["summary"]["asked"], 0);
}
