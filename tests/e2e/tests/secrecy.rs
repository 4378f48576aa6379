//! A day with everything that can go wrong leaves no person and no secret behind, wherever one looks.

use passback_e2e::secrecy::{check, everything_in_redis};
use passback_e2e::{COURSE, Options, Stand, town, user_id};
use passback_simulator::{Enrollment, Fault, FaultKind, FaultOn};
use serde_json::json;

#[tokio::test]
async fn nothing_that_a_full_run_writes_tells_a_person_or_a_secret() {
    let mut stand = Stand::without_workers(town(&["acme"], 6), Options::default()).await;
    let docebo = stand.docebo("acme");
    // One is refused, one's page is HTML, one was corrected by hand, one is nobody.
    docebo.add_fault(Fault::new(FaultOn::EnrollmentWrite, FaultKind::NotUpdated).user(user_id(1)));
    docebo.add_fault(Fault::new(FaultOn::EnrollmentRead, FaultKind::OtherShape).user(user_id(2)));
    docebo.put_enrollment(Enrollment {
        status: Enrollment::COMPLETED,
        score: Some(99.0),
        ..Enrollment::new(COURSE, user_id(3))
    });
    for number in 0..4 {
        stand.push_passed("acme", number).await;
    }
    let mut nobody = passback_e2e::passed("acme", 77);
    nobody["email"] = "nobody.anywhere@example.org".into();
    stand.api().push(&nobody).await;
    stand.add_worker();
    stand.api().until_result("acme-0", &["delivered"]).await;
    let refused = stand.api().until_result("acme-1", &["dead"]).await;
    stand.api().until_result("acme-2", &["retrying"]).await;
    let corrected = stand.api().until_result("acme-3", &["parked"]).await;
    assert_eq!(corrected["code"], "manual_override", "{corrected}");
    assert_eq!(corrected["case"]["theirs"]["score"], 99.0, "{corrected}");
    stand.api().until_result("acme-77", &["parked"]).await;
    stand.api().check("acme-exam", "learner5@example.org").await;
    let invalid =
        json!({"result_id": "r-1", "exam_id": "acme-exam", "email": "no address but learner@example.org, twice"});
    let answer = stand.api().post("/v1/results", &invalid).await;
    assert_eq!(answer.status, 422, "{answer:?}");
    check("a refusal", answer.text.as_bytes());

    let job = refused["job_id"].as_str().unwrap();
    let why = "asked for by learner1@example.org";
    let commands: [&[&str]; 12] = [
        &["job", "list", "-o", "json"],
        &["job", "show", job],
        &["job", "explain", job],
        &["dead", "list"],
        &["dead", "show", job, "-o", "json"],
        &["result", "show", "acme-3"],
        &["connector", "show", "acme", "-o", "json"],
        &["exam", "show", "acme-exam"],
        &["dead", "discard", job, "--yes", "--reason", why],
        &["result", "decide", "acme-3", "keep-theirs", "--yes", "--reason", why],
        &["worker-list"],
        &["audit", "list", "-o", "json"],
    ];
    for command in commands {
        let said = stand.cli_ok(command).await;
        check(&format!("{command:?}"), said.stdout.as_bytes());
        check(&format!("{command:?}"), said.stderr.as_bytes());
    }
    let redis = everything_in_redis(&stand.redis.url()).await;
    assert!(
        redis.len() > 10,
        "there was something to look through: {:?}",
        redis.keys()
    );
    stand.finish().await;
}
