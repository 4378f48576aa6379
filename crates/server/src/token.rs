//! Tokens are kept as hashes: who reads the configuration cannot come in.

use std::{fmt, str::FromStr};

use passback_registry::TokenId;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer};
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};
use zeroize::Zeroizing;

/// Random bytes of a token.
const TOKEN_BYTES: usize = 32;
const MAX_NAME_BYTES: usize = 64;

/// SHA-256 of a bearer token.
///
/// Tokens are long and random, so a plain hash is enough; a password would need a slow one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// The hash of a token.
    pub fn of(token: &SecretString) -> Self {
        Self(Sha256::digest(token.expose_secret().as_bytes()).into())
    }

    /// By what the token is spoken of.
    pub fn id(&self) -> TokenId {
        TokenId::of(&self.0)
    }

    /// The hash's bytes.
    pub(crate) fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Compares in a time that does not depend on where the two differ.
    pub(crate) fn same(&self, other: &[u8; 32]) -> Choice {
        self.0.ct_eq(other)
    }
}

/// The system gave no random bytes.
#[derive(Debug, thiserror::Error)]
#[error("no random bytes: {0}")]
pub struct NoRandomness(getrandom::Error);

/// A new random token.
pub fn new_token() -> Result<SecretString, NoRandomness> {
    let mut bytes = Zeroizing::new([0; TOKEN_BYTES]);
    getrandom::fill(bytes.as_mut()).map_err(NoRandomness)?;
    Ok(SecretString::from(hex::encode(bytes)))
}

/// Whether a text may name a token: it stands in the audit trail.
pub fn is_token_name(name: &str) -> bool {
    let allowed = |letter: u8| letter.is_ascii_alphanumeric() || b"-_.".contains(&letter);
    (1..=MAX_NAME_BYTES).contains(&name.len()) && name.bytes().all(allowed)
}

impl fmt::Display for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(…)")
    }
}

/// The text is no hash of a token.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not a SHA-256: it has 64 hex digits; make a token and its hash with `passback token new`")]
pub struct InvalidTokenHash;

impl FromStr for TokenHash {
    type Err = InvalidTokenHash;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| InvalidTokenHash)?;
        Ok(Self(bytes))
    }
}

impl<'de> Deserialize<'de> for TokenHash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_reads_back_as_written() {
        let hash = TokenHash::of(&SecretString::from("a-token"));
        assert_eq!(hash.to_string().parse(), Ok(hash));
        assert!(bool::from(hash.same(hash.as_bytes())));
        assert!(!bool::from(
            hash.same(TokenHash::of(&SecretString::from("another")).as_bytes())
        ));
    }

    #[test]
    fn a_token_is_long_and_never_the_same() {
        let [one, two] = [new_token().unwrap(), new_token().unwrap()];
        assert_eq!(one.expose_secret().len(), 2 * TOKEN_BYTES);
        assert_ne!(one.expose_secret(), two.expose_secret());
    }

    #[test]
    fn a_name_is_short_and_plain() {
        assert!(is_token_name("exam-engine_2.eu") && is_token_name(&"a".repeat(64)));
        for text in ["", "a b", "a\nb", "ann@example.org", "ä", &"a".repeat(65)] {
            assert!(!is_token_name(text), "{text}");
        }
    }

    #[test]
    fn a_text_of_another_length_is_no_hash() {
        for text in ["", "ab", "zz", &"0".repeat(63), &"g".repeat(64), &"0".repeat(66)] {
            assert_eq!(text.parse::<TokenHash>(), Err(InvalidTokenHash), "{text}");
        }
    }
}
