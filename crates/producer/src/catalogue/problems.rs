//! Why a request is refused.

use super::{Actor, Code, Entry};

/// A problem that the caller puts right in the request.
pub(super) const fn of_caller(
    code: Code,
    http_status: u16,
    title: &'static str,
    explanation: &'static str,
    resolution: &'static [&'static str],
) -> Entry {
    Entry {
        code: code.as_str(),
        title,
        explanation,
        who_acts: Actor::ExamEngine,
        resolution,
        safe_to_retry: false,
        releases_itself: false,
        http_status: Some(http_status),
    }
}

/// A problem that who runs passback puts right, or that passes.
pub(super) const fn of_platform(
    code: Code,
    http_status: u16,
    title: &'static str,
    explanation: &'static str,
    resolution: &'static [&'static str],
) -> Entry {
    Entry {
        who_acts: Actor::Platform,
        safe_to_retry: true,
        ..of_caller(code, http_status, title, explanation, resolution)
    }
}

pub(super) const INVALID_REQUEST: Entry = of_caller(
    Code::InvalidRequest,
    422,
    "Fields cannot be accepted",
    "The request can be read, but some of its fields hold what they may not. Nothing was enqueued.",
    &["Correct every field that is listed, then send the request again."],
);

pub(super) const MALFORMED_JSON: Entry = of_caller(
    Code::MalformedJson,
    400,
    "Not JSON",
    "The body, or a line of a batch, is not well-formed JSON, or not of the form that is expected. Nothing of it was enqueued.",
    &[
        "Look at the place that is named.",
        "Send one JSON object; in a batch one object on each line.",
    ],
);

pub(super) const BODY_INCOMPLETE: Entry = Entry {
    safe_to_retry: true,
    ..of_caller(
        Code::BodyIncomplete,
        408,
        "The body did not come whole",
        "The body broke off, or the rest of it did not come in time. Nothing of it was enqueued, but for lines of a batch that have their verdict.",
        &["Send the request again. If it happens often, look at the line, and at proxies in between."],
    )
};

pub(super) const UNKNOWN_EXAM: Entry = Entry {
    who_acts: Actor::Platform,
    safe_to_retry: true,
    ..of_caller(
        Code::UnknownExam,
        422,
        "Unknown exam",
        "No exam of this id has an entry, so it is not known which Docebo course it belongs to. Nothing was enqueued.",
        &[
            "Compare the id with the known ones: passback exam list.",
            "Add the exam's entry: passback apply -f FILE. Then send the request again.",
        ],
    )
};

pub(super) const UNKNOWN_CONNECTOR: Entry = Entry {
    who_acts: Actor::Platform,
    ..of_caller(
        Code::UnknownConnector,
        422,
        "Unknown connector",
        "No connector of this id has an entry.",
        &[
            "Compare the id with the known ones: passback connector list.",
            "Add the connector's entry first: passback apply -f FILE.",
        ],
    )
};

pub(super) const RESULT_ID_TAKEN: Entry = of_caller(
    Code::ResultIdTaken,
    409,
    "The result id is taken",
    "A result of this id was accepted before with other content. The earlier one stays; nothing was enqueued.",
    &[
        "If it is a correction, send it under a new result_id, with a higher sequence or a later completed_at.",
        "If two results got the same id by mistake, give each an id of its own.",
    ],
);

pub(super) const TOKEN_MISSING: Entry = of_caller(
    Code::TokenMissing,
    401,
    "No token",
    "The request carries no bearer token.",
    &["Send the header Authorization: Bearer TOKEN."],
);

pub(super) const TOKEN_INVALID: Entry = of_caller(
    Code::TokenInvalid,
    401,
    "The token is not valid",
    "The bearer token is not one that this server knows.",
    &[
        "Check that the whole token is sent, without quotes or line ends.",
        "Have a new one made: passback token create --name NAME --role ROLE.",
    ],
);

