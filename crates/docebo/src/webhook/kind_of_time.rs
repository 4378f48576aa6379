//! How moments and dates are read and written.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::Offset;
use serde_json::Value;

use super::kind::{Kind, Reading, set_or_unfit};
use crate::lenient::{self, DayPart};

/// A moment in UTC.
pub(super) struct Moment;
/// A moment in UTC at which something ends.
pub(super) struct End;
/// A date.
pub(super) struct Day;
/// A moment as every API of Docebo writes it; a zone's name in brackets is refused, because it would be ignored.
fn timestamp(value: &Value, day_part: DayPart) -> Reading<Timestamp> {
    if value.as_str().is_some_and(|text| text.contains('[')) {
        return Reading::Unfit;
    }
    match lenient::moment(value, day_part) {
        Ok(Some(moment)) => set_or_unfit(Offset::UTC.to_timestamp(moment).ok()),
        Ok(None) => Reading::Unset,
        Err(lenient::NoDate) => Reading::Unfit,
    }
}

fn as_docebo_writes(moment: Timestamp) -> Value {
    Value::from(Offset::UTC.to_datetime(moment).to_string().replacen('T', " ", 1))
}

impl Kind for Moment {
    type Holds = Timestamp;
    const WORD: &'static str = "moment";

    fn decode(value: &Value) -> Reading<Timestamp> {
        timestamp(value, DayPart::Start)
    }

    fn write(held: &Timestamp) -> Value {
        as_docebo_writes(*held)
    }

    fn show(held: &Timestamp) -> &dyn fmt::Debug {
        held
    }
}

impl Kind for End {
    type Holds = Timestamp;
    const WORD: &'static str = "end";

    fn decode(value: &Value) -> Reading<Timestamp> {
        timestamp(value, DayPart::End)
    }

    fn write(held: &Timestamp) -> Value {
        as_docebo_writes(*held)
    }

    fn show(held: &Timestamp) -> &dyn fmt::Debug {
        held
    }
}

impl Kind for Day {
    type Holds = Date;
    const WORD: &'static str = "day";

    fn decode(value: &Value) -> Reading<Date> {
        let Some(text) = value.as_str().map(str::trim) else {
            return Reading::Unfit;
        };
        if text.starts_with("0000-00-00") {
            return Reading::Unset;
        }
        let moment = text.parse::<DateTime>().ok().filter(|_| !text.contains('['));
        set_or_unfit(
            moment
                .filter(|moment| moment.time() == Time::midnight())
                .map(DateTime::date),
        )
    }

    fn write(held: &Date) -> Value {
        Value::from(held.to_string())
    }

    fn show(held: &Date) -> &dyn fmt::Debug {
        held
    }
}
