//! What becomes of jobs on their way.

use super::{Actor, Code, Entry};

pub(super) const DEADLINE_PASSED: Entry = Entry {
    code: Code::DeadlinePassed.as_str(),
    title: "No answer in time",
    explanation: "The check found no answer while it was of use. This says nothing about the candidate.",
    who_acts: Actor::Platform,
    resolution: &[
        "Ask again.",
        "If it happens again, look whether workers run and keep up: passback worker-list, passback job list --lane check.",
        "If Docebo is slow for this organisation, raise check_deadline_seconds of the exam.",
    ],
    safe_to_retry: true,
    releases_itself: false,
    http_status: None,
};

pub(super) const EXHAUSTED: Entry = Entry {
    code: Code::Exhausted.as_str(),
    title: "Attempts or time used up",
    explanation: "The job failed again and again, each time for a cause that could have passed by itself, until its \
                  attempts or its days were used up.",
    who_acts: Actor::Platform,
    resolution: &[
        "See what failed, and whether it still does: passback dead show ID.",
        "When the cause is gone, give the job a new life: passback dead redrive ID --reason TEXT.",
    ],
    safe_to_retry: true,
    releases_itself: false,
    http_status: None,
};

pub(super) const CRASHED: Entry = Entry {
    code: Code::Crashed.as_str(),
    title: "The attempt failed inside passback",
    explanation: "The program met a fault of its own in this attempt. The job is whole and is tried again.",
    who_acts: Actor::Platform,
    resolution: &[
        "If it happens again, report the worker's log of this time to who maintains passback.",
        "Update passback if there is a newer version.",
    ],
    safe_to_retry: true,
    releases_itself: true,
    http_status: None,
};

pub(super) const TIMED_OUT: Entry = Entry {
    code: Code::TimedOut.as_str(),
    title: "The attempt took too long",
    explanation: "The attempt was cut off at its own limit, which is longer than any single call may take. \
                  The next one reads the enrolment before it writes.",
    who_acts: Actor::Nobody,
    resolution: &[
        "Wait: the job is tried again by itself.",
        "If it happens again, look at the duration of its calls: passback job show ID.",
    ],
    safe_to_retry: true,
    releases_itself: true,
    http_status: None,
};

pub(super) const PAUSED: Entry = Entry {
    code: Code::Paused.as_str(),
    title: "Paused by a person",
    explanation: "Somebody who runs passback holds this connector, or this kind of work, on purpose. Results wait and \
                  lose no attempt; a check that cannot wait so long is not answered. This says nothing about the candidate.",
    who_acts: Actor::Platform,
    resolution: &[
        "See who paused it, why and until when: passback connector show ID, passback lane list.",
        "A pause with an end passes by itself. To end it now: passback connector resume ID --reason TEXT, \
         or passback lane resume LANE --reason TEXT.",
        "What waits then goes on by itself; a check can be asked again.",
    ],
    safe_to_retry: true,
    releases_itself: true,
    http_status: None,
};

pub(super) const QUOTA_USED_UP: Entry = Entry {
    code: Code::QuotaUsedUp.as_str(),
    title: "The hour's calls are used up",
    explanation: "As many calls as are allowed were made within the last hour, or those that are left are kept for \
                  other work. Calls go on as the old ones cease to count; no attempt is lost by waiting.",
    who_acts: Actor::Nobody,
    resolution: &[
        "Wait: calls come free one by one within the hour; passback connector show ID says how many are left.",
        "If Docebo allows more, raise calls_per_hour of the connector and run passback apply -f FILE.",
        "If it happens often, spread large imports over the day, or ask Docebo for a larger quota.",
    ],
    safe_to_retry: true,
    releases_itself: true,
    http_status: None,
};

pub(super) const CRASHED_WORKERS: Entry = Entry {
    code: Code::CrashedWorkers.as_str(),
    title: "Several workers were lost under this job",
    explanation: "Each worker that began this job stopped without a word. The job may be what stops them, \
                  so it is kept apart until a person has looked.",
    who_acts: Actor::Platform,
    resolution: &[
        "Look whether these workers were stopped from outside (memory limit, restart of the machine): passback dead show ID names them.",
        "If so, give the job a new life: passback dead redrive ID --reason TEXT.",
        "If not, report the workers' last log lines to who maintains passback.",
    ],
    safe_to_retry: true,
    releases_itself: false,
    http_status: None,
};

pub(super) const WORKER_LOST: Entry = Entry {
    code: Code::WorkerLost.as_str(),
    title: "The worker was lost",
    explanation: "The worker that had this job stopped giving signs of life. Another one takes the job over; \
                  no attempt is lost.",
    who_acts: Actor::Nobody,
    resolution: &["Wait: the job goes on by itself."],
    safe_to_retry: true,
    releases_itself: true,
    http_status: None,
};

pub(super) const LEASE_RAN_OUT: Entry = Entry {
    code: Code::LeaseRanOut.as_str(),
    title: "The worker never reported",
    explanation: "The worker that had this job lives, but did not report its end within its limit. \
                  Another one takes the job over; no attempt is lost.",
    who_acts: Actor::Nobody,
    resolution: &[
        "Wait: the job goes on by itself.",
        "If it happens again, look at the load of the workers' machines.",
    ],
    safe_to_retry: true,
    releases_itself: true,
    http_status: None,
};

