//! How each kind of field is read and written.

use std::fmt;

use serde_json::{Map, Value};

use crate::lenient;
use crate::status::EnrollmentStatus;

pub(super) use super::kind_of_time::{Day, End, Moment};
pub(super) use super::open_text::{
    CourseLevel, CourseType, PaymentStatus, TrainingMaterialStatus, TrainingMaterialType,
};

/// What a value is for its field.
pub(super) enum Reading<T> {
    /// A value of the field's type.
    Set(T),
    /// A way of saying nothing.
    Unset,
    /// Something else, which is kept as it is.
    Unfit,
}

/// A kind of field: a type, and how JSON holds it.
pub(super) trait Kind {
    /// The field's type.
    type Holds;

    /// What the kind is called in the table of events.
    const WORD: &'static str;

    /// Reads a value that is not blank.
    fn decode(value: &Value) -> Reading<Self::Holds>;

    /// Writes a value in the form that Docebo documents; reading it again gives the same.
    fn write(held: &Self::Holds) -> Value;

    /// What a debug print tells: never free text, which may name a person.
    fn show(held: &Self::Holds) -> &dyn fmt::Debug;

    /// Reads any value.
    fn read(value: &Value) -> Reading<Self::Holds> {
        match value {
            Value::Null => Reading::Unset,
            Value::String(text) if text.trim().is_empty() => Reading::Unset,
            Value::String(_) | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
                Self::decode(value)
            }
        }
    }
}

/// A number of Docebo's for a thing.
pub(super) struct Id;
/// A whole number.
pub(super) struct Count;
/// A text.
pub(super) struct Text;
/// A yes or no, written as one.
pub(super) struct Flag;
/// A yes or no, written as 1 or 0.
pub(super) struct Bit;
/// Anything: Docebo publishes no type.
pub(super) struct Any;
/// An object whose fields Docebo does not publish.
pub(super) struct Object;
/// A list whose entries Docebo does not publish.
pub(super) struct List;
/// The state of an enrolment in a course.
pub(super) struct Status;

/// Stands in a debug print for what may name a person.
struct Hidden;

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

pub(super) fn set_or_unfit<T>(read: Option<T>) -> Reading<T> {
    read.map_or(Reading::Unfit, Reading::Set)
}

/// A whole number, unless reading it rounded it.
fn exact_integer(value: &Value) -> Option<i64> {
    const FIRST_INEXACT_FLOAT: u64 = 1 << f64::MANTISSA_DIGITS;
    let as_written = match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    };
    as_written.or_else(|| lenient::integer(value).filter(|integer| integer.unsigned_abs() < FIRST_INEXACT_FLOAT))
}

