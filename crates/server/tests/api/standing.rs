//! How connectors stand, and why jobs do not run, through the API.

use axum::{
    body::Body,
    http::{Method, StatusCode},
};
use passback_queue::{Failing, Lane, Limits, Name, Transition};
use passback_registry::ConnectorInput;
use passback_server::Role;
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::world::{JSON, World, result};

fn connector() -> Value {
    json!({
        "name": "Borealis",
        "domain": "http://127.0.0.1:9",
        "client_id": "passback",
        "client_secret": "another-secret",
        "username": "integration",
        "password": "another-password",
        "calls_per_hour": 400,
    })
}

async fn refuse(world: &World, connector: &str) {
    let (connector, code) = (Name::new(connector).unwrap(), Name::new("credentials_refused").unwrap());
    world.queue.report(&connector, Failing::Refused, &code).await.unwrap();
}

async fn limits(world: &World, connector: &str) -> Limits {
    world
        .queue
        .standing(&Name::new(connector).unwrap())
        .await
        .unwrap()
        .limits
}

#[tokio::test]
async fn a_connector_is_shown_with_gate_calls_backlog_and_forecast() {
    let world = World::start().await;
    world.put("/v1/connectors/borealis?validate=false", &connector()).await;
    let connector = world.get("/v1/connectors/borealis").await.json();
    assert_eq!(connector["gate"]["summary"], "open");
    assert_eq!(
        connector["calls"],
        json!({"allowed": 400, "used": 0, "left": {"check": 340, "push": 300, "background": 280}})
    );
    assert_eq!((&connector["running"], &connector["pause"]), (&json!(0), &Value::Null));
    assert_eq!(connector["forecast"], Value::Null);

    let pushed = world.post(Role::Ingest, "/v1/results", &result("r-1")).await;
    assert_eq!(pushed.status, StatusCode::ACCEPTED);
    refuse(&world, "acme").await;
    let acme = world.get("/v1/connectors/acme").await.json();
    assert_eq!(
        (&acme["gate"]["state"], &acme["gate"]["title"], &acme["ready"]["push"]),
        (
            &json!("refused"),
            &json!("Docebo authentication is not valid"),
            &json!(1)
        )
    );
    assert_eq!(
        (&acme["forecast"]["reason"], &acme["forecast"]["budget_done_at"]),
        (&json!("gate_closed"), &Value::Null)
    );
}

#[tokio::test]
async fn connectors_are_listed_page_by_page() {
    let world = World::start().await;
    for id in ["borealis", "cargo-line", "delta"] {
        let path = format!("/v1/connectors/{id}?validate=false");
        assert_eq!(world.put(&path, &connector()).await.status, StatusCode::CREATED);
    }
    let ids = |page: &Value| -> Vec<String> {
        let items = page["items"].as_array().unwrap().iter();
        items.map(|item| item["id"].as_str().unwrap().to_owned()).collect()
    };
    let first = world.get("/v1/connectors?limit=3").await.json();
    assert_eq!(ids(&first), ["acme", "borealis", "cargo-line"]);
    let next = first["next_cursor"].as_str().unwrap();
    let second = world.get(&format!("/v1/connectors?limit=3&cursor={next}")).await.json();
    assert_eq!(
        (ids(&second), &second["next_cursor"]),
        (vec!["delta".to_owned()], &Value::Null)
    );
    assert_eq!(second["items"][0]["gate"]["state"], "open");
    let exact = world.get("/v1/connectors?limit=4").await.json();
    assert_eq!((ids(&exact).len(), &exact["next_cursor"]), (4, &Value::Null));
    let wrong = world.get("/v1/connectors?cursor=No%20Id").await;
    assert_eq!(wrong.json()["errors"][0]["parameter"], "cursor");
}

