//! The two commands of a first visit: `demo` plays a day, `dev` is a passback to work against.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use passback_e2e::{Api, Process, run_cli};
use serde_json::json;
use tempfile::TempDir;

#[tokio::test]
async fn the_demo_day_ends_as_its_script_expects() {
    let folder = TempDir::new().unwrap();
    let said = run_cli(&["demo", "--once"], &[], folder.path(), "").await;
    assert_eq!(said.code, 0, "{}\n{}", said.stdout, said.stderr);
    for word in [
        "delivered",
        "superseded",
        "user_ambiguous",
        "credentials_refused",
        "already_completed",
    ] {
        let shown = format!("{}{}", said.stdout, said.stderr);
        assert!(shown.contains(word), "{word} is missing in {shown}");
    }
}

#[tokio::test]
async fn dev_needs_nothing_keeps_its_data_and_leaves_no_server_behind() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    let flags = [
        "dev",
        "--listen",
        "127.0.0.1:0",
        "--admin-token",
        "secret-admin",
        "--data-dir",
    ];
    let arguments: Vec<&str> = flags.into_iter().chain([data.to_str().unwrap()]).collect();
    let mut dev = Process::start(&arguments, &[]);
    let api = Api::new(&url_in(&dev.says("http://127.0.0.1").await), "secret-admin");
    let check = api.check("forklift-01", "r.moreau@example.org").await;
    assert_eq!(check["answer"], "eligible", "{check}");
    api.push(&json!({
        "result_id": "r-1", "exam_id": "forklift-01", "email": "r.moreau@example.org",
        "outcome": "passed", "score_percent": 87, "completed_at": "2026-11-20T09:30:11Z",
    }))
    .await;
    api.until_result("r-1", &["delivered"]).await;
    let children = children_of(dev.pid());
    assert!(!children.is_empty(), "redis-server is a child");
    assert_eq!(dev.stop().await, Some(0), "{:#?}", dev.said());
    for child in children {
        assert!(
            !std::path::Path::new(&format!("/proc/{child}/stat")).exists(),
            "process {child} was left behind"
        );
    }
    let mut again = Process::start(&arguments, &[]);
    let api = Api::new(&url_in(&again.says("http://127.0.0.1").await), "secret-admin");
    // The data were kept.
    api.until_result("r-1", &["delivered"]).await;
    assert_eq!(again.stop().await, Some(0));
}

fn url_in(line: &str) -> String {
    let start = line.find("http://127.0.0.1").unwrap();
    line[start..].split_whitespace().next().unwrap().to_owned()
}

fn children_of(pid: u32) -> Vec<u32> {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    let lists = tasks.map(|task| std::fs::read_to_string(task.unwrap().path().join("children")).unwrap_or_default());
    lists
        .flat_map(|list| {
            list.split_whitespace()
                .map(|id| id.parse().unwrap())
                .collect::<Vec<_>>()
        })
        .collect()
}
