//! Whether an enrolment lets a person sit the exam. Pure.

use jiff::civil::DateTime;
use passback_docebo::{Enrollment, EnrollmentStatus};
use passback_registry::{EligibleState, Exam};

use crate::Code;

/// What a check answers for an enrolment at a moment in UTC, by the states that the exam takes for eligible; none for a
/// state that this version does not know, which is neither yes nor no.
pub fn eligibility(enrollment: &Enrollment, exam: &Exam, now: DateTime) -> Option<Code> {
    let takes = |state: EligibleState| exam.eligible_states.contains(&state);
    let (state, otherwise) = match &enrollment.status {
        EnrollmentStatus::Completed => return Some(Code::AlreadyCompleted),
        EnrollmentStatus::Other(_) => return None,
        EnrollmentStatus::Subscribed => (EligibleState::Subscribed, Code::EnrollmentStateExcluded),
        EnrollmentStatus::InProgress => (EligibleState::InProgress, Code::EnrollmentStateExcluded),
        EnrollmentStatus::Suspended => (EligibleState::Suspended, Code::EnrollmentSuspended),
        EnrollmentStatus::WaitingList => (EligibleState::WaitingList, Code::EnrollmentWaitingList),
        EnrollmentStatus::ToConfirm => (EligibleState::ToConfirm, Code::EnrollmentToConfirm),
        EnrollmentStatus::Overbooking => (EligibleState::Overbooking, Code::EnrollmentOverbooking),
    };
    let begun = enrollment.validity_begins.is_none_or(|begins| begins <= now);
    let over = enrollment.validity_ends.is_some_and(|ends| ends < now);
    let valid = (begun && !over) || takes(EligibleState::OutsideValidity);
    Some(match (takes(state), valid) {
        (true, true) => Code::Eligible,
        (true, false) => Code::EnrollmentNotValidNow,
        (false, _) => otherwise,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jiff::civil::date;
    use passback_registry::ExamInput;
    use rstest::rstest;

    use super::*;

    fn judged(status: EnrollmentStatus, validity: (Option<i8>, Option<i8>), takes: &[&str]) -> Option<Code> {
        let day = |day: i8| date(2026, 11, day).at(0, 0, 0, 0);
        let enrollment = Enrollment {
            status,
            score: None,
            completed_at: None,
            validity_begins: validity.0.map(day),
            validity_ends: validity.1.map(day),
            fields: BTreeMap::new(),
        };
        let input = ExamInput {
            id: Some("forklift-01".to_owned()),
            connector: Some("acme".to_owned()),
            course_id: Some(146),
            eligible_states: Some(takes.iter().map(|state| (*state).to_owned()).collect()),
            ..ExamInput::default()
        };
        eligibility(
            &enrollment,
            &input.validate().unwrap(),
            date(2026, 11, 22).at(12, 0, 0, 0),
        )
    }

    const USUAL: &[&str] = &["subscribed", "in_progress"];

    #[rstest]
    #[case(EnrollmentStatus::Subscribed, USUAL, Some(Code::Eligible))]
    #[case(EnrollmentStatus::InProgress, USUAL, Some(Code::Eligible))]
    #[case(EnrollmentStatus::InProgress, &["subscribed"], Some(Code::EnrollmentStateExcluded))]
    #[case(EnrollmentStatus::Completed, USUAL, Some(Code::AlreadyCompleted))]
    #[case(EnrollmentStatus::Suspended, USUAL, Some(Code::EnrollmentSuspended))]
    #[case(EnrollmentStatus::Suspended, &["suspended"], Some(Code::Eligible))]
    #[case(EnrollmentStatus::WaitingList, USUAL, Some(Code::EnrollmentWaitingList))]
    #[case(EnrollmentStatus::WaitingList, &["waiting_list"], Some(Code::Eligible))]
    #[case(EnrollmentStatus::ToConfirm, USUAL, Some(Code::EnrollmentToConfirm))]
    #[case(EnrollmentStatus::ToConfirm, &["to_confirm"], Some(Code::Eligible))]
    #[case(EnrollmentStatus::Overbooking, USUAL, Some(Code::EnrollmentOverbooking))]
    #[case(EnrollmentStatus::Overbooking, &["overbooking"], Some(Code::Eligible))]
    #[case(EnrollmentStatus::Other("archived".to_owned()), USUAL, None)]
    fn a_state_counts_if_the_exam_takes_it(
        #[case] status: EnrollmentStatus,
        #[case] takes: &[&str],
        #[case] expected: Option<Code>,
    ) {
        assert_eq!(judged(status, (None, None), takes), expected);
    }

    #[rstest]
    #[case((Some(22), None), USUAL, Code::Eligible)]
    #[case((Some(23), None), USUAL, Code::EnrollmentNotValidNow)]
    #[case((None, Some(23)), USUAL, Code::Eligible)]
    #[case((None, Some(22)), USUAL, Code::EnrollmentNotValidNow)]
    #[case((None, Some(21)), &["subscribed", "outside_validity"], Code::Eligible)]
    fn an_enrolment_counts_while_it_is_valid(
        #[case] validity: (Option<i8>, Option<i8>),
        #[case] takes: &[&str],
        #[case] expected: Code,
    ) {
        assert_eq!(judged(EnrollmentStatus::Subscribed, validity, takes), Some(expected));
    }
}
