//! Read before write: whether a result may be written over what an enrolment holds. Pure.

use passback_registry::Exam;

use crate::{Holding, Memory, Wanted};

/// What is to be done with a result, given what Docebo holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judgement {
    /// It is there already; `ours` if a write of this very result may have put it there.
    AsWanted {
        /// Whether this result may have been written before.
        ours: bool,
    },
    /// It may be written.
    Write,
    /// Somebody else has put there what is there: a person must decide.
    Overridden,
}

/// Judges what an enrolment holds now.
///
/// A result is written over four things: what passback knew last (the person may have begun the course since), unless
/// that is a correction which somebody has decided to keep; what
/// a write of unknown outcome found or left there, an enrolment that nobody has put a result on, and what a person has
/// allowed to be overwritten. Everything else is somebody's correction.
pub fn judge(result_id: &str, user_id: u64, wanted: &Wanted, now: &Holding, memory: &Memory, exam: &Exam) -> Judgement {
    // What this very result left there is found again although the platform shows its date in another zone.
    let ours = memory.may_have_written(result_id);
    let left = memory
        .left_by(result_id, user_id, now)
        .filter(|_| wanted.holding().still_is(now));
    if wanted.is_met_by(now) || left.is_some_and(|left| left.still_is(now)) {
        return Judgement::AsWanted { ours };
    }
    let known = memory.free_to_overwrite(user_id);
    let intent = memory.intent.as_ref().filter(|intent| intent.user_id == user_id);
    let before = intent.filter(|intent| !intent.allowed || intent.result_id == result_id);
    let before = before.and_then(|intent| intent.before.as_ref());
    let after = intent.map(|intent| &intent.after);
    let allowed = memory.decision_for(result_id, user_id);
    let allowed = allowed.and_then(|decision| decision.over.as_ref());
    let expected = [known, before, after, allowed];
    let expected = expected.iter().flatten().any(|holding| holding.still_is(now));
    // Where nothing is known, or only a blind write was begun, an enrolment without a result is free.
    let read_before = intent.is_some_and(|intent| intent.before.is_some());
    let free = memory.last_known(user_id).is_none() && !read_before && now.is_untouched(exam);
    if expected || free {
        Judgement::Write
    } else {
        Judgement::Overridden
    }
}

#[cfg(test)]
mod tests {
    use passback_registry::ExamInput;
    use rstest::rstest;

    use super::*;
    use crate::{Decision, Intent, Known, Outcome};

    const USER: u64 = 13_827;

    fn exam() -> Exam {
        let input = ExamInput {
            id: Some("forklift-01".to_owned()),
            connector: Some("acme".to_owned()),
            course_id: Some(146),
            ..ExamInput::default()
        };
        input.validate().unwrap()
    }

    /// `completed 87 2026-11-20 09:30:11`, the date left out where there is none.
    fn holding(text: &str) -> Holding {
        let mut parts = text.splitn(3, ' ');
        Holding {
            status: parts.next().map(str::to_owned),
            score: parts.next().and_then(|score| score.parse().ok()),
            completed_at: parts.next().map(str::to_owned),
            field: None,
            field_id: None,
        }
    }

    fn at() -> jiff::Timestamp {
        "2026-11-20T09:30:11Z".parse().unwrap()
    }

    fn known(text: &str, user_id: u64, written_by: Option<&str>) -> Memory {
        let known = Known {
            platform: String::new(),
            user_id,
            holding: holding(text),
            written_by: written_by.map(str::to_owned),
            version: None,
            kept: false,
            since: None,
            sent: None,
            at: at(),
        };
        Memory {
            known: Some(known),
            ..Memory::default()
        }
    }

    fn intent(before: Option<&str>, after: &str, result_id: &str) -> Memory {
        let intent = Intent {
            result_id: result_id.to_owned(),
            platform: String::new(),
            user_id: USER,
            before: before.map(holding),
            allowed: false,
            after: holding(after),
            sent: None,
            at: at(),
        };
        Memory {
            intent: Some(intent),
            ..Memory::default()
        }
    }

    fn allowed(over: &str, result_id: &str) -> Memory {
        let decision = Decision {
            result_id: result_id.to_owned(),
            platform: String::new(),
            user_id: USER,
            over: Some(holding(over)),
            by: "anna".to_owned(),
            at: at(),
        };
        Memory {
            decision: Some(decision),
            ..Memory::default()
        }
    }

    fn nothing() -> Memory {
        Memory::default()
    }

    const DONE: &str = "completed 87 2026-11-20 09:30:11";
    const WRITE: Judgement = Judgement::Write;
    const ASK: Judgement = Judgement::Overridden;
    const OURS: Judgement = Judgement::AsWanted { ours: true };
    const THEIRS: Judgement = Judgement::AsWanted { ours: false };

