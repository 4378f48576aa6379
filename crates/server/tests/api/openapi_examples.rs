//! Every example is as its schema says, and every request in an example is one that the server takes.

use axum::http::StatusCode;
use passback_server::Role;
use rstest::rstest;
use serde_json::{Value, json};

use crate::{
    openapi_document::Document,
    world::{JSON, World},
};

/// The examples of one media type, each with its place.
fn examples<'a>(content: &'a Value, place: &str) -> Vec<(String, &'a Value)> {
    let one = content.get("example").map(|example| (place.to_owned(), example));
    let several = content["examples"].as_object().into_iter().flatten();
    let several = several.map(|(name, example)| (format!("{place} {name}"), &example["value"]));
    one.into_iter().chain(several).collect()
}

#[tokio::test]
async fn every_example_is_as_its_schema_says() {
    let document = Document::read(&World::start().await).await;
    let mut checked = 0;
    for operation in document.operations() {
        let id = operation.id();
        for parameter in operation.of["parameters"].as_array().into_iter().flatten() {
            if let Some(example) = parameter.get("example") {
                let faults = document.faults(&parameter["schema"], example);
                assert!(faults.is_empty(), "{id} {}: {faults:?}", parameter["name"]);
                checked += 1;
            }
        }
        let request = operation.of["requestBody"]["content"].as_object();
        let mut contents: Vec<(String, &Value)> = Vec::new();
        for (media_type, content) in request.into_iter().flatten() {
            assert!(
                content.get("example").is_some(),
                "{id} has no example of its request as {media_type}"
            );
            contents.push((format!("{id} request {media_type}"), content));
        }
        for (status, answer) in operation.of["responses"].as_object().unwrap() {
            let answers = document.resolved(answer)["content"].as_object();
            for (media_type, content) in answers.into_iter().flatten() {
                contents.push((format!("{id} {status} {media_type}"), content));
            }
        }
        for (place, content) in contents {
            for (place, example) in examples(content, &place) {
                let faults = document.faults(&content["schema"], example);
                assert!(faults.is_empty(), "{place}: {faults:?}");
                checked += 1;
            }
        }
    }
    assert!(checked > 300, "{checked}");
}

#[tokio::test]
async fn the_lines_of_an_example_are_as_the_schema_of_lines_says() {
    let document = Document::read(&World::start().await).await;
    for (id, media_type) in [
        ("handInBatch", "application/x-ndjson"),
        ("reconcile", "application/x-ndjson"),
    ] {
        let operation = document.operation(id);
        let content = &operation.of["responses"]["200"]["content"][media_type];
        let forms = json!({"anyOf": content["x-passback-lines"]});
        for line in content["example"].as_str().unwrap().lines() {
            let faults = document.faults(&forms, &serde_json::from_str(line).unwrap());
            assert!(faults.is_empty(), "{id}: {faults:?}");
        }
    }
}

/// Whatever a schema says, the handler has the last word: it takes each example as it stands.
#[tokio::test]
async fn the_server_takes_every_request_of_an_example() {
    let world = World::with_webhook().await;
    let document = Document::read(&world).await;
    for operation in document.operations() {
        let id = operation.id();
        for (media_type, content) in operation.of["requestBody"]["content"].as_object().into_iter().flatten() {
            let path = if operation.path.starts_with("/v1/connectors/") {
                operation.path.replace("{id}", "acme")
            } else {
                operation.path.replace("{id}", "forklift-01")
            };
            let path = path
                .replace("{connector}", "acme")
                .replace("{lane}", "push")
                .replace("{result_id}", "r-1842");
            let path = if id == "storeConnector" {
                format!("{path}?dry_run=true")
            } else {
                path
            };
            let example = &content["example"];
            let body = example.as_str().map_or_else(|| example.to_string(), str::to_owned);
            let answer = world
                .call(Role::Admin, operation.method.clone(), &path, media_type, body)
                .await;
            let refused = [400, 408, 413, 415, 422].contains(&answer.status.as_u16());
            assert!(
                !refused && !answer.status.is_server_error(),
                "{id}: {} {}",
                answer.status,
                answer.text
            );
            let faults = document.faults_of(&operation, &answer);
            assert!(faults.is_empty(), "{id}: {faults:?}");
        }
    }
}

