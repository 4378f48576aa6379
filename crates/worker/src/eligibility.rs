//! Whether an enrolment lets a person sit the exam. Pure.

use jiff::civil::DateTime;
use passback_docebo::{Enrollment, EnrollmentStatus};

use crate::outcome::{Finding, Happened, Trouble};

/// Judges an enrolment at a moment in UTC.
pub(crate) fn judge(enrollment: &Enrollment, now: DateTime) -> Happened {
    let begun = enrollment.validity_begins.is_none_or(|begins| begins <= now);
    let over = enrollment.validity_ends.is_some_and(|ends| ends < now);
    Happened::Checked(match &enrollment.status {
        EnrollmentStatus::Completed => Finding::AlreadyCompleted,
        EnrollmentStatus::Suspended => Finding::Suspended,
        EnrollmentStatus::WaitingList => Finding::WaitingList,
        EnrollmentStatus::ToConfirm => Finding::ToConfirm,
        EnrollmentStatus::Overbooking => Finding::Overbooking,
        EnrollmentStatus::Subscribed | EnrollmentStatus::InProgress if begun && !over => Finding::Eligible,
        EnrollmentStatus::Subscribed | EnrollmentStatus::InProgress => Finding::NotValidNow,
        EnrollmentStatus::Other(status) => {
            let status = status.clone();
            return Happened::Failed(Trouble::StatusUnknown { status });
        }
    })
}

#[cfg(test)]
mod tests {
    use jiff::civil::{DateTime, date};
    use passback_docebo::{Enrollment, EnrollmentStatus};
    use rstest::rstest;

    use super::judge;
    use crate::outcome::{Finding, Happened, Trouble};

    fn enrollment(status: EnrollmentStatus) -> Enrollment {
        Enrollment {
            status,
            score: None,
            completed_at: None,
            validity_begins: None,
            validity_ends: None,
        }
    }

    fn noon() -> DateTime {
        date(2026, 11, 22).at(12, 0, 0, 0)
    }

    #[rstest]
    #[case(EnrollmentStatus::Subscribed, Finding::Eligible)]
    #[case(EnrollmentStatus::InProgress, Finding::Eligible)]
    #[case(EnrollmentStatus::Completed, Finding::AlreadyCompleted)]
    #[case(EnrollmentStatus::Suspended, Finding::Suspended)]
    #[case(EnrollmentStatus::WaitingList, Finding::WaitingList)]
    #[case(EnrollmentStatus::ToConfirm, Finding::ToConfirm)]
    #[case(EnrollmentStatus::Overbooking, Finding::Overbooking)]
    fn each_status_has_its_finding(#[case] status: EnrollmentStatus, #[case] expected: Finding) {
        let happened = judge(&enrollment(status), noon());
        assert!(matches!(happened, Happened::Checked(found) if found == expected));
    }

    #[rstest]
    #[case(Some(date(2026, 11, 22).at(11, 0, 0, 0)), None, Finding::Eligible)]
    #[case(Some(date(2026, 11, 22).at(13, 0, 0, 0)), None, Finding::NotValidNow)]
    #[case(None, Some(date(2026, 11, 22).at(12, 0, 0, 0)), Finding::Eligible)]
    #[case(None, Some(date(2026, 11, 21).at(23, 59, 59, 0)), Finding::NotValidNow)]
    fn an_enrolment_counts_only_while_it_is_valid(
        #[case] validity_begins: Option<DateTime>,
        #[case] validity_ends: Option<DateTime>,
        #[case] expected: Finding,
    ) {
        let enrollment = Enrollment {
            validity_begins,
            validity_ends,
            ..enrollment(EnrollmentStatus::Subscribed)
        };
        assert!(matches!(judge(&enrollment, noon()), Happened::Checked(found) if found == expected));
    }

    #[test]
    fn an_unknown_status_is_neither_yes_nor_no() {
        let happened = judge(&enrollment(EnrollmentStatus::Other("archived".to_owned())), noon());
        assert!(matches!(happened, Happened::Failed(Trouble::StatusUnknown { status }) if status == "archived"));
    }
}
