//! Seals what must not be read at rest: XChaCha20-Poly1305, the key's id in the envelope.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::email::normalise_email;
use crate::key_file::{KeyFile, is_key_id};

const SCHEME: &str = "s1";
const NONCE_BYTES: usize = 24;
const HASH_BYTES: usize = 16;
const INDEX_LABEL: &str = "passback index key v1";

pub(crate) type SecretKey = Zeroizing<[u8; 32]>;

/// What is wrong with a key file or a sealed text; it never repeats either.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The key file cannot be read.
    #[error("cannot read the master key file {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A new key file cannot be written.
    #[error("cannot write a new master key file {}: {source}", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is far larger than a key file can be.
    #[error("{} is too large for a master key file: is it the right file?", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// One line is malformed.
    #[error("master key file, line {line}: {problem}; write <key-id>:<64 hexadecimal digits>")]
    Line {
        /// The line, counted from 1.
        line: usize,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The file holds no key that can seal.
    #[error("the master key file holds no key: add a line <key-id>:<64 hexadecimal digits>")]
    NoKey,
    /// Several keys, and no word on which of them the e-mail hashes were made with.
    #[error(
        "the master key file holds several keys but no line index:<64 hexadecimal digits>: add it before the second key, \
         with the value in use, HMAC-SHA256 of the text '{INDEX_LABEL}' under the file's first-ever key, and never change it"
    )]
    NoIndex,
    /// The text was not made by a vault.
    #[error("the stored value is not a sealed text")]
    NotSealed,
    /// The text was sealed with a key that the key file does not hold.
    #[error("sealed with the key '{key_id}', which the master key file does not hold: add that key")]
    UnknownKey {
        /// The id of the missing key.
        key_id: String,
    },
    /// The key, the context or the text is not the one it was sealed with.
    #[error("the sealed text does not open: another key, another place, or it was changed")]
    Refused,
}

/// Seals and opens small secrets, and hashes what must be found again without being read; clones share the keys.
#[derive(Clone)]
pub struct Vault {
    keys: Arc<Keys>,
}

struct Keys {
    /// Never empty; the first one seals.
    sealing: Vec<(String, SecretKey)>,
    index: SecretKey,
}

impl Vault {
    pub(crate) fn from_keys(file: KeyFile) -> Self {
        Self {
            keys: Arc::new(Keys {
                index: file.index.unwrap_or_else(|| derived_index(&file.keys)),
                sealing: file.keys,
            }),
        }
    }

