//! What a guard is asked before each call, and told after it.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::extract::Request;
use axum::middleware::{self, Next};
use futures::FutureExt;
use futures::future::{BoxFuture, ready};
use passback_docebo::{Calls, Client, Endpoint, EnrollmentUpdate, Error, Failure, Guard, Held};
use rstest::rstest;

use crate::doubles::{GuardDouble, Log, Step, held, quota_used_up};
use crate::stub::{
    Afterwards, Answer, COURSE, ENROLLMENT_PATH, Stub, USER, bare, client, html, impatient_client, json, numbered, raw,
    router, server,
};

const TOKEN_PATH: &str = "/oauth2/token";
const UPDATED: &str = r#"{"data":{"updated":[{"course_id":146,"user_id":13827}],"not_updated":[]}}"#;
const NOT_UPDATED: &str =
    r#"{"data":{"updated":[],"not_updated":{"invalid_enrollments":[{"course_id":146,"user_id":13827}]}}}"#;

async fn read(client: &Client) -> Result<bool, Error> {
    let read = client.enrollment(COURSE, USER, &mut Calls::default()).await;
    read.map(|found| found.is_some())
}

async fn write(client: &Client, calls: &mut Calls) -> Result<(), Error> {
    client
        .update_enrollment(COURSE, USER, &EnrollmentUpdate::default(), calls)
        .await
}

/// A server that writes down what reaches it, in the guard's list.
async fn logged(log: &Log, token_answer: fn(usize) -> Answer, accepted: &'static str) -> Stub {
    let log = log.clone();
    let arrived = move |request: Request, next: Next| {
        log.add(Step::Arrived(request.uri().path().to_owned()));
        next.run(request)
    };
    Stub::start(router(token_answer, accepted).layer(middleware::from_fn(arrived))).await
}

fn exchange(endpoint: Endpoint, path: &str, outcome: Result<(), Failure>) -> [Step; 3] {
    [
        Step::Asked(endpoint),
        Step::Arrived(path.to_owned()),
        Step::Heard(endpoint, outcome),
    ]
}

#[tokio::test]
async fn every_call_is_asked_for_before_it_leaves_and_told_after_its_answer() {
    let log = Log::default();
    let stub = logged(&log, numbered, "Bearer token-0").await;
    let client = stub.client().guarded_by(GuardDouble::open(&log));
    assert_eq!(read(&client).await, Ok(true));
    assert_eq!(read(&client).await, Ok(true));
    let expected = [
        exchange(Endpoint::Token, TOKEN_PATH, Ok(())),
        exchange(Endpoint::EnrollmentRead, ENROLLMENT_PATH, Ok(())),
        exchange(Endpoint::EnrollmentRead, ENROLLMENT_PATH, Ok(())),
    ];
    assert_eq!(log.steps(), expected.concat());
}

#[tokio::test]
async fn a_first_401_is_asked_for_but_means_nothing_yet() {
    let log = Log::default();
    let stub = logged(&log, numbered, "Bearer token-1").await;
    let client = stub.client().guarded_by(GuardDouble::open(&log));
    assert_eq!(read(&client).await, Ok(true));
    let refused = exchange(Endpoint::EnrollmentRead, ENROLLMENT_PATH, Ok(()))[..2].to_vec();
    let expected = [
        exchange(Endpoint::Token, TOKEN_PATH, Ok(())).to_vec(),
        refused,
        exchange(Endpoint::Token, TOKEN_PATH, Ok(())).to_vec(),
        exchange(Endpoint::EnrollmentRead, ENROLLMENT_PATH, Ok(())).to_vec(),
    ];
    assert_eq!(log.steps(), expected.concat());
}

#[tokio::test]
async fn a_second_401_is_told_once_as_refused_credentials() {
    let log = Log::default();
    let stub = server(numbered, "Bearer never").await;
    let client = stub.client().guarded_by(GuardDouble::open(&log));
    let error = read(&client).await.unwrap_err();
    assert!(matches!(error.failure, Failure::CredentialsRefused { .. }), "{error:?}");
    let expected = [
        (Endpoint::Token, Ok(())),
        (Endpoint::Token, Ok(())),
        (Endpoint::EnrollmentRead, Err(error.failure)),
    ];
    assert_eq!(log.heard(), expected);
}

#[tokio::test]
async fn a_held_token_request_sends_nothing() {
    let log = Log::default();
    let stub = Stub::answering(json(UPDATED)).await;
    let client = stub
        .client()
        .guarded_by(GuardDouble::deciding(&log, |_, _| Err(quota_used_up())));
    let mut calls = Calls::default();
    let error = write(&client, &mut calls).await.unwrap_err();
    assert_eq!(
        error,
        Error {
            endpoint: Endpoint::Token,
            failure: held()
        }
    );
    assert_eq!(error.to_string(), "POST /oauth2/token: held: quota_used_up");
    assert_eq!((calls, stub.token_requests()), (Calls::default(), 0));
    assert_eq!(log.steps(), [Step::Asked(Endpoint::Token)]);
}

