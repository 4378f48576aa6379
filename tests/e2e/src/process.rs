//! One run of the real binary, with everything it says kept.

use std::{
    path::PathBuf,
    process::Stdio,
    sync::{Arc, Mutex},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, BufReader},
    process::{Child, Command},
};

use crate::until;

/// The program under test: built by `cargo build -p passback`, beside this test's own folder.
pub(crate) fn binary() -> PathBuf {
    let own = std::env::current_exe().unwrap();
    let profile = own.parent().and_then(|deps| deps.parent()).unwrap();
    let binary = profile.join("passback");
    assert!(
        binary.exists(),
        "{} is missing: run `cargo build -p passback` first",
        binary.display()
    );
    binary
}

/// A running process; killed when dropped.
#[derive(Debug)]
pub struct Process {
    child: Child,
    said: Arc<Mutex<Vec<String>>>,
}

impl Process {
    /// Starts the binary with these arguments and nothing of our own environment that it would read.
    pub fn start(arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let mut command = Command::new(binary());
        command
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("PASSBACK_")) {
            command.env_remove(name);
        }
        let mut child = command.envs(environment.iter().copied()).spawn().unwrap();
        let said = Arc::new(Mutex::new(Vec::new()));
        listen(child.stdout.take().unwrap(), &said);
        listen(child.stderr.take().unwrap(), &said);
        Self { child, said }
    }

    /// Every line it has written so far.
    pub fn said(&self) -> Vec<String> {
        self.said.lock().unwrap().clone()
    }

    /// Waits for a line that holds `text` and returns it.
    pub async fn says(&self, text: &str) -> String {
        until(&format!("the process says {text:?}"), || async {
            self.said().into_iter().find(|line| line.contains(text))
        })
        .await
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id().expect("the process runs")).unwrap();
        kill(Pid::from_raw(pid), signal).unwrap();
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id().expect("the process runs")
    }

    /// Waits for its end and returns its exit code, none if a signal ended it.
    pub async fn ended(&mut self) -> Option<i32> {
        let wait = tokio::time::timeout(std::time::Duration::from_mins(1), self.child.wait());
        wait.await.expect("the process ends within a minute").unwrap().code()
    }

    /// Kills it as a power cut would.
    pub async fn kill(&mut self) {
        self.signal(Signal::SIGKILL);
        self.ended().await;
    }

    /// Stops it cleanly unless it has ended already.
    pub async fn stop_if_running(&mut self) {
        if self.child.try_wait().unwrap().is_none() {
            assert_eq!(self.stop().await, Some(0), "it stops cleanly: {:#?}", self.said());
        }
    }

    /// Asks it to stop and waits until it has.
    pub async fn stop(&mut self) -> Option<i32> {
        self.signal(Signal::SIGTERM);
        self.ended().await
    }
}

fn listen(stream: impl AsyncRead + Unpin + Send + 'static, said: &Arc<Mutex<Vec<String>>>) {
    let said = Arc::clone(said);
    tokio::spawn(async move {
        let mut lines = BufReader::new(stream).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            // Shown by a test that fails.
            eprintln!("{line}");
            said.lock().unwrap().push(line);
        }
    });
}
