//! A struct inside a body, from an object only: serde would also read its fields from a list, by their order.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor, value::MapAccessDeserializer},
};

/// For `#[serde(deserialize_with)]`.
pub(crate) fn deserialize<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    deserializer.deserialize_map(Object(PhantomData))
}

struct Object<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Object<T> {
    type Value = T;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map))
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    struct Outer {
        #[serde(deserialize_with = "super::deserialize")]
        inner: Inner,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Inner {
        name: String,
    }

    #[test]
    fn an_object_is_read_and_a_list_of_its_values_is_not() {
        let read = |text: &str| serde_json::from_str::<Outer>(text).map(|outer| outer.inner.name);
        assert_eq!(read(r#"{"inner": {"name": "a"}}"#).unwrap(), "a");
        let refused = read(r#"{"inner": ["a"]}"#).unwrap_err().to_string();
        assert!(
            refused.starts_with("invalid type: sequence, expected an object"),
            "{refused}"
        );
    }
}
