//! The command line as a person uses it: arguments in, exit code and text out.

use std::{ffi::OsStr, process::Stdio};

use tokio::{io::AsyncWriteExt, process::Command};

use crate::{process::binary, stand::Stand};

/// What a command answered.
#[derive(Debug)]
pub struct Said {
    /// The exit code.
    pub code: i32,
    /// Data.
    pub stdout: String,
    /// The rest.
    pub stderr: String,
}

impl Said {
    /// The data as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// Runs the binary with an environment, in a folder, with something on standard input.
pub async fn run_cli(
    arguments: &[impl AsRef<OsStr>],
    environment: &[(&str, &str)],
    folder: &std::path::Path,
    input: &str,
) -> Said {
    let mut command = Command::new(binary());
    command.args(arguments).current_dir(folder);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("PASSBACK_")) {
        command.env_remove(name);
    }
    let mut child = command.envs(environment.iter().copied()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    // A command that refuses its arguments does not read on.
    let feed = tokio::spawn(async move { stdin.write_all(input.as_bytes()).await.ok() });
    let output = tokio::time::timeout(std::time::Duration::from_mins(3), child.wait_with_output());
    let output = output.await.expect("a command ends within three minutes").unwrap();
    feed.abort();
    Said {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

impl Stand {
    /// Runs a command against this stand's server.
    pub async fn cli(&self, arguments: &[&str]) -> Said {
        self.cli_with(arguments, "").await
    }

    /// Runs a command against this stand's server, with something on standard input.
    pub async fn cli_with(&self, arguments: &[&str], input: &str) -> Said {
        let environment = [
            ("PASSBACK_API_URL", self.api().url()),
            ("PASSBACK_API_TOKEN", crate::stand::TOKEN),
        ];
        run_cli(arguments, &environment, self.folder(), input).await
    }

    /// Runs a command that must succeed.
    pub async fn cli_ok(&self, arguments: &[&str]) -> Said {
        let said = self.cli(arguments).await;
        assert_eq!(said.code, 0, "passback {arguments:?}: {said:?}");
        said
    }
}
