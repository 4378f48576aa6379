//! The compose file for real: up, 200 results, three workers, one killed, all delivered.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::{path::PathBuf, process::Command};

use passback_e2e::{Api, COURSE, passed, town, until, user_id};
use serde_json::Value;

/// A compose project of this test's own; taken down with its volumes when dropped.
struct Compose {
    project: String,
    world: tempfile::TempDir,
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .unwrap()
}

impl Compose {
    fn command(&self, arguments: &[&str]) -> Command {
        let standalone = Command::new("docker-compose")
            .arg("version")
            .output()
            .is_ok_and(|out| out.status.success());
        let mut command = Command::new(if standalone { "docker-compose" } else { "docker" });
        if !standalone {
            command.arg("compose");
        }
        command
            .args([
                "-p",
                &self.project,
                "-f",
                "docker-compose.yml",
                "-f",
                "deploy/compose.test.yml",
            ])
            .args(["--profile", "demo", "--profile", "cli"])
            .args(arguments)
            .current_dir(root())
            .env("PASSBACK_PORT", "0")
            .env("PASSBACK_SIMULATOR_PORT", "0")
            .env("PASSBACK_WORLD", self.world.path().join("world.toml"));
        command
    }

    fn run(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().unwrap();
        assert!(
            output.status.success(),
            "compose {arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    }

    fn address(&self, service: &str, port: &str) -> String {
        self.run(&["port", service, port])
            .trim()
            .replace("0.0.0.0", "127.0.0.1")
    }
}

impl Drop for Compose {
    fn drop(&mut self) {
        let _ = self.command(&["down", "-v", "--remove-orphans", "-t", "1"]).output();
    }
}

fn write_world(folder: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt;
    let mut world = town(&["acme"], 200);
    world.tenants[0].listen = "0.0.0.0:9100".parse().unwrap();
    let file = folder.join("world.toml");
    std::fs::write(&file, toml::to_string(&world).unwrap()).unwrap();
    // The container reads it as a user of its own.
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o755)).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
}

#[tokio::test]
async fn two_hundred_results_are_delivered_by_three_workers_of_which_one_is_killed() {
    let compose = Compose {
        project: format!("passback-test-{}", std::process::id()),
        world: tempfile::TempDir::new().unwrap(),
    };
    write_world(compose.world.path());
    compose.run(&[
        "up",
        "-d",
        "--no-build",
        "--scale",
        "worker=3",
        "redis",
        "api",
        "worker",
        "simulator",
    ]);
    let token = std::fs::read_to_string(root().join("deploy/dev/admin.token")).unwrap();
    let api = Api::new(&format!("http://{}", compose.address("api", "8080")), token.trim());
    until("the API is ready", || async {
        let answer = api.try_get("/readyz").await?;
        (answer.status == 200).then_some(())
    })
    .await;
    compose.run(&["run", "--rm", "cli", "apply", "-f", "/demo/connectors.toml", "--yes"]);
    let exam = api.get("/v1/exams").await.body["items"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let lines: Vec<String> = (0..200)
        .map(|number| {
            let mut result = passed("acme", number);
            result["exam_id"] = exam.clone().into();
            result.to_string()
        })
        .collect();
    let answer = api.post_lines("/v1/results/batch", lines.join("\n")).await;
    let accepted = answer.text.lines().filter(|line| line.contains("\"accepted\"")).count();
    assert_eq!(accepted, 200, "{}", answer.text);
    api.until_result("acme-0", &["delivered"]).await;
    let workers = compose.run(&["ps", "-q", "worker"]);
    let victim = workers.lines().next().unwrap();
    assert!(
        Command::new("docker")
            .args(["kill", victim])
            .output()
            .unwrap()
            .status
            .success()
    );
    for number in 0..200 {
        api.until_result(&format!("acme-{number}"), &["delivered"]).await;
    }
    let docebo = format!("http://{}", compose.address("simulator", "9100"));
    let control = Api::new(&docebo, "");
    let effects: Vec<Value> = serde_json::from_value(control.get("/__simulator/effects").await.body).unwrap();
    assert_eq!(effects.len(), 200, "each result was written once");
    let last = control
        .get(&format!("/__simulator/enrollments/{COURSE}/{}", user_id(199)))
        .await;
    assert_eq!(last.body["status"], 2);
}
