//! By what name an API token is spoken of: the first digits of its hash.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize};

const ID_DIGITS: usize = 16;

/// The first 16 hex digits of the SHA-256 of a token, wherever the token is kept.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct TokenId(String);

impl TokenId {
    /// The id of the token that has this hash.
    pub fn of(sha256: &[u8; 32]) -> Self {
        let mut digits = hex::encode(sha256);
        digits.truncate(ID_DIGITS);
        Self(digits)
    }

    /// The id as it stands in paths and lists.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TokenId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// The text is no id of a token.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not the id of a token: it has {ID_DIGITS} hex digits, as `passback token list` shows them")]
pub struct InvalidTokenId;

impl FromStr for TokenId {
    type Err = InvalidTokenId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if text.len() == ID_DIGITS && text.bytes().all(hex) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidTokenId)
        }
    }
}

impl<'de> Deserialize<'de> for TokenId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A hash as it is stored; for `#[serde(with)]`.
pub(crate) mod hash_in_hex {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(crate) fn serialize<S: Serializer>(hash: &[u8; 32], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(hash))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<[u8; 32], D::Error> {
        let text = String::deserialize(deserializer)?;
        let mut hash = [0; 32];
        hex::decode_to_slice(text, &mut hash).map_err(|_| D::Error::custom("not the hash of a token"))?;
        Ok(hash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_the_beginning_of_the_hash() {
        let id = TokenId::of(&[0xab; 32]);
        assert_eq!(id.as_str(), "abababababababab");
        assert_eq!("abababababababab".parse(), Ok(id));
    }

    #[test]
    fn another_text_is_no_id() {
        for text in [
            "",
            "ab",
            "abababababababa",
            "ABABABABABABABAB",
            "abababababababag",
            "ababababababababab",
        ] {
            assert_eq!(text.parse::<TokenId>(), Err(InvalidTokenId), "{text}");
        }
    }
}
