//! A glance at a course through the list of its enrolments.

use passback_docebo::{Calls, CourseGlance, Endpoint};
use rstest::rstest;

use crate::stub::{Answer, COURSE, Stub, bare, html, json};

const PATH: &str = "/learn/v1/enrollments";

#[tokio::test]
async fn a_course_is_seen_in_one_row_of_its_enrolments() {
    let body = r#"{"data":{"items":[{"id":"146","user_id":"13827","name":"Forklift exam","status":"subscribed","level":"learner"}],"count":1,"has_more_data":true},"version":"1.0.0","_links":[]}"#;
    let stub = Stub::answering(json(body)).await;
    let mut calls = Calls::default();
    let glance = stub.client().course_glance(COURSE, &mut calls).await.unwrap();
    let expected = CourseGlance {
        name: Some("Forklift exam".to_owned()),
        enrolled_seen: true,
    };
    assert_eq!(glance, expected);

    let seen = stub.seen(PATH);
    assert_eq!(seen.len(), 1);
    let query = seen[0].uri.query().unwrap().replace("%5B", "[").replace("%5D", "]");
    assert_eq!(query, "id_course[]=146&page=1&page_size=1");
    let listed: Vec<_> = calls.0.iter().map(|call| (call.endpoint, call.status)).collect();
    assert_eq!(
        listed,
        [(Endpoint::Token, Some(200)), (Endpoint::EnrollmentList, Some(200))]
    );
}

#[rstest]
#[case::empty_list(json(r#"{"data":{"items":[],"count":0,"has_more_data":false}}"#))]
#[case::another_course(json(r#"{"data":{"items":[{"id":147,"name":"First aid exam"}]}}"#))]
#[tokio::test]
async fn a_course_without_a_row_shows_nobody_and_no_name(#[case] answer: Answer) {
    let stub = Stub::answering(answer).await;
    let glance = stub.client().course_glance(COURSE, &mut Calls::default()).await;
    assert_eq!(glance, Ok(CourseGlance::default()));
}

#[rstest]
#[case::forbidden(json("{}").status(403))]
#[case::missing(json(r#"{"name":"Not Found"}"#).status(404))]
#[case::login_page(html("<html></html>"))]
#[case::overloaded(bare("").status(503))]
#[case::other_shape(json(r#"{"data":{"records":[]}}"#))]
#[case::error_under_200(json(r#"{"data":null,"name":"Forbidden","message":"no access"}"#))]
#[case::empty_body(bare(""))]
#[tokio::test]
async fn a_failure_is_never_read_as_an_empty_course(#[case] answer: Answer) {
    let stub = Stub::answering(answer).await;
    let error = stub
        .client()
        .course_glance(COURSE, &mut Calls::default())
        .await
        .unwrap_err();
    assert_eq!(error.endpoint, Endpoint::EnrollmentList);
    assert!(!error.outcome_unknown(), "a read has no outcome");
}
