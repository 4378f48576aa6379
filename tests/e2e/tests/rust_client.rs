//! The documented example of the Rust crate, run as an exam engine would run it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::process::Command;

use passback_e2e::{COURSE, Stand, town, user_id};

#[tokio::test]
async fn the_documented_rust_example_checks_pushes_and_follows_a_result() {
    let stand = Stand::start(town(&["acme"], 1)).await;
    let own = std::env::current_exe().unwrap();
    let example = own
        .parent()
        .and_then(|deps| deps.parent())
        .unwrap()
        .join("examples/exam_engine");
    assert!(
        example.exists(),
        "{} is missing: run `cargo build --workspace --all-targets` first",
        example.display()
    );
    let mut command = Command::new(example);
    command
        .args(["acme-exam", "learner0@example.org", "r-example"])
        .env("PASSBACK_REDIS_URL", stand.redis.url())
        .env("PASSBACK_MASTER_KEY_FILE", stand.folder().join("master.key"));
    let output = tokio::task::spawn_blocking(move || command.output().unwrap())
        .await
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(
        output.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(
        said.contains("check: eligible") && said.contains("result: delivered"),
        "{said}"
    );
    assert_eq!(
        stand.docebo("acme").enrollment(COURSE, user_id(0)).unwrap().score,
        Some(87.0)
    );
    assert_eq!(stand.api().result("r-example").await["state"], "delivered");
    stand.finish().await;
}
