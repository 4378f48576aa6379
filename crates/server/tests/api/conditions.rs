//! Changes that are made only to the state that their caller has seen.

use axum::http::{Method, StatusCode, header};
use futures::future::join_all;
use passback_server::Role;
use rstest::rstest;
use serde_json::{Value, json};

use crate::world::{Answer, World};

const EXAM: &str = "/v1/exams/forklift-01";
const CONNECTOR: &str = "/v1/connectors/acme?validate=false";

fn exam(course_id: u64) -> Value {
    json!({"connector": "acme", "course_id": course_id})
}

fn connector(calls_per_hour: u64, password: &str) -> Value {
    json!({
        "domain": "http://127.0.0.1:9", "client_id": "passback", "client_secret": "the-client-secret",
        "username": "integration", "password": password, "calls_per_hour": calls_per_hour,
    })
}

impl World {
    async fn put_if(&self, path: &str, condition: (&str, &str), body: &Value) -> Answer {
        self.call_with(Role::Admin, Method::PUT, path, &[condition], body).await
    }

    async fn delete_if(&self, path: &str, condition: (&str, &str)) -> Answer {
        let path = format!("{path}?reason=closed");
        self.call_with(Role::Admin, Method::DELETE, &path, &[condition], &Value::Null)
            .await
    }

    async fn tag(&self, path: &str) -> String {
        self.get(path).await.header(header::ETAG).to_owned()
    }
}

fn refused(answer: &Answer) {
    assert_eq!(answer.status, StatusCode::PRECONDITION_FAILED, "{}", answer.text);
    assert_eq!(answer.json()["code"], "precondition_failed");
}

#[tokio::test]
async fn a_tag_is_other_for_each_change_and_the_same_for_none() {
    let world = World::start().await;
    let first = world.tag(EXAM).await;
    assert!(
        first.starts_with('"') && first.ends_with('"') && first.len() > 2,
        "{first}"
    );
    assert_eq!(world.put(EXAM, &exam(146)).await.header(header::ETAG), first);
    let mut seen = vec![first];
    for course_id in 200..210 {
        let stored = world.put(EXAM, &exam(course_id)).await;
        let tag = stored.header(header::ETAG).to_owned();
        assert_eq!(world.tag(EXAM).await, tag);
        assert!(!seen.contains(&tag), "{tag}");
        seen.push(tag);
    }
    // Nor is there a way around by a new start under the same id.
    let path = format!("{EXAM}?reason=closed");
    world
        .call_with(Role::Admin, Method::DELETE, &path, &[], &Value::Null)
        .await;
    let again = world.put(EXAM, &exam(146)).await.header(header::ETAG).to_owned();
    assert!(!seen.contains(&again), "{again}");
}

#[tokio::test]
async fn the_tag_of_a_connector_changes_with_its_secrets_and_not_with_its_standing() {
    let world = World::start().await;
    let path = "/v1/connectors/acme";
    let first = world.tag(path).await;
    let validated = world
        .post(Role::Operator, "/v1/connectors/acme/validate", &json!({}))
        .await;
    assert_eq!(validated.json()["ok"], false);
    let pause = json!({"reason": "maintenance"});
    let paused = world.post(Role::Operator, "/v1/connectors/acme/pause", &pause).await;
    assert_eq!(paused.status, StatusCode::OK, "{}", paused.text);
    assert_eq!(world.tag(path).await, first);
    let dry = world
        .put("/v1/connectors/acme?dry_run=true", &connector(1_000, "x"))
        .await;
    assert_eq!(dry.header(header::ETAG), "");
    assert_eq!(world.tag(path).await, first);
    let stored = world.put(CONNECTOR, &connector(1_000, "another-password")).await;
    assert_eq!(stored.json()["diff"], json!(["password: changed"]));
    assert_ne!(stored.header(header::ETAG), first);
    assert_eq!(stored.header(header::ETAG), world.tag(path).await);
}

#[rstest]
#[case::an_exam(EXAM)]
#[case::a_connector("/v1/connectors/acme")]
#[tokio::test]
async fn who_has_the_state_already_is_told_the_whole_none_the_less(#[case] path: &str) {
    let world = World::start().await;
    let tag = world.tag(path).await;
    for condition in [tag.as_str(), "*", "\"x\""] {
        let headers = [("If-None-Match", condition)];
        let same = world
            .call_with(Role::Viewer, Method::GET, path, &headers, &Value::Null)
            .await;
        // How it stands may have changed, and the tag does not tell that.
        assert_eq!((same.status, same.header(header::ETAG)), (StatusCode::OK, tag.as_str()));
        assert!(same.json()["id"].is_string(), "{}", same.text);
    }
}