pub(super) const UNREADABLE: Entry = Entry {
    code: Code::Unreadable.as_str(),
    title: "This version cannot read the job",
    explanation: "The job was written by another version of passback, or sealed with a key that this worker does not have. \
                  It is kept as it is.",
    who_acts: Actor::Platform,
    resolution: &[
        "Run the same version of passback everywhere, the newest that wrote jobs.",
        "Give every process the same master key file, with all keys that are still in use.",
        "The job is looked at again by itself after some hours, or at once: passback dead redrive ID --reason TEXT where it is dead.",
    ],
    safe_to_retry: true,
    releases_itself: true,
    http_status: None,
};

pub(super) const EXAM_MOVED: Entry = Entry {
    code: Code::ExamMoved.as_str(),
    title: "The exam points elsewhere now",
    explanation: "The exam now points to another course or connector than when this result was accepted, or its connector \
                  to another Docebo platform than the one it was written to. It is written to neither, for a result is not \
                  moved from one course to another unasked.",
    who_acts: Actor::Platform,
    resolution: &[
        "If the change was a slip, point the exam, or the connector's domain, back: passback apply -f FILE. \
         The result goes on by itself then.",
        "If they are meant to be where they are now, end this job, passback job cancel ID --reason TEXT, \
         and hand the result in again under a new result_id.",
    ],
    safe_to_retry: true,
    releases_itself: true,
    http_status: None,
};

pub(super) const EXAM_MISSING: Entry = Entry {
    code: Code::ExamMissing.as_str(),
    title: "The exam's entry is gone",
    explanation: "The exam was removed after this job was accepted, so it is not known which course it belongs to.",
    who_acts: Actor::Platform,
    resolution: &[
        "Put the exam's entry back: passback apply -f FILE. The job goes on by itself then.",
        "If the exam was removed on purpose, passback job cancel ID --reason TEXT.",
    ],
    safe_to_retry: true,
    releases_itself: true,
    http_status: None,
};

pub(super) const CONNECTOR_MISSING: Entry = Entry {
    code: Code::ConnectorMissing.as_str(),
    title: "The connector's entry is gone",
    explanation: "The connector was removed after this job was accepted, so it is not known where Docebo is.",
    who_acts: Actor::Platform,
    resolution: &[
        "Put the connector's entry back: passback apply -f FILE. The job goes on by itself then.",
        "If it was removed on purpose, passback job cancel ID --reason TEXT.",
    ],
    safe_to_retry: true,
    releases_itself: true,
    http_status: None,
};

pub(super) const SUPERSEDED: Entry = Entry {
    code: Code::Superseded.as_str(),
    title: "A newer result took its place",
    explanation: "Another result of the same person in the same course counts, by the exam's version policy. \
                  This one was not written.",
    who_acts: Actor::Nobody,
    resolution: &[
        "Nothing needs to be done. superseded_by names the result that counts.",
        "If a person ended that one before it was written, hand this result in again under a new result_id.",
    ],
    safe_to_retry: true,
    releases_itself: false,
    http_status: None,
};

pub(super) const DISCARDED: Entry = Entry {
    code: Code::Discarded.as_str(),
    title: "Given up by a person",
    explanation: "Somebody with the right to do so ended this job; it does not run again. Its history and the audit \
                  trail say who, when and why.",
    who_acts: Actor::Nobody,
    resolution: &["Nothing needs to be done. If it was a mistake, hand the result in again under a new result_id."],
    safe_to_retry: false,
    releases_itself: false,
    http_status: None,
};

pub(super) const CONFLICT: Entry = Entry {
    code: Code::Conflict.as_str(),
    title: "Two results contradict each other",
    explanation: "Another result of the same person in the same course is exactly as new and says something else. \
                  passback does not choose; the one that came first stays.",
    who_acts: Actor::ExamEngine,
    resolution: &[
        "See both: passback result show RESULT_ID. Find out which of the two is right.",
        "If the one in force is right: passback result decide RESULT_ID keep-theirs --reason TEXT.",
        "If this one is right: passback result decide RESULT_ID write-ours --reason TEXT; it counts from then on.",
        "Or send the right one again under a new result_id, with a higher sequence or a later completed_at: \
         this one then ends as superseded when it is next looked at.",
    ],
    safe_to_retry: true,
    releases_itself: false,
    http_status: None,
};

pub(super) const NO_OP: Entry = Entry {
    code: Code::NoOp.as_str(),
    title: "Nothing to write",
    explanation: "The enrolment is as this result wants it already, or the exam's policy writes nothing for this outcome; \
                  in that case Docebo was not asked.",
    who_acts: Actor::Nobody,
    resolution: &["Nothing needs to be done."],
    safe_to_retry: true,
    releases_itself: false,
    http_status: None,
};

pub(super) const SHUTTING_DOWN: Entry = Entry {
    code: Code::ShuttingDown.as_str(),
    title: "The worker was stopped",
    explanation: "The worker was asked to stop while it had this job and gave it back. No attempt is lost.",
    who_acts: Actor::Nobody,
    resolution: &["Wait: another worker takes the job."],
    safe_to_retry: true,
    releases_itself: true,
    http_status: None,
};
