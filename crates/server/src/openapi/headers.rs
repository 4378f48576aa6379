//! Headers of answers.

use serde_json::{Value, json};

/// The headers that several answers have.
pub(super) fn components() -> Value {
    json!({
        "RequestId": {
            "description": "The id of the request: the one that was sent, or a new one. The server's log has it.",
            "required": true,
            "schema": {"type": "string", "minLength": 1, "maxLength": 128},
        },
        "RetryAfter": {
            "description": "After how many seconds to ask again.",
            "required": true,
            "schema": {"type": "string", "pattern": "^[0-9]+$"},
        },
        "EntityTag": {
            "description": "The state of the entry as it is stored, to send back as `If-Match`.",
            "schema": {"type": "string", "pattern": "^\"[0-9a-f]+-[0-9a-f]+\"$"},
        },
        "Challenge": {
            "description": "How to say who is asking.",
            "required": true,
            "schema": {"type": "string"},
        },
    })
}

/// Adds the tag of a state to the answers that have one.
pub(super) fn add_tag(operation: &mut Value) {
    let statuses: &[&str] = match operation["operationId"].as_str().unwrap_or_default() {
        "readConnector" | "readExam" => &["200"],
        "storeConnector" | "storeExam" => &["200", "201"],
        _ => &[],
    };
    for status in statuses {
        operation["responses"][status]["headers"]["ETag"] = json!({"$ref": "#/components/headers/EntityTag"});
    }
}

/// Adds the headers of every answer with this status.
pub(super) fn add(response: &mut Value, status: &str) {
    let mut headers = vec![("X-Request-Id", "RequestId")];
    match status {
        "401" => headers.push(("WWW-Authenticate", "Challenge")),
        "429" | "503" => headers.push(("Retry-After", "RetryAfter")),
        _ => {}
    }
    for (header, component) in headers {
        response["headers"][header] = json!({"$ref": format!("#/components/headers/{component}")});
    }
}
