//! Pausing, draining and explaining as an operator does it: by the command line.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::time::Duration;

use passback_e2e::{Options, Stand, town};
use passback_queue::{Lane, Name};
use serde_json::{Value, json};

fn worker() -> Name {
    Name::new("by-hand").unwrap()
}

/// Leases one push as a worker would; says how many there were.
async fn claim(stand: &Stand) -> usize {
    let minute = Duration::from_mins(1);
    let claimed = stand.queue().claim(Lane::Push, &worker(), 1, minute).await.unwrap();
    claimed.len()
}

/// Gives it back unfinished.
async fn give_back(stand: &Stand) {
    stand.queue().unclaim(Lane::Push, &worker(), &[]).await.unwrap();
}

/// The job of a result.
async fn job_of(stand: &Stand, result: &str) -> String {
    let result = stand.api().result(result).await;
    result["job_id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_paused_connector_holds_its_jobs_and_says_so_wherever_it_is_asked() {
    let stand = Stand::without_workers(town(&["acme"], 1), Options::default()).await;
    let result = stand.push_passed("acme", 0).await;
    let job = job_of(&stand, &result).await;

    let dry = stand
        .cli_ok(&["connector", "pause", "acme", "--for", "2h", "--dry-run"])
        .await;
    assert!(dry.stderr.contains("would pause connector acme"), "{dry:?}");
    let pause = ["connector", "pause", "acme", "--reason", "audit week", "--for", "2h"];
    let unasked = stand.cli(&pause).await;
    assert_eq!(unasked.code, 4, "nobody can be asked: {unasked:?}");
    let paused = stand
        .cli_ok(&[&pause[..], &["--yes", "-o", "json"][..]].concat())
        .await
        .json();
    assert_eq!(
        (&paused["changed"], &paused["pause"]["reason"]),
        (&json!(true), &json!("audit week"))
    );
    assert_eq!(claim(&stand).await, 0);

    let listed = stand.cli_ok(&["connector", "list"]).await.stdout;
    assert!(listed.contains("paused until 20"), "{listed}");
    let shown = stand.cli_ok(&["connector", "show", "acme"]).await.stdout;
    assert!(shown.contains("by e2e: audit week"), "{shown}");
    assert!(shown.contains("about 3 calls are needed"), "{shown}");
    let explained = stand.cli_ok(&["job", "explain", &job]).await.stdout;
    assert!(
        explained.starts_with("connector acme is paused since 20"),
        "{explained}"
    );
    assert!(explained.contains("to put it right:"), "{explained}");
    let json = stand.cli_ok(&["job", "explain", &job, "-o", "json"]).await.json();
    assert_eq!(
        (&json["blocker"], &json["paused_by"], &json["code"]),
        (&json!("connector_paused"), &json!("e2e"), &json!("paused"))
    );
    let record = stand.cli_ok(&["job", "show", &job]).await.stdout;
    assert!(
        record.contains("why it does not run: connector acme is paused"),
        "{record}"
    );

    let resume = ["connector", "resume", "acme", "--reason", "done", "--yes"];
    let resumed = stand.cli_ok(&resume).await;
    assert!(resumed.stderr.contains("connector acme goes on"), "{resumed:?}");
    let again = stand.cli_ok(&resume).await;
    assert!(again.stderr.contains("was not paused"), "{again:?}");
    assert_eq!(claim(&stand).await, 1);
    let audit = stand.cli_ok(&["audit", "list", "-o", "json"]).await.json();
    let actions: Vec<&Value> = audit.as_array().unwrap().iter().map(|entry| &entry["action"]).collect();
    assert_eq!(actions[..2], ["connector.resumed", "connector.paused"]);
    stand.finish().await;
}

#[tokio::test]
async fn a_drain_waits_until_nothing_runs_or_says_what_still_does() {
    let stand = Stand::without_workers(town(&["acme"], 1), Options::default()).await;
    let result = stand.push_passed("acme", 0).await;
    let job = job_of(&stand, &result).await;
    assert_eq!(claim(&stand).await, 1);
    for (command, name) in [("connector", "acme"), ("lane", "push")] {
        let reason = ["--reason", "move", "--yes", "--wait", "1s"];
        let busy = stand.cli(&[&[command, "drain", name][..], &reason[..]].concat()).await;
        assert_eq!(busy.code, 1, "{busy:?}");
        assert!(
            busy.stderr.contains("1 job runs still after 1s") && busy.stderr.contains(&job),
            "{busy:?}"
        );
    }
    let lanes = stand.cli_ok(&["lane", "list"]).await.stdout;
    assert!(lanes.contains("draining until resumed"), "{lanes}");

    let drain = [
        "connector",
        "drain",
        "acme",
        "--reason",
        "move",
        "--yes",
        "--wait",
        "2m",
    ];
    let (drained, ()) = tokio::join!(stand.cli_ok(&drain), give_back(&stand));
    assert!(drained.stderr.contains("runs nothing any more"), "{drained:?}");
    let resume = ["--reason", "done", "--yes"];
    stand
        .cli_ok(&[&["connector", "resume", "acme"][..], &resume[..]].concat())
        .await;
    let explained = stand.cli_ok(&["job", "explain", &job]).await.stdout;
    assert!(explained.starts_with("lane push is paused"), "{explained}");
    stand
        .cli_ok(&[&["lane", "resume", "push"][..], &resume[..]].concat())
        .await;
    stand.finish().await;
}

#[tokio::test]
async fn a_pause_that_cannot_be_meant_names_what_is_wrong() {
    let stand = Stand::without_workers(town(&["acme"], 1), Options::default()).await;
    for (flags, word) in [
        (["--for", "soon"], "/for"),
        (["--for", "400d"], "/for"),
        (["--until", "2020-01-01T00:00:00Z"], "/until"),
    ] {
        let command = ["connector", "pause", "acme", "--reason", "x", "--yes"];
        let said = stand.cli(&[&command[..], &flags[..]].concat()).await;
        assert_eq!(said.code, 4, "{said:?}");
        assert!(said.stderr.contains(word), "{said:?}");
    }
    let usage = stand.cli(&["lane", "pause", "fast", "--reason", "x", "--yes"]).await;
    assert_eq!(usage.code, 2, "{usage:?}");
    assert!(usage.stderr.contains("background"), "{usage:?}");
    let gone = stand.cli(&["worker-pause", "w9", "--reason", "x", "--yes"]).await;
    assert_eq!(gone.code, 3, "{gone:?}");
    let unknown = stand.cli(&["job", "explain", "01JD0000000000000000000000"]).await;
    assert_eq!(unknown.code, 3, "{unknown:?}");
    stand.finish().await;
}

#[tokio::test]
async fn a_drained_worker_delivers_what_it_has_and_ends_by_itself() {
    let mut stand = Stand::start(town(&["acme"], 2)).await;
    let first = stand.push_passed("acme", 0).await;
    stand.api().until_result(&first, &["delivered"]).await;
    let workers = stand.cli_ok(&["worker-list", "-o", "json"]).await.json();
    let id = workers[0]["id"].as_str().unwrap().to_owned();
    stand
        .cli_ok(&["worker-drain", &id, "--reason", "new version", "--yes"])
        .await;
    assert_eq!(stand.workers[0].ended().await, Some(0));
    let second = stand.push_passed("acme", 1).await;
    let job = job_of(&stand, &second).await;
    let explained = stand.cli_ok(&["job", "explain", &job]).await.stdout;
    assert!(
        explained.starts_with("no live worker serves the lane push"),
        "{explained}"
    );
    stand.add_worker();
    stand.api().until_result(&second, &["delivered"]).await;
    stand.finish().await;
}
