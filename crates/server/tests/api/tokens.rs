//! Tokens that are made, listed and revoked while servers run.

use axum::http::{Method, StatusCode, header};
use passback_server::{Role, TokenHash};
use rstest::rstest;
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::world::{Answer, World, call_as, token};

const WHY: &str = "the engine moved";

async fn create(world: &World, body: &Value) -> Answer {
    world.post(Role::Admin, "/v1/tokens", body).await
}

/// A token that was made, and its id.
pub(crate) async fn made(world: &World, body: &Value) -> (String, String) {
    let answer = create(world, body).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
    let text = |field: &str| answer.json()[field].as_str().unwrap().to_owned();
    (text("token"), text("id"))
}

/// Revokes the token of this id.
pub(crate) async fn revoked(world: &World, id: &str) -> Answer {
    let path = format!("/v1/tokens/{id}/revoke");
    world.post(Role::Admin, &path, &json!({"reason": WHY})).await
}

async fn listed(world: &World, id: &str) -> Value {
    let answer = world.call_get(Role::Admin, &format!("/v1/tokens/{id}")).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let list = world.call_get(Role::Admin, "/v1/tokens").await.json();
    let in_list = list["items"].as_array().unwrap().iter().find(|item| item["id"] == id);
    assert_eq!(in_list, Some(&answer.json()));
    answer.json()
}

fn id_of(token: &str) -> String {
    TokenHash::of(&SecretString::from(token)).id().to_string()
}

#[tokio::test]
async fn a_token_is_shown_once_and_opens_what_its_role_may() {
    let world = World::start().await;
    let answer = create(&world, &json!({"name": "exam-engine", "role": "viewer"})).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
    let body = answer.json();
    let (token, id) = (body["token"].as_str().unwrap(), body["id"].as_str().unwrap());
    assert_eq!(token.len(), 64);
    assert_eq!(id, id_of(token));
    assert_eq!(answer.header(header::LOCATION), format!("/v1/tokens/{id}"));
    assert_eq!(answer.header(header::CACHE_CONTROL), "no-store");

    assert_eq!(
        world.call_as(token, Method::GET, "/v1/stats").await.status,
        StatusCode::OK
    );
    let refused = world.call_as(token, Method::GET, "/v1/tokens").await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.json()["detail"].as_str().unwrap().contains("exam-engine"));

    let seen = listed(&world, id).await;
    assert_eq!(
        [
            &seen["name"],
            &seen["role"],
            &seen["source"],
            &seen["state"],
            &seen["created_by"]
        ],
        ["exam-engine", "viewer", "store", "active", "the-admin"]
    );
    assert!(seen["expires_at"].is_null() && seen["revoked"].is_null() && seen["created_at"].is_string());
    let list = world.call_get(Role::Admin, "/v1/tokens").await.text;
    let hash = TokenHash::of(&SecretString::from(token)).to_string();
    assert!(!list.contains(token) && !list.contains(&hash), "{list}");
    let stored = world.redis.cli(&["HVALS", "{passback:0}:v1:registry:api-tokens"]).await;
    let stored = format!("{stored:?}");
    assert!(stored.contains(id) && !stored.contains(token), "{stored}");
}

