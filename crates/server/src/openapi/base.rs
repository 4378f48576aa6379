//! What the description says of the API as a whole.

use serde_json::{Value, json};

const ABOUT: &str = "\
passback carries exam events to Docebo and never loses one.

An exam engine asks whether a candidate may sit an exam (`POST /v1/eligibility-checks`) and later hands in the result \
(`POST /v1/results`). Operators see what is stuck, why and who must act, and put it right.

- **Nothing accepted is lost.** A 2xx to a result means that it is stored durably.
- **Everything may be sent again.** The `result_id` is the idempotency key; a call that got no answer is repeated as it is.
- **Every refusal has the same form** (RFC 9457) with a stable `code`, the person who can put it right, and the steps. \
`errors` names each field by its JSON pointer, each parameter by its name.
- **Times** are RFC 3339 with a zone. **Lists** come in pages: send `next_cursor` as `cursor` until there is none.
- **Every answer has an id** in `X-Request-Id`: the one that the request came with, or a new one. The log has it, too.
- **Unknown fields and parameters are refused** by their names, so that a slip is found at once.
- **More fields may be added to answers**; the names that are here stay.

Every call under `/v1` needs a bearer token. A token has one of the roles `ingest`, `viewer`, `operator` and `admin`; \
each may all that the ones before it may.";

const TAGS: [(&str, &str); 13] = [
    ("checks", "May this candidate sit this exam?"),
    ("results", "Hand in results, and see what became of them."),
    ("feed", "What has come to an end, in the order in which it happened."),
    ("jobs", "The work that checks and results became."),
    ("dead letters", "Jobs that a person must look at."),
    ("connectors", "The Docebo platforms that results go to."),
    ("exams", "Which course an exam belongs to, and what its results write."),
    ("lanes", "The queues that jobs wait in."),
    ("workers", "The programs that run the jobs."),
    ("watching", "Figures, the audit trail, health, this description."),
    ("webhooks", "What Docebo tells."),
    ("tokens", "Who may call the API."),
    ("people and secrets", "Erase a person; take a new master key into use."),
];

/// Everything but paths and schemas.
pub(super) fn base() -> Value {
    let tags: Vec<Value> = TAGS
        .iter()
        .map(|(name, description)| json!({"name": name, "description": description}))
        .collect();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "passback",
            "summary": "Carries exam events to Docebo and never loses one.",
            "description": ABOUT,
            "version": env!("CARGO_PKG_VERSION"),
            "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0", "url": null},
            "contact": null,
        },
        "servers": [{"url": "/", "description": "This very server."}],
        "tags": tags,
        "components": {
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A token of the configuration; `passback token new` makes one. \
                        Each operation names the role that it needs in `x-passback-role`.",
                },
                "webhook": {
                    "type": "http",
                    "scheme": "basic",
                    "description": "The user name and password of the connector's webhook access; it may ask for a \
                        header of its own as well.",
                },
            },
        },
    })
}
