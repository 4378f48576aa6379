//! Results that are right, through the real binaries: corrections by hand, decisions, the feed, the ledger's answers, keys.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;

use passback_e2e::{COURSE, Options, Stand, passed, town, until, user_id};
use passback_simulator::{Enrollment, Fault, FaultKind, FaultOn};
use serde_json::Value;

/// What somebody entered in Docebo by hand.
fn by_hand(number: u64, score: f64) -> Enrollment {
    Enrollment {
        status: Enrollment::COMPLETED,
        score: Some(score),
        ..Enrollment::new(COURSE, user_id(number))
    }
}

#[tokio::test]
async fn a_correction_made_by_hand_is_overwritten_only_by_a_person_s_decision() {
    let mut stand = Stand::without_workers(town(&["acme"], 2), Options::default()).await;
    for number in 0..2 {
        stand.docebo("acme").put_enrollment(by_hand(number, 99.0));
        stand.push_passed("acme", number).await;
    }
    stand.add_worker();
    for number in 0..2 {
        let parked = stand.api().until_result(&format!("acme-{number}"), &["parked"]).await;
        assert_eq!(
            (parked["code"].as_str(), parked["attempts"].as_u64()),
            (Some("manual_override"), Some(0))
        );
    }
    assert!(stand.docebo("acme").effects().is_empty());
    let shown = stand.cli_ok(&["result", "show", "acme-1"]).await.stdout;
    for value in ["51", "99", "manual_override"] {
        assert!(shown.contains(value), "{value} in {shown}");
    }
    let without = stand.cli(&["result", "decide", "acme-1", "write-ours", "--yes"]).await;
    assert_ne!(without.code, 0, "a decision needs a reason: {without:?}");
    let decide = async |number: &str, verdict: &str| {
        let reason = "the trainer's entry was a slip";
        stand
            .cli_ok(&["result", "decide", number, verdict, "--yes", "--reason", reason])
            .await
    };
    decide("acme-1", "write-ours").await;
    stand.api().until_result("acme-1", &["delivered"]).await;
    decide("acme-0", "keep-theirs").await;
    let kept = stand.api().result("acme-0").await;
    assert_eq!(
        (kept["state"].as_str(), kept["code"].as_str()),
        (Some("discarded"), Some("kept_theirs"))
    );
    let effects = stand.docebo("acme").effects();
    assert_eq!(effects.len(), 1, "{effects:?}");
    assert_eq!((effects[0].user_id, effects[0].after.score), (user_id(1), Some(51.0)));
    let audit = stand.cli_ok(&["audit", "list"]).await.stdout;
    assert!(
        audit.contains("result.write_ours") && audit.contains("result.keep_theirs"),
        "{audit}"
    );
    let again = stand
        .cli(&["result", "decide", "acme-0", "keep-theirs", "--yes", "--reason", "x"])
        .await;
    assert_ne!(again.code, 0, "there is nothing to decide any more: {again:?}");
    stand.finish().await;
}

#[tokio::test]
async fn the_feed_tells_every_end_also_to_a_reader_that_comes_back_after_a_restart() {
    let mut stand = Stand::without_workers(town(&["acme"], 6), Options::default()).await;
    stand
        .docebo("acme")
        .add_fault(Fault::new(FaultOn::EnrollmentWrite, FaultKind::NotUpdated).user(user_id(5)));
    stand.add_worker();
    let mut told = BTreeSet::new();
    let mut cursor = String::new();
    let mut read = async |stand: &Stand, wanted: usize| {
        let mut seen = 0;
        while seen < wanted {
            let after = if cursor.is_empty() {
                String::new()
            } else {
                format!("&after={cursor}")
            };
            let page = stand.api().get(&format!("/v1/events?limit=2&wait=30s{after}")).await;
            assert_eq!(page.status, 200, "{page:?}");
            for event in page.body["events"].as_array().unwrap() {
                let id = event["result_id"].as_str().or(event["id"].as_str()).unwrap().to_owned();
                told.insert((id, event["state"].as_str().unwrap_or("final").to_owned()));
                seen += 1;
            }
            page.body["next_cursor"]
                .as_str()
                .unwrap_or(&cursor.clone())
                .clone_into(&mut cursor);
        }
    };
    for number in 0..3 {
        stand.push_passed("acme", number).await;
    }
    read(&stand, 3).await;
    stand.restart_server().await;
    for number in 3..6 {
        stand.push_passed("acme", number).await;
    }
    stand.api().check("acme-exam", "learner0@example.org").await;
    read(&stand, 4).await;
    for number in 0..5 {
        assert!(
            told.contains(&(format!("acme-{number}"), "delivered".to_owned())),
            "{told:?}"
        );
    }
    assert!(told.contains(&("acme-5".to_owned(), "dead".to_owned())), "{told:?}");
    assert_eq!(told.len(), 7, "and the check: {told:?}");
    stand.finish().await;
}