/// A text as it is, or the digits of a whole number.
pub(super) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => (number.is_i64() || number.is_u64()).then(|| number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

impl Kind for Id {
    type Holds = u64;
    const WORD: &'static str = "id";

    fn decode(value: &Value) -> Reading<u64> {
        set_or_unfit(exact_integer(value).and_then(|integer| u64::try_from(integer).ok()))
    }

    fn write(held: &u64) -> Value {
        Value::from(*held)
    }

    fn show(held: &u64) -> &dyn fmt::Debug {
        held
    }
}

impl Kind for Count {
    type Holds = i64;
    const WORD: &'static str = "count";

    fn decode(value: &Value) -> Reading<i64> {
        set_or_unfit(exact_integer(value))
    }

    fn write(held: &i64) -> Value {
        Value::from(*held)
    }

    fn show(held: &i64) -> &dyn fmt::Debug {
        held
    }
}

impl Kind for Text {
    type Holds = String;
    const WORD: &'static str = "text";

    fn decode(value: &Value) -> Reading<String> {
        set_or_unfit(text(value))
    }

    fn write(held: &String) -> Value {
        Value::from(held.as_str())
    }

    fn show(_: &String) -> &dyn fmt::Debug {
        &Hidden
    }
}

impl Kind for Flag {
    type Holds = bool;
    const WORD: &'static str = "flag";

    fn decode(value: &Value) -> Reading<bool> {
        set_or_unfit(lenient::flag(value))
    }

    fn write(held: &bool) -> Value {
        Value::from(*held)
    }

    fn show(held: &bool) -> &dyn fmt::Debug {
        held
    }
}

impl Kind for Bit {
    type Holds = bool;
    const WORD: &'static str = "bit";

    fn decode(value: &Value) -> Reading<bool> {
        set_or_unfit(lenient::flag(value))
    }

    fn write(held: &bool) -> Value {
        Value::from(u8::from(*held))
    }

    fn show(held: &bool) -> &dyn fmt::Debug {
        held
    }
}

impl Kind for Any {
    type Holds = Value;
    const WORD: &'static str = "any";

    fn decode(value: &Value) -> Reading<Value> {
        Reading::Set(value.clone())
    }

    fn write(held: &Value) -> Value {
        held.clone()
    }

    fn show(_: &Value) -> &dyn fmt::Debug {
        &Hidden
    }
}

impl Kind for Object {
    type Holds = Map<String, Value>;
    const WORD: &'static str = "object";

    fn decode(value: &Value) -> Reading<Map<String, Value>> {
        match value {
            Value::Object(fields) => Reading::Set(fields.clone()),
            // PHP writes an empty map as an empty list.
            Value::Array(items) if items.is_empty() => Reading::Set(Map::new()),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => Reading::Unfit,
        }
    }

    fn write(held: &Map<String, Value>) -> Value {
        Value::from(held.clone())
    }

    fn show(_: &Map<String, Value>) -> &dyn fmt::Debug {
        &Hidden
    }
}

impl Kind for List {
    type Holds = Vec<Value>;
    const WORD: &'static str = "list";

    fn decode(value: &Value) -> Reading<Vec<Value>> {
        match value {
            Value::Array(items) => Reading::Set(items.clone()),
            Value::Object(fields) if fields.is_empty() => Reading::Set(Vec::new()),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => Reading::Unfit,
        }
    }

    fn write(held: &Vec<Value>) -> Value {
        Value::from(held.clone())
    }

    fn show(_: &Vec<Value>) -> &dyn fmt::Debug {
        &Hidden
    }
}

impl Kind for Status {
    type Holds = EnrollmentStatus;
    const WORD: &'static str = "enrolment status";

    fn decode(value: &Value) -> Reading<EnrollmentStatus> {
        let status = EnrollmentStatus::decode(value);
        // A long unknown state is cut by its type, so the whole of it is kept elsewhere.
        let is_whole = |status: &EnrollmentStatus| match status {
            EnrollmentStatus::Other(kept) => text(value).is_some_and(|text| text.trim() == kept),
            EnrollmentStatus::WaitingList
            | EnrollmentStatus::ToConfirm
            | EnrollmentStatus::Subscribed
            | EnrollmentStatus::InProgress
            | EnrollmentStatus::Completed
            | EnrollmentStatus::Suspended
            | EnrollmentStatus::Overbooking => true,
        };
        set_or_unfit(status.filter(is_whole))
    }

    fn write(held: &EnrollmentStatus) -> Value {
        Value::from(held.as_str())
    }

    fn show(held: &EnrollmentStatus) -> &dyn fmt::Debug {
        held
    }
}

/// Makes open enums kinds of fields.
macro_rules! open_kinds {
    ($( $name:ident: $word:literal, )+) => {$(
        impl Kind for $name {
            type Holds = Self;
            const WORD: &'static str = $word;

            fn decode(value: &Value) -> Reading<Self> {
                set_or_unfit(text(value).map(|text| Self::parse(&text)))
            }

            fn write(held: &Self) -> Value {
                Value::from(held.as_str())
            }

            fn show(held: &Self) -> &dyn fmt::Debug {
                held
            }
        }
    )+};
}

open_kinds! {
    CourseType: "course type",
    CourseLevel: "course level",
    TrainingMaterialType: "training material type",
    TrainingMaterialStatus: "training material status",
    PaymentStatus: "payment status",
}