    #[rstest]
    #[case::an_untouched_enrolment("subscribed 0", nothing(), WRITE)]
    #[case::a_begun_one("in_progress 0", nothing(), WRITE)]
    #[case::somebody_s_score("in_progress 55", nothing(), ASK)]
    #[case::somebody_s_completion("completed 99 2026-11-19 10:00:00", nothing(), ASK)]
    #[case::a_suspension("suspended 0", nothing(), ASK)]
    #[case::what_we_want_from_elsewhere(DONE, nothing(), THEIRS)]
    #[case::what_we_knew("in_progress 41", known("in_progress 41", USER, Some("r-0")), WRITE)]
    #[case::begun_since("in_progress 41", known("subscribed 41", USER, Some("r-0")), WRITE)]
    #[case::not_what_we_knew("in_progress 60", known("in_progress 41", USER, Some("r-0")), ASK)]
    #[case::reset_since("subscribed 0", known("in_progress 41", USER, Some("r-0")), ASK)]
    #[case::another_date(
        "completed 50 2026-11-21 10:00:00",
        known("completed 50 2026-11-20 10:00:00", USER, None),
        ASK
    )]
    #[case::known_of_another_user("in_progress 41", known("in_progress 41", 7, Some("r-0")), ASK)]
    #[case::our_write_took_effect(DONE, intent(Some("subscribed 0"), DONE, "r-1"), OURS)]
    #[case::our_write_took_effect_in_another_zone(
        "completed 87 2026-11-20 10:30:11",
        intent(Some("subscribed 0"), DONE, "r-1"),
        OURS
    )]
    #[case::our_write_did_not_over_an_hour_before(
        "completed 87 2026-11-20 08:30:11",
        intent(Some("completed 87 2026-11-20 08:30:11"), DONE, "r-1"),
        WRITE
    )]
    #[case::our_write_did_not("subscribed 0", intent(Some("subscribed 0"), DONE, "r-1"), WRITE)]
    #[case::another_write_took_effect("in_progress 41", intent(Some("subscribed 0"), "in_progress 41", "r-0"), WRITE)]
    #[case::neither_before_nor_after("in_progress 42", intent(Some("subscribed 0"), "in_progress 41", "r-0"), ASK)]
    #[case::a_blind_write_lost("in_progress 0", intent(None, "in_progress 41", "r-0"), WRITE)]
    #[case::a_blind_write_over_a_person_s("completed 99", intent(None, "in_progress 41", "r-0"), ASK)]
    #[case::what_a_person_allowed("completed 99", allowed("completed 99", "r-1"), WRITE)]
    #[case::changed_after_the_decision("completed 98", allowed("completed 99", "r-1"), ASK)]
    #[case::allowed_for_another_result("completed 99", allowed("completed 99", "r-0"), ASK)]
    #[case::written_by_this_result(DONE, known(DONE, USER, Some("r-1")), OURS)]
    #[case::written_by_another_result(DONE, known(DONE, USER, Some("r-0")), THEIRS)]
    fn what_docebo_holds_decides(#[case] now: &str, #[case] memory: Memory, #[case] expected: Judgement) {
        let exam = exam();
        let wanted = Wanted::of(Outcome::Passed, Some(87.0), at(), &exam);
        assert_eq!(judge("r-1", USER, &wanted, &holding(now), &memory, &exam), expected);
    }

    #[test]
    fn a_correction_that_a_person_kept_is_not_written_over_by_the_next_result() {
        let exam = exam();
        let wanted = Wanted::of(Outcome::Passed, Some(87.0), at(), &exam);
        let mut memory = known("in_progress 60", USER, None);
        if let Some(known) = &mut memory.known {
            known.kept = true;
        }
        let judged = |now: &str| judge("r-2", USER, &wanted, &holding(now), &memory, &exam);
        assert_eq!(judged("in_progress 60"), ASK);
        assert_eq!(judged("in_progress 0"), ASK, "changed again, and not by us");
        assert_eq!(judged(DONE), THEIRS);
    }

    #[test]
    fn what_one_result_was_allowed_to_be_written_over_is_not_free_for_another() {
        let exam = exam();
        let wanted = Wanted::of(Outcome::Passed, Some(87.0), at(), &exam);
        let mut memory = intent(Some("completed 99"), "in_progress 41", "r-0");
        if let Some(intent) = &mut memory.intent {
            intent.allowed = true;
        }
        let judged = |result_id: &str, now: &str| judge(result_id, USER, &wanted, &holding(now), &memory, &exam);
        assert_eq!(judged("r-0", "completed 99"), WRITE);
        assert_eq!(judged("r-1", "completed 99"), ASK);
        assert_eq!(judged("r-1", "in_progress 41"), WRITE, "what was written there is ours");
    }

    #[test]
    fn another_user_needs_a_decision_for_this_very_result_and_user() {
        let mut memory = known("in_progress 41", 7, Some("r-0"));
        assert_eq!(memory.other_user("r-1", USER), Some(7));
        memory.decision = allowed("completed 99", "r-1").decision;
        assert_eq!(memory.other_user("r-1", USER), None);
        assert_eq!(memory.other_user("r-2", USER), Some(7));
        assert_eq!(memory.other_user("r-1", 8), Some(7));
        // The write under way says more than what was known before it.
        memory.intent = intent(None, "in_progress 41", "r-0").intent;
        assert_eq!(memory.other_user("r-2", USER), None);
    }
}
