//! What is wrong around passback is said in one clear sentence, with a non-zero exit and no panic.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::net::TcpListener;

use passback_e2e::{Options, Said, Stand, run_cli, town};
use passback_harness::TestRedis;
use tempfile::TempDir;

/// Exit code, one sentence, no panic.
fn assert_clear(said: &Said, words: &str) {
    assert!(said.code > 0, "{said:?}");
    assert!(said.stderr.contains("error: "), "{said:?}");
    assert!(
        said.stderr.to_lowercase().contains(words),
        "{words:?} is missing in {said:?}"
    );
    assert!(
        !said.stderr.contains("panicked") && !said.stderr.contains("stack backtrace"),
        "{said:?}"
    );
    assert!(said.stderr.lines().count() <= 6, "it is short: {said:?}");
}

async fn passback(arguments: &[&str], environment: &[(&str, &str)], folder: &TempDir) -> Said {
    run_cli(arguments, environment, folder.path(), "").await
}

fn key_file(folder: &TempDir) -> String {
    let file = folder.path().join("master.key");
    std::fs::write(&file, format!("k1:{}\n", "ab".repeat(32))).unwrap();
    file.to_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_redis_that_cannot_be_reached_is_named_without_its_password() {
    let folder = TempDir::new().unwrap();
    let key = key_file(&folder);
    let environment = [
        ("PASSBACK_REDIS__URL", "redis://:geheim@127.0.0.1:1/"),
        ("PASSBACK_SECRETS__MASTER_KEY_FILE", key.as_str()),
    ];
    for command in ["serve", "worker"] {
        let said = passback(&[command], &environment, &folder).await;
        assert_clear(&said, "redis");
        assert!(!format!("{said:?}").contains("geheim"), "{said:?}");
    }
}

#[tokio::test]
async fn a_redis_that_may_lose_jobs_is_refused_unless_told_otherwise() {
    let redis = TestRedis::start().await;
    redis.cli(&["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"]).await;
    let folder = TempDir::new().unwrap();
    let (key, url) = (key_file(&folder), redis.url());
    let environment = [
        ("PASSBACK_REDIS__URL", url.as_str()),
        ("PASSBACK_SECRETS__MASTER_KEY_FILE", key.as_str()),
    ];
    for command in ["serve", "worker"] {
        assert_clear(&passback(&[command], &environment, &folder).await, "noeviction");
    }
}

#[tokio::test]
async fn a_port_in_use_is_named() {
    let redis = TestRedis::start().await;
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let folder = TempDir::new().unwrap();
    let (key, url) = (key_file(&folder), redis.url());
    let environment = [
        ("PASSBACK_REDIS__URL", url.as_str()),
        ("PASSBACK_SECRETS__MASTER_KEY_FILE", key.as_str()),
    ];
    let said = passback(&["serve", "--listen", &address], &environment, &folder).await;
    assert_clear(&said, &address);
}

#[tokio::test]
async fn a_missing_redis_server_comes_with_how_to_install_it() {
    let folder = TempDir::new().unwrap();
    for command in [&["dev", "--listen", "127.0.0.1:0"][..], &["demo", "--once"][..]] {
        let said = passback(command, &[("PATH", "/nonexistent")], &folder).await;
        assert_clear(&said, "redis-server");
        assert!(said.stderr.contains("install"), "{said:?}");
    }
}

#[tokio::test]
async fn files_that_cannot_be_read_are_named() {
    let folder = TempDir::new().unwrap();
    let gone = "/nonexistent/file.toml";
    for command in [
        &["serve", "--config", gone][..],
        &["apply", "-f", gone, "--yes"][..],
        &["push", "-f", gone][..],
        &["simulator", "--world", gone][..],
    ] {
        assert_clear(&passback(command, &[("PASSBACK_API_TOKEN", "x")], &folder).await, gone);
    }
}

#[tokio::test]
async fn a_wrong_configuration_names_the_key_and_the_nearest_right_one() {
    let folder = TempDir::new().unwrap();
    std::fs::write(
        folder.path().join("passback.toml"),
        "[redis]\nurll = \"redis://127.0.0.1:1\"\n",
    )
    .unwrap();
    let said = passback(&["config", "check"], &[], &folder).await;
    assert_clear(&said, "urll");
    assert!(said.stderr.contains("redis.url"), "{said:?}");
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_named() {
    let folder = TempDir::new().unwrap();
    let environment = [("PASSBACK_API_URL", "http://127.0.0.1:1"), ("PASSBACK_API_TOKEN", "x")];
    let said = passback(&["job", "list"], &environment, &folder).await;
    assert_clear(&said, "http://127.0.0.1:1");
}

#[tokio::test]
async fn bad_results_in_a_file_are_refused_line_by_line() {
    let stand = Stand::without_workers(town(&["acme"], 1), Options::default()).await;
    let good = passback_e2e::passed("acme", 0).to_string();
    let bad = good.replace("acme-exam", "no-such-exam").replace("acme-0", "acme-x");
    let said = stand
        .cli_with(&["push", "-f", "-"], &format!("{good}\nnot json\n{bad}\n"))
        .await;
    assert_eq!(said.code, 4, "{said:?}");
    assert!(
        said.stderr.contains("line 2") && said.stderr.contains("line 3"),
        "{said:?}"
    );
    assert!(said.stderr.contains("no-such-exam"), "{said:?}");
    let counts = stand.queue().counts().await.unwrap();
    assert_eq!(
        counts.living[&passback_queue::State::Ready],
        1,
        "only the good one is stored"
    );
    stand.finish().await;
}
