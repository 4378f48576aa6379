//! Exam events through the HTTP door, carried to Docebo by a real server and a real worker.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use passback_e2e::{COURSE, Stand, passed, town, until, user_id};
use passback_simulator::{Enrollment, Fault, FaultKind, FaultOn, User};
use serde_json::{Value, json};

#[tokio::test]
async fn a_check_answers_with_code_explanation_and_what_to_do() {
    let stand = Stand::start(town(&["acme"], 1)).await;
    let expected = [
        ("learner0@example.org", "eligible", "eligible"),
        ("LEARNER0@Example.org", "eligible", "eligible"),
        ("nobody@example.org", "not_eligible", "user_not_found"),
        ("twin@example.org", "not_eligible", "user_ambiguous"),
        ("not.enrolled@example.org", "not_eligible", "enrollment_not_found"),
        ("completed@example.org", "not_eligible", "already_completed"),
        ("suspended@example.org", "not_eligible", "enrollment_suspended"),
        ("waiting@example.org", "not_eligible", "enrollment_waiting_list"),
    ];
    for (email, answer, code) in expected {
        let check = stand.api().check("acme-exam", email).await;
        assert_eq!(
            (check["answer"].as_str(), check["code"].as_str()),
            (Some(answer), Some(code)),
            "{check}"
        );
        assert_eq!(check["exam_id"], "acme-exam");
        assert!(!check["title"].as_str().unwrap().is_empty() && !check["explanation"].as_str().unwrap().is_empty());
        assert!(
            answer == "eligible" || !check["resolution"].as_array().unwrap().is_empty(),
            "{check}"
        );
    }
    let twin = stand.api().check("acme-exam", "nobody@example.org").await;
    assert_eq!(twin["title"], "User not found", "the words of the seed");
    stand.finish().await;
}

#[tokio::test]
async fn an_outage_is_never_reported_as_not_eligible() {
    let stand = Stand::start(town(&["acme"], 1)).await;
    let docebo = stand.docebo("acme");
    docebo.add_fault(Fault::new(FaultOn::UserSearch, FaultKind::ServerError).times(1));
    let check = stand.api().check("acme-exam", "learner0@example.org").await;
    assert_eq!(
        check["answer"], "eligible",
        "a short fault is retried within the deadline: {check}"
    );
    docebo.set_credentials_refused(true);
    for _ in 0..2 {
        let check = stand.api().check("acme-exam", "learner0@example.org").await;
        assert_eq!(
            (check["answer"].as_str(), check["code"].as_str()),
            (Some("unverified"), Some("credentials_refused"))
        );
        assert_eq!(check["title"], "Docebo authentication is not valid");
    }
    docebo.set_credentials_refused(false);
    stand.cli_ok(&["connector", "validate", "acme"]).await;
    let check = stand.api().check("acme-exam", "learner0@example.org").await;
    assert_eq!(check["answer"], "eligible", "{check}");
    docebo.add_fault(Fault::new(FaultOn::Any, FaultKind::Html));
    let check = stand.api().check("acme-exam", "learner0@example.org").await;
    assert_eq!(
        (check["answer"].as_str(), check["code"].as_str()),
        (Some("unverified"), Some("unexpected_page"))
    );
    stand.finish().await;
}