    /// Seals a secret for one place; the context (for example `connector/acme/password`) must be given again to open it.
    #[expect(
        clippy::expect_used,
        reason = "a key file without keys is refused, and small texts always encrypt"
    )]
    pub fn seal(&self, context: &str, plain: &[u8]) -> String {
        let (key_id, key) = self.keys.sealing.first().expect("a vault has a key");
        let nonce = XNonce::from(random::<NONCE_BYTES>());
        let payload = Payload {
            msg: plain,
            aad: context.as_bytes(),
        };
        let ciphertext = XChaCha20Poly1305::new(&(**key).into())
            .encrypt(&nonce, payload)
            .expect("a secret is far below the cipher's limit");
        let envelope = [nonce.as_slice(), &ciphertext].concat();
        format!("{SCHEME}.{key_id}.{}", URL_SAFE_NO_PAD.encode(envelope))
    }

    /// Opens what was sealed for the same context.
    pub fn open(&self, context: &str, sealed: &str) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let mut parts = sealed.splitn(3, '.');
        let (Some(SCHEME), Some(key_id), Some(envelope)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(VaultError::NotSealed);
        };
        if !is_key_id(key_id) {
            return Err(VaultError::NotSealed);
        }
        let envelope = URL_SAFE_NO_PAD.decode(envelope).map_err(|_| VaultError::NotSealed)?;
        let (nonce, ciphertext) = envelope
            .split_first_chunk::<NONCE_BYTES>()
            .ok_or(VaultError::NotSealed)?;
        let (_, key) = self
            .keys
            .sealing
            .iter()
            .find(|(id, _)| id == key_id)
            .ok_or_else(|| VaultError::UnknownKey {
                key_id: key_id.to_owned(),
            })?;
        let payload = Payload {
            msg: ciphertext,
            aad: context.as_bytes(),
        };
        XChaCha20Poly1305::new(&(**key).into())
            .decrypt(&XNonce::from(*nonce), payload)
            .map(Zeroizing::new)
            .map_err(|_| VaultError::Refused)
    }

    /// Whether the text was sealed with the key that seals today.
    pub fn is_current(&self, sealed: &str) -> bool {
        Self::key_id_of(sealed) == Some(self.current_key_id())
    }

    /// The id of the key that seals today.
    pub fn current_key_id(&self) -> &str {
        self.keys.sealing.first().map_or("", |(id, _)| id.as_str())
    }

    /// The id of the key that a text was sealed with; none where the text is not a sealed one.
    pub fn key_id_of(sealed: &str) -> Option<&str> {
        let mut parts = sealed.splitn(3, '.');
        match (parts.next(), parts.next(), parts.next()) {
            (Some(SCHEME), Some(key_id), Some(_)) if is_key_id(key_id) => Some(key_id),
            (_, _, _) => None,
        }
    }

    /// Whether the key file holds this key, so that what it sealed opens.
    pub fn holds(&self, key_id: &str) -> bool {
        self.keys.sealing.iter().any(|(id, _)| id == key_id)
    }

    /// The same short hash for the same text, of no use to one who lacks the key.
    pub fn keyed_hash(&self, text: &str) -> String {
        let hash = hmac_sha256(self.keys.index.as_slice(), text);
        hex::encode(hash.get(..HASH_BYTES).unwrap_or_default())
    }

    /// The keyed hash of an e-mail address, whatever its spelling.
    pub fn email_hash(&self, email: &str) -> String {
        self.keyed_hash(&normalise_email(email))
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids = self.keys.sealing.iter().map(|(id, _)| id);
        formatter.debug_list().entries(ids).finish()
    }
}

/// The index key of a file without one: derived from its only key.
fn derived_index(keys: &[(String, SecretKey)]) -> SecretKey {
    let only = keys.first().map(|(_, key)| key.as_slice());
    hmac_sha256(only.unwrap_or_default(), INDEX_LABEL)
}

#[expect(clippy::expect_used, reason = "an HMAC takes a key of any length")]
fn hmac_sha256(key: &[u8], text: &str) -> SecretKey {
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key).expect("an HMAC takes a key of any length");
    mac.update(text.as_bytes());
    Zeroizing::new(mac.finalize().into_bytes().into())
}

