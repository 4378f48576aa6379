//! Ends a child when we are gone, however we went.

use std::process::Stdio;

use tokio::process::{Child, ChildStdin, Command};

use crate::exit::Failure;

/// Reads until its input closes, which the system does when we end, even by SIGKILL.
const SCRIPT: &str = "read -r _; kill -TERM \"$1\"";

/// A shell that waits for our end.
pub(crate) struct Watchdog {
    shell: Child,
    /// Held open for as long as we live.
    _line: Option<ChildStdin>,
}

impl Watchdog {
    /// Watches over a child by its id.
    pub(crate) fn start(pid: Option<u32>) -> Result<Self, Failure> {
        let pid = pid.ok_or_else(|| Failure::failed("redis-server ended as soon as it was started"))?;
        let mut shell = Command::new("/bin/sh")
            .args(["-c", SCRIPT, "sh", &pid.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| Failure::failed(format!("/bin/sh cannot be started: {error}")))?;
        let line = shell.stdin.take();
        Ok(Self { shell, _line: line })
    }

    /// Ends the watch without touching the child, whose id may soon be another's.
    pub(crate) async fn dismiss(&mut self) {
        let _ = self.shell.kill().await;
    }
}
