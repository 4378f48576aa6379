//! The search for users by e-mail.

use std::collections::HashMap;

use axum::Router;
use axum::extract::Query;
use axum::response::Response;
use axum::routing::{get, post};
use passback_docebo::{Calls, Endpoint, Failure, UserId};
use rstest::rstest;
use serde_json::{Value, json};

use crate::stub::{self, Answer, Stub, html};

const PATH: &str = "/manage/v1/user";

/// A server whose search has these pages; a page beyond them says that there is more.
async fn paged(pages: Vec<Value>) -> Stub {
    let search = move |Query(query): Query<HashMap<String, String>>| async move {
        let page: usize = query["page"].parse().unwrap();
        let items = pages.get(page - 1).cloned().unwrap_or_else(|| json!([]));
        let has_more = page != pages.len();
        let body = json!({"data": {"items": items, "has_more_data": has_more}, "version": "1.0.0", "_links": []});
        Response::builder()
            .header("content-type", "application/json")
            .body(axum::body::Body::from(body.to_string()))
            .unwrap()
    };
    let router = Router::new()
        .route(
            "/oauth2/token",
            post(|| async { stub::json(stub::TOKEN_BODY).response() }),
        )
        .route(PATH, get(search));
    Stub::start(router).await
}

async fn ids(stub: &Stub, email: &str) -> Vec<UserId> {
    let users = stub
        .client()
        .users_by_email(email, &mut Calls::default())
        .await
        .unwrap();
    users.into_iter().map(|user| user.id).collect()
}

#[tokio::test]
async fn a_user_search_reads_every_page() {
    let stub = paged(vec![
        json!([{"user_id": "1", "email": "r.moreau@example.org.uk"}, {"user_id": "2", "email": "r.moreau@example.org"}]),
        json!([]),
        json!([{"user_id": 3, "email": "R.Moreau@Example.org"}]),
    ])
    .await;
    assert_eq!(ids(&stub, "r.moreau@example.org").await, [UserId(2), UserId(3)]);
    assert_eq!(stub.seen(PATH).len(), 3);
}

#[tokio::test]
async fn a_user_who_moves_between_pages_is_one_user() {
    let row = json!({"user_id": 7, "email": "r.moreau@example.org"});
    let stub = paged(vec![json!([row]), json!([row])]).await;
    assert_eq!(ids(&stub, "r.moreau@example.org").await, [UserId(7)]);
}

#[tokio::test]
async fn no_hit_and_partial_hits_are_nobody() {
    let stub = paged(vec![json!([{"user_id": 1, "email": "xr.moreau@example.org"}])]).await;
    assert_eq!(ids(&stub, "r.moreau@example.org").await, []);
}

#[tokio::test]
async fn a_search_without_end_is_given_up() {
    let stub = paged(Vec::new()).await;
    let mut calls = Calls::default();
    let error = stub
        .client()
        .users_by_email("r.moreau@example.org", &mut calls)
        .await
        .unwrap_err();
    assert!(matches!(error.failure, Failure::UnexpectedShape { .. }), "{error:?}");
    assert_eq!(
        calls
            .0
            .iter()
            .filter(|call| call.endpoint == Endpoint::UserSearch)
            .count(),
        20
    );
}

#[tokio::test]
async fn a_plus_in_the_address_is_encoded() {
    let stub = paged(vec![json!([])]).await;
    ids(&stub, " r.moreau+exam@example.org ").await;
    let query = stub.seen(PATH)[0].uri.query().unwrap().to_owned();
    assert!(query.contains("search_text=r.moreau%2Bexam%40example.org&"), "{query}");
}

#[tokio::test]
async fn an_empty_address_is_not_searched() {
    let stub = paged(vec![json!([{"user_id": 1, "email": ""}])]).await;
    assert_eq!(ids(&stub, "  ").await, []);
    assert_eq!(stub.seen(PATH).len(), 0);
}

#[tokio::test]
async fn a_probe_reads_one_row() {
    let stub = Stub::answering(stub::json(
        r#"{"data":{"items":[{"user_id":"1","email":""}],"has_more_data":true}}"#,
    ))
    .await;
    assert_eq!(stub.client().probe(&mut Calls::default()).await, Ok(()));
    assert_eq!(stub.seen(PATH)[0].uri.query(), Some("page_size=1"));
}

#[rstest]
#[case::login_page(html("<html>Log in</html>"))]
#[case::error_under_200(stub::json(r#"{"success":false,"error":201}"#))]
#[case::missing(stub::json("{}").status(404))]
#[case::forbidden(stub::json("{}").status(403))]
#[tokio::test]
async fn a_failure_is_never_read_as_nobody(#[case] answer: Answer) {
    let stub = Stub::answering(answer).await;
    let client = stub.client();
    let searched = client
        .users_by_email("r.moreau@example.org", &mut Calls::default())
        .await;
    let probed = client.probe(&mut Calls::default()).await;
    assert_eq!(searched.unwrap_err(), probed.clone().unwrap_err());
    assert_eq!(probed.unwrap_err().endpoint, Endpoint::UserSearch);
}