#[tokio::test]
async fn a_held_write_sends_nothing_and_its_outcome_is_known() {
    let log = Log::default();
    let stub = Stub::answering(json(UPDATED)).await;
    let client = stub.client();
    client.authenticate(&mut Calls::default()).await.unwrap();
    let client = client.guarded_by(GuardDouble::deciding(&log, |_, _| Err(quota_used_up())));
    let mut calls = Calls::default();
    let error = write(&client, &mut calls).await.unwrap_err();
    assert_eq!(
        error,
        Error {
            endpoint: Endpoint::EnrollmentWrite,
            failure: held()
        }
    );
    assert!(!error.outcome_unknown());
    assert_eq!((calls, stub.seen(ENROLLMENT_PATH).len()), (Calls::default(), 0));
    assert_eq!(log.steps(), [Step::Asked(Endpoint::EnrollmentWrite)]);
}

#[tokio::test]
async fn a_held_renewal_ends_the_call_without_a_word_about_its_401() {
    let log = Log::default();
    let stub = server(numbered, "Bearer token-1").await;
    let client = stub.client();
    client.authenticate(&mut Calls::default()).await.unwrap();
    let client = client.guarded_by(GuardDouble::deciding(&log, |_, endpoint| match endpoint {
        Endpoint::Token => Err(quota_used_up()),
        Endpoint::UserSearch
        | Endpoint::UserRead
        | Endpoint::EnrollmentRead
        | Endpoint::EnrollmentWrite
        | Endpoint::EnrollmentList => Ok(()),
    }));
    let error = read(&client).await.unwrap_err();
    assert_eq!((error.endpoint, error.failure), (Endpoint::Token, held()));
    assert_eq!(
        log.steps(),
        [Step::Asked(Endpoint::EnrollmentRead), Step::Asked(Endpoint::Token)]
    );
}

#[rstest]
#[case::done(json(UPDATED), "done")]
#[case::not_updated(json(NOT_UPDATED), "rejected")]
#[case::bad_request(json("{}").status(400), "rejected")]
#[case::refused_twice(json("{}").status(401), "credentials refused")]
#[case::forbidden(json("{}").status(403), "forbidden")]
#[case::missing(json("{}").status(404), "not found")]
#[case::throttled(json("{}").status(429).with("retry-after", "7"), "throttled")]
#[case::overloaded(bare("").status(503), "unavailable")]
#[case::redirect(bare("").status(302), "unexpected status")]
#[case::login_page(html("<html>Log in</html>"), "status 200 is not JSON")]
#[case::garbage(json(r#"{"data":{"upd"#), "unexpected shape")]
#[case::listed_nowhere(json(r#"{"data":{"updated":[]}}"#), "unexpected shape")]
#[tokio::test]
async fn each_answer_to_a_write_is_told_once_and_as_its_caller_hears_it(#[case] answer: Answer, #[case] meaning: &str) {
    let log = Log::default();
    let stub = Stub::answering(answer).await;
    let client = stub.client();
    client.authenticate(&mut Calls::default()).await.unwrap();
    let written = write(&client.guarded_by(GuardDouble::open(&log)), &mut Calls::default()).await;

    let said = written
        .as_ref()
        .map_or_else(|error| error.failure.to_string(), |()| "done".to_owned());
    assert!(said.starts_with(meaning), "{said}");
    let heard: Vec<_> = log
        .heard()
        .into_iter()
        .filter(|(endpoint, _)| *endpoint == Endpoint::EnrollmentWrite)
        .collect();
    let outcome = written.map_err(|error| error.failure);
    assert_eq!(heard, [(Endpoint::EnrollmentWrite, outcome)]);
}

#[rstest]
#[case::cut(b"", Afterwards::Close, "connection lost")]
#[case::cut_inside_the_body(
    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 90\r\n\r\n{",
    Afterwards::Close,
    "connection lost"
)]
#[case::silent(b"", Afterwards::Silence, "timed out")]
#[tokio::test]
async fn an_answer_that_does_not_come_is_told_once(
    #[case] bytes: &'static [u8],
    #[case] afterwards: Afterwards,
    #[case] meaning: &str,
) {
    let log = Log::default();
    let url = raw(bytes, afterwards).await;
    let client = impatient_client(&url).guarded_by(GuardDouble::open(&log));
    let error = write(&client, &mut Calls::default()).await.unwrap_err();
    assert!(error.failure.to_string().starts_with(meaning), "{error}");
    let expected = [
        (Endpoint::Token, Ok(())),
        (Endpoint::EnrollmentWrite, Err(error.failure)),
    ];
    assert_eq!(log.heard(), expected);
}

#[tokio::test]
async fn an_unreachable_platform_is_told_once() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let log = Log::default();
    let error = read(&client(&url).guarded_by(GuardDouble::open(&log)))
        .await
        .unwrap_err();
    assert!(matches!(error.failure, Failure::Unreachable { .. }), "{error:?}");
    assert_eq!(log.heard(), [(Endpoint::Token, Err(error.failure))]);
}

