//! What a check finds; some of it also stops a push.

use super::{Actor, Code, Entry};

pub(super) const ELIGIBLE: Entry = Entry {
    code: Code::Eligible.as_str(),
    title: "Eligible",
    explanation: "The candidate is enrolled in the exam's course and has not completed it. The exam may begin.",
    who_acts: Actor::Nobody,
    resolution: &["Nothing needs to be done."],
    safe_to_retry: true,
    releases_itself: false,
    http_status: None,
};

pub(super) const USER_NOT_FOUND: Entry = Entry {
    code: Code::UserNotFound.as_str(),
    title: "User not found",
    explanation: "No user of the organisation's Docebo platform has exactly this e-mail address. \
                  Most often the candidate registered for the exam with another address than at Docebo.",
    who_acts: Actor::Candidate,
    resolution: &[
        "Candidate: sign in to Docebo, open \"My profile\" and compare the e-mail address with the one used for the exam.",
        "Candidate: use the same address in both places, or ask the organisation to correct the one at Docebo.",
        "Organisation: if the person is missing in Docebo, create the user with this address and enrol the user in the course.",
        "Then ask again; a result that waits for the user goes on by itself when it is next looked at.",
    ],
    safe_to_retry: true,
    releases_itself: true,
    http_status: None,
};

pub(super) const USER_AMBIGUOUS: Entry = Entry {
    code: Code::UserAmbiguous.as_str(),
    title: "Several users with this e-mail",
    explanation: "More than one Docebo user has this e-mail address. passback does not guess which of them is meant, \
                  for the result could reach the wrong person.",
    who_acts: Actor::OrganisationAdmin,
    resolution: &[
        "In Docebo, open User management and search for the address.",
        "Merge the accounts, or give all but one of them another address.",
        "Then ask again; a result that waits for this goes on by itself when it is next looked at.",
    ],
    safe_to_retry: true,
    releases_itself: true,
    http_status: None,
};

pub(super) const ENROLLMENT_NOT_FOUND: Entry = Entry {
    code: Code::EnrollmentNotFound.as_str(),
    title: "Enrollment Not Found",
    explanation: "The candidate has a Docebo account but is not enrolled in the course that belongs to the exam.",
    who_acts: Actor::OrganisationAdmin,
    resolution: &[
        "In Docebo, open the course and enrol the user.",
        "If the user is enrolled in another course, compare the exam's course id: passback exam show EXAM.",
        "Then ask again; a result that waits for the enrolment goes on by itself when it is next looked at.",
    ],
    safe_to_retry: true,
    releases_itself: true,
    http_status: None,
};

pub(super) const ALREADY_COMPLETED: Entry = Entry {
    code: Code::AlreadyCompleted.as_str(),
    title: "Already completed",
    explanation: "Docebo has this course as completed for the candidate. The exam need not be taken again.",
    who_acts: Actor::OrganisationAdmin,
    resolution: &[
        "If the candidate passed before, nothing needs to be done.",
        "If the exam is to be taken again, set the enrolment back to \"In progress\" or archive it and enrol again, in Docebo.",
        "If the course completes before the exam does, check in the course that no other material is its end object.",
    ],
    safe_to_retry: true,
    releases_itself: false,
    http_status: None,
};

pub(super) const ENROLLMENT_SUSPENDED: Entry = Entry {
    code: Code::EnrollmentSuspended.as_str(),
    title: "Enrolment suspended",
    explanation: "The candidate is enrolled, but the enrolment is suspended in Docebo.",
    who_acts: Actor::OrganisationAdmin,
    resolution: &[
        "In Docebo, open the course's enrolments and set the user's status back to \"Enrolled\" or \"In progress\".",
        "Then ask again.",
    ],
    safe_to_retry: true,
    releases_itself: false,
    http_status: None,
};

pub(super) const ENROLLMENT_WAITING_LIST: Entry = Entry {
    code: Code::EnrollmentWaitingList.as_str(),
    title: "On the waiting list",
    explanation: "The candidate is on the course's waiting list and has no place in it yet.",
    who_acts: Actor::OrganisationAdmin,
    resolution: &[
        "In Docebo, open the course's waiting list and approve the user, if there is a place.",
        "Then ask again.",
    ],
    safe_to_retry: true,
    releases_itself: false,
    http_status: None,
};

pub(super) const ENROLLMENT_TO_CONFIRM: Entry = Entry {
    code: Code::EnrollmentToConfirm.as_str(),
    title: "Enrolment to be confirmed",
    explanation: "The candidate asked for the course, and nobody has confirmed the enrolment yet.",
    who_acts: Actor::OrganisationAdmin,
    resolution: &[
        "In Docebo, confirm the user's enrolment in the course.",
        "Then ask again.",
    ],
    safe_to_retry: true,
    releases_itself: false,
    http_status: None,
};

pub(super) const ENROLLMENT_OVERBOOKING: Entry = Entry {
    code: Code::EnrollmentOverbooking.as_str(),
    title: "Course overbooked",
    explanation: "The candidate is enrolled beyond the course's number of places.",
    who_acts: Actor::OrganisationAdmin,
    resolution: &[
        "In Docebo, raise the course's number of places or give the user a free one.",
        "Then ask again.",
    ],
    safe_to_retry: true,
    releases_itself: false,
    http_status: None,
};

pub(super) const ENROLLMENT_NOT_VALID_NOW: Entry = Entry {
    code: Code::EnrollmentNotValidNow.as_str(),
    title: "Enrolment not valid now",
    explanation: "The candidate is enrolled, but today lies before or after the enrolment's validity dates.",
    who_acts: Actor::OrganisationAdmin,
    resolution: &[
        "In Docebo, open the user's enrolment in the course and look at the validity dates.",
        "Change them, or take the exam inside them.",
        "Then ask again.",
    ],
    safe_to_retry: true,
    releases_itself: false,
    http_status: None,
};

pub(super) const ENROLLMENT_STATE_EXCLUDED: Entry = Entry {
    code: Code::EnrollmentStateExcluded.as_str(),
    title: "Not the state that the exam asks for",
    explanation: "The candidate is enrolled and has not completed the course, but the exam is set up to take nobody \
                  whose enrolment is in this state.",
    who_acts: Actor::Platform,
    resolution: &[
        "See which states the exam takes: passback exam show ID, eligible_states.",
        "If the candidate should be able to sit it, add the state and run passback apply -f FILE; then ask again.",
    ],
    safe_to_retry: true,
    releases_itself: false,
    http_status: None,
};
