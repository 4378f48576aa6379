//! What requests may hold beyond their types: the same limits that the handlers check, said to callers beforehand.

use passback_producer::Outcome;
use passback_queue::MAX_PLANNED_JOBS;
use passback_registry::{EligibleState, OnOutcome, ReadBeforeWrite, VerifyPolicy, VersionPolicy};
use serde_json::{Value, json};

use super::texts::{self, DOMAIN, ID, RESULT_ID, SLICE, email, login, words};

const TEXT_CHARS: usize = 200;
const REASON_CHARS: usize = 500;
const SECRET_BYTES: usize = 4_096;

/// A merge patch (RFC 7396) for the schemas of requests.
pub(super) fn rules() -> Value {
    let reason = words(REASON_CHARS);
    let slice = json!({"pattern": SLICE, "description": "The `next_cursor` of the slice before."});
    let job_ids = json!({
        "description": "The jobs, each once.",
        "minItems": 1,
        "maxItems": 1000,
        "uniqueItems": true,
        "items": {"type": null, "$ref": "#/components/schemas/JobId"},
    });
    json!({
        "CheckRequest": {"properties": {"exam_id": {"pattern": ID}, "email": email()}},
        "ExamResult": exam_result(),
        "ReconcileRequest": {"properties": {"result_ids": {
            "description": "The ids. What is no id is answered as invalid, and stops nothing.",
            "maxItems": 100_000,
            "items": {"type": null},
        }}},
        "DecisionRequest": {
            "required": ["decision", "reason"],
            "properties": {
                "reason": with(&reason, &json!({
                    "type": "string",
                    "description": "Why. A dry run may leave it out.",
                })),
                "seen": {"format": "date-time"},
            },
        },
        "CancelRequest": {"properties": {"reason": reason}},
        "Selection": selection(&job_ids, &reason),
        "PlanRequest": {"properties": {"limit": {"minimum": 1, "maximum": MAX_PLANNED_JOBS}}},
        "DeadFilter": {"properties": {
            "connector": {"pattern": ID},
            "code": {"type": null, "oneOf": [{"type": "null"}, {"$ref": "#/components/schemas/Code"}]},
            "older_than": {"pattern": texts::age(), "description": "Only those that died at least so long ago."},
        }},
        "ReplayRequest": {"properties": {
            "ids": {"minItems": 1, "maxItems": 1000, "description": "The events."},
            "reason": reason,
        }},
        "TokenRequest": token(),
        "DoceboMessage": {"properties": {"event": {"pattern": "[^\\s\\u0000-\\u0020\\u007f-\\u00a0]"}}},
        "ReasonRequest": {"properties": {"reason": reason}},
        "PauseRequest": pause(&reason),
        "RotationRequest": {"properties": {"reason": reason, "cursor": slice}},
        "ErasureRequest": {
            "properties": {"email": email(), "reason": reason, "cursor": slice},
            "if": {"required": ["dry_run"], "properties": {"dry_run": {"const": true}}},
            "then": {},
            "else": {"required": ["reason"], "properties": {"reason": {"type": "string"}}},
        },
        "ExamCheckRequest": {"properties": {"email": email()}},
        "ExamInput": exam(),
        "ResultFieldInput": {
            "required": ["id"],
            "properties": {
                "id": docebo_id("Docebo's number of the enrolment field."),
                "passed": words(TEXT_CHARS),
                "failed": words(TEXT_CHARS),
                "non_graded": words(TEXT_CHARS),
            },
        },
        "ConnectorInput": connector(),
    })
}

/// How long it is good may be said in two ways, one at a time.
fn token() -> Value {
    json!({
        "properties": {
            "name": {"pattern": "^[A-Za-z0-9._-]{1,64}$", "description": "Who uses it; stands in the audit trail."},
            "expires_in": {
                "pattern": texts::token_life(),
                "description": "How long it is good, from a minute to ten years: `90d`; without an end if left out.",
            },
            "expires_at": {"format": "date-time", "description": "Until when it is good. Not together with expires_in."},
        },
        "not": {
            "required": ["expires_in", "expires_at"],
            "properties": {"expires_in": {"type": "string"}, "expires_at": {"type": "string"}},
        },
    })
}