#[rstest]
#[case::an_exam(EXAM, exam(147), exam(148))]
#[case::a_connector(CONNECTOR, connector(700, "the-password"), connector(800, "the-password"))]
#[tokio::test]
async fn a_change_to_another_state_than_the_one_seen_is_refused(
    #[case] path: &str,
    #[case] first: Value,
    #[case] second: Value,
) {
    let world = World::start().await;
    let shown = path.split('?').next().unwrap();
    let seen = world.tag(shown).await;
    let stored = world.put_if(path, ("If-Match", &seen), &first).await;
    assert_eq!(stored.status, StatusCode::OK, "{}", stored.text);
    let now = stored.header(header::ETAG).to_owned();

    let late = world.put_if(path, ("If-Match", &seen), &second).await;
    refused(&late);
    assert!(
        late.json()["resolution"][0].as_str().unwrap().contains(&now),
        "{}",
        late.text
    );
    refused(&world.delete_if(shown, ("If-Match", &seen)).await);
    refused(&world.put_if(path, ("If-None-Match", "*"), &second).await);
    assert_eq!(world.tag(shown).await, now);
    let on_time = world.put_if(path, ("If-Match", &now), &second).await;
    assert_eq!(on_time.status, StatusCode::OK, "{}", on_time.text);
}

#[tokio::test]
async fn what_is_not_there_matches_nothing_and_can_be_made_only_once() {
    let world = World::start().await;
    let path = "/v1/exams/crane-01";
    for condition in ["*", "\"1-2\""] {
        refused(&world.put_if(path, ("If-Match", condition), &exam(147)).await);
        refused(&world.delete_if(path, ("If-Match", condition)).await);
    }
    let dry = world
        .put_if("/v1/exams/crane-01?dry_run=true", ("If-Match", "*"), &exam(147))
        .await;
    refused(&dry);
    assert_eq!(world.get(path).await.status, StatusCode::NOT_FOUND);
    let makers = (1..=8).map(|course_id| {
        let body = exam(course_id);
        let world = &world;
        async move { world.put_if(path, ("If-None-Match", "*"), &body).await.status }
    });
    let made = join_all(makers).await;
    let count = |status| made.iter().filter(|made| **made == status).count();
    assert_eq!(
        (count(StatusCode::CREATED), count(StatusCode::PRECONDITION_FAILED)),
        (1, 7),
        "{made:?}"
    );
    let tag = world.tag(path).await;
    assert_eq!(
        world.delete_if(path, ("If-Match", &tag)).await.status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(world.get(path).await.status, StatusCode::NOT_FOUND);
}

/// Each adds one to what it has read, as a script does that knows nothing of the others.
#[tokio::test]
async fn no_update_is_lost_between_writers_that_name_the_state_they_saw() {
    const WRITERS: u64 = 3;
    const EACH: u64 = 5;
    let world = World::start().await;
    let writers = (0..WRITERS).map(|_| {
        let world = &world;
        async move {
            for _ in 0..EACH {
                loop {
                    let read = world.get(EXAM).await;
                    let next = exam(read.json()["course_id"].as_u64().unwrap() + 1);
                    let condition = ("If-Match", read.header(header::ETAG));
                    let stored = world.put_if(EXAM, condition, &next).await;
                    match stored.status {
                        StatusCode::OK => break,
                        // Somebody else was faster, or wrote at the same moment.
                        StatusCode::PRECONDITION_FAILED | StatusCode::SERVICE_UNAVAILABLE => {}
                        other => panic!("{other}: {}", stored.text),
                    }
                }
            }
        }
    });
    join_all(writers).await;
    let course = world.get(EXAM).await.json()["course_id"].as_u64();
    assert_eq!(course, Some(146 + WRITERS * EACH));
}

#[tokio::test]
async fn a_condition_that_cannot_be_read_changes_nothing() {
    let world = World::start().await;
    let tag = world.tag(EXAM).await;
    for name in ["If-Match", "If-None-Match"] {
        let answer = world.put_if(EXAM, (name, "no-quotes"), &exam(147)).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.text);
        assert_eq!(answer.json()["errors"][0]["header"], name.to_lowercase());
    }
    assert_eq!(world.tag(EXAM).await, tag);
}
