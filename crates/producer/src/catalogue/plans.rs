//! Why a plan for dead letters is not started or stopped.

use super::{Code, Entry, problems::of_platform};

pub(super) const PLAN_RUNNING: Entry = Entry {
    safe_to_retry: false,
    ..of_platform(
        Code::PlanRunning,
        409,
        "The plan runs already",
        "The plan was started before, by somebody else, for another reason or at another pace. It goes on as it was; \
         nothing was changed.",
        &[
            "Watch it: passback dead watch PLAN.",
            "To go on in another way, stop it first: passback dead stop PLAN --reason TEXT. Then start it again.",
        ],
    )
};

pub(super) const PLAN_FINISHED: Entry = Entry {
    safe_to_retry: false,
    ..of_platform(
        Code::PlanFinished,
        409,
        "The plan is finished",
        "Every dead letter of the plan was gone through before; nothing was changed.",
        &["For dead letters that have come since, make a new plan: passback dead plan."],
    )
};

pub(super) const PLAN_NOT_RUNNING: Entry = Entry {
    safe_to_retry: false,
    ..of_platform(
        Code::PlanNotRunning,
        409,
        "The plan does not run",
        "Only a running plan is stopped, and this one was not started yet, or is finished. Nothing was changed.",
        &["See where it stands: passback dead watch PLAN."],
    )
};