/// Either jobs or a plan; a pace only for a plan.
fn selection(job_ids: &Value, reason: &Value) -> Value {
    let given = |name: &str, kind: &str| json!({"required": [name], "properties": {name: {"type": kind}}});
    json!({
        "properties": {
            "ids": job_ids,
            "plan": {
                "type": null,
                "oneOf": [{"type": "null"}, {"$ref": "#/components/schemas/JobId"}],
                "description": "The plan to go through.",
            },
            "per_second": {"minimum": 1, "maximum": 1000, "description": "How many jobs a second; 20 if left out."},
            "reason": reason,
        },
        "oneOf": [
            {"allOf": [given("ids", "array"), {"not": given("plan", "string")}, {"not": given("per_second", "integer")}]},
            {"allOf": [given("plan", "string"), {"not": given("ids", "array")}]},
        ],
    })
}

fn exam_result() -> Value {
    let graded = [Outcome::Passed, Outcome::Failed].map(Outcome::as_str);
    json!({
        "properties": {
            "result_id": {"pattern": RESULT_ID},
            "exam_id": {"pattern": ID},
            "email": email(),
            "outcome": {"enum": Outcome::ALL.map(Outcome::as_str), "description": "How the exam ended."},
            "score_percent": {"minimum": 0, "maximum": 100},
            "completed_at": {
                "format": "date-time",
                "description": "When the exam ended: RFC 3339 with a zone, from the year 2000 to tomorrow.",
            },
            "sequence": {"maximum": u64::MAX},
        },
        "if": {"properties": {"outcome": {"enum": graded}}},
        "then": {"required": ["score_percent"], "properties": {"score_percent": {"type": "number"}}},
    })
}

fn pause(reason: &Value) -> Value {
    json!({
        "properties": {
            "reason": reason,
            "until": {"format": "date-time", "description": "When it ends by itself, within a year. Not together with for."},
            "for": {"pattern": texts::pause(), "description": "How long it lasts, up to a year: `90s`, `30m`, `2h` or `7d`."},
        },
        "not": {
            "required": ["until", "for"],
            "properties": {"until": {"type": "string"}, "for": {"type": "string"}},
        },
    })
}

fn exam() -> Value {
    let outcomes = OnOutcome::ALL.map(OnOutcome::as_str);
    json!({
        "description": "An exam. Its id is the one in the path; a body may repeat it as `id`.",
        "required": ["connector", "course_id"],
        "properties": {
            "id": null,
            "name": described("The name that people read.", &words(TEXT_CHARS)),
            "connector": {"type": "string", "pattern": ID, "description": "The connector that its results go to."},
            "course_id": docebo_id("Docebo's number of the course."),
            "on_failed": choice("The status that a failed result writes; in_progress if left out.", &outcomes),
            "on_non_graded": choice("The status that a result without a grade writes; unchanged if left out.", &outcomes),
            "write_score_on_failed": {"description": "Whether a failed result writes its score; true if left out."},
            "write_score_on_non_graded": {"description": "Whether a result without a grade writes its score; false if left out."},
            "version_policy": choice(
                "Which of several results of one person counts; pass_sticky if left out.",
                &VersionPolicy::ALL.map(VersionPolicy::as_str),
            ),
            "check_deadline_seconds": number("How long a check may take; 20 if left out.", 1, 120),
            "eligible_states": {
                "description": "The states of an enrolment that let a person sit the exam; subscribed and in_progress if left out.",
                "minItems": 1,
                "uniqueItems": true,
                "items": {"enum": EligibleState::ALL.map(EligibleState::as_str)},
            },
        },
    })
}

