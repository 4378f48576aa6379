//! How processes share a token, and take turns in asking for it. Each client here stands for one process.

use std::future::ready;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::routing::{get, post};
use futures::FutureExt;
use futures::future::BoxFuture;
use passback_docebo::{
    Calls, Client, ClientConfig, Endpoint, Error, Failure, Guard, Held, ShelvedToken, TokenShelf, Turn, TurnTicket,
};
use rstest::rstest;
use secrecy::ExposeSecret;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::doubles::{GuardDouble, Log, Manner, ShelfDouble, Step, held, quota_used_up, shelved};
use crate::stub::{Answer, COURSE, ENROLLMENT_PATH, Stub, USER, config, enrolled, json, numbered, server};

fn process(url: &str, shelf: &Arc<ShelfDouble>) -> Client {
    let shelf: Arc<dyn TokenShelf> = Arc::clone(shelf) as Arc<dyn TokenShelf>;
    let config = ClientConfig {
        shelf: Some(shelf),
        ..config(url)
    };
    Client::new(config).unwrap()
}

async fn read(client: &Client) -> Result<bool, Error> {
    let read = client.enrollment(COURSE, USER, &mut Calls::default()).await;
    read.map(|found| found.is_some())
}

fn my_turn(number: usize) -> Step {
    Step::Turn(Turn::Yours(TurnTicket::new(format!("turn {number}"))))
}

