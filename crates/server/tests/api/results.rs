//! Results, one by one.

use axum::http::StatusCode;
use passback_server::Role;
use serde_json::json;

use crate::world::{EMAIL, World, result};

#[tokio::test]
async fn a_result_is_accepted_once_and_other_content_under_its_id_is_refused() {
    let world = World::start().await;
    let first = world.post(Role::Ingest, "/v1/results", &result("r-1")).await;
    assert_eq!(
        (first.status, first.json()["status"].as_str()),
        (StatusCode::ACCEPTED, Some("accepted"))
    );
    let again = world.post(Role::Ingest, "/v1/results", &result("r-1")).await;
    assert_eq!(
        (again.status, again.json()["status"].as_str()),
        (StatusCode::OK, Some("already_accepted"))
    );
    assert_eq!(again.json()["job_id"], first.json()["job_id"]);
    let mut other = result("r-1");
    other["score_percent"] = json!(12);
    let other = world.post(Role::Ingest, "/v1/results", &other).await;
    assert_eq!(other.status, StatusCode::CONFLICT);
    assert_eq!(other.json()["code"], "result_id_taken");
    assert_eq!(world.jobs().await, 1);
}

#[tokio::test]
async fn a_result_and_its_job_can_be_read_without_the_e_mail() {
    let world = World::start().await;
    let receipt = world.post(Role::Ingest, "/v1/results", &result("r-1")).await.json();
    let read = world.get("/v1/results/r-1").await;
    assert_eq!(
        (read.status, read.json()["state"].as_str()),
        (StatusCode::OK, Some("accepted"))
    );
    let id = receipt["job_id"].as_str().unwrap();
    let job = world.get(&format!("/v1/jobs/{id}")).await;
    let view = job.json();
    assert_eq!(job.status, StatusCode::OK);
    assert_eq!(
        (view["kind"].as_str(), view["state"].as_str()),
        (Some("push.v1"), Some("ready"))
    );
    assert_eq!(
        (view["connector"].as_str(), view["exam_id"].as_str()),
        (Some("acme"), Some("forklift-01"))
    );
    assert_eq!(view["result_id"], "r-1");
    let list = world.get("/v1/jobs?state=ready&connector=acme&lane=push").await;
    assert_eq!(list.json()["items"][0]["id"], id);
    assert_eq!(list.json()["next_cursor"], json!(null));
    assert_eq!(world.get("/v1/jobs?connector=other").await.json()["items"], json!([]));
    for text in [&read.text, &job.text, &list.text] {
        assert!(!text.contains(EMAIL), "{text}");
    }
}

#[tokio::test]
async fn a_list_of_jobs_goes_on_where_its_cursor_says() {
    let world = World::start().await;
    for number in 0..5 {
        world.dead_letter(&format!("r-{number}")).await;
    }
    let first = world.get("/v1/dead-letters?limit=3").await.json();
    assert_eq!(first["items"].as_array().unwrap().len(), 3);
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = world
        .get(&format!("/v1/dead-letters?limit=3&cursor={cursor}"))
        .await
        .json();
    assert_eq!(second["items"].as_array().unwrap().len(), 2);
    assert_eq!(second["next_cursor"], json!(null));
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let world = World::start().await;
    for path in [
        "/v1/results/r-1",
        "/v1/jobs/x",
        "/v1/jobs/01JD0000000000000000000000",
        "/v1/dead-letters/01JD0000000000000000000000",
        "/v1/connectors/nobody",
        "/v1/connectors/No!",
        "/v1/exams/nothing",
        "/v1/eligibility-checks/01JD0000000000000000000000",
    ] {
        let answer = world.get(path).await;
        assert_eq!(
            (answer.status, answer.json()["code"].as_str()),
            (StatusCode::NOT_FOUND, Some("not_found")),
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_bad_filter_is_refused_by_name() {
    let world = World::start().await;
    for (path, parameter) in [
        ("/v1/jobs?state=sleeping", "state"),
        ("/v1/jobs?lane=fast", "lane"),
        ("/v1/jobs?code=nope", "code"),
        ("/v1/jobs?limit=0", "limit"),
        ("/v1/jobs?limit=501", "limit"),
        ("/v1/jobs?cursor=abc", "cursor"),
        ("/v1/jobs?colour=red", "colour"),
        ("/v1/audit?cursor=abc", "cursor"),
        ("/v1/stats?x=1", "x"),
    ] {
        let answer = world.get(path).await;
        assert_eq!(
            answer.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{path}: {}",
            answer.text
        );
        assert_eq!(answer.json()["errors"][0]["parameter"], parameter, "{path}");
    }
}