#[tokio::test]
async fn a_result_reaches_the_enrolment_with_status_score_and_date() {
    let stand = Stand::start(town(&["acme"], 2)).await;
    let id = stand.push_passed("acme", 1).await;
    let result = stand.api().until_result(&id, &["delivered"]).await;
    let enrollment = stand.docebo("acme").enrollment(COURSE, user_id(1)).unwrap();
    assert_eq!(enrollment.status, Enrollment::COMPLETED);
    assert_eq!(enrollment.score, Some(51.0));
    assert_eq!(enrollment.date_complete.as_deref(), Some("2026-11-20 09:30:11"));
    let steps: Vec<&str> = result["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| s["step"].as_str().unwrap())
        .collect();
    assert_eq!(steps, ["accepted", "delivered"]);
    let job = stand
        .api()
        .get(&format!("/v1/jobs/{}", result["job_id"].as_str().unwrap()))
        .await
        .body;
    assert_eq!(job["state"], "done");
    let calls = job["history"][0]["calls"].as_array().unwrap();
    assert!(
        calls.iter().any(|call| call["status"] == 200),
        "the attempt says what it called: {job}"
    );
    assert_eq!(stand.docebo("acme").effects().len(), 1);
    stand.finish().await;
}

#[tokio::test]
async fn the_same_result_is_accepted_once_and_other_content_is_refused() {
    let stand = Stand::start(town(&["acme"], 2)).await;
    let first = stand.api().push(&passed("acme", 1)).await;
    assert_eq!(first.status, 202);
    let again = stand.api().push(&passed("acme", 1)).await;
    assert_eq!((again.status, &again.body["job_id"]), (200, &first.body["job_id"]));
    let mut other = passed("acme", 1);
    other["score_percent"] = json!(99);
    let refused = stand.api().post("/v1/results", &other).await;
    assert_eq!(
        (refused.status, refused.body["code"].as_str()),
        (409, Some("result_id_taken"))
    );
    stand.api().until_result("acme-1", &["delivered"]).await;
    assert_eq!(stand.docebo("acme").effects().len(), 1);
    stand.finish().await;
}

#[tokio::test]
async fn a_result_that_docebo_has_already_is_not_written_again() {
    let stand = Stand::start(town(&["acme"], 2)).await;
    let mut enrollment = Enrollment::new(COURSE, user_id(1)).with_status(Enrollment::COMPLETED);
    enrollment.score = Some(51.0);
    enrollment.date_complete = Some("2026-11-20 09:30:11".to_owned());
    stand.docebo("acme").put_enrollment(enrollment);
    let id = stand.push_passed("acme", 1).await;
    stand.api().until_result(&id, &["no_op"]).await;
    assert!(stand.docebo("acme").effects().is_empty());
    stand.finish().await;
}

#[tokio::test]
async fn refused_credentials_park_results_until_they_are_put_right_and_burn_no_attempt() {
    let stand = Stand::start(town(&["acme", "borealis"], 5)).await;
    stand.docebo("borealis").set_credentials_refused(true);
    stand.push_passed("borealis", 0).await;
    let result = stand.api().until_result("borealis-0", &["parked"]).await;
    assert_eq!(result["code"], "credentials_refused");
    assert_eq!(result["title"], "Docebo authentication is not valid");
    assert_eq!(result["who_acts"], "organisation_admin");
    assert_eq!(result["attempts"], 0);
    // The others wait at the gate that the first one closed.
    let requests = stand.docebo("borealis").counts().requests;
    for number in 1..5 {
        stand.push_passed("borealis", number).await;
    }
    let id = stand.push_passed("acme", 1).await;
    stand.api().until_result(&id, &["delivered"]).await;
    assert_eq!(
        stand.docebo("borealis").counts().requests,
        requests,
        "nobody asks again"
    );
    let refused = stand.cli(&["connector", "validate", "borealis"]).await;
    assert_ne!(refused.code, 0);
    let said = format!("{}{}", refused.stdout, refused.stderr);
    assert!(said.contains("Docebo authentication is not valid"), "{said}");
    stand.docebo("borealis").set_credentials_refused(false);
    stand.cli_ok(&["connector", "validate", "borealis"]).await;
    for number in 0..5 {
        stand
            .api()
            .until_result(&format!("borealis-{number}"), &["delivered"])
            .await;
        let result = stand.api().result(&format!("borealis-{number}")).await;
        assert_eq!(result["attempts"], 1, "{result}");
    }
    stand.finish().await;
}

#[tokio::test]
async fn a_dead_letter_says_why_and_leaves_by_redrive_or_by_a_named_persons_discard() {
    let stand = Stand::start(town(&["acme"], 3)).await;
    stand
        .docebo("acme")
        .add_fault(Fault::new(FaultOn::EnrollmentWrite, FaultKind::NotUpdated));
    for number in [1, 2] {
        let id = stand.push_passed("acme", number).await;
        let dead = stand.api().until_result(&id, &["dead"]).await;
        assert_eq!(dead["code"], "rejected");
    }
    let listed = stand.cli_ok(&["dead", "list", "-o", "json"]).await.json();
    let items = listed
        .as_array()
        .or_else(|| listed["items"].as_array())
        .unwrap()
        .clone();
    assert_eq!(items.len(), 2, "{listed}");
    let job_of = |id: &str| -> String {
        items.iter().find(|item| item["result_id"] == id).unwrap()["id"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let (first, second) = (job_of("acme-1"), job_of("acme-2"));
    let shown = stand.cli_ok(&["dead", "show", &first]).await.stdout;
    assert!(
        shown.contains("rejected") && shown.contains("forklift") | shown.contains("acme-exam"),
        "{shown}"
    );
    assert_ne!(
        stand.cli(&["dead", "discard", &second, "--yes"]).await.code,
        0,
        "a discard needs a reason"
    );
    stand
        .cli_ok(&["dead", "discard", &second, "--yes", "--reason", "entered by hand"])
        .await;
    assert_eq!(stand.api().result("acme-2").await["state"], "discarded");
    stand.docebo("acme").clear_faults();
    stand
        .cli_ok(&["dead", "redrive", &first, "--yes", "--reason", "Docebo was repaired"])
        .await;
    let result = stand.api().until_result("acme-1", &["delivered"]).await;
    let steps: Vec<&str> = result["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| s["step"].as_str().unwrap())
        .collect();
    assert_eq!(steps, ["accepted", "dead", "redriven", "delivered"]);
    assert!(stand.api().list("/v1/dead-letters").await.is_empty());
    stand.finish().await;
}

#[tokio::test]
async fn a_late_fail_never_undoes_a_pass() {
    let stand = Stand::start(town(&["acme"], 2)).await;
    let id = stand.push_passed("acme", 1).await;
    stand.api().until_result(&id, &["delivered"]).await;
    let mut late = passed("acme", 1);
    late["result_id"] = json!("late-fail");
    late["outcome"] = json!("failed");
    late["score_percent"] = json!(12);
    late["completed_at"] = json!("2026-11-21T09:30:11Z");
    stand.api().push(&late).await;
    let result = stand.api().until_result("late-fail", &["superseded"]).await;
    assert_eq!(result["superseded_by"], "acme-1");
    let enrollment = stand.docebo("acme").enrollment(COURSE, user_id(1)).unwrap();
    assert_eq!(
        (enrollment.status, enrollment.score),
        (Enrollment::COMPLETED, Some(51.0))
    );
    stand.finish().await;
}

#[tokio::test]
async fn a_result_of_an_unknown_user_waits_and_is_seen_as_waiting() {
    let stand = Stand::start(town(&["acme"], 1)).await;
    let mut result = passed("acme", 1);
    result["result_id"] = json!("early");
    result["email"] = json!("newcomer@example.org");
    stand.api().push(&result).await;
    let parked = stand.api().until_result("early", &["parked"]).await;
    assert_eq!(
        (parked["code"].as_str(), parked["attempts"].as_u64()),
        (Some("user_not_found"), Some(0))
    );
    stand.docebo("acme").put_user(User {
        id: 77,
        email: "newcomer@example.org".to_owned(),
        username: "new".to_owned(),
        first_name: "New".to_owned(),
        last_name: "Comer".to_owned(),
        active: true,
    });
    let job = parked["job_id"].as_str().unwrap();
    let shown = stand.cli_ok(&["job", "show", job]).await.stdout;
    assert!(shown.contains("user_not_found"), "{shown}");
    stand.finish().await;
}

#[tokio::test]
async fn what_docebo_answers_decides_whether_a_push_is_tried_again() {
    let stand = Stand::start(town(&["acme"], 8)).await;
    let docebo = stand.docebo("acme");
    let on_write = |kind, number| {
        Fault::new(FaultOn::EnrollmentWrite, kind)
            .user(user_id(number))
            .times(1)
    };
    docebo.add_fault(on_write(FaultKind::ServerError, 1));
    docebo.add_fault(on_write(FaultKind::Throttled, 2).retry_after_seconds(1));
    docebo.add_fault(on_write(FaultKind::CutBefore, 3));
    docebo.add_fault(on_write(FaultKind::CutAfter, 4));
    docebo.add_fault(on_write(FaultKind::Unavailable, 5));
    docebo.add_fault(on_write(FaultKind::Unauthorized, 6));
    // A push that fails while the gate is closed waits there with all the others, and its attempt is not counted. So the
    // push whose attempts are counted goes before the others, and the one that closes the gate after them.
    for round in [&[1][..], &[3, 4, 5, 6], &[2]] {
        for number in round {
            stand.push_passed("acme", *number).await;
        }
        for number in round {
            let result = stand
                .api()
                .until_result(&format!("acme-{number}"), &["delivered"])
                .await;
            let enrollment = docebo.enrollment(COURSE, user_id(*number)).unwrap();
            assert_eq!(enrollment.status, Enrollment::COMPLETED, "{result}");
        }
    }
    assert_eq!(
        docebo.effects().len(),
        6,
        "a write whose answer was cut is not repeated"
    );
    let throttled = stand.api().result("acme-2").await;
    assert_eq!(
        throttled["attempts"], 1,
        "being throttled burns no attempt: {throttled}"
    );
    let retried = stand.api().result("acme-1").await;
    assert_eq!(retried["attempts"], 2, "{retried}");
    stand.finish().await;
}

#[tokio::test]
async fn a_batch_refuses_bad_lines_one_by_one_and_delivers_the_good_ones() {
    let stand = Stand::start(town(&["acme"], 200)).await;
    let mut lines = String::new();
    for number in 0..200 {
        lines.push_str(&passed("acme", number).to_string());
        lines.push('\n');
    }
    let mut bad = passed("acme", 0);
    bad["result_id"] = json!("bad");
    bad["score_percent"] = json!(101);
    lines.push_str("{not json\n");
    lines.push_str(&bad.to_string());
    let answer = stand.api().post_lines("/v1/results/batch", lines).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let verdicts: Vec<Value> = answer
        .text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(
        verdicts
            .iter()
            .filter(|verdict| verdict["status"] == "accepted")
            .count(),
        200
    );
    let refused: Vec<&Value> = verdicts
        .iter()
        .filter(|verdict| verdict["status"] == "refused")
        .collect();
    assert_eq!(refused.len(), 2);
    assert_eq!(
        (refused[0]["line"].as_u64(), refused[1]["line"].as_u64()),
        (Some(201), Some(202))
    );
    assert!(refused[1].to_string().contains("/score_percent"), "{}", refused[1]);
    assert_eq!(stand.api().get("/v1/results/bad").await.status, 404);
    until("all 200 are written", || async {
        (stand.docebo("acme").effects().len() == 200).then_some(())
    })
    .await;
    for number in 0..200 {
        stand
            .api()
            .until_result(&format!("acme-{number}"), &["delivered"])
            .await;
    }
    stand.finish().await;
}