fn refuse(_: usize) -> Answer {
    json(r#"{"error":"invalid_grant"}"#).status(400)
}

fn refusal() -> Failure {
    Failure::CredentialsRefused {
        detail: "invalid_grant".into(),
    }
}

/// A server that answers a token request only when somebody else has been told to wait for its turn.
async fn slow_server(shelf: &Arc<ShelfDouble>, token_answer: fn(usize) -> Answer) -> Stub {
    let shelf = Arc::clone(shelf);
    let token = move || async move {
        shelf.told_to_wait.notified().await;
        token_answer(0).response()
    };
    let router = Router::new()
        .route("/oauth2/token", post(token))
        .route(ENROLLMENT_PATH, get(|| async { enrolled().response() }));
    Stub::start(router).await
}

#[tokio::test]
async fn two_processes_at_once_make_one_token_request_between_them() {
    let log = Log::default();
    let shelf = ShelfDouble::empty(&log, Manner::Orderly);
    let stub = slow_server(&shelf, numbered).await;
    let (one, other) = (process(&stub.url, &shelf), process(&stub.url, &shelf));
    let reads = tokio::join!(read(&one), read(&other));
    assert_eq!(reads, (Ok(true), Ok(true)));
    assert_eq!(stub.token_requests(), 1);
    assert_eq!(log.count(&Step::Put("token-0".into())), 1);
    assert!(!shelf.is_somebodys_turn());
}

#[tokio::test]
async fn the_token_of_another_process_is_used_for_what_is_left_of_it() {
    let log = Log::default();
    let shelf = ShelfDouble::empty(&log, Manner::Orderly);
    let stub = server(numbered, "Bearer token-0").await;
    assert_eq!(read(&process(&stub.url, &shelf)).await, Ok(true));
    let put = shelf.token().unwrap();
    assert!(put.keep_for <= Duration::from_mins(59), "{put:?}");
    assert!(put.keep_for > Duration::from_mins(58), "{put:?}");

    let before = log.steps().len();
    let other = process(&stub.url, &shelf);
    assert_eq!(read(&other).await, Ok(true));
    assert_eq!(read(&other).await, Ok(true));
    assert_eq!(stub.token_requests(), 1);
    assert_eq!(log.steps()[before..], [Step::Read], "once read, the token is cached");
}

#[tokio::test]
async fn each_granted_token_has_an_id_of_its_own() {
    let shelf = ShelfDouble::empty(&Log::default(), Manner::Orderly);
    let stub = server(numbered, "Bearer token-0").await;
    let client = process(&stub.url, &shelf);
    client.authenticate(&mut Calls::default()).await.unwrap();
    let first = shelf.token().unwrap().id;
    client.authenticate(&mut Calls::default()).await.unwrap();
    assert_ne!(shelf.token().unwrap().id, first);
}

#[rstest]
#[case::at_its_end(ShelvedToken { keep_for: Duration::ZERO, ..shelved("token-9", "9") })]
#[case::not_fit_for_a_header(shelved("token\n9", "9"))]
#[tokio::test]
async fn a_token_that_cannot_be_used_is_left_on_the_shelf(#[case] token: ShelvedToken) {
    let log = Log::default();
    let shelf = ShelfDouble::holding(&log, token);
    let stub = server(numbered, "Bearer token-0").await;
    assert_eq!(read(&process(&stub.url, &shelf)).await, Ok(true));
    assert_eq!((stub.token_requests(), stub.seen(ENROLLMENT_PATH).len()), (1, 1));
    assert_eq!(shelf.token().unwrap().secret.expose_secret(), "token-0");
}

#[tokio::test]
async fn a_token_of_endless_life_is_used() {
    let endless = ShelvedToken {
        keep_for: Duration::MAX,
        ..shelved("token-0", "0")
    };
    let shelf = ShelfDouble::holding(&Log::default(), endless);
    let stub = server(numbered, "Bearer token-0").await;
    assert_eq!(read(&process(&stub.url, &shelf)).await, Ok(true));
    assert_eq!(stub.token_requests(), 0);
}

#[tokio::test]
async fn a_token_that_expires_at_once_is_not_shared() {
    let log = Log::default();
    let shelf = ShelfDouble::empty(&log, Manner::Orderly);
    let stub = server(|_| json(r#"{"access_token":"brief","expires_in":0}"#), "Bearer brief").await;
    assert_eq!(read(&process(&stub.url, &shelf)).await, Ok(true));
    assert_eq!(log.steps(), [Step::Read, my_turn(1), Step::Read, Step::GaveUp]);
}

#[tokio::test]
async fn a_token_that_was_put_just_before_the_turn_saves_the_request() {
    let log = Log::default();
    let shelf = ShelfDouble::empty(&log, Manner::Late(shelved("token-0", "0")));
    let stub = server(numbered, "Bearer token-0").await;
    assert_eq!(read(&process(&stub.url, &shelf)).await, Ok(true));
    assert_eq!(stub.token_requests(), 0);
    assert_eq!(log.steps(), [Step::Read, my_turn(1), Step::Read, Step::GaveUp]);
}

#[tokio::test]
async fn a_refused_token_is_renewed_and_replaced_on_the_shelf() {
    let shelf = ShelfDouble::holding(&Log::default(), shelved("revoked", "1"));
    let stub = server(numbered, "Bearer token-0").await;
    assert_eq!(read(&process(&stub.url, &shelf)).await, Ok(true));
    assert_eq!((stub.token_requests(), stub.seen(ENROLLMENT_PATH).len()), (1, 2));
    assert_eq!(shelf.token().unwrap().secret.expose_secret(), "token-0");
}

/// While the first call is under way, somebody shelves another token from before Docebo revoked them all.
#[derive(Debug)]
struct Laying {
    shelf: Arc<ShelfDouble>,
    token: Mutex<Option<ShelvedToken>>,
}

impl Guard for Laying {
    fn ask(&self, _: Endpoint) -> BoxFuture<'_, Result<(), Held>> {
        if let Some(token) = self.token.lock().unwrap().take() {
            self.shelf.lay(token);
        }
        ready(Ok(())).boxed()
    }

    fn heard<'a>(&'a self, _: Endpoint, _: Result<(), &'a Failure>) -> BoxFuture<'a, ()> {
        ready(()).boxed()
    }
}

#[tokio::test]
async fn two_old_tokens_are_no_refusal_of_the_credentials() {
    let shelf = ShelfDouble::holding(&Log::default(), shelved("revoked", "1"));
    let stub = server(numbered, "Bearer token-0").await;
    let client = process(&stub.url, &shelf).guarded_by(Arc::new(Laying {
        shelf: Arc::clone(&shelf),
        token: Mutex::new(Some(shelved("as old", "2"))),
    }));
    assert_eq!(read(&client).await, Ok(true));
    assert_eq!((stub.token_requests(), stub.seen(ENROLLMENT_PATH).len()), (1, 3));
}

#[tokio::test]
async fn a_refused_token_is_never_taken_from_the_shelf_again() {
    let log = Log::default();
    let shelf = ShelfDouble::holding(&log, shelved("revoked", "1"));
    let stub = server(numbered, "Bearer token-0").await;
    let client = process(&stub.url, &shelf);
    let held_back = client.guarded_by(GuardDouble::deciding(&log, |_, endpoint| match endpoint {
        Endpoint::Token => Err(quota_used_up()),
        Endpoint::UserSearch
        | Endpoint::UserRead
        | Endpoint::EnrollmentRead
        | Endpoint::EnrollmentWrite
        | Endpoint::EnrollmentList => Ok(()),
    }));
    for _ in 0..3 {
        assert_eq!(read(&held_back).await.unwrap_err().failure, held());
    }
    assert_eq!(stub.seen(ENROLLMENT_PATH).len(), 1, "only the first call used it");
    assert_eq!(read(&client).await, Ok(true));
    assert_eq!(stub.token_requests(), 1);
}

#[tokio::test]
async fn a_newer_token_on_the_shelf_replaces_the_refused_one() {
    let log = Log::default();
    let shelf = ShelfDouble::holding(&log, shelved("revoked", "1"));
    let stub = server(numbered, "Bearer token-9").await;
    let client = process(&stub.url, &shelf);
    let mut calls = Calls::default();
    client
        .guarded_by(GuardDouble::deciding(&log, |_, _| Err(quota_used_up())))
        .enrollment(COURSE, USER, &mut calls)
        .await
        .unwrap_err();
    shelf.lay(shelved("token-9", "9"));
    assert_eq!(read(&client).await, Ok(true));
    assert_eq!(stub.token_requests(), 0);
    assert_eq!(stub.seen(ENROLLMENT_PATH).len(), 2);
}

#[tokio::test]
async fn a_turn_is_given_up_after_a_refusal_and_only_when_the_guard_has_heard_it() {
    let log = Log::default();
    let shelf = ShelfDouble::empty(&log, Manner::Orderly);
    let stub = server(refuse, "Bearer never").await;
    let client = process(&stub.url, &shelf).guarded_by(GuardDouble::open(&log));
    assert_eq!(read(&client).await.unwrap_err().failure, refusal());
    let expected = [
        Step::Read,
        my_turn(1),
        Step::Read,
        Step::Asked(Endpoint::Token),
        Step::Heard(Endpoint::Token, Err(refusal())),
        Step::GaveUp,
    ];
    assert_eq!(log.steps(), expected);
}

#[tokio::test]
async fn a_token_is_put_after_the_guard_has_heard_of_it_and_before_the_turn_ends() {
    let log = Log::default();
    let shelf = ShelfDouble::empty(&log, Manner::Orderly);
    let stub = server(numbered, "Bearer token-0").await;
    let client = process(&stub.url, &shelf).guarded_by(GuardDouble::open(&log));
    client.authenticate(&mut Calls::default()).await.unwrap();
    let expected = [
        my_turn(1),
        Step::Asked(Endpoint::Token),
        Step::Heard(Endpoint::Token, Ok(())),
        Step::Put("token-0".into()),
        Step::GaveUp,
    ];
    assert_eq!(
        log.steps(),
        expected,
        "a new token was wanted, so the shelf is not read"
    );
}

#[tokio::test]
async fn a_held_token_request_gives_its_turn_up() {
    let log = Log::default();
    let shelf = ShelfDouble::empty(&log, Manner::Orderly);
    let stub = server(numbered, "Bearer token-0").await;
    let client = process(&stub.url, &shelf).guarded_by(GuardDouble::deciding(&log, |_, _| Err(quota_used_up())));
    assert_eq!(read(&client).await.unwrap_err().failure, held());
    let expected = [
        Step::Read,
        my_turn(1),
        Step::Read,
        Step::Asked(Endpoint::Token),
        Step::GaveUp,
    ];
    assert_eq!((log.steps(), stub.token_requests()), (expected.to_vec(), 0));
}

#[tokio::test]
async fn whoever_waited_for_a_refused_request_meets_the_closed_gate() {
    let log = Log::default();
    let shelf = ShelfDouble::empty(&log, Manner::Orderly);
    let stub = slow_server(&shelf, refuse).await;
    let gate = GuardDouble::deciding(&log, |log, _| {
        let refused = log.heard().iter().any(|(_, outcome)| outcome.is_err());
        if refused { Err(quota_used_up()) } else { Ok(()) }
    });
    let processes = [(); 2].map(|()| process(&stub.url, &shelf).guarded_by(gate.clone()));
    let (first, second) = tokio::join!(read(&processes[0]), read(&processes[1]));
    assert_eq!(first.unwrap_err().failure, refusal());
    assert_eq!(second.unwrap_err().failure, held());
    assert_eq!(stub.token_requests(), 1);
    assert!(!shelf.is_somebodys_turn());
}

#[tokio::test]
async fn a_shelf_that_does_not_answer_changes_nothing() {
    let log = Log::default();
    let shelf = ShelfDouble::empty(&log, Manner::Gone);
    let stub = server(numbered, "Bearer token-1").await;
    let client = process(&stub.url, &shelf);
    let mut calls = Calls::default();
    let read = client.enrollment(COURSE, USER, &mut calls).await;
    assert!(read.unwrap().is_some());
    let listed: Vec<_> = calls.0.iter().map(|call| (call.endpoint, call.status)).collect();
    assert_eq!(
        listed,
        [
            (Endpoint::Token, Some(200)),
            (Endpoint::EnrollmentRead, Some(401)),
            (Endpoint::Token, Some(200)),
            (Endpoint::EnrollmentRead, Some(200)),
        ]
    );
    let looked = [Step::Read, Step::Turn(Turn::NoShelf)];
    assert_eq!(log.steps(), [looked.clone(), looked].concat());
}

// Nothing is sent in the next two tests, so their clock can be stopped: it jumps to the end of each pause.

#[tokio::test(start_paused = true)]
async fn a_turn_that_does_not_end_is_waited_for_20_s_and_no_longer_by_callers_in_a_row() {
    let log = Log::default();
    let shelf = ShelfDouble::empty(&log, Manner::Busy);
    let guard = GuardDouble::deciding(&log, |_, _| Err(quota_used_up()));
    let client = process("http://127.0.0.1:9", &shelf).guarded_by(guard);
    let started = Instant::now();
    let (first, second) = tokio::join!(read(&client), read(&client));
    assert_eq!(started.elapsed().as_secs(), 20);
    assert_eq!(
        (first.unwrap_err().failure, second.unwrap_err().failure),
        (held(), held())
    );
    assert_eq!(
        log.count(&Step::Asked(Endpoint::Token)),
        2,
        "each goes on alone in the end"
    );
    assert_eq!(log.count(&Step::GaveUp), 0);
}

#[tokio::test(start_paused = true)]
async fn a_person_who_validates_waits_for_5_s_of_somebody_elses_turn() {
    let log = Log::default();
    let shelf = ShelfDouble::empty(&log, Manner::Busy);
    let guard = GuardDouble::deciding(&log, |_, _| Err(quota_used_up()));
    let client = process("http://127.0.0.1:9", &shelf).guarded_by(guard);
    let started = Instant::now();
    let error = client.authenticate(&mut Calls::default()).await.unwrap_err();
    assert_eq!((started.elapsed().as_secs(), error.failure), (5, held()));
}

#[tokio::test]
async fn a_call_that_is_cut_short_gives_its_turn_up() {
    let log = Log::default();
    let shelf = ShelfDouble::empty(&log, Manner::Orderly);
    let asked = Arc::new(Notify::new());
    let reached = Arc::clone(&asked);
    let token = move || async move {
        reached.notify_one();
        std::future::pending::<()>().await;
    };
    let stub = Stub::start(Router::new().route("/oauth2/token", post(token))).await;
    let client = process(&stub.url, &shelf).guarded_by(GuardDouble::open(&log));
    let call = tokio::spawn(async move { read(&client).await });
    asked.notified().await;
    assert!(shelf.is_somebodys_turn());
    call.abort();
    shelf.gave_up.notified().await;
    assert!(!shelf.is_somebodys_turn());
    assert_eq!(log.heard(), []);
}
