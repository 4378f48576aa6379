//! The documented clients, run as an exam engine's team would run them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::{
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use passback_e2e::{COURSE, Stand, town, until, user_id};
use serde_json::Value;

const COMPLETED_AT: &str = "2026-11-20T09:30:11Z";

/// One of the programs in `docs/examples`.
fn documented(name: &str) -> Command {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/examples");
    let program = folder.join(name).canonicalize().unwrap();
    match program.extension().and_then(|extension| extension.to_str()) {
        Some("py") => {
            let mut command = Command::new("python3");
            command.arg(program);
            command
        }
        _ => Command::new(program),
    }
}

/// The compiled example of the Rust client.
fn rust_client() -> Command {
    let own = std::env::current_exe().unwrap();
    let target: PathBuf = own.parent().and_then(Path::parent).unwrap().to_owned();
    let example = target.join("examples/http_client");
    let hint = "run `cargo build --workspace --all-targets` first";
    assert!(example.exists(), "{} is missing: {hint}", example.display());
    Command::new(example)
}

fn against(mut command: Command, stand: &Stand) -> Command {
    command
        .env("PASSBACK_URL", stand.api().url())
        .env("PASSBACK_TOKEN", stand.api().token());
    command
}

async fn run(mut command: Command) -> Output {
    tokio::task::spawn_blocking(move || command.output().unwrap())
        .await
        .unwrap()
}

/// A check and a push of somebody who may sit the exam, and of somebody who may not.
async fn checks_and_pushes(client: impl Fn() -> Command) {
    let stand = Stand::start(town(&["acme"], 2)).await;
    let mut command = against(client(), &stand);
    command.args(["acme-exam", "learner0@example.org", "r-1", "87", COMPLETED_AT]);
    let output = run(command).await;
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(output.status.success(), "{said}");
    assert!(said.contains("eligible") && said.contains("r-1"), "{said}");
    stand.api().until_result("r-1", &["delivered"]).await;
    let enrollment = stand.docebo("acme").enrollment(COURSE, user_id(0)).unwrap();
    assert_eq!(enrollment.score, Some(87.0));
    let mut command = against(client(), &stand);
    command.args(["acme-exam", "nobody@example.org", "r-2", "87", COMPLETED_AT]);
    let refused = run(command).await;
    assert!(
        !refused.status.success(),
        "a candidate that is not eligible is no success"
    );
    assert_eq!(
        stand.api().get("/v1/results/r-2").await.status,
        404,
        "nothing is handed in"
    );
    stand.finish().await;
}

#[tokio::test]
async fn the_documented_curl_client_checks_and_pushes() {
    checks_and_pushes(|| documented("check_and_push.sh")).await;
}

#[tokio::test]
async fn the_documented_python_client_checks_and_pushes() {
    checks_and_pushes(|| documented("check_and_push.py")).await;
}

#[tokio::test]
async fn the_documented_rust_client_checks_and_pushes() {
    checks_and_pushes(rust_client).await;
}

/// Events that a reader has printed, one a line.
fn events_in(file: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    text.lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect()
}

#[tokio::test]
async fn the_documented_reader_of_the_feed_misses_nothing_when_it_or_the_server_is_restarted() {
    let mut stand = Stand::start(town(&["acme"], 3)).await;
    let (cursor, seen) = (stand.folder().join("cursor"), stand.folder().join("seen"));
    let reader = |stand: &Stand| {
        let mut command = against(documented("follow_feed.py"), stand);
        let out = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(&seen)
            .unwrap();
        command.arg(&cursor).stdout(Stdio::from(out)).spawn().unwrap()
    };
    let delivered = |number: usize| {
        let id = format!("acme-{number}");
        let seen = seen.clone();
        async move {
            until(&format!("{id} is read"), || async {
                let events = events_in(&seen);
                let told = |event: &&Value| event["result_id"] == id.as_str() && event["state"] == "delivered";
                events.iter().find(told).map(|_| ())
            })
            .await;
        }
    };
    let mut first = reader(&stand);
    stand.push_passed("acme", 0).await;
    delivered(0).await;
    // The server goes and comes back: the reader reconnects by itself.
    stand.restart_server().await;
    stand.push_passed("acme", 1).await;
    delivered(1).await;
    // The reader is killed; what happens meanwhile is told to the next one.
    first.kill().unwrap();
    first.wait().unwrap();
    stand.push_passed("acme", 2).await;
    stand.api().until_result("acme-2", &["delivered"]).await;
    let mut second = reader(&stand);
    delivered(2).await;
    second.kill().unwrap();
    second.wait().unwrap();
    stand.finish().await;
}