#[tokio::test]
async fn the_queue_learns_of_a_connector_that_is_stored_and_forgets_one_that_is_removed() {
    let world = World::start().await;
    let path = "/v1/connectors/borealis?validate=false";
    world.put(path, &connector()).await;
    assert_eq!(limits(&world, "borealis").await.calls_per_hour, Some(400));
    refuse(&world, "borealis").await;
    let mut other = connector();
    other["password"] = json!("a-third-password");
    other["max_concurrency"] = json!(7);
    world.put(path, &other).await;
    assert_eq!(limits(&world, "borealis").await.max_concurrency, Some(7));
    let shown = world.get("/v1/connectors/borealis").await.json();
    assert_eq!(
        shown["gate"]["state"], "ramping",
        "new credentials get their chance, with one job"
    );
    let path = "/v1/connectors/borealis?reason=closed";
    let removed = world.call(Role::Admin, Method::DELETE, path, JSON, Body::empty()).await;
    assert_eq!(removed.status, StatusCode::NO_CONTENT);
    assert_eq!(limits(&world, "borealis").await, Limits::default());
}

#[tokio::test]
async fn the_call_is_repeated_after_a_connector_was_stored_and_the_queue_not_told_and_then_it_is() {
    let world = World::start().await;
    let path = "/v1/connectors/borealis?validate=false";
    world.put(path, &connector()).await;
    refuse(&world, "borealis").await;
    // As a call does that loses Redis after it has stored the connector.
    let other = ConnectorInput {
        id: Some("borealis".to_owned()),
        name: Some("Borealis".to_owned()),
        domain: Some("http://127.0.0.1:9".to_owned()),
        client_id: Some("passback".to_owned()),
        client_secret: Some(SecretString::from("another-secret")),
        username: Some("integration".to_owned()),
        password: Some(SecretString::from("a-third-password")),
        calls_per_hour: Some(300),
        ..ConnectorInput::default()
    };
    world
        .registry
        .put_connector(&other.validate().unwrap(), "test")
        .await
        .unwrap();
    let mut again = connector();
    again["password"] = json!("a-third-password");
    again["calls_per_hour"] = json!(300);
    let answer = world.put(path, &again).await;
    assert_eq!(answer.json()["change"], "unchanged", "{}", answer.text);
    assert_eq!(limits(&world, "borealis").await.calls_per_hour, Some(300));
    let shown = world.get("/v1/connectors/borealis").await.json();
    assert_eq!(shown["gate"]["state"], "ramping");
}

#[tokio::test]
async fn a_job_is_explained_whatever_keeps_it() {
    let world = World::start().await;
    let pushed = world.post(Role::Ingest, "/v1/results", &result("r-1")).await.json();
    let id = pushed["job_id"].as_str().unwrap();
    let path = format!("/v1/jobs/{id}/explain");
    let idle = world.get(&path).await.json();
    assert_eq!(
        (&idle["job_id"], &idle["state"], &idle["blocker"], &idle["code"]),
        (&json!(id), &json!("ready"), &json!("no_worker"), &Value::Null)
    );
    refuse(&world, "acme").await;
    let refused = world.get(&path).await.json();
    assert_eq!(
        (&refused["blocker"], &refused["code"], &refused["who_acts"]),
        (
            &json!("gate_closed"),
            &json!("credentials_refused"),
            &json!("organisation_admin")
        )
    );
    let explanation = refused["explanation"].as_str().unwrap();
    assert!(
        explanation.ends_with("`passback connector validate acme`"),
        "{explanation}"
    );
    assert!(refused["since"].as_str().unwrap().ends_with('Z'));
    world.queue.open_gate(&Name::new("acme").unwrap()).await.unwrap();
    world.work(Lane::Push, &Transition::Done, "no_op", None).await;
    let ended = world.get(&path).await.json();
    assert_eq!(
        (&ended["blocker"], &ended["state"], &ended["title"]),
        (&json!("ended"), &json!("done"), &json!("Nothing to write"))
    );
}

#[tokio::test]
async fn a_job_that_is_not_there_is_not_explained() {
    let world = World::start().await;
    for id in ["01JD0000000000000000000000", "nonsense"] {
        let answer = world.get(&format!("/v1/jobs/{id}/explain")).await;
        assert_eq!(
            (answer.status, answer.json()["code"].as_str()),
            (StatusCode::NOT_FOUND, Some("not_found"))
        );
    }
    let unknown = world.get("/v1/jobs/01JD0000000000000000000000/explain?deep=1").await;
    assert_eq!(unknown.json()["errors"][0]["parameter"], "deep");
    let denied = world.call_get(Role::Ingest, "/v1/jobs/x/explain").await;
    assert_eq!(denied.json()["code"], "role_too_low");
}