#[rstest]
#[case::no_score("handInResult", json!({"score_percent": null}), false)]
#[case::no_score_without_grade("handInResult", json!({"score_percent": null, "outcome": "non_graded"}), true)]
#[case::much_too_good("handInResult", json!({"score_percent": 100.5}), false)]
#[case::largest_sequence("handInResult", json!({"sequence": u64::MAX}), true)]
#[case::no_address("askEligibility", json!({"email": "r.moreau"}), false)]
#[case::two_signs("askEligibility", json!({"email": "r@moreau@example.org"}), false)]
#[case::upper_case_exam("askEligibility", json!({"exam_id": "Forklift"}), false)]
#[case::unknown_field("askEligibility", json!({"colour": 1}), false)]
#[case::blank_reason("pauseLane", json!({"reason": " "}), false)]
#[case::reason_with_a_line_feed("pauseLane", json!({"reason": "a\nb"}), false)]
#[case::reason_in_white_space("pauseLane", json!({"reason": " a b\n"}), true)]
#[case::both_ends("pauseLane", json!({"until": "2026-11-22T18:00:00Z"}), false)]
#[case::no_end("pauseLane", json!({"for": null}), true)]
#[case::a_year("pauseLane", json!({"for": "365d"}), true)]
#[case::more_than_a_year("pauseLane", json!({"for": "366d"}), false)]
#[case::no_time("pauseLane", json!({"for": "0s"}), false)]
#[case::unknown_mode("pauseLane", json!({"mode": "stop"}), false)]
#[case::no_reason_in_a_dry_run("erasePerson", json!({"reason": null, "dry_run": true}), true)]
#[case::no_reason("erasePerson", json!({"reason": null}), false)]
#[case::an_address_as_domain("storeConnector", json!({"domain": "10.0.0.1"}), false)]
#[case::plain_http("storeConnector", json!({"domain": "http://acme.docebosaas.com"}), false)]
#[case::https("storeConnector", json!({"domain": "https://acme.docebosaas.com"}), true)]
#[case::colon_in_a_login("storeConnector", json!({"webhook": {"username": "a:b", "password": "p"}}), false)]
#[case::networks("storeConnector", json!({"webhook": {"username": "a", "password": "p", "sources": ["203.0.113.0/24", "2001:db8::/32", "::1"]}}), true)]
#[case::no_network("storeConnector", json!({"webhook": {"username": "a", "password": "p", "sources": ["example.org"]}}), false)]
#[case::a_minute("createToken", json!({"expires_in": "60s"}), true)]
#[case::under_a_minute("createToken", json!({"expires_in": "59s"}), false)]
#[case::many_minutes("createToken", json!({"expires_in": "5256000m"}), true)]
#[case::ten_years("createToken", json!({"expires_in": "3650d"}), true)]
#[case::more_than_ten_years("createToken", json!({"expires_in": "3651d"}), false)]
#[case::a_great_age("planDeadLetters", json!({"filter": {"older_than": "9600h"}}), true)]
#[case::too_great_an_age("planDeadLetters", json!({"filter": {"older_than": "9601h"}}), false)]
#[case::no_webhook("storeConnector", json!({"webhook": null}), true)]
#[case::too_many_calls("storeConnector", json!({"calls_per_hour": 1_000_001}), false)]
#[case::unknown_policy("storeExam", json!({"version_policy": "worst"}), false)]
#[case::no_states("storeExam", json!({"eligible_states": []}), false)]
#[case::a_state_twice("storeExam", json!({"eligible_states": ["suspended", "suspended"]}), false)]
#[case::a_field_without_number("storeExam", json!({"result_field": {"passed": "yes"}}), false)]
#[case::no_jobs("redriveDeadLetters", json!({"ids": []}), false)]
#[tokio::test]
async fn schema_and_server_agree_on_what_is_right(#[case] id: &str, #[case] change: Value, #[case] right: bool) {
    let world = World::start().await;
    let document = Document::read(&world).await;
    let operation = document.operation(id);
    let content = &operation.of["requestBody"]["content"][JSON];
    let mut body = content["example"].clone();
    for (name, value) in change.as_object().unwrap() {
        body[name] = value.clone();
    }
    let faults = document.faults(&content["schema"], &body);
    assert_eq!(faults.is_empty(), right, "{faults:?}");

    let path = operation.path.replace("{lane}", "push").replace("{id}", "acme");
    let path = if id == "storeConnector" {
        format!("{path}?dry_run=true")
    } else {
        path
    };
    let answer = world
        .call(Role::Admin, operation.method.clone(), &path, JSON, body.to_string())
        .await;
    assert_eq!(
        answer.status != StatusCode::UNPROCESSABLE_ENTITY,
        right,
        "{}",
        answer.text
    );
}
