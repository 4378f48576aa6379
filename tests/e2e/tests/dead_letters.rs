//! Dead letters put right as an operator does it: by the command line.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::time::Duration;

use passback_e2e::{Options, Stand, town};
use passback_queue::{Lane, Name, Settlement, State, Transition};
use serde_json::{Value, json};

/// Plays a worker to which every push is refused for good.
async fn bury_all(stand: &Stand) {
    let (queue, worker) = (stand.queue(), Name::new("by-hand").unwrap());
    loop {
        let claimed = queue
            .claim(Lane::Push, &worker, 50, Duration::from_mins(1))
            .await
            .unwrap();
        if claimed.is_empty() {
            return;
        }
        let burials: Vec<Settlement> = claimed
            .iter()
            .map(|job| Settlement {
                token: job.token,
                transition: Transition::Bury,
                code: Some(Name::new("rejected").unwrap()),
                attempt: None,
                answer: None,
                ledger_state: None,
                docebo_answered: true,
                header: None,
            })
            .collect();
        queue.settle(&worker, &burials).await.unwrap();
    }
}

#[tokio::test]
async fn dead_letters_are_grouped_exported_planned_and_redriven_to_their_end() {
    let mut stand = Stand::without_workers(town(&["acme"], 6), Options::default()).await;
    for number in 0..6 {
        stand.push_passed("acme", number).await;
    }
    bury_all(&stand).await;

    let groups = stand.cli_ok(&["dead", "groups"]).await.stdout;
    assert!(groups.contains("rejected") && groups.contains("acme"), "{groups}");
    let exported = stand.cli_ok(&["dead", "export", "--code", "rejected"]).await;
    let lines: Vec<Value> = exported
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 6, "{exported:?}");
    assert!(exported.stderr.contains("6 dead letter(s)"), "{exported:?}");

    let unsaid = stand.cli(&["dead", "plan"]).await;
    assert_eq!(unsaid.code, 2, "{unsaid:?}");
    let planned = stand
        .cli_ok(&["dead", "plan", "--connector", "acme", "-o", "json"])
        .await;
    let plan = planned.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(planned.json()["count"], 6);
    assert!(
        planned.stderr.contains(&format!("redrive --plan {plan}")),
        "{planned:?}"
    );
    let living = stand.queue().counts().await.unwrap().living;
    assert_eq!(living[&State::Dead], 6, "nothing is changed yet");

    let redrive = ["dead", "redrive", "--plan", &plan, "--reason", "repaired"];
    let dry = stand.cli_ok(&[&redrive[..], &["--dry-run"]].concat()).await;
    assert!(dry.stderr.contains("would redrive 6"), "{dry:?}");
    let started = stand
        .cli_ok(&[&redrive[..], &["--yes", "--per-second", "1", "--no-wait", "-o", "json"]].concat())
        .await;
    assert_eq!(started.json()["state"], "running");
    assert!(started.stderr.contains("dead stop"), "{started:?}");
    let stopped = stand
        .cli_ok(&["dead", "stop", &plan, "--reason", "let us see", "-o", "json"])
        .await
        .json();
    assert_eq!(stopped["state"], "stopped");
    let watched = stand.cli(&["dead", "watch", &plan]).await;
    assert_eq!(watched.code, 1, "{watched:?}");
    assert!(watched.stderr.contains("stopped by e2e: let us see"), "{watched:?}");

    let ended = stand
        .cli_ok(&[&redrive[..], &["--yes", "--per-second", "100", "-o", "json"]].concat())
        .await
        .json();
    assert_eq!((&ended["state"], &ended["done"]), (&json!("finished"), &json!(6)));
    let listed = stand.cli_ok(&["dead", "plans"]).await.stdout;
    assert!(listed.contains(&plan) && listed.contains("finished"), "{listed}");
    stand.add_worker();
    for number in 0..6 {
        let id = format!("acme-{number}");
        stand
            .api()
            .until_result(&id, &["delivered", "confirmed", "verified"])
            .await;
    }
    stand.finish().await;
}
