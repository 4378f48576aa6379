//! Reads a secret from JSON without ever repeating it in an error.

use std::fmt;

use secrecy::SecretString;
use serde::{Deserialize, Deserializer};

/// For `#[serde(deserialize_with)]`: a secret that may be missing.
pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SecretString>, D::Error> {
    Ok(Option::<SecretText>::deserialize(deserializer)?.map(|text| text.0))
}

/// A string that a deserialiser's own error would otherwise repeat when it has another type.
struct SecretText(SecretString);

impl<'de> Deserialize<'de> for SecretText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = SecretText;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a secret as a string")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<SecretText, E> {
                Ok(SecretText(SecretString::from(text)))
            }

            fn visit_string<E: serde::de::Error>(self, text: String) -> Result<SecretText, E> {
                Ok(SecretText(SecretString::from(text)))
            }

            fn visit_i64<E: serde::de::Error>(self, _: i64) -> Result<SecretText, E> {
                Err(E::custom("a number where a secret is expected: quote it"))
            }

            fn visit_u64<E: serde::de::Error>(self, _: u64) -> Result<SecretText, E> {
                Err(E::custom("a number where a secret is expected: quote it"))
            }

            fn visit_f64<E: serde::de::Error>(self, _: f64) -> Result<SecretText, E> {
                Err(E::custom("a number where a secret is expected: quote it"))
            }
        }
        // `deserialize_str` would let the format refuse a number itself, and repeat it.
        deserializer.deserialize_any(Visitor)
    }
}
