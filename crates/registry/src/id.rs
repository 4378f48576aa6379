//! Ids of connectors and exams, parsed at the edge.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

const MAX_ID_CHARS: usize = 63;

/// A text that is not an id; the text itself is not repeated, for it may be anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an id: use 1 to 63 lower-case letters, digits, '-' and '_', beginning with a letter or digit")]
pub struct InvalidId;

fn parse(text: &str) -> Result<String, InvalidId> {
    let alphanumeric = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let starts_well = text.bytes().next().is_some_and(alphanumeric);
    let allowed = |byte: u8| alphanumeric(byte) || byte == b'-' || byte == b'_';
    if starts_well && text.len() <= MAX_ID_CHARS && text.bytes().all(allowed) {
        Ok(text.to_owned())
    } else {
        Err(InvalidId)
    }
}

macro_rules! id {
    ($name:ident, $doc:literal) => {
        #[doc = $doc]
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                parse(text).map(Self)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;

            fn try_from(text: String) -> Result<Self, InvalidId> {
                parse(&text).map(Self)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }

        #[cfg(feature = "openapi")]
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::Type::String)
                    .description(Some($doc))
                    .pattern(Some("^[a-z0-9][a-z0-9_-]{0,62}$"))
                    .into()
            }
        }

        #[cfg(feature = "openapi")]
        impl utoipa::ToSchema for $name {}
    };
}

id!(ConnectorId, "The id of a connector: `[a-z0-9][a-z0-9_-]{0,62}`.");
id!(ExamId, "The id of an exam: `[a-z0-9][a-z0-9_-]{0,62}`.");

#[cfg(test)]
mod tests {
    use super::ConnectorId;
    use rstest::rstest;

    #[rstest]
    #[case("acme", true)]
    #[case("0", true)]
    #[case("forklift-01_b", true)]
    #[case("", false)]
    #[case("Acme", false)]
    #[case("-acme", false)]
    #[case("_acme", false)]
    #[case("acme:1", false)]
    #[case("acme corp", false)]
    #[case("ac}me", false)]
    #[case("çà", false)]
    fn an_id_keeps_the_rule(#[case] text: &str, #[case] accepted: bool) {
        assert_eq!(text.parse::<ConnectorId>().is_ok(), accepted);
    }

    #[test]
    fn an_id_has_at_most_63_characters() {
        assert!("a".repeat(63).parse::<ConnectorId>().is_ok());
        let error = "a".repeat(64).parse::<ConnectorId>().unwrap_err();
        assert!(error.to_string().contains("1 to 63"));
    }

    #[test]
    fn an_id_is_checked_when_it_is_deserialised() {
        assert!(serde_json::from_str::<ConnectorId>("\"acme\"").is_ok());
        assert!(serde_json::from_str::<ConnectorId>("\"No!\"").is_err());
    }
}