#[tokio::test]
async fn reconcile_says_of_each_result_where_it_is() {
    let mut stand = Stand::without_workers(town(&["acme"], 3), Options::default()).await;
    stand
        .docebo("acme")
        .add_fault(Fault::new(FaultOn::EnrollmentWrite, FaultKind::NotUpdated).user(user_id(1)));
    for number in 0..2 {
        stand.push_passed("acme", number).await;
    }
    let mut nobody = passed("acme", 9);
    nobody["email"] = "nobody@example.org".into();
    stand.api().push(&nobody).await;
    stand.add_worker();
    stand.api().until_result("acme-0", &["delivered"]).await;
    stand.api().until_result("acme-1", &["dead"]).await;
    stand.api().until_result("acme-9", &["parked"]).await;
    std::fs::write(stand.folder().join("ids.txt"), "acme-0\nacme-1\nacme-9\nr-lost\n").unwrap();
    let said = stand.cli(&["reconcile", "-f", "ids.txt", "-o", "ndjson"]).await;
    assert_eq!(said.code, 1, "something is missing: {said:?}");
    let lines: Vec<Value> = said
        .stdout
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    let status = |id: &str| {
        let line = lines.iter().find(|line| line["result_id"] == id);
        line.map(|line| line["status"].as_str().unwrap_or_default().to_owned())
    };
    let expected = [
        ("acme-0", "delivered"),
        ("acme-1", "dead"),
        ("acme-9", "pending"),
        ("r-lost", "missing"),
    ];
    for (id, wanted) in expected {
        assert_eq!(status(id).as_deref(), Some(wanted), "{said:?}");
    }
    stand.finish().await;
}

#[tokio::test]
async fn a_new_key_seals_what_waits_and_the_old_one_may_go() {
    let mut stand = Stand::without_workers(town(&["acme"], 2), Options::default()).await;
    for number in 0..2 {
        stand.push_passed("acme", number).await;
    }
    let key_file = stand.folder().join("master.key");
    let (old, index) = (
        std::fs::read_to_string(&key_file).unwrap(),
        "0123456789abcdef".repeat(4),
    );
    let new = format!("k2:{}\n", "fedcba9876543210".repeat(4));
    std::fs::write(&key_file, format!("{new}{old}")).unwrap();
    stand.restart_server().await;
    let usage = stand.cli_ok(&["secrets", "list"]).await.stdout;
    assert!(usage.contains("k1") && usage.contains("k2"), "{usage}");
    let reason = "yearly rotation";
    stand.cli_ok(&["secrets", "rotate", "--yes", "--reason", reason]).await;
    stand.cli_ok(&["secrets", "rotate", "--yes", "--reason", reason]).await;
    std::fs::write(&key_file, format!("{new}index:{index}\n")).unwrap();
    stand.restart_server().await;
    stand.add_worker();
    for number in 0..2 {
        stand
            .api()
            .until_result(&format!("acme-{number}"), &["delivered"])
            .await;
    }
    stand.finish().await;
}

#[tokio::test]
async fn a_person_who_is_erased_is_gone_and_their_results_say_so() {
    let stand = Stand::without_workers(town(&["acme"], 2), Options::default()).await;
    for number in 0..2 {
        stand.push_passed("acme", number).await;
    }
    let email = "Learner1@Example.org ";
    let dry = stand
        .cli_ok(&["erase", "--email", email, "--dry-run", "--reason", "asked for"])
        .await;
    assert_eq!(stand.api().result("acme-1").await["state"], "accepted", "{dry:?}");
    stand
        .cli_ok(&["erase", "--email", email, "--yes", "--reason", "asked for"])
        .await;
    let erased = until("it is erased", || async {
        let result = stand.api().result("acme-1").await;
        (result["state"] == "discarded").then_some(result)
    })
    .await;
    assert_eq!(erased["code"], "erased", "{erased}");
    assert_eq!(stand.api().result("acme-0").await["state"], "accepted");
    let audit = stand.cli_ok(&["audit", "list"]).await.stdout;
    assert!(
        audit.contains("erase") && !audit.to_lowercase().contains("learner1"),
        "{audit}"
    );
    stand.finish().await;
}
