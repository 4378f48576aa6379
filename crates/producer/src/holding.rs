//! What an enrolment holds of that which results write.

use jiff::SignedDuration;
use jiff::civil::DateTime;
use passback_docebo::Enrollment;
use passback_registry::{EligibleState, Exam, ResultField};
use serde::{Deserialize, Serialize};

use crate::Wanted;

/// Two scores closer than this are the same score.
const SAME_SCORE: f64 = 0.005;
/// How Docebo writes dates.
const DATE: &str = "%Y-%m-%d %H:%M:%S";
const FURTHEST_ZONE: SignedDuration = SignedDuration::from_hours(14);
const QUARTER_SECONDS: i64 = 900;

/// The values of an enrolment that a result may write; what is none is not known, or not shown.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Holding {
    /// The status, by its name.
    pub status: Option<String>,
    /// The score in per cent.
    pub score: Option<f64>,
    /// When the course was completed: Docebo's form, in UTC.
    pub completed_at: Option<String>,
    /// The text in the exam's result field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Which field that is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field_id: Option<u64>,
}

impl Holding {
    /// What an enrolment holds, with the field of this exam.
    pub fn of(enrollment: &Enrollment, exam: &Exam) -> Self {
        let field = exam.result_field.as_ref();
        let field = field.and_then(|field| Some((field, enrollment.fields.get(&field.id.to_string())?)));
        Self {
            status: Some(enrollment.status.as_str().to_owned()),
            // None at all would pass for one that is not known.
            score: Some(enrollment.score.unwrap_or(0.0)),
            completed_at: enrollment.completed_at.map(Self::date),
            field: field.map(|(field, text)| without_foreign_words(field, text)),
            field_id: field.map(|(field, _)| field.id),
        }
    }

    /// An enrolment of which nothing is known but that nobody has given it a score.
    pub(crate) fn without_score() -> Self {
        Self {
            score: Some(0.0),
            ..Self::default()
        }
    }

    /// A date as Docebo writes it.
    pub fn date(at: DateTime) -> String {
        at.strftime(DATE).to_string()
    }

    /// What it will be once a result has been written.
    #[must_use]
    pub fn after(&self, wanted: &Wanted) -> Self {
        let wish = wanted.holding();
        Self {
            status: wish.status.or_else(|| self.status.clone()),
            score: wish.score.or(self.score),
            completed_at: wish.completed_at.or_else(|| self.completed_at.clone()),
            field_id: wish.field.as_ref().map_or(self.field_id, |_| wish.field_id),
            field: wish.field.or_else(|| self.field.clone()),
        }
    }

    /// Whether an enrolment is still as this says: nobody has changed it, and at the most the person has begun.
    pub fn still_is(&self, now: &Self) -> bool {
        let begun = self.status.as_deref() == Some("subscribed") && now.status.as_deref() == Some("in_progress");
        let same_status = self.status.is_none() || self.status == now.status || begun;
        same_status && self.same_values(now, same_moment)
    }

    /// Whether an enrolment holds this, and nothing else in its place.
    pub fn is_held_by(&self, now: &Self) -> bool {
        (self.status.is_none() || self.status == now.status) && self.same_values(now, |one, other| one == other)
    }

    /// Whether nobody has put a result there: the person is enrolled or has begun, or is in another state that the exam
    /// takes for eligible, and there is neither score nor date, nor a text in the exam's field.
    pub fn is_untouched(&self, exam: &Exam) -> bool {
        let usual = [EligibleState::Subscribed, EligibleState::InProgress];
        let mut open = usual.iter().chain(&exam.eligible_states);
        let status = self.status.as_deref();
        open.any(|state| Some(state.as_str()) == status)
            && self.score.is_none_or(|score| score.abs() < SAME_SCORE)
            && self.completed_at.is_none()
            && self.field.is_none()
    }