#[rstest]
#[case::refused(json(r#"{"error":"invalid_grant"}"#).status(400), "credentials refused")]
#[case::throttled(json("{}").status(429), "throttled")]
#[case::down(bare("").status(503), "unavailable")]
#[case::page(html("<p>hi</p>"), "status 200 is not JSON")]
#[case::no_token(json("{}"), "unexpected shape")]
#[tokio::test]
async fn each_failure_of_the_token_route_is_told_once(#[case] answer: Answer, #[case] meaning: &str) {
    let log = Log::default();
    let token = axum::routing::post(move || async move { answer.response() });
    let stub = Stub::start(axum::Router::new().route(TOKEN_PATH, token)).await;
    let client = stub.client().guarded_by(GuardDouble::open(&log));
    let error = read(&client).await.unwrap_err();
    assert!(error.failure.to_string().starts_with(meaning), "{error}");
    let expected = [
        Step::Asked(Endpoint::Token),
        Step::Heard(Endpoint::Token, Err(error.failure)),
    ];
    assert_eq!(log.steps(), expected);
}

#[rstest]
#[case::not_found(json("{}").status(404))]
#[case::no_records(json(r#"{"data":{"records":[]}}"#))]
#[tokio::test]
async fn a_read_that_finds_nothing_is_told_as_well_done(#[case] answer: Answer) {
    let log = Log::default();
    let stub = Stub::answering(answer).await;
    let client = stub.client().guarded_by(GuardDouble::open(&log));
    assert_eq!(read(&client).await, Ok(false));
    assert_eq!(
        log.heard(),
        [(Endpoint::Token, Ok(())), (Endpoint::EnrollmentRead, Ok(()))]
    );
}

#[tokio::test]
async fn the_page_at_which_a_search_is_given_up_is_told_as_the_failure() {
    let log = Log::default();
    let stub = Stub::answering(json(r#"{"data":{"items":[],"has_more_data":true}}"#)).await;
    let client = stub.client().guarded_by(GuardDouble::open(&log));
    let searched = client
        .users_by_email("r.moreau@example.org", &mut Calls::default())
        .await;
    let heard = log.heard();
    let (last, before) = heard.split_last().unwrap();
    assert_eq!(*last, (Endpoint::UserSearch, Err(searched.unwrap_err().failure)));
    assert_eq!(before.len(), 1 + 19);
    assert!(before.iter().all(|(_, outcome)| outcome.is_ok()), "{before:?}");
}

#[tokio::test]
async fn a_call_that_is_cut_short_is_not_told() {
    let log = Log::default();
    let client = client(&raw(b"", Afterwards::Silence).await);
    client.authenticate(&mut Calls::default()).await.unwrap();
    let client = client.guarded_by(GuardDouble::open(&log));
    let cut = tokio::time::timeout(Duration::from_millis(100), read(&client)).await;
    assert!(cut.is_err());
    assert_eq!(log.steps(), [Step::Asked(Endpoint::EnrollmentRead)]);
}

#[tokio::test]
async fn clones_with_different_guards_share_the_token_and_nobody_elses_guard() {
    let (first, second) = (Log::default(), Log::default());
    let stub = server(numbered, "Bearer token-0").await;
    let unguarded = stub.client();
    let one = unguarded.guarded_by(GuardDouble::open(&first));
    let other = one.guarded_by(GuardDouble::open(&second));
    assert_eq!(read(&one).await, Ok(true));
    assert_eq!(read(&other).await, Ok(true));
    assert_eq!(read(&unguarded).await, Ok(true));
    assert_eq!(stub.token_requests(), 1);
    assert_eq!(first.heard().len(), 2);
    assert_eq!(second.heard(), [(Endpoint::EnrollmentRead, Ok(()))]);
}

/// Holds its token request back, and answers only when another caller waits behind it.
#[derive(Debug, Default)]
struct SlowNo {
    somebody_waits: AtomicBool,
}

impl Guard for SlowNo {
    fn ask(&self, _: Endpoint) -> BoxFuture<'_, Result<(), Held>> {
        async {
            while !self.somebody_waits.load(Ordering::SeqCst) {
                tokio::task::yield_now().await;
            }
            Err(quota_used_up())
        }
        .boxed()
    }

    fn heard<'a>(&'a self, _: Endpoint, _: Result<(), &'a Failure>) -> BoxFuture<'a, ()> {
        ready(()).boxed()
    }
}

#[tokio::test]
async fn what_one_guard_holds_another_may_let_pass_although_it_waited_for_the_same_token() {
    let stub = server(numbered, "Bearer token-0").await;
    let slow_no = Arc::new(SlowNo::default());
    let held_back = stub.client().guarded_by(Arc::clone(&slow_no) as Arc<dyn Guard>);
    let let_pass = held_back.guarded_by(GuardDouble::open(&Log::default()));
    // Both run in this task: the second sets its mark and reaches the lock in one go.
    let (first, second) = tokio::join!(read(&held_back), async {
        slow_no.somebody_waits.store(true, Ordering::SeqCst);
        read(&let_pass).await
    });
    assert_eq!(first.unwrap_err().failure, held());
    assert_eq!(second, Ok(true));
}
