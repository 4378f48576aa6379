//! The master key file: one `<key-id>:<64 hex>` a line, `#` begins a comment.
//!
//! The line `index:<64 hex>` is the key of the e-mail hashes, which name subjects, checks and wake keys: it stays the same
//! for ever, whatever keys are added or taken away. A file with a single key may leave it out; its index key is then
//! derived from that key (HMAC-SHA256 of `passback index key v1`), and must be written down as `index:` before a second
//! key is added.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;

use zeroize::Zeroizing;

use crate::vault::{SecretKey, Vault, VaultError, random};

pub(crate) const INDEX: &str = "index";
const KEY_BYTES: usize = 32;
const MAX_KEY_ID_CHARS: usize = 32;
const MAX_FILE_BYTES: u64 = 65_536;

/// The keys of a file, in its order: the first one seals.
pub(crate) struct KeyFile {
    pub(crate) keys: Vec<(String, SecretKey)>,
    pub(crate) index: Option<SecretKey>,
}

/// Whether a text may name a key; a sealed value carries it between dots.
pub(crate) fn is_key_id(text: &str) -> bool {
    (1..=MAX_KEY_ID_CHARS).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

impl KeyFile {
    /// Reads the lines; an error names the line, never what stands in it.
    pub(crate) fn parse(text: &str) -> Result<Self, VaultError> {
        let mut file = Self {
            keys: Vec::new(),
            index: None,
        };
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let at = |problem| VaultError::Line { line: number, problem };
            let (id, key) = line
                .split_once(':')
                .ok_or_else(|| at("no ':' between key id and key"))?;
            let (id, key) = (id.trim(), key.trim());
            if !is_key_id(id) {
                return Err(at("the key id is not 1 to 32 lower-case letters, digits or '-'"));
            }
            let mut bytes: SecretKey = Zeroizing::new([0; KEY_BYTES]);
            hex::decode_to_slice(key, bytes.as_mut_slice()).map_err(|_| at("the key is not 64 hexadecimal digits"))?;
            let known = file.keys.iter().any(|(other, _)| other == id);
            if known || (id == INDEX && file.index.is_some()) {
                return Err(at("this key id was used on an earlier line"));
            }
            if id == INDEX {
                file.index = Some(bytes);
            } else {
                file.keys.push((id.to_owned(), bytes));
            }
        }
        if file.keys.is_empty() {
            return Err(VaultError::NoKey);
        }
        if file.keys.len() > 1 && file.index.is_none() {
            return Err(VaultError::NoIndex);
        }
        Ok(file)
    }
}

/// The text of a new key file with one key and an index key.
pub(crate) fn generate() -> Zeroizing<String> {
    let id = hex::encode(random::<4>());
    let key = Zeroizing::new(hex::encode(Zeroizing::new(random::<KEY_BYTES>())));
    let index = Zeroizing::new(hex::encode(Zeroizing::new(random::<KEY_BYTES>())));
    Zeroizing::new(format!(
        "# passback master key. Keep it secret, and keep a copy: without it the stored secrets are lost.\n\
         # The first key seals; all keys open. '{INDEX}' is the key of the e-mail hashes: never change it.\n\
         k{id}:{}\n{INDEX}:{}\n",
        *key, *index
    ))
}

/// Reads a key file of bounded size, and warns where others may read it too.
pub(crate) fn read(path: &Path) -> Result<Zeroizing<String>, VaultError> {
    let unreadable = |source| VaultError::Unreadable {
        path: path.to_owned(),
        source,
    };
    let file = File::open(path).map_err(unreadable)?;
    warn_if_open_to_others(&file, path);
    let mut text = Zeroizing::new(String::new());
    file.take(MAX_FILE_BYTES + 1)
        .read_to_string(&mut text)
        .map_err(unreadable)?;
    if text.len() as u64 > MAX_FILE_BYTES {
        return Err(VaultError::TooLarge { path: path.to_owned() });
    }
    Ok(text)
}

/// Writes a new key file, readable by its owner alone; of two processes that try, one wins and both read the same file.
pub(crate) fn write_new(path: &Path, text: &str) -> io::Result<()> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        Some(_) | None => Path::new("."),
    };
    std::fs::create_dir_all(folder)?;
    // A temporary file of this library is made with mode 0600 on Unix.
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    match file.persist_noclobber(path) {
        Ok(_) => OpenOptions::new().read(true).open(folder)?.sync_all(),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error.error),
    }
}