/// Bytes from the operating system.
#[expect(
    clippy::expect_used,
    reason = "without the system's randomness nothing may be sealed"
)]
pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const OLD: &str = "old:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n";
    const NEW: &str = "new:ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100\n";

    /// The line that keeps the hashes of a file that began with the old key alone.
    fn index_of_old() -> String {
        let old = KeyFile::parse(OLD).unwrap();
        format!("index:{}\n", hex::encode(derived_index(&old.keys)))
    }

    fn vault(text: &str) -> Vault {
        Vault::parse(text).unwrap()
    }

    #[test]
    fn a_new_key_on_top_seals_while_the_old_one_still_opens() {
        let sealed = vault(OLD).seal("here", b"secret");
        let rotated = vault(&format!("{NEW}{OLD}{}", index_of_old()));
        assert_eq!(rotated.open("here", &sealed).unwrap().as_slice(), b"secret");
        assert!(!rotated.is_current(&sealed));
        let again = rotated.seal("here", b"secret");
        assert!(again.starts_with("s1.new."));
        assert!(rotated.is_current(&again));
        let error = vault(OLD).open("here", &again).unwrap_err();
        assert!(matches!(error, VaultError::UnknownKey { key_id } if key_id == "new"));
    }

    #[test]
    fn a_vault_names_the_key_that_seals_and_the_keys_that_it_holds() {
        let rotated = vault(&format!("{NEW}{OLD}{}", index_of_old()));
        assert_eq!(rotated.current_key_id(), "new");
        assert!(rotated.holds("new") && rotated.holds("old"));
        assert!(!rotated.holds("index") && !rotated.holds("older") && !rotated.holds(""));
        assert_eq!(Vault::key_id_of(&vault(OLD).seal("here", b"secret")), Some("old"));
        for text in ["", "s1", "s1.old", "s2.old.AAAA", "s1..AAAA", "s1.o d.AAAA", "plain"] {
            assert_eq!(Vault::key_id_of(text), None, "{text}");
            assert!(!rotated.is_current(text), "{text}");
        }
    }

    #[test]
    fn the_index_line_keeps_the_hashes_whatever_keys_come_and_go() {
        let hash = vault(OLD).keyed_hash("x");
        let index = index_of_old();
        for keys in [format!("{NEW}{OLD}"), format!("{OLD}{NEW}"), NEW.to_owned()] {
            assert_eq!(vault(&format!("{keys}{index}")).keyed_hash("x"), hash);
        }
        assert_ne!(vault(NEW).keyed_hash("x"), hash);
    }

    #[test]
    fn a_second_key_without_an_index_line_is_refused_with_the_fix() {
        let error = Vault::parse(&format!("{NEW}{OLD}")).unwrap_err();
        assert!(matches!(error, VaultError::NoIndex), "{error}");
        let text = error.to_string();
        assert!(text.contains("index:<64") && text.contains(INDEX_LABEL), "{text}");
        assert!(!text.contains("0011") && !text.contains("ffee"), "{text}");
    }

    #[test]
    fn an_email_hash_ignores_spelling_and_hides_the_address() {
        let vault = vault(OLD);
        let hash = vault.email_hash("R.Moreau@example.org ");
        assert_eq!(hash, vault.email_hash("r.moreau@example.org"));
        assert_ne!(hash, vault.email_hash("r.moreau@example.com"));
        assert_eq!(hash.len(), 32);
    }

    #[test]
    fn the_same_secret_never_seals_to_the_same_text() {
        let vault = vault(OLD);
        assert_ne!(vault.seal("here", b"secret"), vault.seal("here", b"secret"));
    }

    #[test]
    fn debug_shows_key_ids_only() {
        assert_eq!(format!("{:?}", vault(OLD)), "[\"old\"]");
    }

    proptest! {
        #[test]
        fn what_was_sealed_opens_to_the_same(
            plain in prop::collection::vec(any::<u8>(), 0..200),
            context in ".{0,40}",
        ) {
            let vault = vault(OLD);
            let sealed = vault.seal(&context, &plain);
            let opened = vault.open(&context, &sealed).unwrap();
            prop_assert_eq!(opened.as_slice(), plain.as_slice());
        }

        #[test]
        fn another_context_is_refused(context in ".{0,40}", other in ".{0,40}") {
            prop_assume!(context != other);
            let vault = vault(OLD);
            let sealed = vault.seal(&context, b"secret");
            prop_assert!(matches!(vault.open(&other, &sealed), Err(VaultError::Refused)));
        }

        #[test]
        fn a_changed_byte_is_refused(
            plain in prop::collection::vec(any::<u8>(), 0..60),
            at in any::<prop::sample::Index>(),
            flip in 1_u8..,
        ) {
            let vault = vault(OLD);
            let sealed = vault.seal("here", &plain);
            let mut envelope = URL_SAFE_NO_PAD.decode(sealed.rsplit('.').next().unwrap()).unwrap();
            let at = at.index(envelope.len());
            envelope[at] ^= flip;
            let tampered = format!("s1.old.{}", URL_SAFE_NO_PAD.encode(envelope));
            prop_assert!(matches!(vault.open("here", &tampered), Err(VaultError::Refused)));
        }

        #[test]
        fn any_text_is_refused_without_a_panic(text in "(s1\\.old\\.)?.{0,80}") {
            prop_assert!(vault(OLD).open("here", &text).is_err());
        }
    }
}