fn connector() -> Value {
    let text = |description: &str| described(description, &with(&words(TEXT_CHARS), &json!({"type": "string"})));
    let secret = |description: &str| json!({"type": "string", "description": description, "minLength": 1, "maxLength": SECRET_BYTES, "writeOnly": true});
    json!({
        "description": "A connector. Its id is the one in the path; a body may repeat it as `id`.",
        "required": ["domain", "client_id", "client_secret", "username", "password"],
        "properties": {
            "id": null,
            "name": described("The name that people read; the id if left out.", &words(TEXT_CHARS)),
            "type": choice("What it is for.", &["eligibility"]),
            "domain": {
                "type": "string",
                "description": "The platform's host. Plain http only to this machine, and only where the server allows it.",
                "maxLength": TEXT_CHARS,
                "pattern": DOMAIN,
            },
            "client_id": text("The id of the OAuth client."),
            "client_secret": secret("The secret of the OAuth client."),
            "username": text("The platform user in whose name Docebo is called."),
            "password": secret("The password of that user."),
            "calls_per_hour": number("Calls to Docebo in any hour; 1000 if left out.", 1, 1_000_000),
            "weight": number("Turns beside other connectors; 1 if left out.", 1, 100),
            "max_concurrency": number("Jobs that run at once; left out, only the workers limit them.", 1, 1_000),
            "connect_timeout_ms": number("At most request_timeout_ms; 5000 if left out.", 100, 60_000),
            "request_timeout_ms": number("How long one call may take; 30000 if left out.", 500, 300_000),
            "read_before_write": choice(
                "When an enrolment is read before it is written; always if left out.",
                &ReadBeforeWrite::ALL.map(ReadBeforeWrite::as_str),
            ),
            "verify": choice(
                "Which writes are read back; always if left out.",
                &VerifyPolicy::ALL.map(VerifyPolicy::as_str),
            ),
            "webhook": webhook(&secret),
        },
    })
}

fn webhook(secret: &dyn Fn(&str) -> Value) -> Value {
    json!({
                "description": "What Docebo shows when it calls our webhook.",
                "additionalProperties": false,
                "required": ["username", "password"],
                "properties": {
                    "username": login(TEXT_CHARS),
                    "password": secret("The password of its basic authentication."),
                    "also": {
                        "type": ["array", "null"],
                        "description": "Further logins, while a password is changed.",
                        "maxItems": 4,
                        "items": {
                            "type": "object",
                            "additionalProperties": false,
                            "required": ["username", "password"],
                            "properties": {"username": login(TEXT_CHARS), "password": secret("Its password.")},
                        },
                    },
                    "header": {
                        "type": ["object", "null"],
                        "description": "A header that must be there as well.",
                        "additionalProperties": false,
                        "required": ["name", "value"],
                        "properties": {
                            "name": {"type": "string", "pattern": "^[Xx]-[A-Za-z0-9-]{1,60}$"},
                            "value": {"type": "string", "pattern": "^[!-~]{1,200}$", "writeOnly": true},
                        },
                    },
                    "sources": {
                        "type": ["array", "null"],
                        "description": "Addresses or networks that it may come from; from anywhere if left out.",
                        "maxItems": 64,
                        "items": {"type": "string", "pattern": "^[0-9A-Fa-f.:]{2,45}(/[0-9]{1,3})?$", "examples": ["203.0.113.7", "2001:db8::/32"]},
                    },
                },
    })
}

fn described(description: &str, schema: &Value) -> Value {
    with(schema, &json!({"description": description}))
}

/// A word among some, or none at all.
fn choice(description: &str, words: &[&str]) -> Value {
    let mut known: Vec<Value> = words.iter().map(|word| json!(word)).collect();
    known.push(Value::Null);
    json!({"description": description, "enum": known})
}

fn number(description: &str, least: u32, most: u32) -> Value {
    json!({"description": description, "minimum": least, "maximum": most})
}

fn docebo_id(description: &str) -> Value {
    json!({"description": description, "type": "integer", "minimum": 1, "maximum": i64::MAX})
}

/// Both objects in one.
fn with(one: &Value, other: &Value) -> Value {
    let mut both = one.clone();
    super::finish::patch(&mut both, other);
    both
}