    /// Whether score, date and field agree. A score of 0 is how Docebo shows none. A date that one of the two does not know
    /// says nothing, and neither does a text that is not shown any more, or stands in another field; one that came into
    /// the field since does.
    fn same_values(&self, other: &Self, same_date: impl Fn(&str, &str) -> bool) -> bool {
        let same_score = |mine: f64| (mine - other.score.unwrap_or(0.0)).abs() < SAME_SCORE;
        let dates = self.completed_at.as_deref().zip(other.completed_at.as_deref());
        let same_field = match (&self.field, &other.field) {
            (_, None) => true,
            (None, Some(_)) => false,
            (Some(mine), Some(theirs)) => mine == theirs || self.field_id != other.field_id,
        };
        self.score.is_none_or(same_score) && dates.is_none_or(|(mine, theirs)| same_date(mine, theirs)) && same_field
    }
}

/// A text in the exam's field. What a person has written there may name somebody, and is not ours to keep.
fn without_foreign_words(field: &ResultField, text: &str) -> String {
    if [&field.passed, &field.failed, &field.non_graded].contains(&&text.to_owned()) {
        text.to_owned()
    } else {
        format!("(another text of {} characters)", text.chars().count())
    }
}

/// Whether two dates may be one moment in two zones: whole quarters of an hour apart, and no further than zones are. How
/// Docebo reads and shows dates is not known for every platform, and nobody corrects a date by its zone.
fn same_moment(one: &str, other: &str) -> bool {
    if one == other {
        return true;
    }
    let (Ok(one), Ok(other)) = (DateTime::strptime(DATE, one), DateTime::strptime(DATE, other)) else {
        return false;
    };
    let apart = one.duration_since(other).abs();
    apart <= FURTHEST_ZONE && apart.as_secs() % QUARTER_SECONDS == 0
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn completed(at: &str) -> Holding {
        Holding {
            status: Some("completed".to_owned()),
            score: Some(87.0),
            completed_at: Some(at.to_owned()),
            ..Holding::default()
        }
    }

    #[rstest]
    #[case("2026-11-20 09:30:11", true)]
    #[case("2026-11-20 10:30:11", true)]
    #[case("2026-11-20 15:15:11", true)]
    #[case("2026-11-19 23:30:11", true)]
    #[case("2026-11-20 10:31:11", false)]
    #[case("2026-11-21 09:30:11", false)]
    #[case("somewhen", false)]
    fn a_date_in_another_zone_is_no_correction(#[case] shown: &str, #[case] same: bool) {
        let sent = completed("2026-11-20 09:30:11");
        assert_eq!(sent.still_is(&completed(shown)), same);
        assert_eq!(sent.is_held_by(&completed(shown)), shown == "2026-11-20 09:30:11");
    }

    #[test]
    fn a_text_that_came_into_the_field_since_is_somebody_s_and_its_words_are_not_kept() {
        let text = |text: Option<&str>| Holding {
            field: text.map(str::to_owned),
            field_id: text.map(|_| 12),
            ..completed("2026-11-20 09:30:11")
        };
        assert!(!text(None).still_is(&text(Some("(another text of 8 characters)"))));
        assert!(text(Some("passed")).still_is(&text(None)));
        let field = ResultField {
            id: 12,
            passed: "passed".to_owned(),
            failed: "failed".to_owned(),
            non_graded: "-".to_owned(),
        };
        assert_eq!(without_foreign_words(&field, "failed"), "failed");
        let kept = without_foreign_words(&field, "exempt, see R. Moreau");
        assert_eq!(kept, "(another text of 21 characters)");
    }

    #[test]
    fn a_text_in_another_field_says_nothing() {
        let with = |id: u64, text: &str| Holding {
            field: Some(text.to_owned()),
            field_id: Some(id),
            ..completed("2026-11-20 09:30:11")
        };
        assert!(with(12, "passed").still_is(&with(13, "blue")));
        assert!(!with(12, "passed").still_is(&with(12, "failed")));
    }
}
