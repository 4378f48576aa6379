//! How one user stands, by their number.

use passback_docebo::{Calls, Endpoint, UserStanding};
use rstest::rstest;

use crate::stub::{Answer, Stub, USER, bare, html, json};

#[rstest]
#[case::active(
    json(r#"{"data":{"user_data":{"user_id":"13827","status":"1"}}}"#),
    UserStanding::Active
)]
#[case::shut_out(
    json(r#"{"data":{"user_data":{"user_id":13827,"status":0}}}"#),
    UserStanding::ShutOut
)]
#[case::nothing_is_said(json(r#"{"data":{"user_data":[]}}"#), UserStanding::Unsaid)]
#[tokio::test]
async fn a_user_s_status_is_read_by_their_number(#[case] answer: Answer, #[case] expected: UserStanding) {
    let stub = Stub::answering(answer).await;
    let mut calls = Calls::default();
    assert_eq!(stub.client().user_standing(USER, &mut calls).await, Ok(expected));
    assert_eq!(stub.seen("/manage/v1/user/13827").len(), 1);
    assert_eq!(calls.0.last().unwrap().endpoint, Endpoint::UserRead);
}

#[rstest]
#[case::forbidden(json("{}").status(403))]
#[case::missing(json(r#"{"name":"Not Found"}"#).status(404))]
#[case::login_page(html("<html></html>"))]
#[case::another_user(json(r#"{"data":{"user_data":{"user_id":7,"status":1}}}"#))]
#[case::empty_body(bare(""))]
#[tokio::test]
async fn a_failure_is_never_read_as_a_standing(#[case] answer: Answer) {
    let stub = Stub::answering(answer).await;
    let error = stub
        .client()
        .user_standing(USER, &mut Calls::default())
        .await
        .unwrap_err();
    assert_eq!(error.endpoint, Endpoint::UserRead);
    assert!(!error.outcome_unknown(), "a read has no outcome");
}
