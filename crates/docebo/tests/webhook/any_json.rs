//! Arbitrary JSON in the forms that break readers.

use proptest::prelude::*;
use serde_json::{Map, Value};

/// A value without others inside.
pub(crate) fn any_leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-10_i64..10).prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        (-1_000_000_000_i32..1_000_000_000).prop_map(|whole| Value::from(f64::from(whole))),
        any::<String>().prop_map(Value::from),
        Just(Value::from("")),
        " {1,3}".prop_map(Value::from),
        " ?-?[0-9]{1,22}(\\.[0-9]{1,3})?(e[0-9]{1,3})?".prop_map(Value::from),
        "(true|false|yes|no|learner|Student|completed|waiting|ab initio)".prop_map(Value::from),
        "[0-9]{4}-[0-9]{2}-[0-9]{2}([ T][0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{1,9})?(Z|\\+02:00|\\[UTC\\])?)?"
            .prop_map(Value::from),
        "20[0-9]{2}-0[1-9]-[12][0-9]( [01][0-9]:[0-5][0-9]:[0-5][0-9])?".prop_map(Value::from),
        "0000-00-00( 00:00:00)?".prop_map(Value::from),
    ]
}

/// Any JSON value, a few levels deep, with names out of `names`.
pub(crate) fn any_json(names: impl Strategy<Value = String> + Clone + 'static) -> impl Strategy<Value = Value> {
    any_leaf().prop_recursive(3, 24, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((names.clone(), inner), 0..4)
                .prop_map(|fields| Value::from(fields.into_iter().collect::<Map<_, _>>())),
        ]
    })
}