pub(super) const TOKEN_EXPIRED: Entry = of_caller(
    Code::TokenExpired,
    401,
    "The token has expired",
    "The bearer token was good until a moment that has passed.",
    &[
        "Have a new one made: passback token create --name NAME --role ROLE.",
        "To see in time which tokens end: passback token list.",
    ],
);

pub(super) const TOKEN_REVOKED: Entry = of_caller(
    Code::TokenRevoked,
    401,
    "The token was revoked",
    "Somebody with the right to do so ended the bearer token; it never becomes good again. The audit trail says who, when and why.",
    &["Have a new one made: passback token create --name NAME --role ROLE."],
);

pub(super) const ROLE_TOO_LOW: Entry = of_caller(
    Code::RoleTooLow,
    403,
    "The token's role does not allow this",
    "The token is valid, but its role is lower than this call needs: ingest < viewer < operator < admin.",
    &["Use a token of a higher role, or have one made: passback token create --name NAME --role ROLE."],
);

pub(super) const NOT_FOUND: Entry = of_caller(
    Code::NotFound,
    404,
    "Nothing here",
    "There is no such path, or nothing of this id, or it is no longer kept.",
    &[
        "Compare path and id for a slip.",
        "Answers of checks are kept for a day, records of ended jobs for a week, results for 400 days.",
    ],
);

pub(super) const METHOD_NOT_ALLOWED: Entry = of_caller(
    Code::MethodNotAllowed,
    405,
    "Not by this method",
    "The path exists, but does not take this method.",
    &["Use one of the methods in the answer's Allow header."],
);

pub(super) const UNSUPPORTED_MEDIA_TYPE: Entry = of_caller(
    Code::UnsupportedMediaType,
    415,
    "Another content type is needed",
    "The body's content type is not one that this call takes.",
    &["Send Content-Type: application/json; for a batch application/x-ndjson."],
);

pub(super) const TOO_LARGE: Entry = of_caller(
    Code::TooLarge,
    413,
    "Too large",
    "The body, or a line of a batch, is larger than this server takes. Nothing of it was enqueued.",
    &["Send less at once: divide a batch into several."],
);

pub(super) const TOO_MANY_LINES: Entry = of_caller(
    Code::TooManyLines,
    413,
    "Too many lines",
    "The batch has more lines than are taken at once. The lines before were accepted or refused one by one.",
    &["Divide the batch into several; a line that was accepted before is recognised by its result_id."],
);

pub(super) const STORE_UNAVAILABLE: Entry = Entry {
    releases_itself: true,
    ..of_platform(
        Code::StoreUnavailable,
        503,
        "Redis does not answer",
        "The store cannot be reached or takes no writes now. What was sent may or may not have been accepted.",
        &[
            "Send the same request again with the same result_id: it is accepted once.",
            "If it lasts, look at Redis and the way to it; GET /readyz says what is wrong.",
        ],
    )
};

pub(super) const STORE_FULL: Entry = of_platform(
    Code::StoreFull,
    503,
    "Redis is full",
    "Redis has reached its memory limit and refuses new work. Work that was accepted goes on. Nothing was enqueued.",
    &[
        "Raise Redis' maxmemory, or shorten what is kept.",
        "See what fills it: passback job list.",
        "Then send the request again.",
    ],
);

pub(super) const TOO_BUSY: Entry = Entry {
    releases_itself: true,
    ..of_platform(
        Code::TooBusy,
        429,
        "Too many at once",
        "As many requests of this kind are under way as one caller may have at once (status 429), or as the server takes at once from all (status 503). Nothing of this one was enqueued.",
        &[
            "Wait a second, then send the same request again.",
            "Send fewer requests at the same time.",
        ],
    )
};