#[cfg(unix)]
fn warn_if_open_to_others(file: &File, path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    // Only a warning: container platforms mount secrets readable by a group.
    if let Ok(metadata) = file.metadata()
        && metadata.permissions().mode() & 0o077 != 0
    {
        tracing::warn!(path = %path.display(), "the master key file is readable by others than its owner; chmod 600 it");
    }
}

#[cfg(not(unix))]
fn warn_if_open_to_others(_file: &File, _path: &Path) {}

impl Vault {
    /// Reads the keys of a file; an error names the file or its line and the fix, never the content.
    pub fn from_file(path: &Path) -> Result<Self, VaultError> {
        Self::parse(&read(path)?)
    }

    /// Reads keys from text, as they stand in a key file.
    pub fn parse(text: &str) -> Result<Self, VaultError> {
        KeyFile::parse(text).map(Self::from_keys)
    }

    /// Makes a new vault and the text of its key file.
    #[expect(clippy::expect_used, reason = "the text was made for the parser")]
    pub fn generate() -> (Self, String) {
        let text = generate();
        let vault = Self::parse(&text).expect("a generated key file is well formed");
        (vault, text.to_string())
    }

    /// Reads the file, or makes it with a new key where there is none (development).
    pub fn load_or_generate(path: &Path) -> Result<Self, VaultError> {
        if !path.exists() {
            write_new(path, &generate()).map_err(|source| VaultError::Unwritable {
                path: path.to_owned(),
                source,
            })?;
        }
        Self::from_file(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    const KEY: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

    #[rstest]
    #[case("k1", 1, "no ':'")]
    #[case("# note\n\nk1:00", 3, "64 hexadecimal")]
    #[case("K1:00", 1, "key id")]
    #[case("k.1:00", 1, "key id")]
    #[case(":00", 1, "key id")]
    fn a_bad_line_is_named_but_not_repeated(#[case] text: &str, #[case] line: usize, #[case] problem: &str) {
        let error = Vault::parse(text).unwrap_err().to_string();
        assert!(error.contains(&format!("line {line}")), "{error}");
        assert!(error.contains(problem), "{error}");
    }

    #[test]
    fn a_bad_key_is_not_repeated_in_the_error() {
        let error = Vault::parse(&format!("k1:{KEY}zz")).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("0011"));
    }

    #[rstest]
    #[case(format!("k1:{KEY}\nk1:{KEY}"))]
    #[case(format!("k1:{KEY}\nindex:{KEY}\nindex:{KEY}"))]
    fn a_key_id_stands_once(#[case] text: String) {
        let error = Vault::parse(&text).unwrap_err();
        assert!(error.to_string().contains("earlier line"), "{error}");
    }

    #[rstest]
    #[case("")]
    #[case("# nothing")]
    fn a_file_without_a_key_is_refused(#[case] text: &str) {
        assert!(matches!(Vault::parse(text), Err(VaultError::NoKey)));
    }

    #[test]
    fn an_index_key_alone_seals_nothing() {
        assert!(matches!(Vault::parse(&format!("index:{KEY}")), Err(VaultError::NoKey)));
    }

    #[test]
    fn a_generated_file_opens_what_its_vault_sealed() {
        let (vault, text) = Vault::generate();
        let sealed = vault.seal("a", b"plain");
        let again = Vault::parse(&text).unwrap();
        assert_eq!(again.open("a", &sealed).unwrap().as_slice(), b"plain");
        assert_eq!(again.keyed_hash("x"), vault.keyed_hash("x"));
    }

    #[test]
    fn a_key_file_is_made_once_and_only_for_its_owner() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data/master.key");
        let first = Vault::load_or_generate(&path).unwrap();
        let second = Vault::load_or_generate(&path).unwrap();
        assert_eq!(first.keyed_hash("x"), second.keyed_hash("x"));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn processes_that_start_together_get_one_key() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        let hashes: std::collections::HashSet<String> = std::thread::scope(|scope| {
            let load = || Vault::load_or_generate(&path).unwrap().keyed_hash("x");
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(load)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(hashes.len(), 1);
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = Vault::from_file(Path::new("no/such.key")).unwrap_err();
        assert!(error.to_string().contains("no/such.key"), "{error}");
    }
}
