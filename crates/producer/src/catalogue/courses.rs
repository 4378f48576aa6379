//! What Docebo has told of the courses that exams are in.

use super::{Actor, Code, Entry};

pub(super) const COURSE_DELETED: Entry = Entry {
    code: Code::CourseDeleted.as_str(),
    title: "The exam's course is deleted",
    explanation: "Docebo has told that the course of this exam is deleted, so nobody can be found in it and no result \
                  can be written. Results wait; nothing is lost.",
    who_acts: Actor::Platform,
    resolution: &[
        "Ask the organisation's Docebo administrator whether the course was replaced by another one.",
        "If it was, store the exam again with the number of the new course; results that wait go on by themselves.",
        "If the course is there all the same, check the exam: passback exam check EXAM_ID ends the warning.",
        "If the exam is over, discard what waits for it, and remove the exam.",
    ],
    safe_to_retry: true,
    releases_itself: true,
    http_status: None,
};

pub(super) const COURSE_OUTDATED: Entry = Entry {
    code: Code::CourseOutdated.as_str(),
    title: "The exam's course is reported as outdated",
    explanation: "Learners have reported the course of this exam as outdated in Docebo. Checks and results go on as \
                  before.",
    who_acts: Actor::OrganisationAdmin,
    resolution: &[
        "Look at the course in Docebo and renew what is outdated; any change of the course ends the warning.",
        "If nothing is wrong with it: passback exam check EXAM_ID ends the warning, too.",
    ],
    safe_to_retry: true,
    releases_itself: true,
    http_status: None,
};
