//! Reads whole numbers as JSON means them: 40 and 40.0 are the same number.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserializer,
    de::{Error, Unexpected, Visitor},
};

/// Beyond this, a number with a point may stand for several whole ones.
const MAX_EXACT: f64 = 9_007_199_254_740_992.0;

/// For `#[serde(deserialize_with)]`: a whole number that may be missing.
pub fn deserialize<'de, D: Deserializer<'de>, T: TryFrom<i128>>(deserializer: D) -> Result<Option<T>, D::Error> {
    deserializer.deserialize_option(Whole(PhantomData))
}

struct Whole<T>(PhantomData<T>);

impl<'de, T: TryFrom<i128>> Visitor<'de> for Whole<T> {
    type Value = Option<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a whole number")
    }

    fn visit_none<E: Error>(self) -> Result<Option<T>, E> {
        Ok(None)
    }

    fn visit_unit<E: Error>(self) -> Result<Option<T>, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<T>, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Option<T>, E> {
        let fits = T::try_from(i128::from(number)).ok();
        fits.map(Some)
            .ok_or_else(|| E::invalid_value(Unexpected::Signed(number), &self))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Option<T>, E> {
        let fits = T::try_from(i128::from(number)).ok();
        fits.map(Some)
            .ok_or_else(|| E::invalid_value(Unexpected::Unsigned(number), &self))
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "a whole number that a float holds exactly"
    )]
    fn visit_f64<E: Error>(self, number: f64) -> Result<Option<T>, E> {
        if number.fract() != 0.0 || number.abs() > MAX_EXACT {
            return Err(E::invalid_type(Unexpected::Float(number), &self));
        }
        self.visit_i64(number as i64)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    struct Sample {
        #[serde(default, deserialize_with = "deserialize")]
        count: Option<u64>,
    }

    #[rstest]
    #[case("{}", Ok(None))]
    #[case(r#"{"count": null}"#, Ok(None))]
    #[case(r#"{"count": 40}"#, Ok(Some(40)))]
    #[case(r#"{"count": 40.0}"#, Ok(Some(40)))]
    #[case(r#"{"count": 4e1}"#, Ok(Some(40)))]
    #[case(r#"{"count": 18446744073709551615}"#, Ok(Some(u64::MAX)))]
    #[case(r#"{"count": 40.5}"#, Err(()))]
    #[case(r#"{"count": -1}"#, Err(()))]
    #[case(r#"{"count": -1.0}"#, Err(()))]
    #[case(r#"{"count": 1e300}"#, Err(()))]
    #[case(r#"{"count": "40"}"#, Err(()))]
    fn a_whole_number_is_one_however_it_is_written(#[case] json: &str, #[case] count: Result<Option<u64>, ()>) {
        let read = serde_json::from_str::<Sample>(json);
        assert_eq!(read.map(|sample| sample.count).map_err(|_| ()), count);
    }
}