pub(super) const RATE_LIMITED: Entry = Entry {
    safe_to_retry: true,
    releases_itself: true,
    ..of_caller(
        Code::RateLimited,
        429,
        "Too many requests",
        "The caller sends more requests a second than this server takes from one token, or from one connector's webhooks. Nothing of this one was done.",
        &[
            "Wait as many seconds as the answer's Retry-After header says, then send the same request again.",
            "Hand in many results at once by POST /v1/results/batch: a batch counts as one request.",
            "If more is needed, have http.max_requests_per_second_per_token or http.max_webhooks_per_second_per_connector raised.",
        ],
    )
};

pub(super) const REGISTRY_FULL: Entry = Entry {
    safe_to_retry: false,
    ..of_platform(
        Code::RegistryFull,
        409,
        "The registry is full",
        "There are as many connectors, exams or tokens as the registry takes. Nothing was stored.",
        &["Remove entries that are no longer used, then send the request again."],
    )
};

pub(super) const PRECONDITION_FAILED: Entry = of_caller(
    Code::PreconditionFailed,
    412,
    "The entry is not in the expected state",
    "The request was to change the entry only in the state that If-Match or If-None-Match names, and it is in another one: somebody changed, removed or made it meanwhile. Nothing was stored.",
    &[
        "Read the entry again, take its new ETag, and decide whether the change is still right.",
        "To change it whatever its state is, leave the header away.",
    ],
);

pub(super) const JOB_RUNNING: Entry = Entry {
    safe_to_retry: true,
    ..of_platform(
        Code::JobRunning,
        409,
        "The job is running",
        "A worker has the job at this moment, so it is left alone.",
        &["Wait until the attempt has ended, a minute or two at most, and try again."],
    )
};

pub(super) const NOT_DEAD: Entry = Entry {
    safe_to_retry: false,
    ..of_platform(
        Code::NotDead,
        409,
        "The job is not a dead letter",
        "Only dead letters are given a new life or discarded, and this job is none, or no longer.",
        &["See where it is: passback job show ID."],
    )
};

pub(super) const ALREADY_ENDED: Entry = Entry {
    safe_to_retry: false,
    ..of_platform(
        Code::AlreadyEnded,
        409,
        "The job has ended",
        "The job had ended before; nothing was changed.",
        &["See how it ended: passback job show ID."],
    )
};

pub(super) const CONNECTOR_IN_USE: Entry = Entry {
    safe_to_retry: false,
    ..of_platform(
        Code::ConnectorInUse,
        409,
        "Exams use this connector",
        "A connector is not removed while exams have their results go to it.",
        &["Remove these exams, or move them to another connector, first."],
    )
};

pub(super) const INTERNAL_ERROR: Entry = of_platform(
    Code::InternalError,
    500,
    "passback failed",
    "The program met a fault of its own. The log holds more under the request's id.",
    &[
        "Try again: a result with the same result_id is accepted once.",
        "If it happens again, report the request's id and the log to who maintains passback.",
    ],
);

pub(super) const NOTHING_TO_DECIDE: Entry = Entry {
    who_acts: Actor::Platform,
    ..of_caller(
        Code::NothingToDecide,
        409,
        "No decision is asked for",
        "The result does not wait for a person's decision: it never did, somebody decided before, or it goes on by itself.",
        &["See where the result stands: passback result show RESULT_ID."],
    )
};

pub(super) const CASE_CHANGED: Entry = Entry {
    who_acts: Actor::Platform,
    ..of_caller(
        Code::CaseChanged,
        409,
        "The case has changed meanwhile",
        "What Docebo holds, or which result counts, is not what it was when the decision was made. Nothing was decided.",
        &["Look at the values again, passback result show RESULT_ID, and decide then."],
    )
};

pub(super) const CURSOR_EXPIRED: Entry = of_caller(
    Code::CursorExpired,
    410,
    "The feed does not go back so far",
    "Events after this cursor were kept for their time and are gone, so the feed cannot be continued without a gap.",
    &[
        "Ask for the results that you have no answer for: POST /v1/reconcile.",
        "Then read the feed on without a cursor, from the oldest event that is kept.",
    ],
);