#[tokio::test]
async fn a_token_is_good_at_another_server_at_once_and_no_longer_anywhere_once_it_is_revoked() {
    let world = World::start().await;
    let other = world.another_server();
    let elsewhere = async |token: &str| call_as(other.clone(), token, Method::GET, "/v1/stats").await.status;
    assert_eq!(elsewhere(&super::world::token(Role::Viewer)).await, StatusCode::OK);
    let (token, id) = made(&world, &json!({"name": "a", "role": "operator"})).await;
    assert_eq!(elsewhere(&token).await, StatusCode::OK);

    let gone = revoked(&world, &id).await;
    assert_eq!(gone.status, StatusCode::OK, "{}", gone.text);
    let here = world.call_as(&token, Method::GET, "/v1/stats").await;
    assert_eq!(
        (here.status, here.json()["code"].as_str()),
        (StatusCode::UNAUTHORIZED, Some("token_revoked"))
    );
    assert!(here.header(header::WWW_AUTHENTICATE).starts_with("Bearer"));
    // Within a second: the other one is asked until it has looked again.
    let since = std::time::Instant::now();
    while elsewhere(&token).await == StatusCode::OK {
        assert!(since.elapsed() < std::time::Duration::from_secs(5), "still let in");
        tokio::task::yield_now().await;
    }
    let seen = listed(&world, &id).await;
    assert_eq!(seen["state"], "revoked");
    assert_eq!([&seen["revoked"]["by"], &seen["revoked"]["reason"]], ["the-admin", WHY]);
    assert_eq!(gone.json()["revoked"], seen["revoked"]);
    let again = revoked(&world, &id).await;
    assert_eq!((again.status, &again.json()), (StatusCode::OK, &seen));

    let trail = world.get("/v1/audit?recent=true").await.json();
    let actions: Vec<&str> = trail["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|entry| entry["target"] == format!("token {id}"))
        .map(|entry| entry["action"].as_str().unwrap())
        .collect();
    assert_eq!(actions, ["token.revoked", "token.created"]);
    assert_eq!(trail["items"][0]["reason"], WHY);
    assert_eq!(trail["items"][0]["actor"], "the-admin");
}

#[tokio::test]
async fn a_token_of_the_configuration_is_revoked_for_every_server_that_begins_after_it() {
    let world = World::start().await;
    let ingest = token(Role::Ingest);
    let id = id_of(&ingest);
    let seen = listed(&world, &id).await;
    assert_eq!([&seen["source"], &seen["name"]], ["configuration", "the-ingest"]);
    assert!(seen["created_at"].is_null());

    let gone = revoked(&world, &id).await;
    assert_eq!(gone.status, StatusCode::OK, "{}", gone.text);
    for app in [world.app.clone(), world.another_server()] {
        let answer = call_as(app.clone(), &ingest, Method::GET, "/v1/results/r-1").await;
        assert_eq!(answer.json()["code"], "token_revoked");
        let answer = call_as(app, &token(Role::Viewer), Method::GET, "/v1/stats").await;
        assert_eq!(answer.status, StatusCode::OK);
    }
    assert_eq!(listed(&world, &id).await["state"], "revoked");
}

#[tokio::test]
async fn a_last_use_is_seen_and_costs_the_request_nothing_if_it_cannot_be_noted() {
    let world = World::start().await;
    let (token, id) = made(&world, &json!({"name": "a", "role": "viewer"})).await;
    assert!(listed(&world, &id).await["last_used_at"].is_null());
    assert_eq!(
        world.call_as(&token, Method::GET, "/v1/stats").await.status,
        StatusCode::OK
    );
    let noted = async {
        while listed(&world, &id).await["last_used_at"].is_null() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(30), noted)
        .await
        .unwrap();

    // What is in the way of the note is in nobody else's.
    let used = "{passback:0}:v1:registry:api-tokens-used";
    world.redis.cli(&["DEL", used]).await;
    world.redis.cli(&["SET", used, "no hash"]).await;
    let (token, _) = made(&world, &json!({"name": "b", "role": "viewer"})).await;
    assert_eq!(
        world.call_as(&token, Method::GET, "/v1/stats").await.status,
        StatusCode::OK
    );
}

#[rstest]
#[case(json!({"role": "viewer"}), "/name", "missing")]
#[case(json!({"name": "a b", "role": "viewer"}), "/name", "cannot name a token")]
#[case(json!({"name": "ann@example.org", "role": "viewer"}), "/name", "cannot name a token")]
#[case(json!({"name": "a"}), "/role", "missing")]
#[case(json!({"name": "a", "role": "root"}), "/role", "not one of the known words")]
#[case(json!({"name": "a", "role": "viewer", "expires_in": "soon"}), "/expires_in", "not a length of time")]
#[case(
    json!({"name": "a", "role": "viewer", "expires_in": "4000d"}),
    "/expires_in",
    "a token lives a minute at least and ten years at most"
)]
#[case(json!({"name": "a", "role": "viewer", "expires_at": "2027-01-31"}), "/expires_at", "not a time")]
#[case(json!({"name": "a", "role": "viewer", "expires_at": "2020-01-31T00:00:00Z"}), "/expires_at", "in the past")]
#[case(
    json!({"name": "a", "role": "viewer", "expires_at": "9999-01-31T00:00:00Z"}),
    "/expires_at",
    "a token lives a minute at least and ten years at most"
)]
#[case(
    json!({"name": "a", "role": "viewer", "expires_in": "1d", "expires_at": "2100-01-31T00:00:00Z"}),
    "/expires_in",
    "given together with expires_at"
)]
#[case(json!({"name": "a", "role": "viewer", "sha256": "00"}), "/sha256", "unknown field")]
#[tokio::test]
async fn a_token_that_cannot_be_made_is_refused_with_its_field(
    #[case] body: Value,
    #[case] pointer: &str,
    #[case] problem: &str,
) {
    let world = World::start().await;
    let before = world.call_get(Role::Admin, "/v1/tokens").await.json()["items"]
        .as_array()
        .unwrap()
        .len();
    let answer = create(&world, &body).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.text);
    let error = &answer.json()["errors"][0];
    assert_eq!([&error["pointer"], &error["problem"]], [pointer, problem]);
    let after = world.call_get(Role::Admin, "/v1/tokens").await.json()["items"]
        .as_array()
        .unwrap()
        .len();
    assert_eq!(before, after);
}

