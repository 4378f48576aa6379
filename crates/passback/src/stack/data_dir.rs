//! The folder in which `dev` keeps its things, used by one process at a time.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use crate::api::{ADMIN_TOKEN_FILE, API_URL_FILE, WEBHOOK_PASSWORD_FILE};
use crate::exit::Failure;

const LOCK_FILE: &str = "lock";
const MASTER_KEY_FILE: &str = "master.key";
/// A Redis whose owner was killed needs a moment to stop; it holds the lock as well.
const LOCK_TRIES: u32 = 25;
const LOCK_PAUSE: Duration = Duration::from_millis(200);

/// The folder, locked for as long as this value lives.
pub(crate) struct DataDir {
    path: PathBuf,
    lock: File,
}

impl DataDir {
    /// Makes the folder if needed, for its owner only, and locks it.
    pub(crate) async fn open(path: &Path) -> Result<Self, Failure> {
        Self::open_trying(path, LOCK_TRIES).await
    }

    async fn open_trying(path: &Path, tries: u32) -> Result<Self, Failure> {
        let unusable = |error: std::io::Error| {
            Failure::failed(format!("the data folder {} cannot be used: {error}", path.display()))
                .fix("choose another one with --data-dir")
        };
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path)
            .map_err(unusable)?;
        let path = path.canonicalize().map_err(unusable)?;
        let lock_path = path.join(LOCK_FILE);
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(lock_path)
            .map_err(unusable)?;
        for _ in 0..tries {
            match lock.try_lock() {
                Ok(()) => return Ok(Self { path, lock }),
                Err(TryLockError::WouldBlock) => tokio::time::sleep(LOCK_PAUSE).await,
                Err(TryLockError::Error(error)) => return Err(unusable(error)),
            }
        }
        Err(
            Failure::failed(format!("another passback uses the data folder {}", path.display()))
                .fix("stop that one, or choose another folder with --data-dir"),
        )
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn master_key_file(&self) -> PathBuf {
        self.path.join(MASTER_KEY_FILE)
    }

    /// A handle that keeps the folder locked for as long as a child holds it, even if we are killed.
    pub(crate) fn share_lock(&self) -> Result<File, Failure> {
        self.lock
            .try_clone()
            .map_err(|error| Failure::failed(format!("the lock cannot be shared: {error}")))
    }

    /// Writes what the command line needs to find the API: where it is, and the administrator's token.
    pub(crate) fn announce(&self, url: &str, token: &SecretString) -> Result<(), Failure> {
        self.write(ADMIN_TOKEN_FILE, token.expose_secret())?;
        self.write(API_URL_FILE, url)
    }

    /// The password of the simulated platforms' webhooks: that of the last start, or this new one.
    pub(crate) fn webhook_password(
        &self,
        new: impl FnOnce() -> Result<SecretString, Failure>,
    ) -> Result<SecretString, Failure> {
        let kept = std::fs::read_to_string(self.path.join(WEBHOOK_PASSWORD_FILE)).unwrap_or_default();
        if !kept.trim().is_empty() {
            return Ok(SecretString::from(kept.trim().to_owned()));
        }
        let password = new()?;
        self.write(WEBHOOK_PASSWORD_FILE, password.expose_secret())?;
        Ok(password)
    }

    /// Takes the address back; the token stays for the next start.
    pub(crate) fn retract(&self) {
        let _ = std::fs::remove_file(self.path.join(API_URL_FILE));
    }

    fn write(&self, name: &str, text: &str) -> Result<(), Failure> {
        let path = self.path.join(name);
        // Made anew, so that the mode is ours whatever was there.
        let _ = std::fs::remove_file(&path);
        let file = OpenOptions::new().create_new(true).write(true).mode(0o600).open(&path);
        file.and_then(|mut file| writeln!(file, "{text}"))
            .map_err(|error| Failure::failed(format!("{} cannot be written: {error}", path.display())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[tokio::test]
    async fn a_folder_is_used_by_one_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let first = DataDir::open(folder.path()).await.unwrap();
        let failure = DataDir::open_trying(folder.path(), 1).await.err().unwrap();
        assert!(
            failure.sentence.contains("another passback uses"),
            "{}",
            failure.sentence
        );
        drop(first);
        assert!(DataDir::open(folder.path()).await.is_ok());
    }

    #[tokio::test]
    async fn the_token_is_for_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::open(&folder.path().join("new")).await.unwrap();
        data.announce("http://127.0.0.1:1", &SecretString::from("token"))
            .unwrap();
        let token = folder.path().join("new").join(ADMIN_TOKEN_FILE);
        assert_eq!(std::fs::metadata(&token).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_to_string(&token).unwrap(), "token\n");
        data.retract();
        assert!(!folder.path().join("new").join(API_URL_FILE).exists());
    }
}