#[tokio::test]
async fn a_dry_run_makes_nothing() {
    let world = World::start().await;
    let answer = world
        .post(
            Role::Admin,
            "/v1/tokens?dry_run=true",
            &json!({"name": "a", "role": "viewer", "expires_at": "2030-01-31T00:00:00Z"}),
        )
        .await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    assert_eq!(
        answer.json(),
        json!({"dry_run": true, "name": "a", "role": "viewer", "expires_at": "2030-01-31T00:00:00Z"})
    );
    let list = world.call_get(Role::Admin, "/v1/tokens").await.json();
    assert_eq!(list["items"].as_array().unwrap().len(), Role::ALL.len());
}

#[tokio::test]
async fn the_list_goes_page_by_page() {
    let world = World::start().await;
    for number in 0..5 {
        made(&world, &json!({"name": format!("n{number}"), "role": "ingest"})).await;
    }
    let (mut ids, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = world
            .call_get(Role::Admin, &format!("/v1/tokens?limit=2{cursor}"))
            .await
            .json();
        let items = page["items"].as_array().unwrap();
        assert!(items.len() <= 2);
        ids.extend(items.iter().map(|item| item["id"].as_str().unwrap().to_owned()));
        let Some(next) = page["next_cursor"].as_str() else {
            break;
        };
        cursor = format!("&cursor={next}");
    }
    assert!(ids.is_sorted() && ids.len() == Role::ALL.len() + 5, "{ids:?}");
    let answer = world.call_get(Role::Admin, "/v1/tokens?cursor=nonsense").await;
    assert_eq!(answer.json()["errors"][0]["parameter"], "cursor");
}

#[rstest]
#[case("0123456789abcdef", StatusCode::NOT_FOUND)]
#[case("nonsense", StatusCode::NOT_FOUND)]
#[case("%FF", StatusCode::NOT_FOUND)]
#[tokio::test]
async fn a_token_that_is_none_cannot_be_revoked(#[case] id: &str, #[case] status: StatusCode) {
    let world = World::start().await;
    let answer = revoked(&world, id).await;
    assert_eq!(answer.status, status, "{}", answer.text);
    let path = format!("/v1/tokens/{}/revoke", id_of(&token(Role::Viewer)));
    let answer = world.post(Role::Admin, &path, &json!({"reason": " "})).await;
    assert_eq!(answer.json()["errors"][0]["pointer"], "/reason");
    let trail = world.get("/v1/audit?recent=true").await.text;
    assert!(!trail.contains("token.revoked"), "{trail}");
}
